// SPDX-License-Identifier: MIT
#include "stack/capture/unwind_table.hpp"

#include "stack/capture/byte_cursor.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace loopmon::stack {

namespace {

// Entries have some dozens of bytes; one for a function of a megabyte had 20 KB.
constexpr std::uint32_t entry_max = 256 * 1024;

// The index has pairs of 32-bit offsets, sorted, from its own beginning (DW_EH_PE_datarel |
// DW_EH_PE_sdata4). No linker makes another.
constexpr std::uint8_t usual_index = 0x3b;
constexpr std::uint8_t omitted = 0xff;

struct index_pair {
    std::int32_t function = 0;
    std::int32_t entry = 0;
};

using piece = unwind_entry::piece;

/// An entry or its common part without its length; empty if it is not there.
piece read_entry(const self_memory& memory, std::uintptr_t address) {
    std::uint32_t length = 0;
    piece read;
    if (memory.read(address, length) && length > sizeof length && length <= entry_max) {
        read.address = address + sizeof length;
        read.bytes.resize(length);
        if (!memory.read(read.address, read.bytes.data(), read.bytes.size())) {
            read.bytes.clear();
        }
    }
    return read;
}

piece rest_of(const piece& all, const byte_cursor& from) {
    const auto at = static_cast<std::ptrdiff_t>(from.position());
    return {{all.bytes.begin() + at, all.bytes.end()}, from.address()};
}

/// Where the entry is that begins last before the instruction; 0: nowhere.
std::uintptr_t search(const self_memory& memory, std::uintptr_t header,
                      std::uintptr_t instruction) {
    std::vector<std::uint8_t> start(20); // four bytes, two pointers of eight at most
    if (!memory.read(header, start.data(), start.size())) {
        return 0;
    }
    byte_cursor at(start, header);
    const auto version = at.byte();
    const auto table_encoding = at.byte();
    const auto count_encoding = at.byte();
    const auto index_encoding = at.byte();
    if (version != 1 || count_encoding == omitted || index_encoding != usual_index) {
        return 0;
    }
    (void)at.pointer(table_encoding, header);
    const auto count = at.pointer(count_encoding, header);
    if (at.failed()) {
        return 0;
    }
    const auto index = at.address();
    const auto of = [&](std::uintptr_t i) {
        index_pair pair;
        const bool read = memory.read(index + i * sizeof pair, pair);
        return read ? std::optional(pair) : std::nullopt;
    };
    const auto place = [&](std::int32_t offset) {
        return header + static_cast<std::uintptr_t>(std::intptr_t{offset});
    };
    std::uintptr_t low = 0;
    std::uintptr_t high = count;
    std::uintptr_t found = 0;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        const auto pair = of(middle);
        if (!pair) {
            return 0;
        }
        if (place(pair->function) <= instruction) {
            found = place(pair->entry);
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

/// @return whether it is understood
bool read_common(const self_memory& memory, std::uintptr_t address, unwind_entry& into) {
    const auto all = read_entry(memory, address);
    byte_cursor at(all.bytes, all.address);
    const auto mark = at.number<std::uint32_t>();
    const auto version = at.byte();
    if (at.failed() || mark != 0 || (version != 1 && version != 3)) {
        return false;
    }
    std::string augmentation;
    for (auto c = at.byte(); c != 0; c = at.byte()) {
        augmentation += static_cast<char>(c);
    }
    into.code_alignment = at.uleb();
    into.data_alignment = at.sleb();
    into.return_column = version == 1 ? at.byte() : at.uleb();
    if (!augmentation.empty()) {
        if (augmentation.front() != 'z') { // older than any compiler that knows C++20
            return false;
        }
        const auto size = at.uleb();
        const auto begin = at.position();
        for (const char c : augmentation.substr(1)) {
            if (c == 'R') {
                into.pointer_encoding = at.byte();
            } else if (c == 'P') {
                const auto encoding = at.byte();
                (void)at.length(encoding);
            } else if (c == 'L') {
                (void)at.byte();
            } else if (c == 'S') {
                into.signal_frame = true;
            } // 'B', 'G' (aarch64) have no data
        }
        at.seek(begin + static_cast<std::size_t>(size));
    }
    if (!at.failed()) {
        into.initial = rest_of(all, at);
    }
    return !at.failed();
}

} // namespace

std::optional<unwind_entry> find_unwind_entry(const self_memory& memory, const loaded_image& image,
                                              std::uintptr_t instruction) {
    const auto address =
        image.unwind_header != 0 ? search(memory, image.unwind_header, instruction) : 0;
    if (address == 0) {
        return std::nullopt;
    }
    const auto all = read_entry(memory, address);
    byte_cursor at(all.bytes, all.address);
    const auto own_place = at.address();
    const auto back = at.number<std::uint32_t>();
    unwind_entry entry;
    if (at.failed() || back == 0 || !read_common(memory, own_place - back, entry)) {
        return std::nullopt;
    }
    entry.begin = at.pointer(entry.pointer_encoding);
    entry.end = entry.begin + at.length(entry.pointer_encoding);
    at.skip(at.uleb()); // augmentation data
    if (at.failed() || instruction < entry.begin || instruction >= entry.end) {
        return std::nullopt;
    }
    entry.instructions = rest_of(all, at);
    return entry;
}

} // namespace loopmon::stack
