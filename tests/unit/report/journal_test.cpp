// SPDX-License-Identifier: MIT
#include "report/journal.hpp"

#include "captured_stderr.hpp"
#include "stuck_stderr.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

using namespace loopmon::report;

namespace {

/// What a journal prints on a terminal under these two variables of the environment.
std::string on_terminal(const char* no_color, const char* term) {
    const int user = ::posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(user >= 0);
    REQUIRE(::unlockpt(user) == 0);
    const int terminal = ::open(::ptsname(user), O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(terminal >= 0);
    {
        const captured_stderr restored;
        ::dup2(terminal, STDERR_FILENO);
        ::setenv("NO_COLOR", no_color, 1);
        ::setenv("TERM", term, 1);
        journal log(log_target::console);
        ::unsetenv("NO_COLOR");
        log.write({priority::err, "", "", "ill", {}}, loopmon::source_location::current());
    }
    std::array<char, 256> text{};
    const auto length = ::read(user, text.data(), text.size());
    ::close(terminal);
    ::close(user);
    return {text.data(), static_cast<std::size_t>(length)};
}

std::atomic<int> interruptions{0};

/// For one that has the signal interrupt system calls for good (no SA_RESTART).
struct interrupting_handler {
    struct sigaction before {};

    interrupting_handler() {
        struct sigaction counted = {};
        counted.sa_handler = [](int) { ++interruptions; };
        ::sigaction(SIGUSR1, &counted, &before);
    }
    ~interrupting_handler() { ::sigaction(SIGUSR1, &before, nullptr); }
    interrupting_handler(const interrupting_handler&) = delete;
    interrupting_handler& operator=(const interrupting_handler&) = delete;
};

} // namespace

TEST_CASE("journal: a terminal gets time and colour, the latter unless it is refused", "[report]") {
    CHECK_THAT(on_terminal("", "xterm"), Catch::ContainsSubstring(" \033[1;31merr: ill\033[0m"));
    CHECK_THAT(on_terminal("1", "xterm"), Catch::ContainsSubstring(" err: ill"));
    CHECK_THAT(on_terminal("", "dumb"), Catch::ContainsSubstring(" err: ill"));
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
    log.write({priority::notice, "", "", "quiet", {}}, loopmon::source_location::current());
    log.write({priority::warning, "", "", "heard", {}}, loopmon::source_location::current());
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
    const captured_stderr captured;
    journal log(log_target::journal, "/nonexistent/socket");
    log.write({priority::err, "", "", "not lost", {}}, loopmon::source_location::current());
    CHECK(captured.text() == "<3>not lost\n");
}

TEST_CASE("journal: a record whose writing is interrupted by signals is written whole",
          "[report]") {
    const interrupting_handler handler;
    const stuck_stderr stuck;
    std::atomic<bool> over{false};
    std::thread writer([&over] {
        journal log(log_target::console);
        log.write({priority::err, "", "", "the whole of it", {}},
                  loopmon::source_location::current());
        over = true;
    });
    interruptions = 0;
    while (interruptions < 100 && !over) {
        ::pthread_kill(writer.native_handle(), SIGUSR1);
        std::this_thread::yield();
    }
    CHECK_FALSE(over);
    std::string text;
    while (!over) {
        text += stuck.text();
    }
    writer.join();
    text += stuck.text();
    CHECK(text == "<3>the whole of it\n");
}
