// SPDX-License-Identifier: MIT
#include "support/loop_of.hpp"
#include "unit/watch/scene.hpp"

TEST_CASE("watcher: a healthy loop is not reported, and costs few wake-ups", "[watch]") {
    scene s;
    s.play(start + 60s);
    CHECK(s.sink.events.empty());
    CHECK(s.watcher.worst() == model::level::nominal);
    CHECK(s.steps <= 60 * 6); // 15 a second in all, and the sampler itself takes 4
}

TEST_CASE("watcher: a stall is found at the threshold, while the loop is still blocked",
          "[watch]") {
    scene s;
    s.play(start + 349ms, start + 1ms, start + 10s);
    CHECK(s.sink.events.empty()); // the deadline at 250 ms is 99 ms late
    s.play(start + 354ms, start + 1ms, start + 10s);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].severity == model::level::degraded);
    CHECK(stalls[0].ongoing);
    CHECK(stalls[0].lag >= 100ms);
    CHECK(stalls[0].lag <= 104ms);
}

TEST_CASE("watcher: lag grows from look to look while the loop is blocked", "[watch]") {
    scene s;
    s.play(start + 500ms, start + 1ms, start + 10s);
    CHECK(s.status(start + 500ms).lag == 250ms);
    CHECK(s.status(start + 600ms).lag == 350ms);
    CHECK(s.status(start + 600ms).lag_sample == 0ms);
}

TEST_CASE("watcher: a stall of 900 ms is one warning and one recovery", "[watch]") {
    scene s;
    s.play(start + 10s, start + 2100ms, start + 3s);
    const auto stalls = s.sink.all<model::stall>();
    REQUIRE(stalls.size() == 1);
    CHECK(stalls[0].severity == model::level::degraded);
    const auto recovered = s.sink.all<model::recovered>();
    REQUIRE(recovered.size() == 1);
    CHECK(recovered[0].episode == stalls[0].episode);
    CHECK(recovered[0].peak == 750ms);
    CHECK(s.sink.events.size() == 2);
    CHECK(s.status(start + 10s).lag_max == 750ms);
    CHECK(s.status(start + 10s).state == model::level::nominal);
}

TEST_CASE("watcher: missed deadlines are samples, so the percentiles show the stall", "[watch]") {
    scene s;
    // 8 of 40 samples are late: by 1850, 1600, 1350, 1100, 850, ... ms. The 36th smallest is 850.
    s.play(start + 10s, start + 2100ms, start + 4100ms);
    CHECK(s.status(start + 10s).n_samples == 40);
    CHECK(s.watcher.find(1)->window(start + 10s).p90 > 850ms * 0.98);
    CHECK(s.watcher.find(1)->window(start + 10s).p90 < 850ms * 1.02);
    CHECK(s.watcher.find(1)->window(start + 10s).p50 < 1ms);
}

TEST_CASE("watcher: a trip is reported and has left the process before systemd gets it",
          "[watch]") {
    scene s;
    std::vector<std::string> order;
    s.play(start + 6149ms, start + 1001ms, start + 20s); // the deadline at 1250 ms is not met
    s.sink.order = s.notifier.order = &order;
    s.play(start + 6254ms, start + 1001ms, start + 20s);
    REQUIRE(s.sink.all<model::trip>().size() == 1);
    CHECK(order == std::vector<std::string>{"event", "settle", "trigger"});
    CHECK_THAT(s.notifier.last_status, Catch::Equals("loop main tripped"));
    CHECK(s.watcher.gate().state() == model::watchdog_state::triggered);
}

TEST_CASE("watcher: pings come three times in each watchdog period while the loop is well",
          "[watch]") {
    scene s(9s);
    s.play(start + 90s);
    CHECK(s.notifier.said.front() == "ready");
    CHECK(s.notifier.count("ping") == 30); // at 3 s, 6 s, ... 90 s; READY=1 has one of its own
}

TEST_CASE("watcher: STATUS= follows a change of state within a second or so", "[watch]") {
    scene s;
    s.play(start + 7s);
    CHECK_THAT(s.notifier.last_status, Catch::ContainsSubstring("nominal"));
    s.play(start + 8s + 1s, start + 7001ms, start + 8900ms); // stalled at 8250 ms
    CHECK_THAT(s.notifier.last_status, Catch::ContainsSubstring("stalled"));
    s.play(start + 12s);
    CHECK_THAT(s.notifier.last_status, Catch::ContainsSubstring("nominal"));
}

TEST_CASE("watcher: nothing is pinged while the loop makes no progress", "[watch]") {
    scene s(9s);
    s.play(start + 4s, start + 10ms, start + 4900ms);
    const auto before = s.notifier.count("ping");
    s.play(start + 4890ms, start + 10ms, start + 4900ms);
    CHECK(s.notifier.count("ping") == before);
    s.play(start + 6s, start + 10ms, start + 4900ms);
    CHECK(s.notifier.count("ping") > before);
    CHECK(s.notifier.count("trigger") == 0);
}

TEST_CASE("watcher: a process that was stopped blames no loop, trips nothing, and is reported once",
          "[watch]") {
    scene s;
    const auto stopped = start + 2s + GENERATE(1ms, 120ms, 249ms);
    s.play(start + 30s, model::time_point::max(), model::time_point::max(), stopped, stopped + 8s);
    CHECK(s.sink.all<model::paused>().size() == 1);
    CHECK(s.sink.all<model::stall>().empty());
    CHECK(s.sink.all<model::trip>().empty());
    CHECK(s.notifier.count("trigger") == 0);
    CHECK(s.watcher.worst() == model::level::nominal);
}

TEST_CASE("watcher: a loop that was blocked before the process was stopped is still blamed after",
          "[watch]") {
    scene s;
    // Blocked from 1 s on; stopped from 3 s to 6 s; released at 20 s.
    s.play(start + 8900ms, start + 1s, start + 20s, start + 3s, start + 6s);
    CHECK(s.sink.all<model::trip>().empty());
    s.play(start + 9600ms, start + 1s, start + 20s, start + 3s, start + 6s);
    CHECK(s.sink.all<model::trip>().size() == 1); // 5 s of lag, and the pause besides
}

TEST_CASE("watcher: after STOPPING=1 nothing is pinged or judged, and nothing trips", "[watch]") {
    scene s(9s);
    s.play(start + 5s);
    s.watcher.stopping();
    const auto pings = s.notifier.count("ping");
    s.play(start + 60s, start + 6s, start + 50s);
    CHECK(s.notifier.count("ping") == pings);
    CHECK(s.notifier.count("trigger") == 0);
    CHECK(s.notifier.said.back() == "stopping");
    CHECK(s.sink.events.empty());
}

TEST_CASE("watcher: after STOPPING=1 there is no READY=1", "[watch]") {
    recorded_notifier notifier(10s);
    recorded_events sink;
    played_investigator finder;
    watch::watcher watcher({.watchdog = {}, .grace = 0s}, notifier, sink, finder);
    watcher.stopping();
    watcher.ready(start);
    CHECK(notifier.said == std::vector<std::string>{"stopping"});
}

TEST_CASE("watcher: until its loops have begun it looks often, so that READY=1 is not late",
          "[watch]") {
    recorded_notifier notifier(10s);
    recorded_events sink;
    played_investigator finder;
    watch::watcher watcher({.watchdog = {}, .grace = 0s}, notifier, sink, finder);
    CHECK(watcher.step({start}) == start + 1s);
    boost::asio::io_context io;
    auto gauge = std::make_shared<measure::lag_gauge>(interval);
    watcher.add(1, start, {.name = "main", .interval = interval, .window = 1min},
                loopmon::test::state_of(io), gauge);
    CHECK(watcher.step({start}) <= start + 50ms);
    gauge->set_deadline(start + 10s);
    CHECK(watcher.step({start}) > start + 100ms);
}

TEST_CASE("watcher: a loop whose run() has returned is not late", "[watch]") {
    scene s;
    s.play(start + 1s);
    s.io.stop();
    const auto never = model::time_point::max() - 1h;
    s.play(start + 60s, start + 1s, never);
    CHECK(s.sink.events.empty());
    CHECK(s.status(start + 60s).lag == 0ms);

    SECTION("and is watched again when it goes on") {
        s.io.restart();
        s.play(start + 60400ms, start + 1s, never);
        CHECK(s.sink.all<model::stall>().size() == 1);
        const auto lag = s.status(start + 60400ms).lag; // of a timer that was due soon after 60 s
        CHECK(lag > 390ms);
        CHECK(lag <= 400ms);
    }
}

TEST_CASE("watcher: a context that is gone is not late", "[watch]") {
    recorded_notifier notifier(10s);
    recorded_events sink;
    played_investigator finder;
    watch::watcher watcher({.watchdog = {}, .grace = 0s}, notifier, sink, finder);
    auto gauge = std::make_shared<measure::lag_gauge>(interval);
    {
        boost::asio::io_context io;
        const auto loop = loopmon::test::state_of(io);
        REQUIRE(loopmon::test::claim(io));
        watcher.add(1, start,
                    {.name = "brief", .critical = true, .interval = interval, .window = 1min}, loop,
                    gauge);
        gauge->set_deadline(start + interval);
        watcher.ready(start);
    }
    auto at = start;
    while (at < start + 30s) {
        at = watcher.step({at});
    }
    CHECK(sink.events.empty());
    CHECK(notifier.count("trigger") == 0);
}

TEST_CASE("watcher: statistics can be reset, counters of stalls stay", "[watch]") {
    scene s;
    s.play(start + 10s, start + 2100ms, start + 3s);
    auto& loop = *s.watcher.find(1);
    const auto lags_of = [&](model::time_point at) {
        return loop.histogram(at, loopmon::model::histogram_kind::lag).value();
    };
    loop.reset_statistics(start + 10s);
    CHECK(s.status(start + 10s).lag_max == 0ms);
    CHECK(lags_of(start + 10s).empty());
    CHECK(s.status(start + 10s).n_stalls == 1);
    s.play(start + 11s);
    CHECK_FALSE(lags_of(start + 11s).empty());
}

TEST_CASE("watcher: a hundred loops that are on time share their wake-ups", "[watch]") {
    scene s;
    std::vector<std::unique_ptr<boost::asio::io_context>> others;
    for (int i = 0; i < 100; ++i) {
        others.push_back(std::make_unique<boost::asio::io_context>());
        const auto loop = loopmon::test::state_of(*others.back());
        REQUIRE(loopmon::test::claim(*others.back()));
        auto gauge = std::make_shared<measure::lag_gauge>(interval);
        gauge->set_deadline(start + 10s + i * 2'600us); // a sample a loop, spread over an interval
        s.watcher.add(2 + static_cast<std::uint64_t>(i), start,
                      {.name = std::to_string(i),
                       .critical = false,
                       .interval = interval,
                       .window = 1min,
                       .lag = {.warn = 100ms, .critical = 1s, .clear_after = 1s},
                       .tasks = {}},
                      loop, gauge);
    }
    s.play(start + 10s + 49ms); // none of these can be late by half of `warn` yet
    const int before = s.steps;
    s.play(start + 10s + 100ms);
    CHECK(s.steps - before <= 6);
}

TEST_CASE("watcher: the state of the whole is that of its essential loops", "[watch]") {
    scene s;
    boost::asio::io_context other;
    const auto loop = loopmon::test::state_of(other);
    REQUIRE(loopmon::test::claim(other));
    auto gauge = std::make_shared<measure::lag_gauge>(interval);
    gauge->set_deadline(start + interval); // and never met
    s.watcher.add(2, start,
                  {.name = "extra",
                   .critical = false,
                   .interval = interval,
                   .window = 1min,
                   .lag = {.warn = 100ms, .critical = 1s, .clear_after = 1s},
                   .tasks = {}},
                  loop, gauge);
    s.play(start + 20s);
    CHECK(s.watcher.find(2)->state() == model::level::stalled);
    CHECK(s.watcher.worst() == model::level::nominal);
    CHECK(s.watcher.late_loops() == 1);
    CHECK(s.sink.all<model::trip>().empty());
    CHECK(s.notifier.count("ping") >= 5);
}
