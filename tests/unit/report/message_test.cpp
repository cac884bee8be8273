// SPDX-License-Identifier: MIT
#include "report/message.hpp"
#include "report/text.hpp"

#include "support/catch.hpp"

#include <set>

using namespace std::chrono_literals;
namespace model = loopmon::model;
using loopmon::model::priority;
using loopmon::report::human;
using loopmon::report::record;
using loopmon::report::render;

namespace {

std::string field(const record& r, std::string_view name) {
    for (const auto& [key, value] : r.fields) {
        if (key == name) {
            return value;
        }
    }
    return "(absent)";
}

const model::stall warned{.loop = "main",
                          .episode = 7,
                          .severity = model::level::degraded,
                          .lag = 101ms,
                          .threshold = 100ms,
                          .cause = model::cause::unknown,
                          .ongoing = true,
                          .active_tasks = 3};

const model::delay_series late_again{.loop = "main",
                                     .count = 720,
                                     .total = 108s,
                                     .peak = 150ms,
                                     .span = 1h,
                                     .cause = model::cause::blocked,
                                     .since = model::wall_time(1'700'000'000s)};

} // namespace

TEST_CASE("message: durations are written for people", "[report]") {
    CHECK(human(0ns) == "0us");
    CHECK(human(1500ns) == "1.5us");
    CHECK(human(999us) == "999us");
    CHECK(human(999600ns) == "1ms");
    CHECK(human(100'400us) == "100ms");
    CHECK(human(512ms) == "512ms");
    CHECK(human(999'600us) == "1s");
    CHECK(human(1s) == "1s");
    CHECK(human(1798ms) == "1.8s");
    CHECK(human(12340ms) == "12.3s");
    CHECK(human(59s) == "59s");
    CHECK(human(60s) == "1min");
    CHECK(human(200s) == "3min 20s");
    CHECK(human(25h + 1min) == "1d 1h 1min");
}

TEST_CASE("message: a stall says who, how long, and against which limit", "[report]") {
    const auto r = render(warned);
    CHECK(r.text == "loop main blocked for 101ms (warn 100ms); 3 active tasks");
    CHECK(r.severity == priority::warning);
    CHECK(r.event == "stall");
    CHECK(field(r, "LOOPMON_LOOP") == "main");
    CHECK(field(r, "LOOPMON_LAG_USEC") == "101000");
    CHECK(field(r, "LOOPMON_THRESHOLD_USEC") == "100000");
    CHECK(field(r, "LOOPMON_CAUSE") == "unknown");
    CHECK(field(r, "LOOPMON_EPISODE") == "7");
    CHECK(field(r, "LOOPMON_ACTIVE_TASKS") == "3");
}

TEST_CASE("message: the culprit of a stall has fields of its own", "[report]") {
    auto caught = warned;
    caught.cause = model::cause::blocked;
    caught.culprit = {.handler = "socket.async_receive",
                      .task = "probe:bluez",
                      .spawned = "probe.cpp:88",
                      .syscall = "openat",
                      .stack = {"openat (libc.so.6+0x1)", "read_config() (loopmond+0x2)"},
                      .pending = 17,
                      .has_pending = true,
                      .cpu_percent = 4};
    const auto r = render(caught);
    CHECK(field(r, "LOOPMON_CAUSE") == "blocked");
    CHECK(field(r, "LOOPMON_HANDLER") == "socket.async_receive");
    CHECK(field(r, "LOOPMON_TASK") == "probe:bluez");
    CHECK(field(r, "LOOPMON_SPAWNED") == "probe.cpp:88");
    CHECK(field(r, "LOOPMON_SYSCALL") == "openat");
    CHECK(field(r, "LOOPMON_STACK") == "openat (libc.so.6+0x1)\nread_config() (loopmond+0x2)");
    CHECK(field(r, "LOOPMON_PENDING") == "17");
    CHECK(field(r, "LOOPMON_CPU_PERCENT") == "4");
    CHECK(r.text.find('\n') == r.text.npos); // it becomes a status
    CHECK(r.details == "  #0 openat (libc.so.6+0x1)\n  #1 read_config() (loopmond+0x2)");
}

TEST_CASE("message: a stall of one thread says that the loop goes on", "[report]") {
    auto busy = warned;
    busy.thread = 4711;
    busy.lag = busy.threshold = 1s;
    busy.cause = model::cause::blocked;
    CHECK(render(busy).text == "loop main: thread 4711 has been in one handler for 1s (critical "
                               "1s): cause blocked; the loop goes on without it; 3 active tasks");
    busy.culprit = {.handler = "strand.post", .syscall = "read"};
    const auto r = render(busy);
    CHECK(r.text == "loop main: thread 4711 has been in handler strand.post for 1s (critical 1s): "
                    "cause blocked in read; the loop goes on without it; 3 active tasks");
    CHECK(r.severity == priority::warning);
    CHECK(r.event == "stall");
    CHECK(field(r, "LOOPMON_THREAD") == "4711");
    CHECK(field(r, "LOOPMON_LAG_USEC") == "1000000");
    CHECK(field(r, "LOOPMON_CAUSE") == "blocked");
    CHECK(field(render(warned), "LOOPMON_THREAD").empty());
}

TEST_CASE("message: a loop that is late repeatedly is summed up", "[report]") {
    const bool over = GENERATE(true, false);
    const auto r =
        over ? render(model::recurring_over{late_again}) : render(model::recurring{late_again});
    CHECK(r.severity == (over ? priority::notice : priority::warning));
    CHECK(r.event == (over ? "recurring-over" : "recurring"));
    CHECK(r.text == (over ? "loop main is no longer late repeatedly: it was late 720 times in "
                            "1h, for 1min 48s in total (peak lag 150ms): cause blocked"
                          : "loop main is late repeatedly: 720 times in 1h, for 1min 48s in "
                            "total (peak lag 150ms): cause blocked"));
    CHECK(field(r, "LOOPMON_LOOP") == "main");
    CHECK(field(r, "LOOPMON_COUNT") == "720");
    CHECK(field(r, "LOOPMON_DURATION_USEC") == "108000000");
    CHECK(field(r, "LOOPMON_PEAK_USEC") == "150000");
    CHECK(field(r, "LOOPMON_CAUSE") == "blocked");
    CHECK(field(r, "LOOPMON_TIMESTAMP") == "1700000000000000");
}

TEST_CASE("message: work that waited says which, and for how long", "[report]") {
    model::backlog waits{.loop = "main",
                         .episode = 7,
                         .severity = model::level::stalled,
                         .waited = 2s,
                         .threshold = 1s,
                         .handler = "strand_executor.execute",
                         .task = "poll",
                         .spawned = "poll.cpp:8",
                         .active_tasks = 3};
    const auto r = render(waits);
    CHECK(r.text == "loop main is on time, but work waited for 2s (critical 1s) in task \"poll\" "
                    "(strand_executor.execute, spawned poll.cpp:8); 3 active tasks");
    CHECK(r.severity == priority::err);
    CHECK(r.event == "backlog");
    CHECK(field(r, "LOOPMON_LOOP") == "main");
    CHECK(field(r, "LOOPMON_WAITED_USEC") == "2000000");
    CHECK(field(r, "LOOPMON_THRESHOLD_USEC") == "1000000");
    CHECK(field(r, "LOOPMON_HANDLER") == "strand_executor.execute");
    CHECK(field(r, "LOOPMON_TASK") == "poll");
    CHECK(field(r, "LOOPMON_SPAWNED") == "poll.cpp:8");
    CHECK(field(r, "LOOPMON_EPISODE") == "7");
    CHECK(field(r, "LOOPMON_ACTIVE_TASKS") == "3");
    waits.severity = model::level::degraded;
    CHECK(render(waits).severity == priority::warning);

    model::backlog_over over{.loop = "main", .episode = 7, .lasted = 3s, .peak = 2s};
    const auto end = render(over);
    CHECK(end.text == "loop main: work does not wait any more, after 3s (longest wait 2s)");
    CHECK(end.severity == priority::notice);
    CHECK(end.event == "backlog-over");
    CHECK(field(end, "LOOPMON_LOOP") == "main");
    CHECK(field(end, "LOOPMON_DURATION_USEC") == "3000000");
    CHECK(field(end, "LOOPMON_PEAK_USEC") == "2000000");
    CHECK(field(end, "LOOPMON_EPISODE") == "7");
    over.unwatched = true;
    CHECK(render(over).text ==
          "loop main is not watched any more, with work that waited for 3s (longest wait 2s)");
}

TEST_CASE("message: one pause, and many that are summed up", "[report]") {
    const auto one = render(model::paused{.lasted = 5s});
    CHECK(one.text == "the process or the machine stood still for 5s; no loop is blamed for it");
    CHECK(field(one, "LOOPMON_DURATION_USEC") == "5000000");
    CHECK(field(one, "LOOPMON_COUNT") == "1");
    CHECK(field(one, "LOOPMON_PEAK_USEC") == "5000000");
    const auto many = render(model::paused{.lasted = 14s, .count = 350, .peak = 50ms, .span = 80s});
    CHECK(many.text == "the process or the machine stood still 350 times in 1min 20s, for 14s in "
                       "total (50ms at most); no loop is blamed for it");
    CHECK(field(many, "LOOPMON_DURATION_USEC") == "14000000");
    CHECK(field(many, "LOOPMON_COUNT") == "350");
    CHECK(field(many, "LOOPMON_PEAK_USEC") == "50000");
}

TEST_CASE("message: fields of what is not known are empty, and so not written", "[report]") {
    const auto r = render(warned);
    for (const auto* name :
         {"LOOPMON_HANDLER", "LOOPMON_TASK", "LOOPMON_SPAWNED", "LOOPMON_SYSCALL", "LOOPMON_STACK",
          "LOOPMON_PENDING", "LOOPMON_CPU_PERCENT"}) {
        CHECK(field(r, name).empty());
    }
    auto none = warned;
    none.culprit.has_pending = true;
    CHECK(field(render(none), "LOOPMON_PENDING") == "0");
    CHECK(r.details.empty());
}

TEST_CASE("message: a record is no longer than a journal takes, whatever the symbols", "[report]") {
    const std::string huge(100'000, 'x');
    auto caught = warned;
    caught.culprit = {.handler = huge,
                      .task = huge,
                      .spawned = huge,
                      .syscall = huge,
                      .stack = std::vector(1000, huge)};
    const auto r = render(caught);
    auto size = r.text.size() + r.details.size();
    for (const auto& [name, value] : r.fields) {
        size += name.size() + value.size() + 1;
    }
    CHECK(size < 20'000);
}

TEST_CASE("message: a long handler that was announced is information", "[report]") {
    const auto r = render(model::expected_long{"main", "reindexing", 1500ms, 3s});
    CHECK(r.severity == priority::info);
    CHECK(r.event == "expected-long");
    CHECK(r.text == "loop main is busy for 1.5s as announced (reindexing; up to 3s is expected)");
    CHECK(field(r, "LOOPMON_LOOP") == "main");
    CHECK(field(r, "LOOPMON_LAG_USEC") == "1500000");
    CHECK(field(r, "LOOPMON_ALLOWED_USEC") == "3000000");
    CHECK(field(r, "LOOPMON_REASON") == "reindexing");
}

TEST_CASE("message: a critical stall is an error, a past one says so", "[report]") {
    auto critical = warned;
    critical.severity = model::level::stalled;
    critical.threshold = 1s;
    critical.lag = 1s;
    critical.active_tasks = 1;
    CHECK(render(critical).severity == priority::err);
    CHECK(render(critical).text == "loop main blocked for 1s (critical 1s); 1 active task");
    auto past = warned;
    past.ongoing = false;
    CHECK(render(past).text == "loop main was late by 101ms (warn 100ms); 3 active tasks");
}

TEST_CASE("message: a trip is critical and says that it is one", "[report]") {
    const auto r = render(model::trip{.loop = "main",
                                      .episode = 2,
                                      .lag = 5001ms,
                                      .threshold = 5s,
                                      .cause = model::cause::unknown,
                                      .active_tasks = 2});
    CHECK(r.severity == priority::crit);
    CHECK(r.event == "trip");
    CHECK_THAT(r.text, Catch::ContainsSubstring("watchdog"));
    CHECK(field(r, "LOOPMON_LAG_USEC") == "5001000");
}

TEST_CASE("message: every event has a name, an id of its own, and a text", "[report]") {
    const std::vector<model::event> all = {
        warned,
        model::recovered{"main", 7, 1800ms, 1750ms, model::cause::unknown},
        model::recurring{late_again},
        model::recurring_over{late_again},
        model::backlog{.loop = "main", .waited = 2s, .threshold = 1s},
        model::backlog_over{.loop = "main", .lasted = 3s, .peak = 2s},
        model::expected_long{"main", "reindexing", 1500ms, 3s},
        model::trip{},
        model::previous_trip{"loop main lag 5s", model::wall_time(5s)},
        model::still_alive{2s},
        model::rearmed{9s, "main", "loop main has recovered"},
        model::paused{5s},
        model::tasks_high{"main", 11, 10},
        model::tasks_leak{"main", 60, 10, 5, 2min},
        model::tasks_normal{"main", 10, 10},
        model::probe_slow{"dbus", 300ms, 250ms},
        model::probe_failed{"dbus", "no answer within 2000ms"},
        model::probe_ok{"dbus", 1ms},
        model::config_loaded{{"/etc/loopmond/loopmond.toml"}},
        model::config_rejected{{"a"}, "a:1:2: error: key 'x': unknown"},
        model::suppressed{"main", 42},
        model::bus_lost{"the connection to D-Bus was lost"},
        model::bus_regained{}};
    CHECK(all.size() == std::variant_size_v<model::event>);
    std::set<std::string_view> ids;
    std::set<std::string_view> names;
    for (const auto& event : all) {
        const auto r = render(event);
        INFO(r.event);
        CHECK_FALSE(r.text.empty());
        CHECK(r.message_id.size() == 32);
        ids.insert(r.message_id);
        names.insert(r.event);
        for (const auto& [name, value] : r.fields) {
            CHECK(name.substr(0, 8) == "LOOPMON_");
        }
    }
    CHECK(ids.size() == all.size());
    CHECK(names.size() == all.size());
}

TEST_CASE("message: the end of an episode says how it ended, with the same fields", "[report]") {
    model::recovered over{.loop = "main",
                          .episode = 7,
                          .lasted = 1800ms,
                          .peak = 1750ms,
                          .cause = model::cause::blocked};
    CHECK(render(over).text == "loop main recovered after 1.8s (peak lag 1.75s): cause blocked");
    over.unwatched = true;
    const auto r = render(over);
    CHECK(r.text ==
          "loop main is not watched any more, late for 1.8s (peak lag 1.75s): cause blocked");
    CHECK(r.severity == priority::notice);
    CHECK(r.event == "recovered");
    CHECK(field(r, "LOOPMON_LOOP") == "main");
    CHECK(field(r, "LOOPMON_DURATION_USEC") == "1800000");
    CHECK(field(r, "LOOPMON_PEAK_USEC") == "1750000");
    CHECK(field(r, "LOOPMON_CAUSE") == "blocked");
    CHECK(field(r, "LOOPMON_EPISODE") == "7");

    over.thread = 4711;
    CHECK(render(over).text ==
          "loop main is not watched any more, thread 4711 in one handler for 1.8s: cause blocked");
    over.unwatched = false;
    CHECK(render(over).text == "loop main: thread 4711 left its handler after 1.8s: cause blocked");
    CHECK(field(render(over), "LOOPMON_THREAD") == "4711");
    CHECK(field(r, "LOOPMON_THREAD").empty());

    model::tasks_normal tasks{"main", 120, 100, true};
    CHECK(render(tasks).text == "loop main is not watched any more, with 120 active tasks");
    CHECK(field(render(tasks), "LOOPMON_ACTIVE_TASKS") == "120");
    CHECK(field(render(tasks), "LOOPMON_LIMIT") == "100");
}

TEST_CASE("message: counts have the right number", "[report]") {
    CHECK_THAT(render(model::suppressed{"main", 1}).text,
               Catch::ContainsSubstring("1 further alert suppressed"));
    CHECK_THAT(render(model::suppressed{"main", 11990}).text,
               Catch::ContainsSubstring("11990 further alerts suppressed"));
}
