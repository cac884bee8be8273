// SPDX-License-Identifier: MIT
#include "stack/capture/frame_search.hpp"

#include "stack/capture/unwind_registers.hpp"
#include "stack/loaded_image.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace loopmon::stack {

namespace {

// A frame with a larger buffer in it stays unknown.
constexpr std::size_t searched_bytes = std::size_t{64} * 1024;
constexpr std::size_t block_bytes = 4096;
// From a frame to its caller's: the same buffers, and more of them.
constexpr std::uintptr_t frame_distance_max = std::uintptr_t{1024} * 1024;

constexpr std::size_t word = sizeof(std::uintptr_t);
constexpr std::uintptr_t alignment = 2 * word; // of every frame, by the ABI

#if defined(__x86_64__) || defined(__i386__)

template <class Number>
std::optional<Number> read_at(std::uintptr_t address, const self_memory& memory) {
    Number value{};
    return memory.read(address, value) ? std::optional(value) : std::nullopt;
}

std::uintptr_t relative(std::uintptr_t next, std::int32_t offset) {
    return next + static_cast<std::uintptr_t>(std::intptr_t{offset});
}

/// Where a stub of the PLT jumps to: [endbr64] [bnd] jmp *offset(%rip). 0 if it is none.
std::uintptr_t stub_target(std::uintptr_t stub, const self_memory& memory) {
#if defined(__x86_64__)
    if (read_at<std::uint32_t>(stub, memory) == 0xfa1e0ff3U) {
        stub += 4;
    }
    if (read_at<std::uint8_t>(stub, memory) == 0xf2U) {
        stub += 1;
    }
    const auto offset = read_at<std::int32_t>(stub + 2, memory);
    if (read_at<std::uint16_t>(stub, memory) == 0x25ffU && offset) {
        return read_at<std::uintptr_t>(relative(stub + 6, *offset), memory).value_or(0);
    }
#endif
    return (void)stub, (void)memory, 0;
}

/// call *register or call *memory (FF /2) in 2, 3, 6 or 7 bytes, those of one prefix included.
bool is_call_by_pointer(const std::array<std::uint8_t, 7>& before) {
    constexpr std::array<std::size_t, 4> lengths = {2, 3, 6, 7};
    for (const auto length : lengths) {
        const auto* const code = before.data() + before.size() - length;
        if (code[0] == 0xff && (code[1] & 0x38U) == 0x10) {
            return true;
        }
    }
    return false;
}

called_by call_in_front(std::uintptr_t back, std::uintptr_t function, const self_memory& memory) {
    std::array<std::uint8_t, 7> before{};
    if (!memory.read(back - before.size(), before)) {
        return called_by::nothing;
    }
    if (before[2] == 0xe8) { // call offset
        std::int32_t offset = 0;
        std::memcpy(&offset, &before[3], sizeof offset);
        const auto target = relative(back, offset);
        const bool named = target == function || stub_target(target, memory) == function;
        return named ? called_by::name : called_by::other;
    }
    return is_call_by_pointer(before) ? called_by::pointer : called_by::nothing;
}

#elif defined(__aarch64__)

called_by call_in_front(std::uintptr_t back, std::uintptr_t function, const self_memory& memory) {
    std::uint32_t code = 0;
    if (!memory.read(back - sizeof code, code)) {
        return called_by::nothing;
    }
    if ((code & 0xfc000000U) == 0x94000000U) { // bl: words, 26 bits, signed
        const auto words = static_cast<std::int32_t>(code << 6U) >> 6;
        const auto target =
            back - sizeof code + static_cast<std::uintptr_t>(std::intptr_t{words} * 4);
        return target == function ? called_by::name : called_by::other;
    }
    const bool by_register = (code & 0xfffffc1fU) == 0xd63f0000U || // blr
                             (code & 0xfefff800U) == 0xd63f0800U;   // blraa and the like
    return by_register ? called_by::pointer : called_by::nothing;
}

#else

called_by call_in_front(std::uintptr_t /*back*/, std::uintptr_t /*function*/,
                        const self_memory& /*memory*/) {
    return called_by::nothing;
}

#endif

/// Words of the stack from one address upwards, as far as they can be read.
class stack_window {
public:
    stack_window(std::uintptr_t begin, const self_memory& memory) : begin_(begin) {
        while (size_ < bytes_.size() && memory.read(begin + size_, &bytes_[size_], block_bytes)) {
            size_ += block_bytes;
        }
    }
    [[nodiscard]] std::uintptr_t end() const { return begin_ + size_; }
    [[nodiscard]] std::uintptr_t at(std::uintptr_t address) const {
        std::uintptr_t value = 0;
        if (address >= begin_ && address + word <= end()) {
            std::memcpy(&value, &bytes_[address - begin_], word);
        }
        return value;
    }

private:
    std::uintptr_t begin_;
    std::size_t size_ = 0;
    std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(searched_bytes);
};

} // namespace

called_by call_before(std::uintptr_t back, std::uintptr_t function, const self_memory& memory) {
    return back > block_bytes && find_loaded_image(back - 1) ? call_in_front(back, function, memory)
                                                             : called_by::nothing;
}

std::optional<found_frame> search_frame(const unwind_entry& function, const unwind_row& row,
                                        std::uintptr_t stack_pointer, const self_memory& memory) {
    using kind = unwind_rule::kind;
    const auto& frame = row.registers[frame_register];
    const auto& back = row.registers[static_cast<std::size_t>(function.return_column)];
    if (row.cfa.how != kind::in_register || row.cfa.value != std::int64_t{frame_register} ||
        frame.how != kind::at_offset || back.how != kind::at_offset) {
        return std::nullopt;
    }
    const stack_window stack(stack_pointer / word * word, memory);
    bool believes_pointers = true;
    for (auto at = (stack_pointer + alignment) / alignment * alignment; at <= stack.end();
         at += alignment) {
        const auto outer = stack.at(at + static_cast<std::uintptr_t>(frame.value));
        const auto address = stack.at(at + static_cast<std::uintptr_t>(back.value));
        const bool is_frame = outer % word == 0 && outer >= at && outer - at <= frame_distance_max;
        switch (call_before(address, function.begin, memory)) {
        case called_by::name:
            return found_frame{at, true};
        case called_by::pointer:
            if (is_frame && believes_pointers) {
                return found_frame{at, false};
            }
            break;
        case called_by::other:
            believes_pointers = believes_pointers && !is_frame;
            break;
        case called_by::nothing:
            break;
        }
    }
    return std::nullopt;
}

} // namespace loopmon::stack
