// SPDX-License-Identifier: MIT
#include "report/journal.hpp"

#include "report/console.hpp"
#include "report/write_fully.hpp"

// The caller's location goes into the fields, not that of the call of sd_journal_sendv.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace loopmon::report {

namespace {

constexpr std::array<std::string_view, 8> priority_names = {"emerg",   "alert",  "crit", "err",
                                                            "warning", "notice", "info", "debug"};

bool write_journal(const record& entry, const boost::source_location& where) {
    std::vector<std::string> fields;
    fields.reserve(entry.fields.size() + 7);
    fields.push_back("MESSAGE=" + entry.text);
    if (!entry.details.empty()) {
        (fields.back() += '\n') += entry.details;
    }
    fields.push_back("PRIORITY=" + std::to_string(static_cast<int>(entry.severity)));
    fields.push_back(std::string("CODE_FILE=") + where.file_name());
    fields.push_back("CODE_LINE=" + std::to_string(where.line()));
    fields.push_back(std::string("CODE_FUNC=") + where.function_name());
    if (!entry.event.empty()) {
        fields.push_back("LOOPMON_EVENT=" + std::string(entry.event));
        fields.push_back("MESSAGE_ID=" + std::string(entry.message_id));
    }
    for (const auto& [name, value] : entry.fields) {
        if (!value.empty()) {
            fields.push_back(std::string(name) + '=' + value);
        }
    }
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (auto& field : fields) {
        parts.push_back({field.data(), field.size()});
    }
    // sd_journal_sendv succeeds silently when there is no socket, so look before.
    return ::access("/run/systemd/journal/socket", W_OK) == 0 &&
           sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

} // namespace

std::string_view to_string(priority severity) noexcept {
    return priority_names[static_cast<std::size_t>(severity)];
}

std::string_view to_string(log_target target) noexcept {
    return target == log_target::journal ? "journal" : "console";
}

std::optional<priority> parse_priority(std::string_view name) noexcept {
    for (std::size_t i = 0; i < priority_names.size(); ++i) {
        if (priority_names[i] == name) {
            return static_cast<priority>(i);
        }
    }
    return std::nullopt;
}

log_target detect_log_target() noexcept {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    struct stat is {};
    if (stream != nullptr && std::sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
        ::fstat(STDERR_FILENO, &is) == 0 && is.st_dev == device && is.st_ino == inode) {
        return log_target::journal;
    }
    return log_target::console;
}

journal::journal(log_target target) noexcept
    : target_(target), colour_(wants_colour(std::getenv("NO_COLOR"), std::getenv("TERM"))) {}

void journal::write(const record& entry, const boost::source_location& where) const {
    if (entry.severity > level()) {
        return;
    }
    if (target() == log_target::journal && write_journal(entry, where)) {
        return;
    }
    // If nobody reads standard error, there is nowhere left to complain.
    (void)write_fully(STDERR_FILENO, console_text(entry, console_style_of(STDERR_FILENO, colour_),
                                                  std::chrono::system_clock::now()));
}

} // namespace loopmon::report
