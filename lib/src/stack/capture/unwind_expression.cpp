// SPDX-License-Identifier: MIT
#include "stack/capture/unwind_expression.hpp"

#include "stack/capture/byte_cursor.hpp"

#include <array>
#include <cstddef>

namespace loopmon::stack {

namespace {

// Real ones have a dozen operations. Jumps are not among them, so each ends.
class evaluation {
public:
    evaluation(const unwind_registers& registers, const self_memory& memory)
        : registers_(registers), memory_(memory) {}

    void push(std::uintptr_t value) noexcept {
        if (depth_ == stack_.size()) {
            failed_ = true;
            return;
        }
        stack_[depth_++] = value;
    }
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    [[nodiscard]] std::optional<std::uintptr_t> result() const noexcept {
        return failed_ || depth_ == 0 ? std::nullopt : std::optional(stack_[depth_ - 1]);
    }

    void step(std::uint8_t operation, byte_cursor& at) {
        if (operation >= 0x30 && operation <= 0x4f) { // DW_OP_lit0 ..
            push(operation - 0x30U);
        } else if (operation >= 0x70 && operation <= 0x8f) { // DW_OP_breg0 ..
            push_register(operation - 0x70U, at.sleb());
        } else if (!constant(operation, at)) {
            arithmetic(operation, at);
        }
    }

private:
    std::uintptr_t pop() noexcept {
        if (depth_ == 0) {
            failed_ = true;
            return 0;
        }
        return stack_[--depth_];
    }
    void push_register(std::uint64_t number, std::int64_t offset) {
        const auto value = registers_.get(number);
        failed_ = failed_ || !value;
        push(value.value_or(0) + static_cast<std::uintptr_t>(offset));
    }
    bool constant(std::uint8_t operation, byte_cursor& at) {
        switch (operation) {
        case 0x03: // DW_OP_addr
            push(at.number<std::uintptr_t>());
            return true;
        case 0x08: // DW_OP_const1u .. const4s
            push(at.byte());
            return true;
        case 0x09:
            push(static_cast<std::uintptr_t>(std::intptr_t{at.number<std::int8_t>()}));
            return true;
        case 0x0a:
            push(at.number<std::uint16_t>());
            return true;
        case 0x0b:
            push(static_cast<std::uintptr_t>(std::intptr_t{at.number<std::int16_t>()}));
            return true;
        case 0x0c:
            push(at.number<std::uint32_t>());
            return true;
        case 0x0d:
            push(static_cast<std::uintptr_t>(std::intptr_t{at.number<std::int32_t>()}));
            return true;
        case 0x10: // DW_OP_constu
            push(static_cast<std::uintptr_t>(at.uleb()));
            return true;
        case 0x11: // DW_OP_consts
            push(static_cast<std::uintptr_t>(at.sleb()));
            return true;
        default:
            return false;
        }
    }
    void arithmetic(std::uint8_t operation, byte_cursor& at) {
        if (operation == 0x92) { // DW_OP_bregx
            const auto number = at.uleb();
            push_register(number, at.sleb());
            return;
        }
        const auto b = pop();
        switch (operation) {
        case 0x06: { // DW_OP_deref
            std::uintptr_t value = 0;
            failed_ = failed_ || !memory_.read(b, value);
            return push(value);
        }
        case 0x12: // DW_OP_dup
            push(b);
            return push(b);
        case 0x13: // DW_OP_drop
            return;
        case 0x1f: // DW_OP_neg
            return push(0 - b);
        case 0x23: // DW_OP_plus_uconst
            return push(b + static_cast<std::uintptr_t>(at.uleb()));
        default:
            return binary(operation, pop(), b);
        }
    }
    void binary(std::uint8_t operation, std::uintptr_t a, std::uintptr_t b) {
        constexpr unsigned bits = sizeof a * 8;
        const auto left = static_cast<std::intptr_t>(a);
        const auto right = static_cast<std::intptr_t>(b);
        switch (operation) {
        case 0x1a: // DW_OP_and
            return push(a & b);
        case 0x1c: // DW_OP_minus
            return push(a - b);
        case 0x21: // DW_OP_or
            return push(a | b);
        case 0x22: // DW_OP_plus
            return push(a + b);
        case 0x24: // DW_OP_shl
            return push(b < bits ? a << b : 0);
        case 0x29: // DW_OP_eq, ge, gt, le, lt, ne
            return push(left == right ? 1 : 0);
        case 0x2a:
            return push(left >= right ? 1 : 0);
        case 0x2b:
            return push(left > right ? 1 : 0);
        case 0x2c:
            return push(left <= right ? 1 : 0);
        case 0x2d:
            return push(left < right ? 1 : 0);
        case 0x2e:
            return push(left != right ? 1 : 0);
        default:
            failed_ = true;
        }
    }

    const unwind_registers& registers_;
    const self_memory& memory_;
    std::array<std::uintptr_t, 16> stack_{};
    std::size_t depth_ = 0;
    bool failed_ = false;
};

} // namespace

std::optional<std::uintptr_t> evaluate_expression(const std::vector<std::uint8_t>& code,
                                                  const unwind_registers& registers,
                                                  const self_memory& memory,
                                                  std::optional<std::uintptr_t> first) {
    evaluation running(registers, memory);
    if (first) {
        running.push(*first);
    }
    byte_cursor at(code, 0);
    while (!at.at_end() && !running.failed()) {
        const auto operation = at.byte();
        running.step(operation, at);
    }
    return at.failed() ? std::nullopt : running.result();
}

} // namespace loopmon::stack
