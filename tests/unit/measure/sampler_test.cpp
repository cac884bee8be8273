// SPDX-License-Identifier: MIT
#include "asio/sampler.hpp"
#include "capi/sampler_handle.hpp"
#include "support/catch.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <thread>

using namespace loopmon;
using namespace std::chrono_literals;
using measure::lag_gauge;
using measure::nanoseconds;
using test::manual_clock;

namespace {

using manual_sampler = detail::basic_sampler<manual_clock, test::manual_wait_traits>;

detail::sampler_ptr steps_on(const std::shared_ptr<lag_gauge>& gauge) {
    return detail::sampler_ptr(new loopmon_sampler{measure::sampling(gauge)});
}

// A loop with a sampler on the manual clock, which was started at `began`.
struct sampled_loop {
    explicit sampled_loop(nanoseconds interval) : gauge(std::make_shared<lag_gauge>(interval)) {
        boost::asio::post(io, [this] { manual_sampler::start(io, steps_on(gauge)); });
        io.poll();
    }

    void advance(nanoseconds by) { test::advance(io, by); }

    boost::asio::io_context io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
        io.get_executor()};
    std::shared_ptr<lag_gauge> gauge;
    manual_clock::time_point began = manual_clock::now();
};

template <class Sampler>
void start_on(boost::asio::io_context& io, const std::shared_ptr<lag_gauge>& gauge) {
    boost::asio::post(io, [&io, gauge] { Sampler::start(io, steps_on(gauge)); });
}

// Work of the program's own: a chain of handlers until there are so many samples.
void work_until(boost::asio::io_context& io, std::shared_ptr<const lag_gauge> gauge,
                std::uint64_t samples) {
    if (gauge->samples() < samples) {
        boost::asio::post(
            io, [&io, gauge = std::move(gauge), samples] { work_until(io, gauge, samples); });
    }
}

} // namespace

TEST_CASE("sampler: the first deadline is one interval after the start, and not met before") {
    sampled_loop loop(100ms);
    CHECK(loop.gauge->deadline() == loop.began + 100ms);
    loop.advance(100ms - 1ns);
    CHECK(loop.gauge->samples() == 0);
    loop.advance(1ns);
    CHECK(loop.gauge->samples() == 1);
    CHECK(loop.gauge->last().deadline == loop.began + 100ms);
    CHECK(loop.gauge->last().lag == 0ns);
    CHECK(loop.gauge->deadline() == loop.began + 200ms);
}

TEST_CASE("sampler: a late turn is measured exactly and does not shift the grid") {
    sampled_loop loop(100ms);
    loop.advance(165ms);
    CHECK(loop.gauge->last().lag == 65ms);
    CHECK(loop.gauge->samples() == 1);
    CHECK(loop.gauge->deadline() == loop.began + 200ms);
    loop.advance(35ms);
    CHECK(loop.gauge->last().lag == 0ns);
    CHECK(loop.gauge->deadline() == loop.began + 300ms);
}

TEST_CASE("sampler: deadlines missed in a stall are samples, and the next lies in the future") {
    sampled_loop loop(100ms);
    loop.advance(450ms); // deadlines 100, 200, 300 and 400 passed
    CHECK(loop.gauge->last().lag == 350ms);
    CHECK(loop.gauge->take_max() == 350ms);
    CHECK(loop.gauge->deadline() == loop.began + 500ms);
    loop.advance(50ms);
    CHECK(loop.gauge->samples() == 5); // what they waited is known with the next one
}

TEST_CASE("sampler: fired exactly at a later grid point, the next deadline is the one after it") {
    sampled_loop loop(100ms);
    loop.advance(300ms);
    CHECK(loop.gauge->last().lag == 200ms);
    CHECK(loop.gauge->deadline() == loop.began + 400ms);
}

TEST_CASE("sampler: a clock that steps back gives no negative lag") {
    sampled_loop loop(100ms);
    // Due when the reactor looks, not due any more when the handler runs.
    test::manual_timer before(loop.io, loop.began + 100ms - 1ns);
    before.async_wait([](boost::system::error_code) { manual_clock::advance(-40ms); });
    loop.advance(100ms);
    loop.advance(0ms);
    CHECK(loop.gauge->samples() == 1);
    CHECK(loop.gauge->last().lag == 0ns);
    CHECK(loop.gauge->deadline() == loop.began + 200ms);
}

TEST_CASE("sampler: a changed interval is taken over at the next turn") {
    sampled_loop loop(100ms);
    loop.gauge->set_interval(30ms);
    CHECK(loop.gauge->deadline() == loop.began + 100ms);
    loop.advance(250ms); // one deadline missed, by the interval that was set then
    CHECK(loop.gauge->samples() == 1);
    CHECK(loop.gauge->deadline() == loop.began + 280ms); // 100 + 6 * 30
    loop.advance(30ms);
    CHECK(loop.gauge->samples() == 3);
    CHECK(loop.gauge->deadline() == loop.began + 310ms);
}

TEST_CASE("sampler: ends at the turn after stop, and lets go of its gauge") {
    sampled_loop loop(100ms);
    loop.gauge->stop();
    CHECK(loop.gauge->deadline());
    CHECK(loop.gauge.use_count() == 2);
    loop.advance(100ms);
    CHECK_FALSE(loop.gauge->deadline());
    CHECK(loop.gauge->samples() == 0);
    CHECK(loop.gauge.use_count() == 1);
}

TEST_CASE("sampler: a disregarded deadline is not counted, the next one is") {
    sampled_loop loop(100ms);
    loop.gauge->exclude(*loop.gauge->deadline());
    loop.advance(1h);
    CHECK(loop.gauge->samples() == 0);
    loop.advance(100ms);
    CHECK(loop.gauge->samples() == 1);
}

TEST_CASE("sampler: the gauge may be dropped before the context") {
    sampled_loop loop(100ms);
    const std::weak_ptr<lag_gauge> gauge = loop.gauge;
    loop.gauge.reset();
    loop.advance(100ms);
    CHECK(gauge.lock()->samples() == 1);
}

TEST_CASE("sampler: ends with its context, and the gauge outlives both") {
    const auto gauge = std::make_shared<lag_gauge>(1h);
    {
        boost::asio::io_context io;
        start_on<detail::sampler>(io, gauge);
        io.run();
        CHECK(gauge.use_count() == 2);
    }
    CHECK(gauge.use_count() == 1);
    CHECK(gauge->deadline());
}

// The rest is about the scheduler and runs on the real clock, with intervals so short that samples
// come at once, or so long that none comes. However slow the machine, no result depends on it.

TEST_CASE("sampler: run() returns when the program's own work is done") {
    boost::asio::io_context io;
    start_on<detail::sampler>(io, std::make_shared<lag_gauge>(1h));
    int ran = 0;
    boost::asio::post(io, [&ran] { ++ran; });
    io.run();
    CHECK(ran == 1);
    CHECK(io.stopped());
}

TEST_CASE("sampler: run() returns after many samples too, and samples on after restart()") {
    boost::asio::io_context io;
    const auto gauge = std::make_shared<lag_gauge>(1ms);
    start_on<detail::sampler>(io, gauge);
    for (int round = 1; round <= 3; ++round) {
        const auto wanted = gauge->samples() + 3;
        work_until(io, gauge, wanted);
        io.run();
        CHECK(gauge->samples() >= wanted);
        io.restart();
    }
    CHECK(io.run() == 0); // nothing of its own: returns at once, however often
    io.restart();
    CHECK(io.run() == 0);
}

TEST_CASE("sampler: several threads run the loop, and all return when the work is done") {
    boost::asio::io_context io;
    const auto gauge = std::make_shared<lag_gauge>(1ms);
    start_on<detail::sampler>(io, gauge);
    work_until(io, gauge, 20);
    std::array<std::thread, 3> threads;
    for (auto& thread : threads) {
        thread = std::thread([&io] { io.run(); });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(gauge->samples() >= 20);
    CHECK(gauge->lags().copy().total() == gauge->samples());
}

TEST_CASE("sampler: threads that sleep in the reactor are woken for samples, and to return") {
    boost::asio::io_context io;
    const auto gauge = std::make_shared<lag_gauge>(1ms);
    start_on<detail::sampler>(io, gauge);
    auto work = boost::asio::make_work_guard(io);
    std::thread one([&io] { io.run(); });
    std::thread two([&io] { io.run(); });
    while (gauge->samples() < 5) {
        std::this_thread::yield();
    }
    work.reset();
    one.join();
    two.join();
    CHECK(io.stopped());
}

TEST_CASE("sampler: loops driven by poll() and run_one() are sampled") {
    boost::asio::io_context io;
    const auto work = boost::asio::make_work_guard(io);
    const auto gauge = std::make_shared<lag_gauge>(1ms);
    start_on<detail::sampler>(io, gauge);
    while (gauge->samples() < 3) {
        io.poll();
    }
    const auto samples = gauge->samples();
    while (gauge->samples() < samples + 3) {
        io.run_one();
    }
    CHECK_FALSE(io.stopped());
}

TEST_CASE("sampler: two gauges may sample one loop") {
    boost::asio::io_context io;
    const auto one = std::make_shared<lag_gauge>(1ms);
    const auto two = std::make_shared<lag_gauge>(2ms);
    start_on<detail::sampler>(io, one);
    start_on<detail::sampler>(io, two);
    work_until(io, one, 3);
    work_until(io, two, 3);
    io.run();
    CHECK(one->samples() >= 3);
    CHECK(two->samples() >= 3);
}
