// SPDX-License-Identifier: MIT
#include "watch/probe_watch.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using loopmon::watch::probe_watch;

TEST_CASE("probe_watch: counts answers and failures, and keeps the latencies", "[watch]") {
    probe_watch probe("p", "dbus", "dbus:org.example", 250ms);
    loopmon::model::events out;
    for (int i = 0; i < 99; ++i) {
        probe.answered(10ms, out);
    }
    probe.answered(200ms, out);
    probe.failed("gone", out);
    const auto now = probe.status();
    CHECK(now.n_probes == 101);
    CHECK(now.n_failures == 1);
    CHECK(now.latency == 200ms);
    CHECK(now.max == 200ms);
    CHECK(now.p50 > 9ms);
    CHECK(now.p50 < 11ms);
    CHECK(now.state == loopmon::model::probe_state::failed);
    CHECK(now.error == "gone");
    CHECK(out.size() == 1);
}

TEST_CASE("probe_watch: a reset forgets latencies, not counters", "[watch]") {
    probe_watch probe("p", "dbus", "dbus:org.example", 250ms);
    loopmon::model::events out;
    probe.answered(10ms, out);
    probe.reset_statistics();
    CHECK(probe.status().max == 0ms);
    CHECK(probe.status().p99 == 0ms);
    CHECK(probe.status().n_probes == 1);
}
