// SPDX-License-Identifier: MIT
#include "cause/repetitions.hpp"
#include "support/catch.hpp"

#include <array>
#include <mutex>
#include <thread>

#include <time.h> // NOLINT(modernize-deprecated-headers): nanosleep() is of POSIX
#include <unistd.h>

namespace loopmon::test {

namespace {

using namespace std::chrono_literals;

/// Nothing ends it early, so it sleeps a little longer than both looks take.
class sleep : public provocation {
public:
    void stall() override {
        const timespec time{0, 130'000'000};
        ::nanosleep(&time, nullptr);
    }
};

class pipe_read : public provocation {
public:
    pipe_read() { REQUIRE(::pipe(ends_.data()) == 0); }
    pipe_read(const pipe_read&) = delete;
    pipe_read& operator=(const pipe_read&) = delete;
    ~pipe_read() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    void stall() override {
        char c{};
        (void)!::read(ends_[0], &c, 1);
    }
    void end() override { (void)!::write(ends_[1], "x", 1); }

private:
    std::array<int, 2> ends_{};
};

class held_mutex : public provocation {
public:
    void stall() override { const std::lock_guard wait(mutex_); }
    void end() override { held_.unlock(); }

private:
    std::mutex mutex_;
    std::unique_lock<std::mutex> held_{mutex_};
};

/// Many short sleeps in one handler: at any moment it may be caught awake.
class naps : public provocation {
public:
    void stall() override {
        while (!over()) {
            std::this_thread::sleep_for(1ms);
        }
    }
};

} // namespace

TEST_CASE("cause: nanosleep is blocked", "[cause]") {
    repeat("nanosleep", model::cause::blocked, [] { return std::make_unique<sleep>(); });
}

TEST_CASE("cause: a read of an empty pipe is blocked", "[cause]") {
    repeat("read of a pipe", model::cause::blocked, [] { return std::make_unique<pipe_read>(); });
}

TEST_CASE("cause: a mutex that somebody holds is blocked", "[cause]") {
    repeat("held mutex", model::cause::blocked, [] { return std::make_unique<held_mutex>(); });
}

TEST_CASE("cause: a handler that sleeps repeatedly is blocked", "[cause]") {
    repeat("many naps", model::cause::blocked, [] { return std::make_unique<naps>(); });
}

} // namespace loopmon::test
