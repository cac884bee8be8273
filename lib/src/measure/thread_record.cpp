// SPDX-License-Identifier: MIT
#include "measure/thread_record.hpp"

#include "measure/loop_tracking.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace loopmon::measure {

constinit std::atomic<std::uint64_t> thread_record::generation{1};

thread_record* thread_record::make() noexcept {
    // No thread_local object: the record has to outlive those of the program, see the head.
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        ::pthread_key_create(&made, [](void* record) {
            this_thread.record = nullptr;
            this_thread.context = nullptr;
            delete static_cast<thread_record*>(record);
        });
        // A program may create handlers before it becomes a daemon, and fork in a handler. Fails
        // without memory only: a child then shows a thread that it does not have.
        static_cast<void>(::pthread_atfork(nullptr, nullptr, &thread_record::forked));
        return made;
    }();
    auto* const record = new (std::nothrow) thread_record(::gettid());
    if (record != nullptr && ::pthread_setspecific(key, record) != 0) {
        delete record;
        return nullptr;
    }
    this_thread.record = record;
    return record;
}

// The record stays, for leave() of the handler that forked. Async-signal-safe, as a child must be.
void thread_record::forked() noexcept {
    auto* const mine = this_thread.record;
    if (mine == nullptr) {
        return;
    }
    mine->thread_ = ::gettid();
    for (const auto& [loop, slot] : mine->places_) {
        slot->set_thread(mine->thread_);
    }
}

thread_record::~thread_record() {
    for (const auto& [loop, slot] : places_) {
        slot->give_back();
    }
}

thread_slot* thread_record::slot_of(const void* context) noexcept {
    if (found_last(context)) {
        return this_thread.slot;
    }
    auto* const slot = find(context);
    if (slot != nullptr) { // else it is asked for again
        this_thread.context = context;
        this_thread.slot = slot;
    }
    return slot;
}

thread_slot* thread_record::settle(const void* context,
                                   std::shared_ptr<loop_tracking> loop) noexcept {
    try {
        auto* const slot = settle_in(std::move(loop));
        if (slot != nullptr) {
            found_.insert(context, slot);
            this_thread.context = context;
            this_thread.slot = slot;
        }
        return slot;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

thread_slot* thread_record::slot_in(loop_tracking& loop) noexcept {
    if (auto* const slot = find(&loop)) {
        return slot;
    }
    try {
        return settle_in(loop.shared_from_this());
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

thread_slot* thread_record::find(const void* key) noexcept {
    if (this_thread.seen_generation != generation.load(std::memory_order_acquire)) {
        forget_old();
    }
    return found_.find(key);
}

void thread_record::forget_old() noexcept {
    this_thread.seen_generation = generation.load(std::memory_order_acquire);
    this_thread.context = nullptr;
    found_.clear();
    std::erase_if(places_, [](const place& settled) {
        const bool over = settled.loop->over();
        if (over) { // its handlers that are left may find the next thread with a record here
            settled.slot->set_owner(nullptr);
        }
        return over;
    });
}

thread_slot* thread_record::settle_in(std::shared_ptr<loop_tracking> loop) {
    const auto* const key = loop.get();
    auto mine = std::find_if(places_.begin(), places_.end(),
                             [key](const place& settled) { return settled.loop.get() == key; });
    if (mine == places_.end()) {
        places_.reserve(places_.size() + 1);
        auto* const slot = loop->slot_for(thread_);
        if (slot == nullptr) {
            return nullptr;
        }
        mine = places_.insert(places_.end(), {std::move(loop), slot});
    }
    if (found_.find(key) == nullptr) {
        found_.insert(key, mine->slot);
    }
    return mine->slot;
}

} // namespace loopmon::measure
