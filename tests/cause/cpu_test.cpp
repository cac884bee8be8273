// SPDX-License-Identifier: MIT
#include "cause/repetitions.hpp"
#include "cause/thread_group.hpp"
#include "support/catch.hpp"

#include <ctime>
#include <thread>
#include <vector>

#include <sched.h>
#include <unistd.h>

namespace loopmon::test {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

model::duration cpu_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// Spins, and knows itself how much of the CPU it got.
class spin : public provocation {
public:
    void stall() override {
        const auto began = clock::now();
        while (!over()) {
        }
        share_ = static_cast<double>(cpu_time().count()) /
                 static_cast<double>((clock::now() - began).count());
    }

protected:
    [[nodiscard]] double share() const { return share_; }

private:
    double share_ = 0;
};

/// Spins among rivals that are pinned to the same CPU.
class rivalry : public spin {
public:
    explicit rivalry(int rivals, int policy = SCHED_OTHER) : rivals_(rivals), policy_(policy) {}

    void stall() override {
        pin();
        std::vector<std::thread> rivals;
        rivals.reserve(static_cast<std::size_t>(rivals_));
        for (int i = 0; i < rivals_; ++i) {
            rivals.emplace_back([this] { compete(); });
        }
        const sched_param normal{};
        (void)::sched_setscheduler(0, policy_, &normal);
        spin::stall();
        for (auto& rival : rivals) {
            rival.join();
        }
    }
    [[nodiscard]] bool competes() const override { return true; }
    [[nodiscard]] bool came_off() const override { return share() < 0.35; }

private:
    /// To the CPU that it happens to be on: always one that it may use.
    static void pin() {
        cpu_set_t here;
        CPU_ZERO(&here);
        CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &here);
        if (::sched_setaffinity(0, sizeof(here), &here) != 0) {
            throw not_here{"a thread cannot be pinned to a CPU"};
        }
    }
    void compete() const {
        while (!over()) {
        }
    }

    int rivals_;
    int policy_;
};

/// Spins with a part of a CPU, which is all that its control group may have.
class quota : public spin {
public:
    explicit quota(int percent) : percent_(percent) {
        group_.put("cpu.cfs_period_us", "100000");
        group_.put("cpu.cfs_quota_us", std::to_string(percent * 1000));
    }
    void stall() override {
        group_.add(::gettid());
        spin::stall();
    }
    [[nodiscard]] bool competes() const override { return true; }
    [[nodiscard]] loop_view view(model::duration age) override {
        return {age, 0, percent_ / 100.0};
    }
    [[nodiscard]] bool came_off() const override { return share() < 0.55; }

private:
    int percent_;
    thread_group group_{"cpu"};
};

/// Handlers that are each too short to be blamed.
class short_handlers : public provocation {
public:
    void stall() override {
        while (!over()) {
            handler_began_ = clock::now().time_since_epoch().count();
            const auto end = clock::now() + 50us;
            while (clock::now() < end) {
            }
            ++ended_;
        }
    }
    [[nodiscard]] loop_view view(model::duration /*age*/) override {
        const clock::time_point began{clock::duration(handler_began_.load())};
        return {clock::now() - began, ended_.load()};
    }
    [[nodiscard]] bool came_off() const override { return ended_ >= 500; }

private:
    std::atomic<clock::rep> handler_began_{0};
    std::atomic<std::uint64_t> ended_{0};
};

} // namespace

TEST_CASE("cause: a spinning handler is cpu", "[cause]") {
    repeat("spin", model::cause::cpu, [] { return std::make_unique<spin>(); });
}

TEST_CASE("cause: a handler among four rivals on its CPU is starved", "[cause]") {
    repeat("four rivals", model::cause::starved, [] { return std::make_unique<rivalry>(4); });
}

TEST_CASE("cause: a handler that runs only when nobody else does is starved", "[cause]") {
    repeat("idle class, one rival", model::cause::starved,
           [] { return std::make_unique<rivalry>(1, SCHED_IDLE); });
}

TEST_CASE("cause: a handler whose control group has used up its CPU is starved", "[cause]") {
    const int percent = GENERATE(10, 30);
    repeat("CPU quota of " + std::to_string(percent) + "%", model::cause::starved,
           [percent] { return std::make_unique<quota>(percent); });
}

TEST_CASE("cause: short handlers, one after the other, are congestion", "[cause]") {
    repeat("2000 short handlers", model::cause::congestion,
           [] { return std::make_unique<short_handlers>(); });
}

} // namespace loopmon::test
