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
constinit thread_local thread_record* thread_record::mine_ = nullptr;

thread_record* thread_record::make() noexcept {
    // No thread_local object: the record has to outlive those of the program, see the head.
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        ::pthread_key_create(&made, [](void* record) {
            mine_ = nullptr;
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
    mine_ = record;
    return record;
}

// The record stays, for leave() of the handler that forked. Async-signal-safe, as a child must be.
void thread_record::forked() noexcept {
    if (mine_ == nullptr) {
        return;
    }
    mine_->thread_ = ::gettid();
    for (const auto& [loop, slot] : mine_->places_) {
        slot->set_thread(mine_->thread_);
    }
}

thread_record::~thread_record() {
    for (const auto& [loop, slot] : places_) {
        slot->give_back();
    }
}

run_slot* thread_record::find_context(const void* context) noexcept {
    auto* const slot = find(context);
    if (slot != nullptr) { // else it is asked for again
        last_context_ = {context, slot};
    }
    return slot;
}

run_slot* thread_record::settle(const void* context, std::shared_ptr<loop_tracking> loop) noexcept {
    try {
        auto* const slot = settle_in(std::move(loop));
        if (slot != nullptr) {
            found_.insert(context, slot);
            last_context_ = {context, slot};
        }
        return slot;
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

run_slot* thread_record::find_loop(loop_tracking& loop) noexcept {
    auto* slot = find(&loop);
    if (slot == nullptr) {
        try {
            slot = settle_in(loop.shared_from_this());
        } catch (const std::bad_alloc&) {
            return nullptr;
        }
    }
    if (slot != nullptr) {
        last_loop_ = {&loop, slot};
    }
    return slot;
}

run_slot* thread_record::find(const void* key) noexcept {
    if (seen_generation_ != generation.load(std::memory_order_acquire)) {
        forget_old();
    }
    return found_.find(key);
}

void thread_record::forget_old() noexcept {
    seen_generation_ = generation.load(std::memory_order_acquire);
    last_context_ = {};
    last_loop_ = {};
    found_.clear();
    std::erase_if(places_, [](const place& settled) { return settled.loop->over(); });
}

run_slot* thread_record::settle_in(std::shared_ptr<loop_tracking> loop) {
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
