// SPDX-License-Identifier: MIT
#include "stack/capture/stack_request.hpp"

#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace loopmon::stack {

// Constant initialisation: the handler must not meet the guard of a lazy one.
constinit std::array<stack_request, stack_request::pool_size> stack_requests{};

namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "the handler must not lock");
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t),
              "a futex is a plain int");

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) noexcept {
    return syscall(SYS_futex, &word, operation, value, timeout, nullptr, 0);
}

} // namespace

bool stack_request::move(phase from, phase to) noexcept {
    auto word = word_.load();
    return phase_of(word) == from &&
           word_.compare_exchange_strong(word,
                                         word / phases * phases + static_cast<std::uint32_t>(to));
}

bool stack_request::claim() noexcept {
    return move(phase::idle, phase::claimed);
}

stack_request::cookie stack_request::open(pid_t tid, std::uint32_t index) noexcept {
    // The number wraps after some 67 million captures; a late signal is not that late.
    constexpr std::uint32_t numbers = (UINT32_MAX / phases + 1) / pool_size;
    const auto number = (word_.load() / phases / pool_size + 1) % numbers;
    const cookie which = number * pool_size + index;
    tid_.store(tid);
    word_.store(which * phases + static_cast<std::uint32_t>(phase::requested));
    return which;
}

void stack_request::withdraw() noexcept {
    // In this order: the handler may begin in between.
    (void)(move(phase::requested, phase::withdrawn) || move(phase::writing, phase::abandoned));
}

void stack_request::release() noexcept {
    (void)(move(phase::done, phase::idle) || move(phase::withdrawn, phase::idle) ||
           move(phase::claimed, phase::idle));
}

void stack_request::wait_while(phase from, std::int64_t timeout_usec) noexcept {
    const auto word = word_.load();
    if (phase_of(word) == from && timeout_usec > 0) {
        const timespec timeout = {static_cast<time_t>(timeout_usec / 1'000'000),
                                  static_cast<long>(timeout_usec % 1'000'000 * 1'000)};
        // The return value says no more than the word does: the caller looks again.
        (void)futex(word_, FUTEX_WAIT_PRIVATE, word, &timeout);
    }
}

stack_request::result* stack_request::begin(cookie which, pid_t tid) noexcept {
    const auto at = [which](phase is) { return which * phases + static_cast<std::uint32_t>(is); };
    if (tid_.load() != tid) {
        return nullptr;
    }
    auto expected = at(phase::requested);
    if (word_.compare_exchange_strong(expected, at(phase::writing))) {
        return &result_;
    }
    expected = at(phase::withdrawn);
    (void)word_.compare_exchange_strong(expected, at(phase::idle));
    return nullptr;
}

void stack_request::finish() noexcept {
    if (move(phase::writing, phase::done)) {
        (void)futex(word_, FUTEX_WAKE_PRIVATE, 1, nullptr);
    } else {
        (void)move(phase::abandoned, phase::idle);
    }
}

} // namespace loopmon::stack
