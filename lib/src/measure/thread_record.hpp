// SPDX-License-Identifier: MIT
//
// What the hooks keep of one thread beside its words: its slot in each loop that it created or ran
// handlers of. Made at the first handler of the thread, and ended by a pthread key, whose
// destructors run after those of thread_local objects: these may still destroy handlers.
//
// Slots are found by the address of the context, of which nothing else is known here, and by that
// of the loop. An address may be used again by another context, so all that is found is forgotten
// whenever any loop ends.
#pragma once

#include "measure/slot_map.hpp"
#include "measure/thread_slot.hpp"
#include "measure/thread_words.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <sys/types.h>

namespace loopmon::measure {

class thread_record {
public:
    /// Of the present thread. Null: out of memory.
    [[nodiscard]] static thread_record* mine() noexcept {
        return this_thread.record != nullptr ? this_thread.record : make();
    }
    /// Whether the slot of this context is the one in this_thread.
    [[nodiscard]] static bool found_last(const void* context) noexcept {
        return this_thread.context == context &&
               this_thread.seen_generation == generation.load(std::memory_order_acquire);
    }
    /// A loop is over: no thread may use again what it found for it.
    static void forget_loops() noexcept { generation.fetch_add(1, std::memory_order_release); }

    [[nodiscard]] pid_t thread() const noexcept { return thread_; }

    ~thread_record();
    thread_record(const thread_record&) = delete;
    thread_record& operator=(const thread_record&) = delete;

    // Of the present thread.

    /// Wait-free. Null: this context was not settled since some loop ended.
    [[nodiscard]] thread_slot* slot_of(const void* context) noexcept;
    /// The slot in the loop of this context, which slot_of() finds from now on. Null: out of
    /// memory.
    [[nodiscard]] thread_slot* settle(const void* context,
                                      std::shared_ptr<loop_tracking> loop) noexcept;
    /// Null: out of memory. Wait-free and without allocation but for the first time of a loop after
    /// some loop ended.
    [[nodiscard]] thread_slot* slot_in(loop_tracking& loop) noexcept;

private:
    explicit thread_record(pid_t thread) noexcept : thread_(thread) {}
    static thread_record* make() noexcept;
    /// In the child, on its only thread, which has another id than the one that forked.
    static void forked() noexcept;

    struct place {
        std::shared_ptr<loop_tracking> loop; ///< so that the slot lives
        thread_slot* slot;
    };

    [[nodiscard]] thread_slot* find(const void* key) noexcept;
    void forget_old() noexcept;
    [[nodiscard]] thread_slot* settle_in(std::shared_ptr<loop_tracking> loop);

    [[gnu::visibility("hidden")]] static std::atomic<std::uint64_t> generation; // see cycle_clock

    pid_t thread_;   ///< changes by a fork only
    slot_map found_; ///< by context and by loop
    std::vector<place> places_;
};

} // namespace loopmon::measure
