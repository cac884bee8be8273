// SPDX-License-Identifier: MIT
#include "report/journal.hpp"

// The caller's location goes into the fields, not that of the call of sd_journal_sendv.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace loopmon::report {

namespace {

constexpr std::array<std::string_view, 8> priority_names = {"emerg",   "alert",  "crit", "err",
                                                            "warning", "notice", "info", "debug"};

void write_fully(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written <= 0) {
            return; // nobody reads standard error; there is nowhere left to complain
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string full_text(const record& entry) {
    return entry.details.empty() ? entry.text : entry.text + '\n' + entry.details;
}

bool write_journal(const record& entry, const boost::source_location& where) {
    std::vector<std::string> fields;
    fields.reserve(entry.fields.size() + 7);
    fields.push_back("MESSAGE=" + full_text(entry));
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

std::string console_text(const record& entry, bool terminal) {
    const auto severity = static_cast<int>(entry.severity);
    const std::string before = !terminal ? '<' + std::to_string(severity) + '>'
                               : entry.severity <= priority::err     ? "\033[1;31m"
                               : entry.severity == priority::warning ? "\033[1;33m"
                               : entry.severity == priority::notice  ? "\033[1m"
                                                                     : "";
    const std::string after = terminal && !before.empty() ? "\033[0m\n" : "\n";
    std::string out;
    const auto text = full_text(entry);
    std::string_view rest = text;
    while (true) {
        const auto end = rest.find('\n');
        out += before;
        out += rest.substr(0, end);
        out += after;
        if (end == std::string_view::npos) {
            return out;
        }
        rest.remove_prefix(end + 1);
    }
}

void journal::write(const record& entry, const boost::source_location& where) const {
    if (entry.severity > level()) {
        return;
    }
    if (target() == log_target::journal && write_journal(entry, where)) {
        return;
    }
    write_fully(STDERR_FILENO, console_text(entry, ::isatty(STDERR_FILENO) == 1));
}

} // namespace loopmon::report
