// SPDX-License-Identifier: MIT
#include "report/journal.hpp"

#include "base/write_fully.hpp"
#include "report/console.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace loopmon::report {

namespace {

std::vector<std::string> journal_fields(const record& entry, const source_location& where) {
    std::vector<std::string> fields;
    fields.reserve(entry.fields.size() + 8);
    // As sd_journal_send(3) does, which journald does not do for others.
    fields.push_back(std::string("SYSLOG_IDENTIFIER=") + program_invocation_short_name);
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
    return fields;
}

} // namespace

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

journal::journal(log_target target, std::string socket_path)
    : log_settings(target),
      socket_(std::move(socket_path)),
      colour_(wants_colour(std::getenv("NO_COLOR"), std::getenv("TERM"))) {}

void journal::write(const record& entry, const source_location& where) {
    if (entry.severity > level()) {
        return;
    }
    if (target() == log_target::journal && socket_.send(journal_fields(entry, where))) {
        return;
    }
    // If nobody reads standard error, there is nowhere left to complain.
    (void)base::write_fully(STDERR_FILENO,
                            console_text(entry, console_style_of(STDERR_FILENO, colour_),
                                         std::chrono::system_clock::now()));
}

} // namespace loopmon::report
