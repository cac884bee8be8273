// SPDX-License-Identifier: MIT
#include "measure/turn_lag.hpp"

#include "measure/cycle_clock.hpp"
#include "measure/lag_spread.hpp"

#include <algorithm>
#include <cstddef>

namespace loopmon::measure {

namespace {

// A poll that takes no longer than this found events at once, and did not sleep: a system call that
// fetches some takes a few microseconds, and to fall asleep and to be woken takes more. A mistake
// matters little: a loop whose turns are long, and to which work comes at random, rarely sleeps for
// so short a time, and one that has a single handler to run has the same lag with and without.
constexpr nanoseconds min_sleep = std::chrono::microseconds(10);
constexpr nanoseconds to_fetch_one = std::chrono::microseconds(1);

// In a poll for longer than this the loop sleeps, whatever the poll will return.
constexpr nanoseconds certain_sleep = std::chrono::milliseconds(10);

// Each takes a microsecond or two, and a turn seldom begins and ends in that.
constexpr int attempts_to_copy = 4;

nanoseconds since(turn_lag::time_point now, std::uint64_t ticks) noexcept {
    return std::max<nanoseconds>(now - cycle_clock::to_time(ticks), nanoseconds::zero());
}

std::uint64_t weight_of(nanoseconds time) noexcept {
    return static_cast<std::uint64_t>(time.count());
}

void add_spread(bucket_counts& to, nanoseconds from, nanoseconds until, nanoseconds time) noexcept {
    spread(from, until, weight_of(time),
           [&to](std::size_t bucket, std::uint64_t ns) { to.counts[bucket] += ns; });
}

} // namespace

void add_time_without_lag(bucket_counts& lag, nanoseconds elapsed) noexcept {
    const auto all = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
    const auto with_lag = static_cast<std::int64_t>(lag.total());
    lag.counts[0] += static_cast<std::uint64_t>(std::max<std::int64_t>(all - with_lag, 0));
}

class turn_lag::writing {
public:
    // A reader that sees one of the stores in between, which are releases, also sees the odd
    // version. No fence, because thread sanitizers do not know fences.
    explicit writing(turn_lag& lag) noexcept
        : version_(lag.version_), before_(version_.load(std::memory_order_relaxed)) {
        version_.store(before_ + 1, std::memory_order_relaxed);
    }
    ~writing() { version_.store(before_ + 2, std::memory_order_release); }
    writing(const writing&) = delete;
    writing& operator=(const writing&) = delete;

private:
    std::atomic<std::uint64_t>& version_;
    std::uint64_t before_;
};

bool turn_lag::slept(std::uint64_t ticks, const polled_batch& batch) const noexcept {
    return batch.may_sleep && cycle_clock::between(now_.ended.load(std::memory_order_relaxed),
                                                   ticks) > min_sleep + batch.events * to_fetch_one;
}

void turn_lag::begin(std::uint64_t ticks, const polled_batch& batch) noexcept {
    const bool awaited = now_.probed.load(std::memory_order_relaxed) != 0;
    // The list was empty, and the probe not in it: the program closed its descriptor.
    const bool lost = awaited && !batch.before_probe && !batch.full;
    // With the probe in its list it cannot sleep.
    const bool asleep = (!awaited || lost) && slept(ticks, batch);
    before_probe_ = -1;
    if (awaited && batch.before_probe) {
        before_probe_ =
            batch.events > 0 ? static_cast<double>(*batch.before_probe) / batch.events : 0.0;
    }
    probe_set_ = batch.probe_set;
    if (!asleep && !lost) {
        now_.began.store(ticks, std::memory_order_release);
        return;
    }
    const writing all(*this);
    if (lost) {
        now_.probed.store(0, std::memory_order_release);
    }
    if (asleep) {
        reach(now_.ended.load(std::memory_order_relaxed), nanoseconds::zero());
        set_known(0, unknown);
    }
    now_.began.store(ticks, std::memory_order_release);
}

nanoseconds turn_lag::end(std::uint64_t ticks, std::uint64_t handlers) noexcept {
    const auto began = now_.began.load(std::memory_order_relaxed);
    if (began == 0) {
        return {}; // handlers are not timed, or it began before this was there
    }
    const auto length = cycle_clock::between(began, ticks);
    auto probed = now_.probed.load(std::memory_order_relaxed);
    auto longest = length;
    const writing all(*this);
    if (before_probe_ >= 0) {
        const auto others = nanoseconds(
            static_cast<nanoseconds::rep>(before_probe_ * static_cast<double>(length.count())));
        const auto lag = cycle_clock::between(probed, began) + others;
        reach(probed, lag);
        set_known(probed, lag.count());
        longest = std::max(longest, lag);
        probed = 0;
    }
    if (probe_set_) {
        probed = began;
    } else if (probed == 0) {
        // Of its handlers all but the last, which may be the work's own.
        reach(began, handlers > 1 ? length - length / static_cast<std::int64_t>(handlers)
                                  : nanoseconds::zero());
        set_known(began, length.count());
    }
    now_.probed.store(probed, std::memory_order_release);
    now_.ended.store(ticks, std::memory_order_release);
    now_.began.store(0, std::memory_order_release);
    return longest;
}

void turn_lag::skip(std::uint64_t ticks) noexcept {
    const writing all(*this);
    now_.known_ns.store(unknown, std::memory_order_release);
    now_.probed.store(0, std::memory_order_release);
    now_.ended.store(ticks, std::memory_order_release);
    now_.began.store(0, std::memory_order_release);
}

/// Records the time since the last mark.
/// @param lag of work that arrives right before this one
void turn_lag::reach(std::uint64_t at, nanoseconds lag) noexcept {
    if (const auto ns = now_.known_ns.load(std::memory_order_relaxed); ns != unknown) {
        const auto time = cycle_clock::between(now_.known_at.load(std::memory_order_relaxed), at);
        spread(nanoseconds(ns), lag, weight_of(time),
               [this](std::size_t bucket, std::uint64_t more) {
                   time_.record_in(bucket, more, std::memory_order_release);
               });
    }
}

void turn_lag::set_known(std::uint64_t at, std::int64_t lag_ns) noexcept {
    now_.known_at.store(at, std::memory_order_release);
    now_.known_ns.store(lag_ns, std::memory_order_release);
}

std::optional<turn_lag::state> turn_lag::try_copy(bucket_counts& counts) const noexcept {
    const auto version = version_.load(std::memory_order_acquire);
    counts = time_.copy(std::memory_order_acquire);
    const state seen{.known_at = now_.known_at.load(std::memory_order_acquire),
                     .known_ns = now_.known_ns.load(std::memory_order_acquire),
                     .began = now_.began.load(std::memory_order_acquire),
                     .ended = now_.ended.load(std::memory_order_acquire),
                     .probed = now_.probed.load(std::memory_order_acquire)};
    if (version % 2 != 0 || version_.load(std::memory_order_relaxed) != version) {
        return std::nullopt;
    }
    return seen;
}

lag_time turn_lag::copy(time_point now) const noexcept {
    lag_time out;
    std::optional<state> seen;
    for (int i = 0; i < attempts_to_copy && !seen; ++i) {
        seen = try_copy(out.settled);
    }
    if (!seen) {
        return out;
    }
    const bool known = seen->known_ns != unknown;
    if (seen->began == 0) {
        if (known) {
            // Settled already, if the poll is certain to find that it slept.
            auto& to = since(now, seen->ended) > certain_sleep ? out.settled : out.open;
            add_spread(to, nanoseconds(seen->known_ns), nanoseconds::zero(),
                       cycle_clock::between(seen->known_at, seen->ended));
            out.longest_open = nanoseconds(seen->known_ns);
        }
        return out;
    }
    // The next mark, and after it what a loop leaves that falls asleep.
    const auto mark = seen->probed != 0 ? seen->probed : seen->began;
    const auto lag = since(now, mark);
    if (known) {
        add_spread(out.open, nanoseconds(seen->known_ns), lag,
                   cycle_clock::between(seen->known_at, mark));
    }
    add_spread(out.open, lag, nanoseconds::zero(), lag);
    out.longest_open = lag;
    return out;
}

} // namespace loopmon::measure
