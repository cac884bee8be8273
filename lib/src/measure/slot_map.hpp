// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace loopmon::measure {

class thread_slot;

/// From an address to a slot: open addressing, at most half full, so that a look-up is a probe or
/// two. One thread. Entries are never removed one by one.
class slot_map {
public:
    [[nodiscard]] thread_slot* find(const void* key) const noexcept {
        if (entries_.empty()) {
            return nullptr;
        }
        const auto mask = entries_.size() - 1;
        for (auto i = hash(key) & mask;; i = (i + 1) & mask) {
            if (entries_[i].key == key) {
                return entries_[i].slot;
            }
            if (entries_[i].key == nullptr) {
                return nullptr;
            }
        }
    }

    /// @throws std::bad_alloc
    void insert(const void* key, thread_slot* slot) {
        if ((used_ + 1) * 2 > entries_.size()) {
            grow();
        }
        put(key, slot);
    }

    void clear() noexcept {
        for (auto& one : entries_) {
            one = {};
        }
        used_ = 0;
    }

private:
    struct entry {
        const void* key = nullptr;
        thread_slot* slot = nullptr;
    };

    static std::size_t hash(const void* key) noexcept {
        // Fibonacci hashing (Knuth, TAOCP 3, 6.4): addresses differ in their middle bits.
        constexpr std::uint64_t golden = 0x9e37'79b9'7f4a'7c15;
        const auto product =
            static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(key)) * golden;
        return static_cast<std::size_t>(product >> 32U);
    }

    void put(const void* key, thread_slot* slot) noexcept {
        const auto mask = entries_.size() - 1;
        auto i = hash(key) & mask;
        while (entries_[i].key != nullptr) {
            i = (i + 1) & mask;
        }
        entries_[i] = {key, slot};
        ++used_;
    }

    void grow() {
        constexpr std::size_t smallest = 8; // a thread with one loop has two entries
        std::vector<entry> old(entries_.empty() ? smallest : entries_.size() * 2);
        old.swap(entries_);
        used_ = 0;
        for (const auto& one : old) {
            if (one.key != nullptr) {
                put(one.key, one.slot);
            }
        }
    }

    std::vector<entry> entries_; ///< a power of two, or none
    std::size_t used_ = 0;
};

} // namespace loopmon::measure
