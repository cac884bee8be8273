// SPDX-License-Identifier: MIT
#include "report/reporter.hpp"

#include "captured_stderr.hpp"
#include "stuck_stderr.hpp"
#include "support/catch.hpp"
#include "support/gate.hpp"
#include "support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <new>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
namespace model = loopmon::model;
using loopmon::report::flight_state;
using loopmon::report::reporter;
using loopmon::report::trip_log;

namespace {

void publish_trip(reporter& r) {
    r.publish(model::trip{.loop = "main",
                          .lag = 5s,
                          .threshold = 5s,
                          .culprit = {.task = "poll", .stack = {"read_config()"}}},
              loopmon::source_location::current());
}

void trip(reporter& r) {
    publish_trip(r);
    r.flush(60s);
}

/// Waits for what others do, or a time is over that they need only if they never do it.
template <class Condition>
bool comes_true(Condition&& holds) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::yield();
    }
    return true;
}

/// A state directory whose disk hangs until it is let go: to open a pipe for writing waits for a
/// reader. From then on it cannot be written.
struct stuck_directory {
    loopmon::test::temporary_directory dir;
    int reader = -1;

    stuck_directory() {
        std::filesystem::create_directory(path());
        const auto pipe = (path() / file).string();
        REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
        reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        const int filler = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        const std::array<char, 4096> page{};
        while (::write(filler, page.data(), page.size()) > 0) {
        }
        ::close(filler);
    }
    ~stuck_directory() { ::close(reader); }
    stuck_directory(const stuck_directory&) = delete;
    stuck_directory& operator=(const stuck_directory&) = delete;

    [[nodiscard]] std::filesystem::path path() const { return dir.path() / "state"; }
    /// What was written cannot be synced then, and is an error.
    void release() const {
        std::array<char, 4096> page{};
        while (::read(reader, page.data(), page.size()) > 0) {
        }
    }

    static constexpr auto file = "last-trip.json.new";
};

nlohmann::json flight_of(const reporter& r) {
    return nlohmann::json::parse(r.flight_record());
}

} // namespace

TEST_CASE("reporter: a state directory or a record that cannot be used is one warning",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    const bool missing = GENERATE(true, false);
    const auto home = missing ? dir.path() / "missing" : dir.path();
    if (!missing) {
        std::ofstream(home / "last-trip.json") << "{\n";
    }
    const captured_stderr captured;
    {
        reporter reports(home.string());
        reports.report_previous_trip();
    }
    const auto text = captured.text();
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.starts_with("<4>"));
    CHECK_THAT(text, Catch::ContainsSubstring(missing ? "the state directory" : ".corrupt"));
}

TEST_CASE("reporter: a trip is counted and kept for the next process", "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::model::priority::emerg);
        trip(r);
        CHECK(r.last_trip().n_trips == 1);
    }
    reporter next(dir.path());
    next.log().level(loopmon::model::priority::emerg);
    CHECK(next.last_trip().n_trips == 1);
    CHECK_FALSE(next.last_trip().reported);
    CHECK_THAT(next.last_trip().reason, Catch::ContainsSubstring("loop main"));

    SECTION("which reports it once") {
        next.report_previous_trip();
        next.flush(60s);
        CHECK(next.last_trip().reported);
        CHECK(trip_log(dir.path()).load().reported);
        CHECK(trip_log(dir.path()).load().n_trips == 1);
    }
    SECTION("and counts on") {
        trip(next);
        CHECK(trip_log(dir.path()).load().n_trips == 2);
    }
}

TEST_CASE("reporter: a state directory that cannot be written costs the record only", "[report]") {
    reporter r("/proc/nowhere");
    r.log().level(loopmon::model::priority::emerg);
    trip(r);
    CHECK(r.last_trip().n_trips == 1);
}

TEST_CASE("reporter: the stack of an alert is completed before it is written, on another thread",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    reporter r(dir.path());
    std::thread::id completed_by;
    const model::stack_text stack({"a+0x1"}, [&completed_by] {
        completed_by = std::this_thread::get_id();
        return std::vector<std::string>{"read_config()"};
    });
    const captured_stderr captured;
    r.log().target(loopmon::model::log_target::console);
    r.publish(model::stall{.loop = "main", .culprit = {.stack = stack}},
              loopmon::source_location::current());
    r.flush(60s);
    CHECK(completed_by != std::thread::id());
    CHECK(completed_by != std::this_thread::get_id());
    CHECK_THAT(captured.text(), Catch::ContainsSubstring("#0 read_config()"));
}

TEST_CASE("reporter: a trip leaves a flight record for the next process", "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::model::priority::emerg);
        CHECK(r.flight_record().empty());
        std::string asked;
        r.flight_source([&asked](const model::trip& why) {
            asked = why.loop;
            return flight_state{.tasks = {{.id = 5, .name = "poll"}}};
        });
        trip(r);
        CHECK(asked == "main");
        CHECK(flight_of(r).at("Tasks").at(0).at("Id") == 5U);
    }
    reporter next(dir.path());
    CHECK(flight_of(next).at("NTrips") == 1U);
    CHECK(flight_of(next).at("Culprit").at("Stack").at(0) == "read_config()");
    CHECK(flight_of(next).at("Tasks").at(0).at("Name") == "poll");
}

TEST_CASE("reporter: a flight record is written without what could not be collected", "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::model::priority::emerg);
        r.flight_source([](const model::trip&) -> flight_state { throw std::bad_alloc(); });
        trip(r);
    }
    const reporter next(dir.path());
    CHECK(flight_of(next).at("NTrips") == 1U);
    CHECK(flight_of(next).at("Event").at("LOOPMON_TASK") == "poll");
    CHECK(next.last_trip().n_trips == 1);
}

TEST_CASE("reporter: the previous trip is reported with its culprit and its flight record",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    const auto told = [&dir] {
        reporter next(dir.path());
        const captured_stderr captured;
        next.log().target(loopmon::model::log_target::console);
        next.report_previous_trip();
        next.flush(60s);
        return captured.text();
    };
    CHECK(told().empty());
    {
        reporter r(dir.path());
        r.log().level(loopmon::model::priority::emerg);
        trip(r);
    }
    SECTION("if it was written") {
        const auto text = told();
        CHECK_THAT(text, Catch::ContainsSubstring("<4>the previous run tripped the watchdog: "
                                                  "loop main lag 5s"));
        CHECK_THAT(text, Catch::ContainsSubstring("in task \"poll\""));
        CHECK_THAT(text, Catch::ContainsSubstring("\n<4>  #0 read_config()\n"));
        CHECK_THAT(text, Catch::ContainsSubstring("<4>  flight record: " +
                                                  (dir.path() / "flight-record.json").string()));
        CHECK(told().empty()); // once
    }
    SECTION("and not that of another one") {
        std::filesystem::remove(dir.path() / "flight-record.json");
        CHECK(told().find("flight record") == std::string::npos);
    }
}

TEST_CASE("reporter: a trip's reason is one line, fit for a status; its frames are kept beside it",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    reporter r(dir.path());
    r.log().level(loopmon::model::priority::emerg);
    trip(r);
    CHECK(r.last_trip().reason.find('\n') == std::string::npos);
    CHECK(trip_log(dir.path()).load().details == "  #0 read_config()");
}

TEST_CASE("reporter: a trip is kept while the journal hangs", "[report]") {
    const loopmon::test::temporary_directory dir;
    const stuck_stderr stuck;
    reporter r(dir.path());
    r.log().target(loopmon::model::log_target::console);
    publish_trip(r);
    CHECK(comes_true([&] { return std::filesystem::exists(dir.path() / "flight-record.json"); }));
    CHECK(trip_log(dir.path()).load().n_trips == 1);
    CHECK(trip_log(dir.path()).load().details == "  #0 read_config()");
    const auto before = stuck.text(); // lets it go
    r.flush(60s);
    CHECK_THAT(before + stuck.text(), Catch::ContainsSubstring("loop main lag 5s"));
}

TEST_CASE("reporter: the journal receives a trip while the disk hangs", "[report]") {
    const captured_stderr captured;
    stuck_directory stuck;
    reporter r(stuck.path());
    r.log().target(loopmon::model::log_target::console);
    publish_trip(r);
    r.note(loopmon::model::priority::info, "and the records after it");
    std::string text;
    CHECK(comes_true([&] {
        text += captured.text();
        return text.find("and the records after it") != std::string::npos;
    }));
    CHECK_THAT(text, Catch::ContainsSubstring("loop main lag 5s"));
    stuck.release();
    r.flush(60s);
    CHECK_THAT(captured.text(), Catch::ContainsSubstring("the record of a trip is lost: "));
}

TEST_CASE("reporter: records for which there was no room are counted for what they are",
          "[report]") {
    constexpr auto more_than_fit = static_cast<int>(loopmon::report::outbox::capacity) + 20;
    SECTION("those to the journal") {
        const stuck_stderr stuck;
        reporter r("");
        r.log().target(loopmon::model::log_target::console);
        for (int i = 0; i < more_than_fit; ++i) {
            r.note(loopmon::model::priority::err, "x");
        }
        auto text = stuck.text();
        r.flush(60s);
        text += stuck.text();
        CHECK_THAT(
            text, Catch::ContainsSubstring(" records lost: no room in the queue to the journal\n"));
    }
    SECTION("those to the state directory") {
        const captured_stderr captured;
        stuck_directory stuck;
        reporter r(stuck.path());
        r.log().target(loopmon::model::log_target::console);
        for (int i = 0; i < more_than_fit / 2; ++i) { // two records each
            publish_trip(r);
        }
        stuck.release();
        std::string text;
        CHECK(comes_true([&] {
            text += captured.text();
            return text.find(" records of trips lost: no room in the queue to the state "
                             "directory\n") != std::string::npos;
        }));
        r.flush(60s);
        CHECK((text + captured.text()).find("queue to the journal") == std::string::npos);
    }
}

TEST_CASE("reporter: a previous trip that a hanging journal takes late does not hide a new one",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::model::priority::emerg);
        trip(r);
    }
    stuck_stderr stuck;
    reporter next(dir.path());
    next.log().target(loopmon::model::log_target::console);
    next.report_previous_trip();
    CHECK_FALSE(trip_log(dir.path()).load().reported); // it has not been reported
    publish_trip(next);
    CHECK(comes_true([&] { return flight_of(next).at("NTrips") == 2U; }));
    stuck.release();
    next.flush(60s);
    CHECK(trip_log(dir.path()).load().n_trips == 2);
    CHECK_FALSE(trip_log(dir.path()).load().reported);
}

TEST_CASE("reporter: a previous trip is reported once, however soon this process ends",
          "[report]") {
    const loopmon::test::temporary_directory dir;
    {
        reporter r(dir.path());
        r.log().level(loopmon::model::priority::emerg);
        publish_trip(r);
    }
    {
        reporter next(dir.path());
        next.log().level(loopmon::report::priority::emerg);
        loopmon::test::gate busy;
        const model::stack_text slow({"a+0x1"}, [wait = busy.passage()] {
            wait();
            return std::vector<std::string>{"a()"};
        });
        next.publish(model::stall{.loop = "main", .culprit = {.stack = slow}},
                     loopmon::source_location::current());
        busy.entered(); // the journal is busy with this record
        next.report_previous_trip();
    }
    CHECK(trip_log(dir.path()).load().n_trips == 1);
    CHECK(trip_log(dir.path()).load().reported);
}
