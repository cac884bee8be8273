// SPDX-License-Identifier: MIT
#include "manual_ticks.hpp"
#include "measure/hooks.hpp"
#include "support/catch.hpp"
#include "support/loop_of.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

using namespace loopmon::measure;
using namespace std::chrono_literals;
using loopmon::test::manual_ticks;
using loopmon::test::tracking_of;
namespace asio = boost::asio;

namespace {

struct counts {
    std::uint64_t created = 0, finished = 0, threw = 0, abandoned = 0;
    bool operator==(const counts&) const = default;
};

std::ostream& operator<<(std::ostream& out, const counts& c) {
    return out << c.created << " created, " << c.finished << " finished, " << c.threw << " threw, "
               << c.abandoned << " abandoned";
}

counts counts_of(const loop_tracking& tracking) {
    const auto totals = tracking.totals();
    return {totals.created, totals.finished, totals.threw, totals.abandoned};
}

} // namespace

TEST_CASE("tracking: a loop has no thread before its first handler") {
    asio::io_context io;
    auto& tracking = tracking_of(io);
    CHECK(tracking.active());
    CHECK(tracking.running().empty());
    CHECK(tracking.totals().live() == 0);
    CHECK(tracking.threads() == 0);
    asio::post(io, [] {});
    CHECK(tracking.threads() == 0); // it has run none yet
    io.run();
    CHECK(tracking.threads() == 1);
}

TEST_CASE("tracking: posted, deferred and dispatched handlers are counted one each") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    asio::post(io, [] {});
    asio::defer(io, [] {});
    asio::dispatch(io, [] {});
    CHECK(counts_of(tracking) == counts{3, 0, 0, 0});
    CHECK(tracking.totals().live() == 3);
    io.run();
    CHECK(counts_of(tracking) == counts{3, 3, 0, 0});
}

TEST_CASE("tracking: what is dispatched inline is part of the handler around it") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    bool ran = false;
    asio::post(io, [&] { asio::dispatch(io, [&ran] { ran = true; }); });
    io.run();
    CHECK(ran);
    CHECK(counts_of(tracking) == counts{1, 1, 0, 0});
}

TEST_CASE("tracking: a running handler is shown with its names, thread, begin and task") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    std::uint64_t first = 0;
    asio::post(io, [&] {
        const auto began = manual_ticks::now();
        manual_ticks::advance(3ms);
        const auto running = tracking.running();
        REQUIRE(running.size() == 1);
        CHECK(std::string(running[0].object) == "io_context");
        CHECK(std::string(running[0].operation) == "execute");
        CHECK(running[0].thread == ::gettid());
        CHECK(running[0].began == began);
        CHECK(running[0].task == 0);
        CHECK(running[0].sequence % 2 == 1);
        first = running[0].sequence;
    });
    asio::post(io, [&] {
        REQUIRE(tracking.running().size() == 1);
        CHECK(tracking.running()[0].sequence > first);
    });
    CHECK(tracking.running().empty());
    io.run();
    CHECK(first != 0);
    CHECK(tracking.running().empty());
}

TEST_CASE("tracking: a handler that throws is closed, and the next one runs as ever") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    asio::post(io, [] {
        manual_ticks::advance(2ms);
        throw std::runtime_error("as the test wants it");
    });
    asio::post(io, [] {});
    CHECK_THROWS_AS(io.run(), std::runtime_error);
    CHECK(counts_of(tracking) == counts{2, 0, 1, 0});
    CHECK(tracking.running().empty());
    CHECK(tracking.totals().busy == 2ms);
    io.run();
    CHECK(counts_of(tracking) == counts{2, 1, 1, 0});
}

TEST_CASE("tracking: handlers that are queued when their context ends are abandoned") {
    std::shared_ptr<loop_state> state;
    {
        asio::io_context io;
        state = loopmon::test::state_of(io);
        asio::post(io, [] {});
        asio::steady_timer timer(io, 1h);
        timer.async_wait([](boost::system::error_code) {});
        asio::post(asio::make_strand(io), [] {});
        CHECK(state->tracking().totals().live() == 4); // a strand has an operation of its own
    }
    CHECK(counts_of(state->tracking()) == counts{4, 0, 0, 4});
}

TEST_CASE("tracking: a cancelled wait finishes") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    asio::steady_timer timer(io, 1h);
    timer.async_wait([](boost::system::error_code) {});
    timer.cancel();
    io.run();
    CHECK(counts_of(tracking) == counts{1, 1, 0, 0});
}

TEST_CASE("tracking: queue delay is that of posted handlers and not of waits") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    asio::steady_timer timer(io, 0s);
    timer.async_wait([](boost::system::error_code) {});
    asio::post(io, [] {});
    manual_ticks::advance(7ms);
    asio::post(io, [] {});
    io.run();
    const auto delays = tracking.queue_delays();
    CHECK(delays.total() == 2);
    CHECK(delays.counts[0] == 1);
    CHECK(delays.counts[bucket_of(7ms)] == 1);
}

TEST_CASE("tracking: the longest wait since the last look has its handler, strands included") {
    asio::io_context io;
    auto& tracking = tracking_of(io);
    const auto strand = asio::make_strand(io);
    const auto work = [] { manual_ticks::advance(100ms); };
    asio::post(io, [] {}); // so that the thread has a slot
    io.run();
    CHECK_FALSE(tracking.take_longest_wait(50ms)); // from now on
    for (auto i = 0; i < 4; ++i) {
        asio::post(strand, work);
    }
    io.restart();
    io.run();
    const auto longest = tracking.take_longest_wait(50ms);
    REQUIRE(longest);
    CHECK(longest->waited == 300ms);
    CHECK(longest->began == manual_ticks::now() - 100ms);
    CHECK(std::string(longest->object) + '.' + longest->operation == "strand_executor.execute");
    CHECK(longest->task == 0);
    CHECK_FALSE(tracking.take_longest_wait(50ms)); // it is taken

    asio::post(strand, work);
    asio::post(strand, work);
    io.restart();
    io.run();
    REQUIRE(tracking.take_longest_wait(50ms));
    asio::post(strand, [] {});
    manual_ticks::advance(50ms);
    io.restart();
    io.run();
    CHECK_FALSE(tracking.take_longest_wait(50ms)); // not longer than that
}

TEST_CASE("tracking: run time is without the handlers inside, so that its sum is busy time") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    // The strand's own operation calls the handler: one runs in the other.
    asio::post(asio::make_strand(io), [&] {
        manual_ticks::advance(5ms);
        const auto running = tracking.running();
        REQUIRE(running.size() == 1);
        CHECK(std::string(running[0].object) == "strand_executor");
    });
    io.run();
    CHECK(counts_of(tracking) == counts{2, 2, 0, 0});
    const auto times = tracking.run_times();
    CHECK(times.counts[0] == 1);
    CHECK(times.counts[bucket_of(5ms)] == 1);
    CHECK(tracking.totals().busy == 5ms);
}

TEST_CASE("tracking: after a nested handler the one around it is shown again") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    asio::post(io, [&] {
        const auto began = manual_ticks::now();
        const auto outer = tracking.running().at(0).sequence;
        manual_ticks::advance(1ms);
        asio::post(io, [&] {
            CHECK(tracking.running().at(0).began == began + 1ms);
            manual_ticks::advance(2ms);
        });
        io.poll();
        manual_ticks::advance(4ms);
        REQUIRE(tracking.running().size() == 1);
        CHECK(tracking.running()[0].began == began);
        CHECK(tracking.running()[0].sequence > outer);
    });
    io.run();
    const auto times = tracking.run_times();
    CHECK(times.counts[bucket_of(2ms)] == 1);
    CHECK(times.counts[bucket_of(5ms)] == 1);
    CHECK(tracking.totals().busy == 7ms);
}

TEST_CASE("tracking: a loop that is run inside a handler of another has its own time") {
    asio::io_context outer;
    asio::io_context inner;
    asio::post(outer, [&] {
        manual_ticks::advance(1ms);
        asio::post(inner, [&] {
            CHECK(tracking_of(outer).running().size() == 1);
            CHECK(tracking_of(inner).running().size() == 1);
            asio::post(outer, [&] { manual_ticks::advance(8ms); });
            outer.poll();
            manual_ticks::advance(2ms);
        });
        inner.run();
        CHECK(tracking_of(inner).running().empty());
        CHECK(tracking_of(outer).running().size() == 1);
        manual_ticks::advance(4ms);
    });
    outer.run();
    CHECK(tracking_of(outer).totals().busy == 13ms);
    CHECK(tracking_of(inner).totals().busy == 2ms);
    CHECK(tracking_of(outer).running().empty());
}

TEST_CASE("tracking: the monitor's own work is neither counted nor shown") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    {
        const untracked_scope own;
        asio::post(io, [&] { CHECK(tracking.running().empty()); });
    }
    asio::post(io, [] {});
    io.run();
    CHECK(counts_of(tracking) == counts{1, 1, 0, 0});
}

TEST_CASE("tracking: a thread pool is a loop too, and its live threads are counted") {
    asio::thread_pool pool(2);
    const auto& tracking = tracking_of(pool);
    for (int i = 0; i < 10; ++i) {
        asio::post(pool, [] {});
    }
    pool.join();
    CHECK(counts_of(tracking) == counts{10, 10, 0, 0});
    CHECK(tracking.threads() == 0); // all have ended
}

TEST_CASE("tracking: the slot of a thread that ended goes on with the next one") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    for (int i = 0; i < 3; ++i) {
        std::thread([&] {
            asio::post(io, [&] { CHECK(tracking.threads() == 1); });
            io.restart();
            io.run();
        }).join();
        CHECK(tracking.threads() == 0);
    }
    CHECK(counts_of(tracking) == counts{3, 3, 0, 0});
}

TEST_CASE("tracking: a handler counts on the thread that runs it, not on that of its creation") {
    asio::io_context io;
    const auto& tracking = tracking_of(io);
    asio::post(io, [] {});
    io.run(); // so that this thread has a slot that ran handlers
    pid_t shown = 0;
    pid_t ran = 0;
    for (int i = 0; i < 2; ++i) {
        asio::post(io, [&] {
            const auto running = tracking.running();
            shown = running.size() == 1 ? running[0].thread : 0;
            ran = ::gettid();
            manual_ticks::advance(3ms);
        });
    }
    io.restart();
    std::thread([&] { io.run_one(); }).join();
    CHECK(shown == ran);
    CHECK(ran != ::gettid());
    io.run(); // the thread has ended, and its slot is free
    CHECK(shown == ::gettid());
    CHECK(counts_of(tracking) == counts{3, 3, 0, 0});
    CHECK(tracking.totals().busy == 6ms);
    CHECK(tracking.threads() == 1);
}

TEST_CASE("tracking: a handler inside of a task's scope has its own task, and the scope goes on") {
    asio::io_context io;
    task_table tasks;
    const auto outside = tasks.add({.name = "outside"});
    REQUIRE(outside != 0);
    set_current_task(outside);
    asio::post(io, [&] { CHECK(current_task() == outside); });
    set_current_task(0);
    asio::post(io, [&] { CHECK(current_task() == 0); });
    set_current_task(outside);
    io.run();
    CHECK(current_task() == outside);
    set_current_task(0);
}

TEST_CASE("tracking: a context at the address of one that ended is a loop of its own") {
    alignas(asio::io_context) std::byte place[sizeof(asio::io_context)];
    for (int i = 0; i < 3; ++i) {
        auto* const io = new (place) asio::io_context;
        asio::post(*io, [] {});
        io->run();
        CHECK(counts_of(tracking_of(*io)) == counts{1, 1, 0, 0});
        io->~io_context();
    }
}
