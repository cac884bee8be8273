// SPDX-License-Identifier: MIT
#include "measure/expectation.hpp"
#include "measure/atomic_text.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <new>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace loopmon::measure {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr auto publish = std::memory_order_release;
constexpr auto observe = std::memory_order_acquire;

struct record {
    record* next = nullptr;                 ///< does not change once it is in the list
    std::atomic<pid_t> thread{0};           ///< zero: nobody's
    std::atomic<std::uint32_t> sequence{0}; ///< odd while something is announced
    std::atomic<std::int64_t> began_ns{0};
    std::atomic<std::int64_t> until_ns{0};
    std::atomic<std::uint64_t> id{0};
    atomic_text reason;
};

constinit std::atomic<record*> records{nullptr};
constinit std::atomic<std::uint64_t> next_id{1};

/// The record of a thread, from its first announcement to its end.
class own_record {
public:
    own_record() noexcept {
        // Fails without memory only: a child then does not see what its parent announced.
        [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, nullptr, &forked);
        own_ = claim();
    }
    own_record(const own_record&) = delete;
    own_record& operator=(const own_record&) = delete;
    ~own_record() {
        if (own_ != nullptr) {
            std::exchange(own_, nullptr)->thread.store(0, publish); // for the next one
        }
    }
    [[nodiscard]] static record* get() noexcept { return own_; }

private:
    static record* claim() noexcept;
    /// In the child, on its only thread, which has another id. Async-signal-safe.
    static void forked() noexcept {
        if (own_ != nullptr) {
            own_->thread.store(::gettid(), publish);
        }
    }
    static constinit thread_local record* own_; ///< null: none yet, or no memory
};

constinit thread_local record* own_record::own_ = nullptr;

record* own_record::claim() noexcept {
    const auto self = ::gettid();
    for (auto* r = records.load(observe); r != nullptr; r = r->next) {
        pid_t nobody = 0;
        if (r->thread.load(std::memory_order_relaxed) == 0 &&
            r->thread.compare_exchange_strong(nobody, self, std::memory_order_acq_rel)) {
            return r;
        }
    }
    auto* const fresh = new (std::nothrow) record;
    if (fresh == nullptr) {
        return nullptr;
    }
    fresh->thread.store(self, std::memory_order_relaxed);
    fresh->next = records.load(std::memory_order_relaxed);
    while (!records.compare_exchange_weak(fresh->next, fresh, publish, std::memory_order_relaxed)) {
    }
    return fresh;
}

record* record_here() noexcept {
    thread_local const own_record own;
    return own_record::get();
}

constinit thread_local unsigned open_scopes = 0;

std::int64_t since_epoch(steady_clock::time_point when) {
    return nanoseconds(when.time_since_epoch()).count();
}

steady_clock::time_point later(steady_clock::time_point now, nanoseconds length) {
    return now + std::clamp(length, nanoseconds::zero(), steady_clock::time_point::max() - now);
}

const record* record_of(pid_t thread) noexcept {
    const auto* r = records.load(observe);
    while (r != nullptr && r->thread.load(observe) != thread) {
        r = r->next;
    }
    return r;
}

} // namespace

unsigned open_expectation(steady_clock::time_point now, nanoseconds length,
                          std::string_view reason) noexcept {
    if (open_scopes == 0) {
        if (auto* const own = record_here()) {
            own->began_ns.store(since_epoch(now), publish);
            own->until_ns.store(since_epoch(later(now, length)), publish);
            own->id.store(next_id.fetch_add(1, std::memory_order_relaxed), publish);
            own->reason.store(reason);
            own->sequence.store(own->sequence.load(std::memory_order_relaxed) + 1, publish);
        }
    }
    return open_scopes++;
}

unsigned close_expectation() noexcept {
    assert(open_scopes > 0);
    if (--open_scopes == 0) {
        if (auto* const own = record_here()) {
            own->sequence.store(own->sequence.load(std::memory_order_relaxed) + 1, publish);
        }
    }
    return open_scopes;
}

std::optional<expectation> expectation_of(pid_t thread) {
    const auto* const r = record_of(thread);
    if (r == nullptr) {
        return std::nullopt;
    }
    const auto before = r->sequence.load(observe);
    if (before % 2 == 0) {
        return std::nullopt;
    }
    expectation copy;
    copy.began = steady_clock::time_point(nanoseconds(r->began_ns.load(observe)));
    copy.until = steady_clock::time_point(nanoseconds(r->until_ns.load(observe)));
    copy.id = r->id.load(observe);
    copy.reason = r->reason.load();
    // The record may have gone to another thread meanwhile, but only between two announcements.
    if (r->sequence.load(std::memory_order_relaxed) != before) {
        return std::nullopt;
    }
    return copy;
}

} // namespace loopmon::measure
