// SPDX-License-Identifier: MIT
//
// Why a reader needs no lock: the fields of a slot are written while its sequence is even, with
// releases. A reader that saw the sequence odd and then a field of the next task also sees, in its
// second look, that the sequence went on, and drops the copy. No fences, because thread sanitizers
// do not know them.
#include "measure/task_table.hpp"
#include "measure/task_name.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>

namespace loopmon::measure {

namespace {

constexpr std::size_t words_of(std::size_t bytes) {
    return (bytes + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t);
}

constexpr std::size_t name_words = words_of(task_table::name_capacity);

constexpr std::uint64_t pack_head(std::uint64_t tag, task_table::slot_index index) {
    return tag << 32 | index;
}

constexpr std::uint64_t tag_of(std::uint64_t head) {
    return head >> 32;
}

constexpr task_table::slot_index first_of(std::uint64_t head) {
    return static_cast<task_table::slot_index>(head);
}

// Chunk c begins with slot 64 * (2^c - 1) and has 64 * 2^c.
constexpr std::size_t chunk_of(task_table::slot_index index) {
    return static_cast<std::size_t>(std::bit_width(index / task_table::first_chunk + 1)) - 1;
}

constexpr std::size_t chunk_size(std::size_t chunk) {
    return task_table::first_chunk << chunk;
}

constexpr std::size_t chunk_begin(std::size_t chunk) {
    return chunk_size(chunk) - task_table::first_chunk;
}

} // namespace

// A slot of zero bytes is a free one that nobody used yet.
struct task_table::slot {
    std::atomic<std::uint32_t> sequence; ///< odd while the task lives
    std::atomic<slot_index> next_free;   ///< while it is on the free stack
    std::atomic<std::uint64_t> id;
    std::atomic<std::int64_t> began_ns;
    std::atomic<const char*> file;
    std::atomic<std::uint32_t> line;
    std::atomic<std::uint32_t> name_size;
    std::array<std::atomic<std::uint64_t>, name_words> name;

    void store(std::uint64_t task_id, std::string_view task_name,
               const boost::source_location& where,
               std::chrono::steady_clock::time_point now) noexcept;
    [[nodiscard]] std::optional<task_info> load() const;
};

void task_table::slot::store(std::uint64_t task_id, std::string_view task_name,
                             const boost::source_location& where,
                             std::chrono::steady_clock::time_point now) noexcept {
    constexpr auto order = std::memory_order_release;
    id.store(task_id, order);
    began_ns.store(std::chrono::nanoseconds(now.time_since_epoch()).count(), order);
    file.store(where.file_name(), order);
    line.store(static_cast<std::uint32_t>(where.line()), order);

    const auto text = cut_utf8(task_name, name_capacity);
    std::array<char, name_capacity> padded{};
    std::copy(text.begin(), text.end(), padded.begin());
    const auto words = std::bit_cast<std::array<std::uint64_t, name_words>>(padded);
    name_size.store(static_cast<std::uint32_t>(text.size()), order);
    for (std::size_t i = 0; i < words_of(text.size()); ++i)
        name[i].store(words[i], order);

    sequence.store(sequence.load(std::memory_order_relaxed) + 1, order);
}

std::optional<task_info> task_table::slot::load() const {
    constexpr auto order = std::memory_order_acquire;
    const auto before = sequence.load(order);
    if (before % 2 == 0)
        return std::nullopt;
    const auto task_id = id.load(order);
    const std::chrono::nanoseconds began(began_ns.load(order));
    const char* const path = file.load(order);
    const auto at = line.load(order);
    const std::size_t size = name_size.load(order);
    std::array<std::uint64_t, name_words> words{};
    for (std::size_t i = 0; i < words_of(size); ++i)
        words[i] = name[i].load(order);
    if (sequence.load(std::memory_order_relaxed) != before)
        return std::nullopt;
    const auto padded = std::bit_cast<std::array<char, name_capacity>>(words);
    return task_info{task_id, std::string(padded.data(), size), path, at,
                     std::chrono::steady_clock::time_point(began)};
}

task_table::task_table(std::size_t chunks) noexcept
    : capacity_(static_cast<slot_index>(chunk_begin(chunks))), free_head_(pack_head(0, no_slot)) {
    assert(chunks <= max_chunks);
}

task_table::~task_table() {
    for (auto& chunk : chunks_)
        std::free(chunk.load(std::memory_order_relaxed));
}

task_table::slot_index task_table::add(std::string_view name, const boost::source_location& where,
                                       std::chrono::steady_clock::time_point now) noexcept {
    active_.fetch_add(1, std::memory_order_relaxed);
    auto index = take_free();
    if (index == no_slot)
        index = take_fresh();
    if (index != no_slot)
        find(index)->store(next_id_.fetch_add(1, std::memory_order_relaxed), name, where, now);
    return index;
}

void task_table::remove(slot_index index) noexcept {
    active_.fetch_sub(1, std::memory_order_relaxed);
    if (index != no_slot)
        give_back(index, *find(index));
}

std::vector<task_info> task_table::list() const {
    std::vector<task_info> result;
    result.reserve(active());
    const auto end = next_fresh_.load(std::memory_order_acquire);
    for (slot_index index = 0; index < end; ++index)
        if (auto info = find(index)->load())
            result.push_back(*std::move(info));
    std::sort(result.begin(), result.end(),
              [](const task_info& a, const task_info& b) { return a.id < b.id; });
    return result;
}

task_table::slot* task_table::find(slot_index index) const noexcept {
    const auto chunk = chunk_of(index);
    return chunks_[chunk].load(std::memory_order_acquire) + (index - chunk_begin(chunk));
}

task_table::slot_index task_table::take_free() noexcept {
    auto head = free_head_.load(std::memory_order_acquire);
    for (;;) {
        const auto index = first_of(head);
        if (index == no_slot)
            return no_slot;
        // Another thread may take the slot meanwhile; what is read here is then thrown away with
        // the failing exchange, because every take changes the tag.
        const auto next = find(index)->next_free.load(std::memory_order_relaxed);
        if (free_head_.compare_exchange_weak(head, pack_head(tag_of(head) + 1, next),
                                             std::memory_order_acq_rel, std::memory_order_acquire))
            return index;
    }
}

void task_table::give_back(slot_index index, slot& freed) noexcept {
    freed.sequence.store(freed.sequence.load(std::memory_order_relaxed) + 1,
                         std::memory_order_release);
    auto head = free_head_.load(std::memory_order_relaxed);
    do
        freed.next_free.store(first_of(head), std::memory_order_relaxed);
    while (!free_head_.compare_exchange_weak(head, pack_head(tag_of(head), index),
                                             std::memory_order_acq_rel, std::memory_order_relaxed));
}

task_table::slot_index task_table::take_fresh() noexcept {
    auto index = next_fresh_.load(std::memory_order_relaxed);
    do {
        if (index == capacity_ || !ensure_chunk(chunk_of(index)))
            return no_slot;
    } while (!next_fresh_.compare_exchange_weak(index, index + 1, std::memory_order_acq_rel,
                                                std::memory_order_relaxed));
    return index;
}

bool task_table::ensure_chunk(std::size_t chunk) noexcept {
    if (chunks_[chunk].load(std::memory_order_acquire) != nullptr)
        return true;
    // Not new[]: it would write every page of a large chunk while the loop waits. Fresh pages are
    // zero already, and are touched as tasks come.
    static_assert(std::is_trivially_destructible_v<slot>);
    auto* const fresh = static_cast<slot*>(std::calloc(chunk_size(chunk), sizeof(slot)));
    if (fresh == nullptr)
        return false;
    slot* none = nullptr;
    if (!chunks_[chunk].compare_exchange_strong(none, fresh, std::memory_order_acq_rel))
        std::free(fresh); // another thread was faster
    return true;
}

} // namespace loopmon::measure
