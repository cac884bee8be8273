// SPDX-License-Identifier: MIT
//
// A loop that nobody runs is not late, whether it was stopped or not; one with a handler that does
// not return is, stopped or not. The clock is played, the calls of run() are real.
#include "measure/expectation.hpp"
#include "support/loop_of.hpp"
#include "unit/watch/tracked_scene.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <thread>

namespace {

constexpr auto never = model::time_point::max();

/// Whose calls of run() can be seen.
template <class Scene>
struct visible : Scene {
    visible() {
        boost::asio::post(this->io, [this] { loopmon::detail::note_run(this->io); });
        this->io.run_one();
        REQUIRE(this->loop->running_threads());
        REQUIRE_FALSE(this->io.stopped());
    }

    /// Plays in a handler that does not return meanwhile.
    void play_within(model::time_point end, model::time_point blocked) {
        boost::asio::post(this->io, [&] { this->play(end, blocked, never); });
        this->io.run_one();
    }

    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(this->io);
};

} // namespace

TEST_CASE("not running: run_for() that has returned is not a stall and trips nothing", "[watch]") {
    visible<scene> s;
    s.play(start + 1s);
    const auto pings = s.notifier.count("ping");
    s.play(start + 60s, start + 1s, never);
    CHECK(s.sink.events.empty());
    CHECK(s.notifier.count("ping") >= pings + 17); // every third of 10 s
    CHECK(s.status(start + 60s).lag == 0ms);
    SECTION("nor is any of it in a number when the loop goes on") {
        const auto late = start + 60s - s.deadline;
        s.gauge->complete({s.deadline, late}, interval);
        s.deadline = start + 60s + interval;
        s.gauge->set_deadline(s.deadline);
        s.play(start + 62s);
        CHECK(s.sink.events.empty());
        CHECK(s.status(start + 62s).lag_max == 0ms);
        CHECK(s.watcher.find(1)->window(start + 62s).max == 0ms);
    }
    SECTION("and what blocks it then is found") {
        s.play_within(start + 67s, start + 1s);
        CHECK_FALSE(s.sink.all<model::stall>().empty());
        CHECK(s.sink.all<model::trip>().size() == 1);
    }
}

TEST_CASE("not running: the turn in which run_for() returned is over", "[watch]") {
    visible<tracked_scene> s;
    s.play(start + 5s);
    s.turn(start + 5s, start + 5s + 1ms);
    s.loop->tracking().begin_turn(measure::cycle_clock::now()); // by an event without a handler
    s.play(start + 30s, start + 5s, never);
    CHECK(s.sink.events.empty());
    CHECK(s.status(start + 30s).lag == 0ms);
    s.clock(start + 30s);
    s.loop->tracking().end_turn(measure::cycle_clock::now());
    s.play(start + 32s, start + 5s, never);
    CHECK(s.status(start + 32s).lag_max <= 50ms);
}

TEST_CASE("not running: a lag that run_for() returned after was one", "[watch]") {
    visible<scene> s;
    s.play(start + 1s);
    s.play_within(start + 1900ms, start + 1s); // the deadline at 1250 ms is not met
    s.play(start + 60s, start + 1s, never);
    CHECK(s.sink.all<model::stall>().size() == 1);
    CHECK(s.sink.all<model::recovered>().size() == 1);
    CHECK(s.status(start + 60s).lag_max >= 500ms);
    CHECK(s.status(start + 60s).lag_max <= 750ms);
}

TEST_CASE("not running: a handler that never returns after stop() trips", "[watch]") {
    visible<scene> s;
    s.finder.finds.cause = model::cause::blocked;
    s.play(start + 1s);
    s.io.stop();
    s.io.restart();
    boost::asio::post(s.io, [&] {
        s.io.stop();
        s.play(start + 20s, start + 1s, never);
    });
    s.io.run_one();
    CHECK(s.sink.all<model::trip>().size() == 1);
    CHECK(s.notifier.count("trigger") == 1);
}

TEST_CASE("not running: without handlers to be seen, all threads of run() have to announce",
          "[watch]") {
    visible<scene> s;
    s.play(start + 1s);
    const bool second = GENERATE(false, true);
    std::promise<void> there;
    std::promise<void> go_on;
    std::thread other;
    if (second) {
        other = std::thread([&] {
            boost::asio::post(s.io, [&] {
                there.set_value();
                go_on.get_future().wait();
            });
            s.io.run_one();
        });
        there.get_future().wait();
    }
    measure::open_expectation(start + 1s, 1h, "reindex");
    s.play_within(start + 5s, start + 1s);
    measure::close_expectation();
    CHECK(s.sink.all<model::stall>().empty() == !second);
    CHECK(s.sink.all<model::expected_long>().empty() == second);
    if (second) {
        go_on.set_value();
        other.join();
    }
}

TEST_CASE("not running: a loop that begins long after it was added is watched", "[watch]") {
    scene s;
    boost::asio::io_context late;
    const auto state = loopmon::test::state_of(late);
    REQUIRE(loopmon::test::claim(late));
    const auto gauge = std::make_shared<measure::lag_gauge>(interval);
    s.watcher.add(2, start,
                  {.name = "late",
                   .critical = true,
                   .interval = interval,
                   .window = 1min,
                   .lag = {.warn = 100ms, .critical = 1s, .clear_after = 1s},
                   .tasks = {}},
                  state, gauge);
    s.next = s.watcher.step({start + 1ms});
    s.play(start + 30s);
    CHECK(s.sink.events.empty());
    gauge->set_deadline(start + 30s + interval); // it runs, and hangs at once
    s.play(start + 37s);
    CHECK_FALSE(s.sink.all<model::stall>().empty());
    CHECK(s.sink.all<model::trip>().size() == 1);
}
