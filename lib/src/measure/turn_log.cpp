// SPDX-License-Identifier: MIT
#include "measure/turn_log.hpp"

#include "measure/cycle_clock.hpp"

namespace loopmon::measure {

void turn_log::keep(std::uint64_t sequence, std::uint64_t began, std::uint64_t ended) noexcept {
    auto& to = entries_[next_];
    next_ = (next_ + 1) % capacity;
    // A reader that sees one of the moments also sees that the entry is being written. Releases and
    // no fence, because thread sanitizers do not know fences.
    to.sequence.store(0, std::memory_order_relaxed);
    to.began.store(began, std::memory_order_release);
    to.ended.store(ended, std::memory_order_release);
    to.sequence.store(sequence, std::memory_order_release);
}

std::optional<ended_turn> turn_log::read(const entry& from) noexcept {
    const auto sequence = from.sequence.load(std::memory_order_acquire);
    const auto began = from.began.load(std::memory_order_acquire);
    const auto ended = from.ended.load(std::memory_order_acquire);
    if (sequence == 0 || from.sequence.load(std::memory_order_relaxed) != sequence) {
        return std::nullopt;
    }
    return ended_turn{sequence, cycle_clock::to_time(began), cycle_clock::to_time(ended)};
}

turn_log::turns turn_log::recent() const noexcept {
    turns result;
    for (const auto& each : entries_) {
        if (const auto turn = read(each)) {
            result.add(*turn);
        }
    }
    return result;
}

std::optional<ended_turn> turn_log::find(std::uint64_t sequence) const noexcept {
    for (const auto& each : entries_) {
        if (const auto turn = read(each); turn && turn->sequence == sequence) {
            return turn;
        }
    }
    return std::nullopt;
}

} // namespace loopmon::measure
