// SPDX-License-Identifier: MIT
#include "capi/loop_handle.hpp"
#include "support/catch.hpp"

#include <loopmon/loopmon.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

using namespace loopmon;

namespace {

loopmon_loop* made(const loopmon_loop_ops* ops = nullptr, void* userdata = nullptr) {
    loopmon_loop* loop = nullptr;
    REQUIRE(loopmon_loop_new(ops, userdata, &loop) == 0);
    return loop;
}

void drop(loopmon_loop* loop) {
    loopmon_loop_end(loop);
    CHECK(loopmon_loop_unref(loop) == nullptr);
}

/// A loop of the program, as its functions see it.
struct program_loop {
    std::vector<pid_t> running;
    bool stops = false;
    int watched = 0;
    int destroyed = 0;
    bool takes_work = true;

    [[nodiscard]] static loopmon_loop_ops ops() {
        loopmon_loop_ops ops{};
        ops.size = sizeof ops;
        ops.threads = [](void* self, pid_t* ids, std::size_t max) {
            const auto& all = static_cast<program_loop*>(self)->running;
            const auto n = std::min(max, all.size());
            std::copy_n(all.begin(), n, ids);
            return static_cast<int>(n);
        };
        ops.stopped = [](void* self) { return static_cast<program_loop*>(self)->stops ? 1 : 0; };
        ops.post = [](void* self, void (*work)(void*), void* argument) {
            if (!static_cast<program_loop*>(self)->takes_work) {
                return -ESHUTDOWN;
            }
            work(argument);
            return 0;
        };
        ops.watched = [](void* self) {
            ++static_cast<program_loop*>(self)->watched;
            return 0;
        };
        ops.destroy = [](void* self) { ++static_cast<program_loop*>(self)->destroyed; };
        return ops;
    }
};

} // namespace

TEST_CASE("capi: turns and the thread that makes them") {
    auto* const loop = made();
    auto& state = *loop->state;
    REQUIRE(state.claim());
    CHECK(state.running());
    CHECK(state.turning_thread() == 0);
    loopmon_turn_begin(loop);
    CHECK(state.turning_thread() == ::gettid());
    CHECK(state.tracking().turn().began);
    loopmon_turn_end(loop);
    CHECK_FALSE(state.tracking().turn().began);
    CHECK(state.tracking().turn().sequence == 2);
    drop(loop);
}

TEST_CASE("capi: a handler has its name and its task while it runs") {
    auto* const loop = made();
    auto& tracking = loop->state->tracking();
    const std::string name = "poll-modem";
    const auto task = loopmon_task_begin(loop, name.data(), name.size(), "main.c", 7, 0);
    loopmon_run outer;
    loopmon_run inner;
    loopmon_handler_begin(loop, &outer, "outer", task);
    CHECK(loopmon_task_current() == task);
    CHECK(tracking.totals().live() == 1);
    REQUIRE(tracking.running().size() == 1);
    CHECK(tracking.running()[0].object == std::string("outer"));
    CHECK(tracking.running()[0].task == task);
    CHECK(tracking.running()[0].thread == ::gettid());
    loopmon_handler_begin(loop, &inner, "inner", 0);
    CHECK(tracking.running()[0].object == std::string("inner"));
    CHECK(loopmon_task_current() == 0);
    loopmon_handler_end(&inner);
    CHECK(tracking.running()[0].object == std::string("outer"));
    CHECK(loopmon_task_current() == task);
    loopmon_handler_end(&outer);
    CHECK(tracking.running().empty());
    CHECK(loopmon_task_current() == 0);
    CHECK(tracking.totals().finished == 2);
    CHECK(tracking.totals().live() == 0);
    // Each begins when it is created: there is no queue delay.
    CHECK(tracking.queue_delays().total() == 0);
    CHECK(tracking.run_times().total() == 2);
    loopmon_task_end(loop, task);
    drop(loop);
}

TEST_CASE("capi: a task is listed as it was given") {
    auto* const loop = made();
    const std::string name = "poll-modem, and more that is not of it";
    const auto parent = loopmon_task_begin(loop, name.data(), 10, "main.c", 7, 0);
    CHECK(loopmon_task_enter(parent) == 0);
    const auto child = loopmon_task_begin(loop, "child", 5, "other.c", 8, LOOPMON_TASK_OFFLOADED);
    CHECK(loopmon_task_enter(0) == parent);
    const auto listed = loop->state->tasks().list();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].name == "poll-modem");
    CHECK(listed[0].file == "main.c");
    CHECK(listed[0].line == 7);
    CHECK(listed[0].parent == 0);
    CHECK_FALSE(listed[0].offloaded);
    CHECK(listed[1].name == "child");
    CHECK(listed[1].parent == listed[0].id);
    CHECK(listed[1].offloaded);
    loopmon_task_end(loop, child);
    loopmon_task_end(loop, parent);
    CHECK(loop->state->tasks().active() == 0);
    drop(loop);
}

TEST_CASE("capi: what is asked of a loop goes to its functions") {
    program_loop program;
    auto ops = program_loop::ops();
    auto* const loop = made(&ops, &program);
    auto& state = *loop->state;
    CHECK_FALSE(state.tracking().active());
    CHECK_FALSE(state.sampled());
    CHECK_FALSE(state.running()); // not watched yet
    REQUIRE(state.claim());
    CHECK(program.watched == 1);
    CHECK_FALSE(state.running());
    program.running.assign(20, 0);
    for (std::size_t i = 0; i < program.running.size(); ++i) {
        program.running[i] = static_cast<pid_t>(i + 1);
    }
    CHECK(state.running());
    CHECK(state.running_threads() == program.running); // however many
    int done = 0;
    CHECK(state.post([&done] { ++done; }));
    CHECK(done == 1);
    program.takes_work = false;
    CHECK_FALSE(state.post([&done] { ++done; }));
    CHECK(done == 1);
    loopmon_loop_ref(loop);
    drop(loop);
    CHECK(program.destroyed == 0);
    loopmon_loop_unref(loop);
    CHECK(program.destroyed == 1);
}

TEST_CASE("capi: a loop whose threads cannot be seen runs unless it is stopped") {
    program_loop program;
    auto ops = program_loop::ops();
    ops.threads = [](void*, pid_t*, std::size_t) { return -ENODATA; };
    ops.flags = LOOPMON_LOOP_TRACKED | LOOPMON_LOOP_SAMPLED;
    auto* const loop = made(&ops, &program);
    auto& state = *loop->state;
    CHECK(state.tracking().active());
    CHECK(state.sampled());
    REQUIRE(state.claim());
    CHECK_FALSE(state.running_threads());
    CHECK(state.running());
    program.stops = true;
    CHECK_FALSE(state.running());
    drop(loop);
}

TEST_CASE("capi: functions of a loop that are not known are refused") {
    auto ops = program_loop::ops();
    loopmon_loop* loop = nullptr;
    SECTION("flags") {
        ops.flags = 1U << 30;
        CHECK(loopmon_loop_new(&ops, nullptr, &loop) == -EINVAL);
        CHECK_THAT(loopmon_last_error(), Catch::ContainsSubstring("loopmon_loop_ops::flags"));
    }
    SECTION("no size") {
        ops.size = 0;
        CHECK(loopmon_loop_new(&ops, nullptr, &loop) == -EINVAL);
        CHECK_THAT(loopmon_last_error(), Catch::ContainsSubstring("loopmon_loop_ops::size"));
    }
    CHECK(loop == nullptr);
}

TEST_CASE("capi: null instead of an object is an error or nothing") {
    loopmon_watch* watch = nullptr;
    loopmon_probe* probe = nullptr;
    loopmon_sampler* sampler = nullptr;
    CHECK(loopmon_monitor_ready(nullptr) == -EINVAL);
    CHECK(loopmon_monitor_stopping(nullptr) == -EINVAL);
    CHECK(loopmon_monitor_reloading(nullptr) == -EINVAL);
    CHECK(loopmon_monitor_flush(nullptr) == -EINVAL);
    CHECK(loopmon_monitor_log_level(nullptr, 6) == -EINVAL);
    CHECK(loopmon_monitor_log(nullptr, 6, "text", nullptr, 0, nullptr) == -EINVAL);
    CHECK(loopmon_monitor_configure(nullptr, nullptr) == -EINVAL);
    CHECK(loopmon_monitor_configuration_loaded(nullptr, nullptr) == -EINVAL);
    CHECK(loopmon_monitor_configuration_rejected(nullptr, nullptr, nullptr) == -EINVAL);
    CHECK(loopmon_monitor_watch(nullptr, nullptr, nullptr, &watch) == -EINVAL);
    CHECK(loopmon_monitor_probe(nullptr, "p", "k", "t", 1, &probe) == -EINVAL);
    CHECK(loopmon_watch_configure(nullptr, nullptr) == -EINVAL);
    CHECK(loopmon_watch_sampler(nullptr, &sampler) == -EINVAL);
    CHECK(loopmon_probe_answered(nullptr, 1) == -EINVAL);
    CHECK(loopmon_probe_failed(nullptr, "why") == -EINVAL);
    CHECK(loopmon_loop_polls(nullptr, 3) == -EINVAL);
    CHECK(loopmon_monitor_free(nullptr) == nullptr);
    CHECK(loopmon_watch_free(nullptr) == nullptr);
    CHECK(loopmon_probe_free(nullptr) == nullptr);
    CHECK(loopmon_loop_unref(nullptr) == nullptr);
    CHECK(loopmon_sampler_free(nullptr) == nullptr);
    CHECK(loopmon_loop_ref(nullptr) == nullptr);
    CHECK(loopmon_task_begin(nullptr, "t", 1, "f", 1, 0) == 0);
    CHECK(loopmon_sampler_begin(nullptr, 0) < 0);
    CHECK(loopmon_sampler_fired(nullptr, 0) < 0);
    loopmon_task_end(nullptr, 0);
    loopmon_loop_end(nullptr);
    loopmon_turn_begin(nullptr);
    loopmon_turn_end(nullptr);
    loopmon_reload_done(nullptr, nullptr);
    loopmon_run run;
    loopmon_handler_begin(nullptr, &run, "name", 0);
    loopmon_handler_end(&run);
    CHECK_FALSE(loopmon_last_error() == std::string());
}

TEST_CASE("capi: the threads of the process can be listed") {
    const int directory = loopmon_open_threads();
    REQUIRE(directory >= 0);
    CHECK(::faccessat(directory, std::to_string(::gettid()).c_str(), F_OK, 0) == 0);
    ::close(directory);
}
