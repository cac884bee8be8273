// SPDX-License-Identifier: MIT
#include "measure/expectation.hpp"
#include "support/catch.hpp"

#include <loopmon/expect_long.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

using namespace loopmon::measure;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::steady_clock::time_point now{1h};
constexpr auto never = std::chrono::steady_clock::time_point::max();

std::optional<expectation> mine() {
    return expectation_of(::gettid());
}

} // namespace

TEST_CASE("expect_long: is seen while its scope lasts, with its reason and its own deadline") {
    const auto before = std::chrono::steady_clock::now();
    CHECK_FALSE(mine());
    {
        const loopmon::expect_long expected(1h, "rebuilds the index");
        const auto seen = mine();
        REQUIRE(seen);
        CHECK(seen->reason == "rebuilds the index");
        CHECK(seen->began >= before);
        CHECK(seen->began <= std::chrono::steady_clock::now());
        CHECK(seen->until == seen->began + 1h);
        CHECK(seen->id != 0);
    }
    CHECK_FALSE(mine());
}

TEST_CASE("expect_long: an exception ends the scope") {
    try {
        const loopmon::expect_long expected(1h, "fails");
        throw std::runtime_error("as planned");
    } catch (const std::runtime_error&) {
        CHECK_FALSE(mine());
    }
}

TEST_CASE("expectation: of several scopes the outermost counts") {
    CHECK(open_expectation(now, 2s, "outer") == 0);
    const auto outer = mine().value();
    CHECK(open_expectation(now + 1s, 5s, "inner") == 1);
    CHECK(mine()->reason == "outer");
    CHECK(mine()->until == now + 2s);
    CHECK(mine()->id == outer.id);
    CHECK(close_expectation() == 1);
    CHECK(mine()->reason == "outer");
    CHECK(close_expectation() == 0);
    CHECK_FALSE(mine());
}

TEST_CASE("expectation: each has an id of its own") {
    open_expectation(now, 1s, "one");
    const auto one = mine()->id;
    close_expectation();
    open_expectation(now, 1s, "two");
    CHECK(mine()->id != one);
    close_expectation();
}

TEST_CASE("expectation: lengths that make no sense end at once, or never") {
    const auto [length, until] =
        GENERATE(table<std::chrono::nanoseconds, std::chrono::steady_clock::time_point>({
            {-1ns, now},
            {0ns, now},
            {1ns, now + 1ns},
            {std::chrono::nanoseconds::min(), now},
            {never - now - 1ns, never - 1ns},
            {never - now, never},
            {never - now + 1ns, never},
            {std::chrono::nanoseconds::max(), never},
        }));
    open_expectation(now, length, "");
    CHECK(mine()->until == until);
    CHECK(mine()->reason.empty());
    close_expectation();
}

TEST_CASE("expectation: the reason is copied, and cut at a UTF-8 character boundary") {
    std::string reason(63, 'x');
    SECTION("fits") {
        reason += 'y';
    }
    SECTION("does not") {
        reason += "\u00e9";
    }
    const auto expected = reason.substr(0, reason.size() == 64 ? 64 : 63);
    open_expectation(now, 1s, reason);
    reason.assign(reason.size(), '?');
    CHECK(mine()->reason == expected);
    close_expectation();
}

TEST_CASE("expectation: each thread has its own, and an ended one none") {
    open_expectation(now, 1s, "here");
    pid_t other = 0;
    std::thread([&other] {
        other = ::gettid();
        CHECK_FALSE(mine());
        open_expectation(now, 1s, "there");
        CHECK(mine()->reason == "there");
        close_expectation();
    }).join();
    CHECK(mine()->reason == "here");
    CHECK_FALSE(expectation_of(other));
    close_expectation();
}

TEST_CASE("expectation: the watcher never gets halves of two") {
    std::array<std::string, 26> reasons; // made before, so that announcements follow closely
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        reasons[i].assign(50, static_cast<char>('A' + i));
    }
    std::atomic<pid_t> busy{0};
    std::atomic<bool> done{false};
    std::thread writer([&] {
        busy = ::gettid();
        for (std::size_t i = 0; !done; i = (i + 1) % reasons.size()) {
            const auto length = std::chrono::seconds(i);
            open_expectation(now + length, length, reasons[i]);
            static_cast<void>(mine()); // takes as long as the rest: it is open half of the time
            close_expectation();
        }
    });
    while (busy == 0) {
        std::this_thread::yield();
    }
    // Without the second look at the sequence these are so many that some are torn: the first
    // number where both threads have a CPU, the second where they share one, and only a reader
    // that is interrupted in its copy gets a torn one.
    constexpr int enough_copies = 40'000;
    constexpr int enough_announcements = 50;
    int wrong = 0;
    int copies = 0;
    int announcements = 0;
    int misses = 0;
    std::uint64_t last = 0;
    // On a shared CPU the writer stands still while the reader looks, however often that is: hence
    // the yields, and a limit of time instead of looks. It only ends a test that fails.
    const auto give_up = std::chrono::steady_clock::now() + 1min;
    while ((copies < enough_copies || announcements < enough_announcements) &&
           std::chrono::steady_clock::now() < give_up) {
        const auto copy = expectation_of(busy);
        if (!copy) {
            if (++misses % 1'000 == 0) {
                std::this_thread::yield();
            }
            continue;
        }
        const auto length = copy->began - now;
        wrong += copy->until != copy->began + length || copy->id < last ||
                 copy->reason != reasons.at(static_cast<std::size_t>(length / 1s));
        announcements += copy->id != last;
        last = copy->id;
        ++copies;
    }
    done = true;
    writer.join();
    CHECK(copies >= enough_copies);
    CHECK(announcements >= enough_announcements);
    CHECK(wrong == 0);
}
