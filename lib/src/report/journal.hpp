// SPDX-License-Identifier: MIT
//
// Writes records where this process logs: the journal with all fields, or standard error
// (console.hpp).
#pragma once

#include "report/journal_socket.hpp"
#include "report/message.hpp"

#include <boost/assert/source_location.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

namespace loopmon::report {

enum class log_target { journal, console };

[[nodiscard]] std::string_view to_string(priority severity) noexcept;
[[nodiscard]] std::string_view to_string(log_target target) noexcept;
/// Also knows the names that org.freedesktop.LogControl1 asks for.
[[nodiscard]] std::optional<priority> parse_priority(std::string_view name) noexcept;

/// The journal if standard error is connected to it ($JOURNAL_STREAM, systemd.exec(5)), else the
/// console.
[[nodiscard]] log_target detect_log_target() noexcept;

/// Level and target may be changed from any thread while another writes.
class journal {
public:
    /// The environment is read here and never again: others may change theirs while this writes.
    /// The journal's socket is looked up here, and again only if it is lost.
    explicit journal(log_target target = detect_log_target(),
                     std::string socket_path = "/run/systemd/journal/socket");

    [[nodiscard]] priority level() const noexcept { return level_; }
    void level(priority least) noexcept { level_ = least; }
    [[nodiscard]] log_target target() const noexcept { return target_; }
    void target(log_target target) noexcept { target_ = target; }

    /// May block on the journal socket or on standard error: for the outbox thread. A record that
    /// the journal does not take goes to standard error.
    void write(const record& entry, const boost::source_location& where);

private:
    std::atomic<log_target> target_;
    std::atomic<priority> level_{priority::info};
    journal_socket socket_;
    bool colour_; ///< if standard error is a terminal
};

} // namespace loopmon::report
