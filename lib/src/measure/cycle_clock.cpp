// SPDX-License-Identifier: MIT
#include "measure/cycle_clock.hpp"

#include "measure/counter_trust.hpp"
#include "measure/thread_words.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace loopmon::measure {

namespace {

std::atomic<std::uint64_t> manual_ticks{0};

/// A seqlock: odd while it is written.
struct stored_anchor {
    std::atomic<std::uint32_t> sequence{0};
    std::atomic<std::uint64_t> ticks{0};
    std::atomic<std::int64_t> ns{0};
    std::int64_t uncertainty_ns = 0; ///< the writer's
};
stored_anchor last_anchor;

/// Written once, ahead of the source `lost`.
clock_pair last_good;
/// The counter has not moved on by more since a read that is recent; zero: none is. Written once,
/// ahead of any source.
std::uint64_t recent_ticks = 0;

std::int64_t monotonic_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

#if defined(__x86_64__)

constexpr bool has_counter = true;

counter_claims claims_of_cpu() noexcept {
    // Intel SDM 17.17.1 and AMD APM 3, Fn8000_0007: the TSC runs at one rate in all states. Bit 31
    // of the first leaf is for hypervisors (AMD APM 3, Fn0000_0001).
    constexpr unsigned power_management_leaf = 0x8000'0007;
    constexpr unsigned invariant_tsc = 1U << 8U;
    constexpr unsigned hypervisor = 1U << 31U;
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    counter_claims claims;
    claims.invariant =
        ::__get_cpuid(power_management_leaf, &a, &b, &c, &d) != 0 && (d & invariant_tsc) != 0;
    claims.hypervisor = ::__get_cpuid(1, &a, &b, &c, &d) != 0 && (c & hypervisor) != 0;
    return claims;
}

bool counter_is_trustworthy() noexcept {
    std::array<char, 64> name{};
    const int fd = ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                          O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const auto length = ::read(fd, name.data(), name.size());
    ::close(fd);
    std::string_view source(name.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    source = source.substr(0, source.find('\n'));
    return may_be_trusted(claims_of_cpu(), source);
}

/// Half a microsecond or less of a counter that runs at 2 GHz or more, as all do that are invariant
/// or virtual, and a whole one at 1 GHz.
std::uint64_t recent_in_ticks() noexcept {
    return moves_on(claims_of_cpu()) ? 1024 : 0;
}

#elif defined(__aarch64__)

constexpr bool has_counter = true;

bool counter_is_trustworthy() noexcept {
    return true; // by the architecture: the generic timer has one rate, and all CPUs share it
}

std::uint64_t recent_in_ticks() noexcept {
    std::uint64_t hertz;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(hertz));
    return hertz / 2'000'000;
}

#else

constexpr bool has_counter = false; // calibrate() would wait for it to move

bool counter_is_trustworthy() noexcept {
    return false;
}

std::uint64_t recent_in_ticks() noexcept {
    return 0;
}

#endif

/// Reads both clocks, the counter in the middle. Of a few attempts the quickest: between the two
/// reads of the others the thread was interrupted.
/// @param narrowest how long that one took
template <class ReadCounter>
clock_pair read_pair(ReadCounter read_counter, std::int64_t& narrowest) noexcept {
    constexpr int attempts = 5;
    clock_pair best{};
    narrowest = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < attempts; ++i) {
        const auto before = monotonic_ns();
        const auto ticks = read_counter();
        const auto after = monotonic_ns();
        if (after - before < narrowest) {
            narrowest = after - before;
            best = {ticks, before + (after - before) / 2};
        }
    }
    return best;
}

template <class ReadCounter>
clock_pair read_pair(ReadCounter read_counter) noexcept {
    std::int64_t narrowest = 0;
    return read_pair(read_counter, narrowest);
}

template <class ReadCounter>
tick_rate calibrate(ReadCounter read_counter) noexcept {
#if defined(__aarch64__)
    static_cast<void>(read_counter);
    std::uint64_t hertz;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(hertz));
    return tick_rate::of_frequency(hertz);
#else
    // The clocks are paired to about 50 ns: over 2 ms that is 50 ppm, far under the width of a
    // bucket of a histogram, and 5 us of an anchor that is 100 ms old.
    constexpr std::int64_t span_ns = 2'000'000;
    const auto from = read_pair(read_counter);
    clock_pair to{};
    do {
        to = read_pair(read_counter);
    } while (to.ns - from.ns < span_ns || to.ticks <= from.ticks);
    return tick_rate::between(from, to);
#endif
}

cycle_clock::source wanted() noexcept {
    const char* const text = std::getenv("LOOPMON_CLOCK"); // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = text != nullptr ? text : "";
    if (name == "off") {
        return cycle_clock::source::off;
    }
    if (name == "monotonic") {
        return cycle_clock::source::monotonic;
    }
    if ((name == "tsc" && has_counter) || counter_is_trustworthy()) {
        return cycle_clock::source::counter;
    }
    return cycle_clock::source::monotonic;
}

} // namespace

constinit std::atomic<cycle_clock::source> cycle_clock::source_{source::unset};
constinit tick_rate cycle_clock::rate_{};

cycle_clock::source cycle_clock::choose() noexcept {
    [[maybe_unused]] static const bool once = [] {
        const auto from = wanted();
        recent_ticks = recent_in_ticks();
        if (from == source::counter) {
            rate_ = calibrate(&read_counter);
            const auto pair = read_pair(&read_counter, last_anchor.uncertainty_ns);
            last_anchor.ticks.store(pair.ticks, std::memory_order_relaxed);
            last_anchor.ns.store(pair.ns, std::memory_order_relaxed);
        }
        auto unset = source::unset; // a test may have been faster
        source_.compare_exchange_strong(unset, from, std::memory_order_release);
        return true;
    }();
    return source_.load(std::memory_order_acquire);
}

std::uint64_t cycle_clock::slow_now(source from) noexcept {
    if (from == source::unset) {
        from = choose();
    }
    if (from == source::manual) {
        return manual_ticks.load(std::memory_order_relaxed);
    }
    if (is_read_inline(from)) {
        return read_inline(from);
    }
    auto& thread = this_thread;
    thread.counter_read = recent_ticks != 0 ? read_counter() : 0;
    const auto ns = monotonic_ns();
    thread.time_read =
        from == source::lost ? rate_.to_ticks(ns, last_good) : static_cast<std::uint64_t>(ns);
    return thread.time_read;
}

std::uint64_t cycle_clock::slow_recent(source from) noexcept {
    const auto& thread = this_thread;
    if (from == source::manual || thread.time_read == 0 ||
        read_counter() - thread.counter_read >= recent_ticks) {
        return slow_now(from);
    }
    return thread.time_read;
}

cycle_clock::time_point cycle_clock::to_time(std::uint64_t ticks) noexcept {
    const auto at = [](std::int64_t ns) {
        return time_point(std::chrono::duration_cast<time_point::duration>(nanoseconds(ns)));
    };
    if (const auto from = chosen(); from != source::counter && from != source::lost) {
        return at(static_cast<std::int64_t>(ticks));
    }
    for (;;) {
        const auto sequence = last_anchor.sequence.load(std::memory_order_acquire);
        const clock_pair pair{last_anchor.ticks.load(std::memory_order_acquire),
                              last_anchor.ns.load(std::memory_order_acquire)};
        if (sequence % 2 == 0 && last_anchor.sequence.load(std::memory_order_relaxed) == sequence) {
            return at(rate_.to_ns(ticks, pair));
        }
    }
}

void cycle_clock::anchor() noexcept {
    if (chosen() == source::counter) {
        std::int64_t uncertainty = 0;
        const auto pair = read_pair(&read_counter, uncertainty);
        anchor(pair, uncertainty);
    }
    if (chosen() == source::lost) {
        const auto ns = monotonic_ns();
        renew_anchor(source::lost, {rate_.to_ticks(ns, last_good), ns}, 0);
    }
}

void cycle_clock::anchor(const clock_pair& pair, std::int64_t uncertainty_ns) noexcept {
    renew_anchor(source::counter, pair, uncertainty_ns);
}

void cycle_clock::renew_anchor(source of, const clock_pair& pair,
                               std::int64_t uncertainty_ns) noexcept {
    auto sequence = last_anchor.sequence.load(std::memory_order_relaxed);
    // The watcher of another monitor does it now: its anchor serves as well.
    if (sequence % 2 != 0 || !last_anchor.sequence.compare_exchange_strong(
                                 sequence, sequence + 1, std::memory_order_acquire)) {
        return;
    }
    const clock_pair last{last_anchor.ticks.load(std::memory_order_relaxed),
                          last_anchor.ns.load(std::memory_order_relaxed)};
    if (known() != of) { // another watcher has found that the counter is wrong
        last_anchor.sequence.store(sequence, std::memory_order_release);
        return;
    }
    if (of == source::counter &&
        !agree(last, pair, rate_, last_anchor.uncertainty_ns + uncertainty_ns)) {
        last_good = last;
        auto counter = source::counter;
        source_.compare_exchange_strong(counter, source::lost, std::memory_order_release);
        last_anchor.sequence.store(sequence, std::memory_order_release);
        return;
    }
    // A reader that sees one of these also sees the odd sequence. Releases and no fence, because
    // thread sanitizers do not know fences.
    last_anchor.ticks.store(pair.ticks, std::memory_order_release);
    last_anchor.ns.store(pair.ns, std::memory_order_release);
    last_anchor.uncertainty_ns = uncertainty_ns;
    last_anchor.sequence.store(sequence + 2, std::memory_order_release);
}

void cycle_clock::set_manual(nanoseconds now) noexcept {
    manual_ticks.store(static_cast<std::uint64_t>(now.count()), std::memory_order_relaxed);
    if (source_.load(std::memory_order_relaxed) != source::manual) {
        rate_ = {};
        source_.store(source::manual, std::memory_order_release);
    }
}

} // namespace loopmon::measure
