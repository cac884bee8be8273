// SPDX-License-Identifier: MIT
#include "stack/capture/unwind_row.hpp"

#include "stack/capture/byte_cursor.hpp"
#include "stack/capture/unwind_expression.hpp"

#include <cstddef>
#include <utility>

namespace loopmon::stack {

namespace {

using kind = unwind_rule::kind;

class table_program {
public:
    table_program(const unwind_entry& entry, std::uintptr_t instruction)
        : entry_(entry), wanted_(instruction), at_(entry.begin) {}

    bool run(const unwind_entry::piece& code) {
        byte_cursor from(code.bytes, code.address);
        while (!from.at_end() && !failed_ && at_ <= wanted_) {
            step(from);
        }
        return !from.failed() && !failed_;
    }
    void initial_is_done() { initial_ = row_; }
    [[nodiscard]] unwind_row take() { return std::move(row_); }

private:
    void advance(std::uint64_t by) {
        at_ += static_cast<std::uintptr_t>(by * entry_.code_alignment);
    }
    [[nodiscard]] std::int64_t factored(std::int64_t value) const {
        return value * entry_.data_alignment;
    }
    void set(std::uint64_t number, unwind_rule rule) {
        if (number < unwind_registers::count) {
            row_.registers[static_cast<std::size_t>(number)] = std::move(rule);
        }
    }
    void restore(std::uint64_t number) {
        if (number < unwind_registers::count) {
            row_.registers[static_cast<std::size_t>(number)] =
                initial_.registers[static_cast<std::size_t>(number)];
        }
    }
    static std::vector<std::uint8_t> block(byte_cursor& from) {
        std::vector<std::uint8_t> code;
        for (auto left = from.uleb(); left > 0 && !from.failed(); --left) {
            code.push_back(from.byte());
        }
        return code;
    }

    void step(byte_cursor& from) {
        const auto operation = from.byte();
        const std::uint64_t operand = operation & 0x3fU;
        switch (operation & 0xc0U) {
        case 0x40: // DW_CFA_advance_loc
            return advance(operand);
        case 0x80: // DW_CFA_offset
            return set(operand,
                       {kind::at_offset, factored(static_cast<std::int64_t>(from.uleb()))});
        case 0xc0: // DW_CFA_restore
            return restore(operand);
        default:
            if (!of_place(operation, from) && !of_frame(operation, from)) {
                of_register(operation, from);
            }
        }
    }

    bool of_place(std::uint8_t operation, byte_cursor& from) {
        switch (operation) {
        case 0x00: // DW_CFA_nop
            return true;
        case 0x01: // DW_CFA_set_loc
            at_ = from.pointer(entry_.pointer_encoding);
            return true;
        case 0x02: // DW_CFA_advance_loc1, 2, 4
            advance(from.byte());
            return true;
        case 0x03:
            advance(from.number<std::uint16_t>());
            return true;
        case 0x04:
            advance(from.number<std::uint32_t>());
            return true;
        case 0x0a: // DW_CFA_remember_state
            failed_ = failed_ || remembered_.size() == remembered_max;
            remembered_.push_back(row_);
            return true;
        case 0x0b: // DW_CFA_restore_state
            failed_ = failed_ || remembered_.empty();
            if (!failed_) {
                row_ = std::move(remembered_.back());
                remembered_.pop_back();
            }
            return true;
        default:
            return false;
        }
    }

    bool of_frame(std::uint8_t operation, byte_cursor& from) {
        const auto register_and = [&](std::int64_t offset) {
            row_.cfa_offset = offset;
            return true;
        };
        switch (operation) {
        case 0x0c: // DW_CFA_def_cfa
            row_.cfa = {kind::in_register, static_cast<std::int64_t>(from.uleb())};
            return register_and(static_cast<std::int64_t>(from.uleb()));
        case 0x12: // DW_CFA_def_cfa_sf
            row_.cfa = {kind::in_register, static_cast<std::int64_t>(from.uleb())};
            return register_and(factored(from.sleb()));
        case 0x0d: // DW_CFA_def_cfa_register
            row_.cfa = {kind::in_register, static_cast<std::int64_t>(from.uleb())};
            return true;
        case 0x0e: // DW_CFA_def_cfa_offset
            return register_and(static_cast<std::int64_t>(from.uleb()));
        case 0x13: // DW_CFA_def_cfa_offset_sf
            return register_and(factored(from.sleb()));
        case 0x0f: // DW_CFA_def_cfa_expression
            row_.cfa = {kind::is_expression, 0, block(from)};
            return true;
        case 0x2d: // DW_CFA_AARCH64_negate_ra_state; another processor's register windows
            row_.return_signed = !row_.return_signed;
            return true;
        case 0x2e: // DW_CFA_GNU_args_size
            (void)from.uleb();
            return true;
        default:
            return false;
        }
    }

    void of_register(std::uint8_t operation, byte_cursor& from) {
        const auto number = from.uleb();
        switch (operation) {
        case 0x05: // DW_CFA_offset_extended
            return set(number, {kind::at_offset, factored(static_cast<std::int64_t>(from.uleb()))});
        case 0x11: // DW_CFA_offset_extended_sf
            return set(number, {kind::at_offset, factored(from.sleb())});
        case 0x2f: // DW_CFA_GNU_negative_offset_extended
            return set(number,
                       {kind::at_offset, -factored(static_cast<std::int64_t>(from.uleb()))});
        case 0x14: // DW_CFA_val_offset
            return set(number, {kind::is_offset, factored(static_cast<std::int64_t>(from.uleb()))});
        case 0x15: // DW_CFA_val_offset_sf
            return set(number, {kind::is_offset, factored(from.sleb())});
        case 0x06: // DW_CFA_restore_extended
            return restore(number);
        case 0x07: // DW_CFA_undefined
            return set(number, {kind::undefined});
        case 0x08: // DW_CFA_same_value
            return set(number, {kind::same});
        case 0x09: // DW_CFA_register
            return set(number, {kind::in_register, static_cast<std::int64_t>(from.uleb())});
        case 0x10: // DW_CFA_expression
            return set(number, {kind::at_expression, 0, block(from)});
        case 0x16: // DW_CFA_val_expression
            return set(number, {kind::is_expression, 0, block(from)});
        default:
            failed_ = true;
        }
    }

    // Compilers nest them two deep at most.
    static constexpr std::size_t remembered_max = 8;

    const unwind_entry& entry_;
    std::uintptr_t wanted_;
    std::uintptr_t at_;
    unwind_row row_;
    unwind_row initial_;
    std::vector<unwind_row> remembered_;
    bool failed_ = false;
};

std::optional<std::uintptr_t> word_at(std::uintptr_t address, const self_memory& memory) {
    std::uintptr_t value = 0;
    return memory.read(address, value) ? std::optional(value) : std::nullopt;
}

std::optional<std::uintptr_t> apply(const unwind_rule& rule, std::size_t number,
                                    const unwind_registers& in, std::uintptr_t cfa,
                                    const self_memory& memory) {
    const auto offset = cfa + static_cast<std::uintptr_t>(rule.value);
    switch (rule.how) {
    case kind::same:
        // The stack pointer of the caller is the frame address by definition.
        return number == stack_register ? cfa : in.get(number);
    case kind::at_offset:
        return word_at(offset, memory);
    case kind::is_offset:
        return offset;
    case kind::in_register:
        return in.get(static_cast<std::uint64_t>(rule.value));
    case kind::at_expression: {
        const auto place = evaluate_expression(rule.expression, in, memory, cfa);
        return place ? word_at(*place, memory) : std::nullopt;
    }
    case kind::is_expression:
        return evaluate_expression(rule.expression, in, memory, cfa);
    case kind::undefined:
        break;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::uintptr_t> unwind_row::frame_address(const unwind_registers& in,
                                                        const self_memory& memory) const {
    if (cfa.how == kind::is_expression) {
        return evaluate_expression(cfa.expression, in, memory);
    }
    const auto base = in.get(static_cast<std::uint64_t>(cfa.value));
    return base && cfa.how == kind::in_register
               ? std::optional(*base + static_cast<std::uintptr_t>(cfa_offset))
               : std::nullopt;
}

unwind_registers unwind_row::caller_of(const unwind_registers& in, std::uintptr_t cfa_is,
                                       const self_memory& memory) const {
    unwind_registers out;
    for (std::size_t i = 0; i < registers.size(); ++i) {
        out.values[i] = apply(registers[i], i, in, cfa_is, memory);
    }
    return out;
}

std::optional<unwind_row> unwind_row_at(const unwind_entry& entry, std::uintptr_t instruction) {
    table_program program(entry, instruction);
    if (!program.run(entry.initial)) {
        return std::nullopt;
    }
    program.initial_is_done();
    return program.run(entry.instructions) ? std::optional(program.take()) : std::nullopt;
}

} // namespace loopmon::stack
