// SPDX-License-Identifier: MIT
#include "report/console.hpp"

#include "report/journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace loopmon::report {

namespace {

constexpr std::string_view end_of_colour = "\033[0m";

/// Those of journalctl.
std::string_view colour_of(priority severity) noexcept {
    switch (severity) {
    case priority::emerg:
    case priority::alert:
    case priority::crit:
    case priority::err:
        return "\033[1;31m"; // bold red
    case priority::warning:
        return "\033[1;33m"; // bold yellow
    case priority::notice:
        return "\033[1m"; // bold
    case priority::info:
    case priority::debug:
        break;
    }
    return "";
}

/// Local time with milliseconds, as "2026-11-22 21:42:41.123 ".
std::string time_stamp(model::wall_time when) {
    using namespace std::chrono;
    const auto whole = floor<seconds>(when);
    const std::time_t seconds_of_epoch = system_clock::to_time_t(whole);
    std::tm local{};
    ::localtime_r(&seconds_of_epoch, &local);
    std::array<char, 48> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
    std::snprintf(text.data() + length, text.size() - length, ".%03d ",
                  static_cast<int>(floor<milliseconds>(when - whole).count()));
    return text.data();
}

} // namespace

bool wants_colour(const char* no_color, const char* term) noexcept {
    const bool refused = no_color != nullptr && *no_color != '\0';
    return !refused && term != nullptr && std::string_view(term) != "dumb";
}

console_style console_style_of(int fd, bool colour) noexcept {
    if (::isatty(fd) == 1) {
        return colour ? console_style::coloured : console_style::plain;
    }
    struct stat is {};
    return ::fstat(fd, &is) == 0 && S_ISREG(is.st_mode) ? console_style::plain
                                                        : console_style::prefixed;
}

std::string console_text(const record& entry, console_style style, model::wall_time when) {
    const bool prefixed = style == console_style::prefixed;
    const auto colour =
        style == console_style::coloured ? colour_of(entry.severity) : std::string_view();
    const auto before = prefixed ? '<' + std::to_string(static_cast<int>(entry.severity)) + '>'
                                 : std::string(colour);
    const auto after = colour.empty() ? std::string_view() : end_of_colour;

    std::string out;
    std::string text = entry.text;
    if (!prefixed) {
        // The first line only: what follows belongs to it, and FILE:LINE:COL stays where an editor
        // finds it.
        out += time_stamp(when);
        text.insert(0, std::string(to_string(entry.severity)) + ": ");
    }
    if (!entry.details.empty()) {
        (text += '\n') += entry.details;
    }
    for (std::string_view rest = text;;) {
        const auto end = rest.find('\n');
        ((out += before) += rest.substr(0, end)) += after;
        out += '\n';
        if (end == std::string_view::npos) {
            return out;
        }
        rest.remove_prefix(end + 1);
    }
}

} // namespace loopmon::report
