// SPDX-License-Identifier: MIT
//
// A program may fork after its first handler, or in one, as it becomes a daemon: its thread goes on
// in the child under another id, by which the watcher of the child looks for it.
#include "manual_ticks.hpp"
#include "measure/expectation.hpp"
#include "measure/lag_gauge.hpp"
#include "support/catch.hpp"

#include <loopmon/expect_long.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace loopmon::measure;
using namespace std::chrono_literals;
using loopmon::test::tracking_of;
namespace asio = boost::asio;

namespace {

bool succeeded(pid_t child) {
    int status = -1;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What `check` finds in a child, which does nothing else. An exception ends the child.
template <class Check>
bool in_child(Check check) {
    const auto child = ::fork();
    if (child == 0) {
        [&check]() noexcept { ::_exit(check() ? 0 : 1); }();
    }
    return succeeded(child);
}

/// The one thread that runs a handler of this loop, zero if there are none or several.
pid_t running_thread(const loop_tracking& tracking) {
    const auto running = tracking.running();
    return running.size() == 1 ? running[0].thread : 0;
}

} // namespace

TEST_CASE("fork: in the child, the handler that forked is shown with the thread of the child") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    bool shown = false;
    asio::post(io, [&] {
        shown = in_child([&tracking] { return running_thread(tracking) == ::gettid(); });
        CHECK(running_thread(tracking) == ::gettid()); // and here nothing has changed
    });
    io.run();
    CHECK(shown);
}

TEST_CASE("fork: handlers from before it run in the child on its thread, those of new loops too") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    pid_t seen = 0;
    const auto note = [&] { seen = running_thread(tracking); };
    asio::post(io, note);
    io.run_one(); // so the thread has a slot
    CHECK(seen == ::gettid());
    io.restart();
    asio::post(io, note);
    CHECK(in_child([&] {
        io.notify_fork(asio::execution_context::fork_child);
        io.run();
        return seen == ::gettid();
    }));
    CHECK(in_child([&] {
        asio::io_context later;
        const auto& tracking_later = tracking_of(later);
        asio::post(later, [&] { seen = running_thread(tracking_later); });
        later.run();
        return seen == ::gettid();
    }));
}

TEST_CASE("fork: the handler that forked ends in the child, too") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    pid_t child = -1;
    asio::post(io, [&child] { child = ::fork(); });
    io.run();
    const auto ended = tracking.totals().finished == 1 && tracking.running().empty();
    if (child == 0) {
        ::_exit(ended ? 0 : 1);
    }
    CHECK(ended);
    CHECK(succeeded(child));
}

TEST_CASE("fork: what was announced as long is so in the child, until it is over") {
    const auto parent = ::gettid();
    const loopmon::expect_long expected(1h, "becomes a daemon");
    CHECK(in_child([parent] {
        const auto seen = expectation_of(::gettid());
        return seen && seen->reason == "becomes a daemon" && !expectation_of(parent);
    }));
    CHECK(in_child([] {
        close_expectation();
        return !expectation_of(::gettid());
    }));
}

TEST_CASE("fork: what the child announces is seen, also if its parent had announced before") {
    { const loopmon::expect_long before(1h, "before"); }
    CHECK(in_child([] {
        const loopmon::expect_long expected(1h, "in the child");
        const auto seen = expectation_of(::gettid());
        return seen && seen->reason == "in the child";
    }));
}

TEST_CASE("fork: a sample in the child is of its thread") {
    lag_gauge gauge(250ms);
    gauge.set_thread();
    CHECK(gauge.thread() == ::gettid());
    CHECK(in_child([&gauge] {
        gauge.set_thread();
        return gauge.thread() == ::gettid();
    }));
}
