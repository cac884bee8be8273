// SPDX-License-Identifier: MIT
#include "stack/capture/thread_place.hpp"

#include "proc/task_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

namespace loopmon::stack {

namespace {

std::string_view next_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

std::optional<unsigned long> hexadecimal(std::string_view word) {
    if (!word.starts_with("0x")) {
        return std::nullopt;
    }
    unsigned long value = 0;
    const auto* const end = word.data() + word.size();
    const auto [rest, error] = std::from_chars(word.data() + 2, end, value, 16);
    return error == std::errc() && rest == end ? std::optional(value) : std::nullopt;
}

} // namespace

thread_place parse_place(std::string_view text) {
    thread_place place;
    const auto first = next_word(text);
    if (first == "running") {
        place.is = thread_place::state::running;
        return place;
    }
    const auto* const end = first.data() + first.size();
    if (const auto [rest, error] = std::from_chars(first.data(), end, place.call);
        error != std::errc() || rest != end) {
        return {};
    }
    bool whole = true;
    const auto number = [&] {
        const auto value = hexadecimal(next_word(text));
        whole = whole && value.has_value();
        return value.value_or(0);
    };
    if (place.call >= 0) {
        std::generate(place.arguments.begin(), place.arguments.end(), number);
    }
    place.stack_pointer = number();
    place.instruction = number();
    if (!whole || place.stack_pointer == 0) {
        return {};
    }
    place.is = thread_place::state::asleep;
    return place;
}

thread_place look_at_place(pid_t tid) {
    const auto file = proc::read_task_file(tid, "syscall");
    if (file.error == 0) {
        return parse_place(file.text);
    }
    // The file may be missing or refused for a thread that lives; its state is open to everybody.
    const auto stat = proc::read_task_file(tid, "stat");
    thread_place place;
    if (stat.error == ENOENT || stat.error == ESRCH) {
        place.is = thread_place::state::gone;
    } else if (stat.text.find(") R ", stat.text.rfind(')')) != stat.text.npos) {
        place.is = thread_place::state::running;
    }
    return place;
}

} // namespace loopmon::stack
