// SPDX-License-Identifier: MIT
#include "monitor/sd_notifier.hpp"
#include "support/catch.hpp"
#include "support/notify_socket.hpp"

#include <ctime>
#include <filesystem>
#include <string>

#include <unistd.h>

using loopmon::detail::make_sd_notifier;
using loopmon::test::notify_socket;

namespace {

/// An environment variable, for the length of a test.
struct environment {
    environment(const char* key, const std::string& value) : name(key) {
        setenv(name, value.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    ~environment() { unsetenv(name); }
    const char* name;
};

std::string status_sent(const std::string& text) {
    notify_socket manager;
    make_sd_notifier()->status(text);
    return manager.receive().value_or("nothing");
}

} // namespace

TEST_CASE("notifier: each message is one datagram, its lines in order") {
    notify_socket manager;
    const auto notifier = make_sd_notifier();

    notifier->ready("all is well");
    CHECK(manager.receive() == "READY=1\nSTATUS=all is well\nWATCHDOG=1");
    notifier->ping();
    CHECK(manager.receive() == "WATCHDOG=1");
    notifier->status("2 loops");
    CHECK(manager.receive() == "STATUS=2 loops");
    notifier->trigger("loop main is late");
    CHECK(manager.receive() == "STATUS=loop main is late\nWATCHDOG=trigger");
    CHECK(notifier->wait(std::chrono::hours(1)));
    CHECK(manager.receive() == "WATCHDOG=1\nWATCHDOG_USEC=3600000000");
    notifier->stopping();
    CHECK(manager.receive() == "STOPPING=1");
    CHECK(manager.receive() == std::nullopt);
}

TEST_CASE("notifier: reloading carries the monotonic time of it") {
    const auto now = [] {
        timespec t{};
        clock_gettime(CLOCK_MONOTONIC, &t);
        return t.tv_sec * 1'000'000LL + t.tv_nsec / 1'000;
    };
    notify_socket manager;
    const auto before = now();
    make_sd_notifier()->reloading();
    const auto after = now();

    const std::string prefix = "RELOADING=1\nMONOTONIC_USEC=";
    const std::string datagram = manager.receive().value_or("nothing");
    REQUIRE(datagram.substr(0, prefix.size()) == prefix);
    const auto told = std::stoll(datagram.substr(prefix.size()));
    CHECK(told >= before);
    CHECK(told <= after);
}

TEST_CASE("notifier: a status cannot end its line, nor the datagram") {
    CHECK(status_sent("a\nWATCHDOG=trigger\r\tb") == "STATUS=a WATCHDOG=trigger  b");

    notify_socket manager;
    make_sd_notifier()->trigger(std::string("a\0b\x7f", 4));
    CHECK(manager.receive() == "STATUS=a b \nWATCHDOG=trigger");
}

TEST_CASE("notifier: a status is cut at 1 KiB, between two characters") {
    const std::string fits(1024, 'x');
    CHECK(status_sent(fits) == "STATUS=" + fits);
    CHECK(status_sent(fits + "y") == "STATUS=" + fits);

    // U+20AC is three bytes long; 1022 + 3 is one too many, 1021 + 3 is not.
    const std::string euro = "\xE2\x82\xAC";
    CHECK(status_sent(std::string(1022, 'x') + euro) == "STATUS=" + std::string(1022, 'x'));
    CHECK(status_sent(std::string(1021, 'x') + euro + "y") ==
          "STATUS=" + std::string(1021, 'x') + euro);
}

TEST_CASE("notifier: the longest status does not push the watchdog out of the datagram") {
    notify_socket manager;
    make_sd_notifier()->ready(std::string(5000, 'x'));
    CHECK(manager.receive() == "READY=1\nSTATUS=" + std::string(1024, 'x') + "\nWATCHDOG=1");
}

TEST_CASE("notifier: works also where the path of the manager's socket cannot be seen any more") {
    notify_socket manager;
    const auto notifier = make_sd_notifier();
    std::filesystem::remove(manager.path()); // as after chroot(2)
    notifier->ping();
    CHECK(manager.receive() == "WATCHDOG=1");
    unsetenv("NOTIFY_SOCKET");
    notifier->trigger("late");
    CHECK(manager.receive() == "STATUS=late\nWATCHDOG=trigger");
}

TEST_CASE("notifier: without a manager it sends nothing") {
    unsetenv("NOTIFY_SOCKET");
    make_sd_notifier()->ready("alone"); // returns
    CHECK(make_sd_notifier()->watchdog_period() == std::chrono::microseconds::zero());
}

TEST_CASE("notifier: the watchdog period is this process's, as it was at construction") {
    using std::chrono::microseconds;
    const environment usec{"WATCHDOG_USEC", "10000000"};
    {
        const environment pid{"WATCHDOG_PID", std::to_string(getpid())};
        const auto notifier = make_sd_notifier();
        setenv("WATCHDOG_USEC", "1", 1);
        CHECK(notifier->watchdog_period() == microseconds{10'000'000});
    }
    const environment of_another{"WATCHDOG_PID", std::to_string(getppid())};
    CHECK(make_sd_notifier()->watchdog_period() == microseconds::zero());
}
