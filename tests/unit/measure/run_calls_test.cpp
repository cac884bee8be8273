// SPDX-License-Identifier: MIT
#include "asio/run_calls.hpp"
#include "measure/loop_state.hpp"
#include "support/catch.hpp"
#include "support/loop_of.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using loopmon::detail::note_run;
using loopmon::test::claim;
using loopmon::test::state_of;
namespace run_calls = loopmon::detail::run_calls;
using namespace std::chrono_literals;
using namespace loopmon::measure;

namespace {

constexpr std::size_t all = 100;

/// A thread that does what it is given, and waits where it is asked to.
class worker {
public:
    explicit worker(std::function<void(worker&)> work)
        : thread_([this, work = std::move(work)] {
              id_.set_value(::gettid());
              work(*this);
          }) {}
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;
    ~worker() { thread_.join(); }

    void wait_here() {
        here_.set_value();
        go_on_.get_future().wait();
    }
    void wait_for_it() { here_.get_future().wait(); }
    void go_on() { go_on_.set_value(); }
    [[nodiscard]] std::vector<pid_t> itself() { return {id_.get_future().get()}; }

private:
    std::promise<pid_t> id_;
    std::promise<void> here_, go_on_;
    std::thread thread_;
};

/// Some handler has to run before run() can be seen.
void make_visible(boost::asio::io_context& io) {
    bool seen = false;
    boost::asio::post(io, [&] { seen = run_calls::can_be_seen(run_calls::name_of(io)); });
    io.run();
    io.restart();
    REQUIRE(seen);
}

} // namespace

TEST_CASE("run_calls: a thread is seen while it is in a handler, and not after") {
    boost::asio::io_context io;
    const auto* const name = run_calls::name_of(io);
    make_visible(io);
    CHECK_FALSE(run_calls::can_be_seen(name)); // it is not in run()
    CHECK(run_calls::threads_in(name, all) == std::vector<pid_t>{});
    const auto run = GENERATE(0, 1, 2, 3);
    worker runs([&](worker& here) {
        boost::asio::post(io, [&] { here.wait_here(); });
        switch (run) {
        case 0:
            io.run();
            break;
        case 1:
            io.run_one();
            break;
        case 2:
            io.run_for(1h);
            break;
        default:
            io.poll();
        }
    });
    runs.wait_for_it();
    CHECK(run_calls::threads_in(name, all) == runs.itself());
    io.stop(); // its handler runs on anyway
    CHECK(run_calls::threads_in(name, all).value().size() == 1);
    runs.go_on();
}

TEST_CASE("run_calls: a thread that waits for events is seen, one that has returned is not") {
    boost::asio::io_context io;
    const auto* const name = run_calls::name_of(io);
    make_visible(io);
    const auto work = boost::asio::make_work_guard(io);
    worker runs([&](worker& here) {
        io.run();
        here.wait_here();
    });
    while (run_calls::threads_in(name, all).value().empty()) {
        std::this_thread::yield();
    }
    io.stop();
    runs.wait_for_it();
    CHECK(run_calls::threads_in(name, all) == std::vector<pid_t>{});
    runs.go_on();
}

TEST_CASE(
    "run_calls: contexts are distinguished, also where one is run in a handler of the other") {
    boost::asio::io_context outer;
    boost::asio::io_context inner;
    boost::asio::io_context other;
    make_visible(outer);
    worker runs([&](worker& here) {
        boost::asio::post(outer, [&] {
            boost::asio::post(inner, [&] { here.wait_here(); });
            inner.run();
        });
        outer.run();
    });
    runs.wait_for_it();
    CHECK(run_calls::threads_in(run_calls::name_of(outer), all).value().size() == 1);
    CHECK(run_calls::threads_in(run_calls::name_of(inner), all).value().size() == 1);
    CHECK(run_calls::threads_in(run_calls::name_of(other), all).value().empty());
    runs.go_on();
}

TEST_CASE("run_calls: a child sees its own thread and none of its parent's") {
    boost::asio::io_context io;
    const auto* const name = run_calls::name_of(io);
    make_visible(io);
    worker runs([&](worker& here) {
        boost::asio::post(io, [&] { here.wait_here(); });
        io.run();
    });
    runs.wait_for_it();
    const auto child = ::fork();
    if (child == 0) {
        const auto threads = run_calls::threads_in(name, all);
        ::_exit(threads && threads->empty() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    runs.go_on();
}

TEST_CASE("loop_state: it runs while some thread is in run(), stopped or not") {
    boost::asio::io_context io;
    const auto state = state_of(io);
    REQUIRE(claim(io));
    boost::asio::post(io, [&] {
        note_run(io);
        CHECK(state->running_threads() == std::vector<pid_t>{::gettid()});
        CHECK(state->running());
        io.stop();
        CHECK(state->running());
    });
    SECTION("run() that has returned") {
        io.run();
    }
    SECTION("run_for() that has returned without a stop") {
        const auto work = boost::asio::make_work_guard(io);
        io.run_for(1ms);
        io.restart();
    }
    CHECK(state->running_threads() == std::vector<pid_t>{});
    CHECK_FALSE(state->running());
}

TEST_CASE("loop_state: as long as no run() was seen, stopped() must do") {
    boost::asio::io_context io;
    const auto state = state_of(io);
    REQUIRE(claim(io));
    CHECK_FALSE(state->running_threads());
    CHECK(state->running());
    io.stop();
    CHECK_FALSE(state->running());
}
