// SPDX-License-Identifier: MIT
#include "manual_ticks.hpp"
#include "measure/turn_lag.hpp"
#include "support/catch.hpp"
#include "support/loop_of.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cerrno>
#include <functional>
#include <list>
#include <thread>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

using namespace loopmon::measure;
using namespace std::chrono_literals;
using loopmon::test::manual_ticks;
using loopmon::test::tracking_of;
namespace asio = boost::asio;

namespace {

// A loop that is watched, and polls its descriptors before each of the handlers that it is given.
struct turning_loop {
    turning_loop() { REQUIRE(loopmon::test::claim(io)); }

    void turn(const std::function<void()>& handler) {
        // A timer that is due becomes a handler in a poll, the next poll comes after it.
        asio::steady_timer due(io, asio::steady_timer::time_point::min());
        bool ran = false;
        due.async_wait([&](boost::system::error_code) {
            handler();
            ran = true;
        });
        while (!ran) {
            io.poll_one(); // and not poll(), which looks again after the handler
        }
    }
    void look() {
        turn([] {});
    }

    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    loop_tracking& tracking = tracking_of(io);
};

/// Nanoseconds by lag.
bucket_counts recorded(const loop_tracking& tracking) {
    auto [sum, open, longest] = tracking.lag(manual_ticks::now());
    return sum += open;
}

} // namespace

TEST_CASE("turn: there is none before the loop looked at its descriptors") {
    turning_loop loop;
    CHECK_FALSE(loop.tracking.turn().began);
    asio::post(loop.io, [&] { CHECK_FALSE(loop.tracking.turn().began); });
    loop.io.run_one();
    CHECK(recorded(loop.tracking).total() == 0);
    CHECK(loop.tracking.turn().sequence == 0);
}

TEST_CASE("turn: lasts from the end of one poll to the begin of the next") {
    turning_loop loop;
    loop.look();
    static_cast<void>(loop.tracking.take_max_turn());
    std::uint64_t sequence = 0;
    loop.turn([&] {
        const auto began = manual_ticks::now();
        CHECK(loop.tracking.turn().began == began);
        manual_ticks::advance(30ms);
        CHECK(loop.tracking.turn().began == began);
        sequence = loop.tracking.turn().sequence;
        CHECK(sequence % 2 == 1);
    });
    manual_ticks::advance(10ms); // a turn goes on while the program does something else
    loop.look();
    const auto lags = recorded(loop.tracking);
    CHECK(nanoseconds(lags.total()) == 40ms);
    const auto longest = lags.percentile(1);
    CHECK(longest > 39ms);
    CHECK(longest < 41ms);
    CHECK(loop.tracking.take_max_turn() == 40ms);
    CHECK(loop.tracking.take_max_turn() == 0ms);
    CHECK(loop.tracking.turn().sequence > sequence);
}

TEST_CASE("turn: the handlers that ended in it are counted") {
    turning_loop loop;
    loop.look();
    loop.turn([&] {
        CHECK(loop.tracking.turn().handlers == 0); // it has not ended itself
        asio::post(loop.io, [] {});
    });
    CHECK(loop.tracking.turn().handlers == 1);
}

TEST_CASE("turn: one that is disregarded is not recorded, the next one is") {
    turning_loop loop;
    loop.look();
    static_cast<void>(loop.tracking.take_max_turn());
    loop.turn([&] { loop.tracking.exclude_turn(loop.tracking.turn().sequence); });
    manual_ticks::advance(1h);
    loop.look();
    CHECK(loop.tracking.take_max_turn() == 0ms);
    manual_ticks::advance(2ms);
    loop.look();
    CHECK(loop.tracking.take_max_turn() == 2ms);
}

TEST_CASE("turn: the begin and the end of a long one are known after it") {
    turning_loop loop;
    loop.tracking.ended_turns().keep_from(50ms);
    loop.look();
    std::uint64_t sequence = 0;
    const auto began = manual_ticks::now();
    loop.turn([&] {
        sequence = loop.tracking.turn().sequence;
        manual_ticks::advance(50ms);
        CHECK_FALSE(loop.tracking.ended_turns().find(sequence)); // it is still on
    });
    for (int i = 0; i < 100; ++i) { // later ones do not displace it
        loop.look();
        manual_ticks::advance(49ms);
    }
    const auto found = loop.tracking.ended_turns().find(sequence);
    REQUIRE(found);
    CHECK(found->sequence == sequence);
    CHECK(found->began == began);
    CHECK(found->ended == began + 50ms);
    CHECK_FALSE(loop.tracking.ended_turns().find(sequence + 2));
    CHECK(loop.tracking.ended_turns().recent().size() == 1);
}

TEST_CASE("turn: the last of the long ones are kept, the oldest first") {
    turning_loop loop;
    loop.tracking.ended_turns().keep_from(1ms);
    for (int i = 1; i <= 20; ++i) {
        loop.turn([&] { manual_ticks::advance(std::chrono::milliseconds(i)); });
    }
    loop.turn([&] { loop.tracking.exclude_turn(loop.tracking.turn().sequence); });
    manual_ticks::advance(1h);
    loop.look();
    const auto kept = loop.tracking.ended_turns().recent();
    REQUIRE(kept.size() == turn_log::capacity);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        CHECK(kept[i].ended - kept[i].began == std::chrono::milliseconds(13 + i));
    }
}

namespace {

/// Descriptors that become readable at once; the handler of each takes a millisecond.
struct ready_descriptors {
    ready_descriptors(asio::io_context& io, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            all.emplace_back(io, ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK))
                .async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](boost::system::error_code error) {
                                ran += error ? 0 : 1;
                                manual_ticks::advance(1ms);
                            });
        }
    }
    std::list<asio::posix::stream_descriptor> all;
    std::size_t ran = 0;
};

} // namespace

TEST_CASE("turn: a list of ready descriptors that is longer than a batch is measured") {
    turning_loop loop;
    loop.look();
    ready_descriptors ready(loop.io, 300);
    static_cast<void>(loop.tracking.take_max_turn());
    CHECK(loop.io.poll() == 300); // asio sees its events, and nothing else
    CHECK(ready.ran == 300);
    loop.look();
    // Work that came when the first 128 were fetched waited for them all.
    const auto longest = loop.tracking.take_max_turn();
    CHECK(longest >= 295ms);
    CHECK(longest <= 300ms);
    CHECK_FALSE(loop.tracking.probe.is_set());
}

TEST_CASE("turn: nothing is put into the list of a loop whose batches are not full") {
    turning_loop loop;
    loop.look();
    ready_descriptors ready(loop.io, 100);
    bool set = false;
    while (ready.ran < 100) {
        loop.io.poll_one();
        set = set || loop.tracking.probe.is_set();
    }
    CHECK_FALSE(set);
}

TEST_CASE("turn: a probe that comes alone does not wake the program") {
    turning_loop loop;
    loop.look();
    ready_descriptors ready(loop.io, 128);
    while (ready.ran < 128) {
        loop.io.poll_one();
    }
    REQUIRE(loop.tracking.probe.is_set());
    static_cast<void>(loop.tracking.take_max_turn());
    epoll_event event{};
    const auto began = std::chrono::steady_clock::now();
    CHECK(::epoll_wait(loop.tracking.polled, &event, 1, 20) == 0);
    CHECK(std::chrono::steady_clock::now() - began >= 20ms);
    CHECK_FALSE(loop.tracking.probe.is_set());
    CHECK(loop.tracking.take_max_turn() == 128ms);
}

TEST_CASE("turn: a context that ends with a probe in its list leaves nothing behind") {
    const auto next_descriptor = [] {
        const int lowest = ::eventfd(0, EFD_CLOEXEC);
        ::close(lowest);
        return lowest;
    };
    const int before = next_descriptor();
    {
        turning_loop loop;
        loop.look();
        ready_descriptors ready(loop.io, 128);
        loop.io.poll_one();
        CHECK(loop.tracking.probe.is_set());
    }
    CHECK(next_descriptor() == before);
}

TEST_CASE("turn: polls of other loops and of the program's own descriptors do not end it") {
    turning_loop loop;
    turning_loop other;
    loop.look();
    loop.turn([&] {
        const auto sequence = loop.tracking.turn().sequence;
        other.look();
        const int own = ::epoll_create1(EPOLL_CLOEXEC);
        epoll_event event{};
        CHECK(::epoll_wait(own, &event, 1, 0) == 0);
        ::close(own);
        CHECK(loop.tracking.turn().sequence == sequence);
    });
    CHECK(other.tracking.turn().sequence != 0);
}

TEST_CASE("turn: a loop that is not watched has none, and its polls work") {
    asio::io_context io;
    asio::steady_timer timer(io, 0s);
    bool fired = false;
    timer.async_wait([&](boost::system::error_code) { fired = true; });
    io.run();
    CHECK(fired);
    CHECK(tracking_of(io).turn().sequence == 0);
}

TEST_CASE("turn: the poll's error is handed on") {
    turning_loop loop;
    epoll_event event{};
    errno = 0;
    CHECK(::epoll_wait(loop.tracking.polled, &event, 0, 0) == -1);
    CHECK(errno == EINVAL);
    errno = 0;
    CHECK(::epoll_wait(-1, &event, 1, 0) == -1);
    CHECK(errno == EBADF);
}

TEST_CASE("turn: the descriptor of a loop that ended may be used again") {
    int descriptor = -1;
    {
        turning_loop loop;
        loop.look();
        descriptor = loop.tracking.polled;
        CHECK(descriptor >= 0);
    }
    epoll_event event{};
    errno = 0;
    CHECK(::epoll_wait(descriptor, &event, 1, 0) == -1); // it is closed, and nobody's
    CHECK(errno == EBADF);
}

TEST_CASE("turn: while all threads of a loop are parked none is on, whoever polls") {
    // A thread that never ran a handler may be the one that polls.
    for (int round = 0; round < 20; ++round) {
        turning_loop loop;
        std::array<std::thread, 3> threads;
        for (auto& thread : threads) {
            thread = std::thread([&] { loop.io.run(); });
        }
        for (int i = 0; i < 5; ++i) {
            asio::post(loop.io, [] {});
        }
        while (loop.tracking.totals().finished < 5 || loop.tracking.turn().began) {
            std::this_thread::yield();
        }
        CHECK(loop.tracking.totals().live() == 0);
        loop.work.reset();
        for (auto& thread : threads) {
            thread.join();
        }
    }
}
