// SPDX-License-Identifier: MIT
//
// Writes records where this process logs: the journal with all fields, or standard error
// (console.hpp).
#pragma once

#include "model/log_settings.hpp"
#include "report/journal_socket.hpp"
#include "report/record.hpp"

#include <loopmon/source_location.hpp>

#include <string>

namespace loopmon::report {

/// The journal if standard error is connected to it ($JOURNAL_STREAM, systemd.exec(5)), else the
/// console.
[[nodiscard]] log_target detect_log_target() noexcept;

class journal : public log_settings {
public:
    /// The environment is read here and never again: others may change theirs while this writes.
    /// The journal's socket is looked up here, and again only if it is lost.
    explicit journal(log_target target = detect_log_target(),
                     std::string socket_path = "/run/systemd/journal/socket");

    /// May block on the journal socket or on standard error: for the outbox thread. A record that
    /// the journal does not take goes to standard error.
    void write(const record& entry, const source_location& where);

private:
    journal_socket socket_;
    bool colour_; ///< if standard error is a terminal
};

} // namespace loopmon::report
