// SPDX-License-Identifier: MIT
#include "stack/capture/stack_walk.hpp"

#include "stack/capture/frame_search.hpp"
#include "stack/capture/stack_request.hpp"
#include "stack/capture/unwind_row.hpp"
#include "stack/capture/unwind_table.hpp"
#include "stack/loaded_image.hpp"
#include "stack/self_memory.hpp"

#include <optional>

namespace loopmon::stack {

namespace {

/// The signature of pointer authentication is above the 48 bits of an address.
std::uintptr_t without_signature(std::uintptr_t address) {
    return static_cast<std::uintptr_t>(address & 0x0000'ffff'ffff'ffffU);
}

class walker {
public:
    walker(std::uintptr_t stack_pointer, std::uintptr_t instruction) : instruction_(instruction) {
        registers_.set(stack_register, stack_pointer);
    }

    walked_stack walk() {
        walked_stack out;
        for (std::optional<walked_stack::end> end; !end;) {
            if (out.frames.size() == frame_limit) {
                end = walked_stack::end::limit;
            } else {
                out.frames.push_back(place());
                end = step();
            }
            out.because = end.value_or(out.because);
        }
        out.guessed = guessed_;
        return out;
    }

private:
    /// Inside the instruction that runs: a return address is already behind it.
    [[nodiscard]] std::uintptr_t place() const {
        return interrupted_ ? instruction_ : instruction_ - 1;
    }

    std::optional<walked_stack::end> step() {
        using end = walked_stack::end;
        const auto image = find_loaded_image(place());
        const auto entry = image ? find_unwind_entry(memory_, *image, place()) : std::nullopt;
        const auto row = entry ? unwind_row_at(*entry, place()) : std::nullopt;
        if (!row) {
            return end::no_table;
        }
        if (entry->return_column >= unwind_registers::count ||
            row->registers[static_cast<std::size_t>(entry->return_column)].how ==
                unwind_rule::kind::undefined) {
            return end::outermost;
        }
        const auto frame = frame_of(*entry, *row);
        if (!frame) {
            return end::unknown_register;
        }
        const auto caller = row->caller_of(registers_, *frame, memory_);
        const auto back = caller.get(entry->return_column);
        if (!back || !leads_on(*entry, *frame, *back)) {
            return end::unknown_register;
        }
        if (*back == 0) {
            return end::outermost;
        }
        registers_ = caller;
        instruction_ = row->return_signed ? without_signature(*back) : *back;
        interrupted_ = entry->signal_frame;
        return std::nullopt;
    }

    std::optional<std::uintptr_t> frame_of(const unwind_entry& entry, const unwind_row& row) {
        if (const auto known = row.frame_address(registers_, memory_)) {
            return known;
        }
        const auto here = registers_.get(stack_register);
        const auto found = here ? search_frame(entry, row, *here, memory_) : std::nullopt;
        guessed_ = guessed_ || (found && !found->proven);
        return found ? std::optional(found->address) : std::nullopt;
    }

    /// Stacks grow downwards, but for the switch to a signal stack and back.
    [[nodiscard]] bool leads_on(const unwind_entry& entry, std::uintptr_t frame,
                                std::uintptr_t back) const {
        const auto here = registers_.get(stack_register);
        return here &&
               (entry.signal_frame || frame > *here || (frame == *here && back != instruction_));
    }

    self_memory memory_;
    unwind_registers registers_;
    std::uintptr_t instruction_;
    bool interrupted_ = true;
    bool guessed_ = false;
};

} // namespace

walked_stack walk_stack(std::uintptr_t stack_pointer, std::uintptr_t instruction) {
    return can_unwind_sleepers ? walker(stack_pointer, instruction).walk()
                               : walked_stack{{instruction}, walked_stack::end::no_table};
}

} // namespace loopmon::stack
