// SPDX-License-Identifier: MIT
#include "report/journal.hpp"

#include "captured_stderr.hpp"
#include "support/catch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

using namespace loopmon::report;

TEST_CASE("journal: a log pipe gets each line with its priority", "[report]") {
    CHECK(console_text({priority::warning, "", "", "one\ntwo", {}}, false) == "<4>one\n<4>two\n");
}

TEST_CASE("journal: the details are lines of their own below the text", "[report]") {
    const record stall{
        .severity = priority::err, .text = "blocked", .details = "  #0 openat\n  #1 main"};
    CHECK(console_text(stall, false) == "<3>blocked\n<3>  #0 openat\n<3>  #1 main\n");
}

TEST_CASE("journal: a terminal gets plain text, alerts in colour", "[report]") {
    CHECK(console_text({priority::info, "", "", "well", {}}, true) == "well\n");
    const auto alert = console_text({priority::err, "", "", "ill", {}}, true);
    CHECK_THAT(alert, Catch::ContainsSubstring("ill"));
    CHECK(alert.front() == '\033');
    CHECK(alert.substr(alert.size() - 5) == "\033[0m\n");
}

TEST_CASE("journal: names of levels go both ways", "[report]") {
    for (int i = 0; i < 8; ++i) {
        const auto level = static_cast<priority>(i);
        CHECK(parse_priority(to_string(level)) == level);
    }
    CHECK_FALSE(parse_priority("loud"));
}

TEST_CASE("journal: records less urgent than the level are not written", "[report]") {
    const captured_stderr captured;
    journal log(log_target::console);
    log.level(priority::warning);
    log.write({priority::notice, "", "", "quiet", {}}, BOOST_CURRENT_LOCATION);
    log.write({priority::warning, "", "", "heard", {}}, BOOST_CURRENT_LOCATION);
    CHECK(captured.text() == "<4>heard\n");
}

TEST_CASE("journal: is the target only if standard error is its stream", "[report]") {
    const captured_stderr captured;
    struct stat is {};
    REQUIRE(::fstat(STDERR_FILENO, &is) == 0);
    const auto stream = std::to_string(is.st_dev) + ':' + std::to_string(is.st_ino);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    CHECK(detect_log_target() == log_target::journal);
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    CHECK(detect_log_target() == log_target::console);
    ::setenv("JOURNAL_STREAM", "nonsense", 1);
    CHECK(detect_log_target() == log_target::console);
    ::unsetenv("JOURNAL_STREAM");
    CHECK(detect_log_target() == log_target::console);
}

TEST_CASE("journal: a record that no journal takes goes to standard error", "[report]") {
    if (::access("/run/systemd/journal/socket", W_OK) == 0) {
        SUCCEED("there is a journal on this machine; nothing to prove");
        return;
    }
    const captured_stderr captured;
    const journal log(log_target::journal);
    log.write({priority::err, "", "", "not lost", {}}, BOOST_CURRENT_LOCATION);
    CHECK(captured.text() == "<3>not lost\n");
}
