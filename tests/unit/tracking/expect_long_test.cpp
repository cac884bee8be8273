// SPDX-License-Identifier: MIT
#include "measure/expectation.hpp"
#include "support/catch.hpp"

#include <loopmon/expect_long.hpp>

#include <atomic>
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
    const auto counted = expectations_of(::gettid());
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
    CHECK(expectations_of(::gettid()) == counted + 1);
}

TEST_CASE("expectation: each has an id of its own, and is counted when it begins") {
    const auto counted = expectations_of(::gettid());
    open_expectation(now, 1s, "one");
    const auto one = mine()->id;
    CHECK(expectations_of(::gettid()) == counted + 1);
    close_expectation();
    open_expectation(now, 1s, "two");
    CHECK(mine()->id != one);
    CHECK(expectations_of(::gettid()) == counted + 2);
    close_expectation();
    CHECK(expectations_of(::gettid()) == counted + 2);
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
        CHECK(expectations_of(other) == 0);
        open_expectation(now, 1s, "there");
        CHECK(mine()->reason == "there");
        CHECK(expectations_of(other) == 1);
        close_expectation();
    }).join();
    CHECK(mine()->reason == "here");
    CHECK_FALSE(expectation_of(other));
    CHECK(expectations_of(other) == 0);
    close_expectation();
}

TEST_CASE("expectation: the watcher never gets halves of two") {
    std::atomic<pid_t> busy{0};
    std::atomic<bool> done{false};
    std::thread writer([&] {
        busy = ::gettid();
        for (int i = 0; !done; ++i) {
            const auto length = std::chrono::seconds(i % 50);
            open_expectation(now + length, length,
                             std::string(50, static_cast<char>('A' + i % 50)));
            close_expectation();
        }
    });
    while (busy == 0) {
        std::this_thread::yield();
    }
    int wrong = 0;
    int seen = 0;
    std::uint64_t last = 0;
    // Enough copies for a torn one to show; the limit of looks only ends a test that fails.
    for (int look = 0; seen < 1'000 && look < 10'000'000; ++look) {
        if (const auto copy = expectation_of(busy)) {
            const auto length = copy->began - now;
            const auto letter = static_cast<char>('A' + length / 1s);
            wrong += copy->until != copy->began + length || copy->id < last ||
                     copy->reason != std::string(50, letter);
            last = copy->id;
            ++seen;
        }
    }
    done = true;
    writer.join();
    CHECK(seen == 1'000);
    CHECK(wrong == 0);
}
