// SPDX-License-Identifier: MIT
//
// What the hooks keep of one thread: which handler it is in, and its slot in each loop that it
// created or ran handlers of. Found by one thread-local pointer; made at the first handler of the
// thread, and ended by a pthread key, whose destructors run after those of thread_local objects:
// these may still destroy handlers.
//
// Slots are found by the address of the context, of which nothing else is known here, and by that
// of the loop. An address may be used again by another context, so all that is found is forgotten
// whenever any loop ends.
#pragma once

#include "measure/current_task.hpp"
#include "measure/cycle_clock.hpp"
#include "measure/run_slot.hpp"
#include "measure/slot_map.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <sys/types.h>

namespace loopmon::tracking {
class completion;
}

namespace loopmon::measure {

class thread_record {
public:
    /// Of the present thread. Null: out of memory.
    [[nodiscard]] static thread_record* mine() noexcept {
        return mine_ != nullptr ? mine_ : make();
    }
    /// The same, null if there is none yet.
    [[nodiscard]] static thread_record* mine_if_any() noexcept { return mine_; }
    /// A loop is over: no thread may use again what it found for it.
    static void forget_loops() noexcept { generation.fetch_add(1, std::memory_order_release); }

    ~thread_record();
    thread_record(const thread_record&) = delete;
    thread_record& operator=(const thread_record&) = delete;

    /// Wait-free. Null: this context was not settled since some loop ended.
    [[nodiscard]] run_slot* slot_of(const void* context) noexcept {
        return is_last(last_context_, context) ? last_context_.slot : find_context(context);
    }
    /// The slot in the loop of this context, which slot_of() finds from now on. Null: out of
    /// memory.
    [[nodiscard]] run_slot* settle(const void* context,
                                   std::shared_ptr<loop_tracking> loop) noexcept;
    /// Null: out of memory. Wait-free and without allocation but for the first time of a loop after
    /// some loop ended.
    [[nodiscard]] run_slot* slot_in(loop_tracking& loop) noexcept {
        return is_last(last_loop_, &loop) ? last_loop_.slot : find_loop(loop);
    }

    /// Charges the time since the last call, or since the outermost handler began, to the task that
    /// is current.
    /// @param now ticks
    void charge_task(std::uint64_t now) noexcept {
        if (current_task() != 0) { // else the ticks need not be converted
            task_ran(current_task(), cycle_clock::between(charged, now));
        }
        charged = now;
    }

    tracking::completion* innermost = nullptr; ///< the handler that the thread is in
    run_slot* shown = nullptr;                 ///< where the watcher sees it
    std::uint64_t charged = 0;                 ///< ticks: up to here run time is charged to tasks

private:
    explicit thread_record(pid_t thread) noexcept : thread_(thread) {}
    static thread_record* make() noexcept;
    /// In the child, on its only thread, which has another id than the one that forked.
    static void forked() noexcept;

    struct place {
        std::shared_ptr<loop_tracking> loop; ///< so that the slot lives
        run_slot* slot;
    };

    /// What was found last, since most threads have one loop.
    struct finding {
        const void* key = nullptr;
        run_slot* slot = nullptr;
    };

    [[nodiscard]] bool is_last(const finding& last, const void* key) const noexcept {
        return last.key == key && seen_generation_ == generation.load(std::memory_order_acquire);
    }
    [[nodiscard]] run_slot* find_context(const void* context) noexcept;
    [[nodiscard]] run_slot* find_loop(loop_tracking& loop) noexcept;
    [[nodiscard]] run_slot* find(const void* key) noexcept;
    void forget_old() noexcept;
    [[nodiscard]] run_slot* settle_in(std::shared_ptr<loop_tracking> loop);

    static std::atomic<std::uint64_t> generation;
    // In the static TLS block: the library is loaded with its program, and a pointer fits anyway.
    [[gnu::tls_model("initial-exec")]] static constinit thread_local thread_record* mine_;

    pid_t thread_; ///< changes by a fork only
    std::uint64_t seen_generation_ = 0;
    finding last_context_;
    finding last_loop_;
    slot_map found_; ///< by context and by loop
    std::vector<place> places_;
};

} // namespace loopmon::measure
