// SPDX-License-Identifier: MIT
//
// loopmon.h: what runs on the threads of loops.
#include "base/proc.hpp"
#include "capi/guarded.hpp"
#include "capi/loop_handle.hpp"
#include "capi/options.hpp"
#include "capi/sampler_handle.hpp"
#include "measure/cycle_clock.hpp"
#include "measure/expectation.hpp"
#include "measure/hooks.hpp"
#include "measure/polled_loops.hpp"
#include "measure/thread_record.hpp"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include <fcntl.h>

using namespace loopmon;
using namespace loopmon::capi;

namespace {

using measure::cycle_clock;

/// A loop that is made of the functions of the program.
class ops_adapter final : public measure::loop_adapter {
public:
    ops_adapter(const loopmon_loop_ops& ops, void* userdata) : ops_(ops), userdata_(userdata) {}
    ~ops_adapter() override {
        if (ops_.destroy != nullptr) {
            ops_.destroy(userdata_);
        }
    }
    ops_adapter(const ops_adapter&) = delete;
    ops_adapter& operator=(const ops_adapter&) = delete;

    std::optional<std::vector<pid_t>> threads(std::size_t at_most) override {
        if (ops_.threads == nullptr) {
            return std::nullopt;
        }
        // Most loops have one thread, and most callers ask for one.
        std::vector<pid_t> ids(std::min<std::size_t>(at_most, 8));
        for (;;) {
            const int found = ops_.threads(userdata_, ids.data(), ids.size());
            if (found < 0) {
                return std::nullopt;
            }
            const auto filled = std::min(static_cast<std::size_t>(found), ids.size());
            if (filled < ids.size() || filled >= at_most) {
                ids.resize(filled);
                return ids;
            }
            ids.resize(std::min(2 * filled, at_most)); // there may be more
        }
    }
    bool stopped() override { return ops_.stopped != nullptr && ops_.stopped(userdata_) != 0; }
    bool post(std::function<void()> work) override {
        if (ops_.post == nullptr) {
            return false;
        }
        auto job = std::make_unique<std::function<void()>>(std::move(work));
        const auto run = [](void* argument) {
            const std::unique_ptr<std::function<void()>> due(
                static_cast<std::function<void()>*>(argument));
            (*due)();
        };
        if (ops_.post(userdata_, run, job.get()) < 0) {
            return false;
        }
        static_cast<void>(job.release()); // the loop's
        return true;
    }
    void watched() override {
        if (ops_.watched != nullptr && ops_.watched(userdata_) == -ENOMEM) {
            throw std::bad_alloc();
        }
    }

private:
    loopmon_loop_ops ops_;
    void* userdata_;
};

std::shared_ptr<measure::loop_state> made_of(const loopmon_loop_ops* given, void* userdata) {
    if (given == nullptr) {
        return std::make_shared<measure::loop_state>();
    }
    const auto ops = ops_of(*given);
    return std::make_shared<measure::loop_state>(
        std::make_unique<ops_adapter>(ops, userdata),
        measure::loop_traits{.tracked = (ops.flags & LOOPMON_LOOP_TRACKED) != 0,
                             .sampled = (ops.flags & LOOPMON_LOOP_SAMPLED) != 0});
}

measure::sampling::time_point time_of(std::int64_t nsec) {
    return measure::sampling::time_point(std::chrono::nanoseconds(nsec));
}

std::int64_t nsec_of(measure::sampling::time_point time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

} // namespace

int loopmon_loop_new(const loopmon_loop_ops* ops, void* userdata, loopmon_loop** ret) noexcept {
    return guarded([&] {
        auto made = std::make_unique<loopmon_loop>();
        made->state = made_of(ops, userdata);
        *ret = made.release();
    });
}

loopmon_loop* loopmon_loop_ref(loopmon_loop* loop) noexcept {
    if (loop != nullptr) {
        loop->owners.fetch_add(1, std::memory_order_relaxed);
    }
    return loop;
}

loopmon_loop* loopmon_loop_unref(loopmon_loop* loop) noexcept {
    if (loop != nullptr && loop->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete loop;
    }
    return nullptr;
}

void loopmon_loop_end(loopmon_loop* loop) noexcept {
    if (loop != nullptr) {
        measure::forget_polls(loop->state->tracking());
        loop->state->end();
    }
}

void loopmon_turn_begin(loopmon_loop* loop) noexcept {
    if (loop == nullptr) {
        return;
    }
    const auto* const thread = measure::thread_record::mine();
    loop->state->turned_by(thread != nullptr ? thread->thread() : 0);
    loop->state->tracking().begin_turn(cycle_clock::now());
}

void loopmon_turn_end(loopmon_loop* loop) noexcept {
    if (loop != nullptr) {
        loop->state->tracking().end_turn(cycle_clock::recent());
    }
}

int loopmon_loop_polls(loopmon_loop* loop, int epoll_fd) noexcept {
    if (loop == nullptr) {
        return failed(EINVAL, "NULL instead of a loop");
    }
    if (epoll_fd < 0) {
        measure::forget_polls(loop->state->tracking());
        return 0;
    }
    return guarded([&] { measure::watch_polls(epoll_fd, loop->state->tracking()); });
}

int loopmon_epoll_wait(int epoll_fd, epoll_event* events, int max, int timeout,
                       int (*real)(int, epoll_event*, int, int)) noexcept {
    return measure::poll(epoll_fd, events, max, timeout, real);
}

std::uint64_t loopmon_task_begin(loopmon_loop* loop, const char* name, std::size_t name_size,
                                 const char* file, unsigned line, std::uint32_t flags) noexcept {
    if (loop == nullptr) {
        return 0;
    }
    return loop->state->tasks().add(
        {.name = {name != nullptr ? name : "", name != nullptr ? name_size : 0},
         .where = source_location(file != nullptr ? file : "", line, ""),
         .began = std::chrono::steady_clock::now(),
         .parent = measure::current_task(),
         .offloaded = (flags & LOOPMON_TASK_OFFLOADED) != 0});
}

void loopmon_task_end(loopmon_loop* loop, std::uint64_t task) noexcept {
    if (loop != nullptr) {
        loop->state->tasks().remove(task);
    }
}

std::uint64_t loopmon_task_current() noexcept {
    return measure::current_task();
}

std::uint64_t loopmon_task_enter(std::uint64_t task) noexcept {
    const auto before = measure::current_task();
    measure::switch_task(task);
    return before;
}

unsigned loopmon_expect_long(std::int64_t length_nsec, const char* reason,
                             std::size_t reason_size) noexcept {
    return measure::open_expectation(std::chrono::steady_clock::now(),
                                     std::chrono::nanoseconds(length_nsec), {reason, reason_size});
}

unsigned loopmon_expect_long_end() noexcept {
    return measure::close_expectation();
}

std::int64_t loopmon_sampler_begin(loopmon_sampler* sampler, std::int64_t now_nsec) noexcept {
    return sampler != nullptr ? nsec_of(sampler->steps.begin(time_of(now_nsec))) : -1;
}

std::int64_t loopmon_sampler_fired(loopmon_sampler* sampler, std::int64_t now_nsec) noexcept {
    const auto next = sampler != nullptr ? sampler->steps.fired(time_of(now_nsec)) : std::nullopt;
    return next ? nsec_of(*next) : -1;
}

loopmon_sampler* loopmon_sampler_free(loopmon_sampler* sampler) noexcept {
    delete sampler;
    return nullptr;
}

void loopmon_untracked_begin() noexcept {
    measure::untracked_scope::begin();
}

void loopmon_untracked_end() noexcept {
    measure::untracked_scope::end();
}

int loopmon_open_threads() noexcept {
    const int fd = base::open_proc("self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 ? fd : failed(errno, "/proc/self/task cannot be opened");
}
