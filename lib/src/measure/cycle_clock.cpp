// SPDX-License-Identifier: MIT
#include "measure/cycle_clock.hpp"

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
};
stored_anchor last_anchor;

std::int64_t monotonic_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

#if defined(__x86_64__)

constexpr bool has_counter = true;

/// The kernel watches the TSC against other clocks, and turns away from one that it found unstable.
bool kernel_trusts_tsc() noexcept {
    const int fd = ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                          O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    std::array<char, 16> name{};
    const auto length = ::read(fd, name.data(), name.size());
    ::close(fd);
    return length > 0 && std::string_view(name.data(), static_cast<std::size_t>(length)) == "tsc\n";
}

bool counter_is_trustworthy() noexcept {
    // Intel SDM 17.17.1 and AMD APM 3, Fn8000_0007: the TSC runs at one rate in all states.
    constexpr unsigned power_management_leaf = 0x8000'0007;
    constexpr unsigned invariant_tsc = 1U << 8U;
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return ::__get_cpuid(power_management_leaf, &a, &b, &c, &d) != 0 && (d & invariant_tsc) != 0 &&
           kernel_trusts_tsc();
}

#elif defined(__aarch64__)

constexpr bool has_counter = true;

bool counter_is_trustworthy() noexcept {
    return true; // by the architecture: the generic timer has one rate, and all CPUs share it
}

#else

constexpr bool has_counter = false; // calibrate() would wait for it to move

bool counter_is_trustworthy() noexcept {
    return false;
}

#endif

/// Reads both clocks, the counter in the middle. Of a few attempts the quickest: between the two
/// reads of the others the thread was interrupted.
template <class ReadCounter>
clock_pair read_pair(ReadCounter read_counter) noexcept {
    constexpr int attempts = 5;
    clock_pair best{};
    std::int64_t narrowest = std::numeric_limits<std::int64_t>::max();
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
        if (from == source::counter) {
            rate_ = calibrate(&read_counter);
            const auto pair = read_pair(&read_counter);
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
    switch (from) {
    case source::unset:
        return chosen() == source::counter ? read_counter() : slow_now(chosen());
    case source::monotonic:
        return static_cast<std::uint64_t>(monotonic_ns());
    case source::manual:
        return manual_ticks.load(std::memory_order_relaxed);
    case source::off:
    case source::counter:
        break;
    }
    return 0;
}

cycle_clock::time_point cycle_clock::to_time(std::uint64_t ticks) noexcept {
    const auto at = [](std::int64_t ns) {
        return time_point(std::chrono::duration_cast<time_point::duration>(nanoseconds(ns)));
    };
    if (chosen() != source::counter) {
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
    if (chosen() != source::counter) {
        return;
    }
    const auto pair = read_pair(&read_counter);
    auto sequence = last_anchor.sequence.load(std::memory_order_relaxed);
    // The watcher of another monitor does it now: its anchor serves as well.
    if (sequence % 2 != 0 || !last_anchor.sequence.compare_exchange_strong(
                                 sequence, sequence + 1, std::memory_order_acquire)) {
        return;
    }
    // A reader that sees one of these also sees the odd sequence. Releases and no fence, because
    // thread sanitizers do not know fences.
    last_anchor.ticks.store(pair.ticks, std::memory_order_release);
    last_anchor.ns.store(pair.ns, std::memory_order_release);
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
