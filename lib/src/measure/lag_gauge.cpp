// SPDX-License-Identifier: MIT
#include "measure/lag_gauge.hpp"

#include "measure/lag_spread.hpp"

#include <cassert>
#include <cstddef>
#include <limits>
#include <utility>

#include <unistd.h>

namespace loopmon::measure {

namespace {

constexpr auto no_deadline = std::numeric_limits<std::int64_t>::min();

// More deadlines than these, missed in one oversleep, are recorded by buckets and not one by one.
constexpr std::uint64_t max_recorded_singly = 1000;

std::int64_t to_ns(lag_gauge::time_point time) noexcept {
    return std::chrono::duration_cast<nanoseconds>(time.time_since_epoch()).count();
}

lag_gauge::time_point from_ns(std::int64_t ns) noexcept {
    return lag_gauge::time_point(
        std::chrono::duration_cast<lag_gauge::time_point::duration>(nanoseconds(ns)));
}

} // namespace

lag_gauge::lag_gauge(nanoseconds interval) noexcept
    : interval_ns_(interval.count()), excluded_ns_(no_deadline), deadline_ns_(no_deadline) {
    assert(interval.count() > 0);
}

void lag_gauge::set_interval(nanoseconds interval) noexcept {
    assert(interval.count() > 0);
    interval_ns_.store(interval.count(), std::memory_order_relaxed);
}

nanoseconds lag_gauge::interval() const noexcept {
    return nanoseconds(interval_ns_.load(std::memory_order_relaxed));
}

void lag_gauge::stop() noexcept {
    stopped_.store(true, std::memory_order_release);
}

bool lag_gauge::stopped() const noexcept {
    return stopped_.load(std::memory_order_acquire);
}

void lag_gauge::exclude(time_point deadline) noexcept {
    excluded_ns_.store(to_ns(deadline), std::memory_order_relaxed);
}

void lag_gauge::set_deadline(time_point deadline) noexcept {
    // Whoever sees the new deadline sees the sample of the one before it.
    deadline_ns_.store(to_ns(deadline), std::memory_order_release);
}

void lag_gauge::clear_deadline() noexcept {
    record_missed(nanoseconds::zero());
    deadline_ns_.store(no_deadline, std::memory_order_release);
}

void lag_gauge::set_thread() noexcept {
    // Not kept by the thread: it has another one after a fork. Once a sample, this is cheap.
    thread_.store(::gettid(), std::memory_order_relaxed);
}

void lag_gauge::complete(const sample& done, nanoseconds interval) noexcept {
    assert(done.lag.count() >= 0);
    assert(interval.count() > 0);
    const auto deadline_ns = to_ns(done.deadline);
    if (deadline_ns == excluded_ns_.load(std::memory_order_relaxed)) {
        record_missed(nanoseconds::zero());
        return;
    }

    record_missed(done.lag);
    record(done.lag, 1);
    missed_in_ = done.lag;
    missed_every_ = interval;

    // A larger maximum replaces what is there, which is either the one compared with or the zero of
    // a watcher that took it just now; a smaller one leaves it. No maximum gets lost.
    if (done.lag.count() > max_ns_.load(std::memory_order_relaxed)) {
        max_ns_.store(done.lag.count(), std::memory_order_relaxed);
    }

    // A reader that sees any of the stores into an entry also sees the sequence that went before
    // them, and so that its entry is not the last any more. Releases and no fence, because thread
    // sanitizers do not know fences.
    const auto sequence = sequence_.load(std::memory_order_relaxed) + 1;
    auto& entry = last_[sequence % 2];
    entry.deadline_ns.store(deadline_ns, std::memory_order_release);
    entry.lag_ns.store(done.lag.count(), std::memory_order_release);
    sequence_.store(sequence, std::memory_order_release);
}

void lag_gauge::record(nanoseconds lag, std::uint64_t times) noexcept {
    lags_.record(lag, times);
    samples_.store(samples_.load(std::memory_order_relaxed) + times, std::memory_order_relaxed);
}

void lag_gauge::record_missed(nanoseconds next_lag) noexcept {
    const auto lag = std::exchange(missed_in_, nanoseconds::zero());
    if (lag <= missed_every_) {
        return;
    }
    // The one that is due at its end was not missed.
    const auto missed = static_cast<std::uint64_t>((lag - nanoseconds(1)) / missed_every_);
    if (missed > max_recorded_singly) {
        spread(lag, next_lag, missed,
               [this](std::size_t bucket, std::uint64_t times) { lags_.record_in(bucket, times); });
        samples_.store(samples_.load(std::memory_order_relaxed) + missed,
                       std::memory_order_relaxed);
        return;
    }
    for (auto passed = missed_every_; passed < lag; passed += missed_every_) {
        const double share = static_cast<double>(passed.count()) / static_cast<double>(lag.count());
        const auto served = static_cast<double>(next_lag.count()) * share;
        record(lag - passed + nanoseconds(static_cast<nanoseconds::rep>(served)), 1);
    }
}

std::optional<lag_gauge::time_point> lag_gauge::deadline() const noexcept {
    const auto ns = deadline_ns_.load(std::memory_order_acquire);
    if (ns == no_deadline) {
        return std::nullopt;
    }
    return from_ns(ns);
}

sample lag_gauge::last() const noexcept {
    for (;;) {
        const auto sequence = sequence_.load(std::memory_order_acquire);
        const auto& entry = last_[sequence % 2];
        const auto deadline_ns = entry.deadline_ns.load(std::memory_order_acquire);
        const auto lag_ns = entry.lag_ns.load(std::memory_order_acquire);
        if (sequence_.load(std::memory_order_relaxed) == sequence) {
            return {from_ns(deadline_ns), nanoseconds(lag_ns)};
        }
    }
}

pid_t lag_gauge::thread() const noexcept {
    return thread_.load(std::memory_order_relaxed);
}

std::uint64_t lag_gauge::samples() const noexcept {
    return samples_.load(std::memory_order_relaxed);
}

nanoseconds lag_gauge::take_max() noexcept {
    return nanoseconds(max_ns_.exchange(0, std::memory_order_relaxed));
}

} // namespace loopmon::measure
