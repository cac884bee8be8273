// SPDX-License-Identifier: MIT
//
// The meeting point of the watcher, which wants a stack, and the signal handler on the thread in
// question, which takes it. The two may miss each other by any length of time: a thread in
// uninterruptible sleep takes the signal minutes after the watcher has given up, or never. So a
// request lives in static storage, and one atomic word decides who may touch the rest of it:
//
//        claim          open            begin            finish           release
//   idle ------> claimed ----> requested -----> writing -------> done -----------> idle
//                                  | withdraw        | withdraw
//                                  v                 v
//                              withdrawn         abandoned
//
// withdrawn: the signal is still on its way. abandoned: the handler is writing, and nobody waits.
// It is the handler that makes both idle; withdrawn also if its signal cannot come any more.
//
// The word carries a number that changes with every claim and travels with the signal as a cookie.
// A handler whose cookie is not in the word touches nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace loopmon::stack {

/// The culprit and what it waits for are innermost; beyond 64 there is only the way from main()
/// through the loop, or an endless recursion.
inline constexpr std::size_t frame_limit = 64;

class stack_request {
public:
    enum class phase : std::uint32_t {
        idle,
        claimed,
        requested,
        writing,
        done,
        withdrawn,
        abandoned
    };

    /// Travels with the signal: the claim's number and the place of the request in the pool.
    using cookie = std::uint32_t;

    /// What the handler writes between begin() and finish().
    struct result {
        std::array<std::uintptr_t, frame_limit> frames{};
        std::size_t count = 0;
        bool truncated = false;
        /// The signal stack was too small to unwind on: the interrupted instruction alone.
        bool cramped = false;
        /// The signal came while the thread slept in a call, which fails with EINTR now.
        bool ended_call = false;
    };

    constexpr stack_request() = default;

    // Watcher side.

    /// An idle request becomes the caller's. Any thread.
    [[nodiscard]] bool claim() noexcept;
    /// From now on the handler on thread `tid` may begin.
    /// @param index the place of this request in the pool
    cookie open(pid_t tid, std::uint32_t index) noexcept;
    /// Nobody waits for it any more; nothing happens if it is done.
    void withdraw() noexcept;
    /// A request that is claimed, done or withdrawn becomes idle.
    void release() noexcept;
    /// Sleeps until the phase is not `from` any more, or for `timeout_usec`.
    void wait_while(phase from, std::int64_t timeout_usec) noexcept;
    [[nodiscard]] phase state() const noexcept { return phase_of(word_.load()); }
    [[nodiscard]] pid_t thread() const noexcept { return tid_.load(); }
    /// Valid in phase `done`.
    [[nodiscard]] const result& taken() const noexcept { return result_; }

    // Handler side: async-signal-safe.

    /// @return where to write, if this request is still open for this cookie and thread. A
    /// withdrawn request learns that its signal has come, and becomes idle.
    [[nodiscard]] result* begin(cookie which, pid_t tid) noexcept;
    void finish() noexcept;

    static constexpr std::uint32_t index_of(cookie which) noexcept { return which % pool_size; }
    /// As many threads can be stuck beyond the reach of a signal before stacks are given up.
    static constexpr std::uint32_t pool_size = 8;

private:
    static constexpr std::uint32_t phases = 8; ///< a power of two that holds all of `phase`

    static constexpr phase phase_of(std::uint32_t word) noexcept {
        return static_cast<phase>(word % phases);
    }
    [[nodiscard]] bool move(phase from, phase to) noexcept;

    std::atomic<std::uint32_t> word_{0}; ///< cookie * phases + phase
    std::atomic<pid_t> tid_{0};
    result result_;
};

/// One for the process, whoever captures; static, so that a handler finds it whenever it comes.
extern std::array<stack_request, stack_request::pool_size> stack_requests;

} // namespace loopmon::stack
