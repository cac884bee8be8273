// SPDX-License-Identifier: MIT
#pragma once

#include "base/unix_datagrams.hpp"

#include <string>
#include <vector>

namespace loopmon::report {

/// The journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL) over a socket that is kept:
/// sd_journal_sendv(3) looks its path up for each record, and after a chroot loses it in silence.
class journal_socket {
public:
    explicit journal_socket(std::string path);

    /// May block while the journal takes nothing.
    /// @param fields "NAME=value"; a value may be of any bytes
    /// @return whether the journal has it
    bool send(const std::vector<std::string>& fields);

private:
    base::unix_datagrams journal_;
};

} // namespace loopmon::report
