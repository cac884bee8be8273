// SPDX-License-Identifier: MIT
//
// /proc as it was when the first monitor of the process began. Its directory is kept open, so that
// it can be read after a chroot, in another mount namespace, and under whatever is mounted over it
// later. All of it is safe to call from any thread.
#pragma once

#include <string>
#include <string_view>

namespace loopmon::base {

/// Opens the directory unless it is open.
void keep_proc() noexcept;

/// @param below "self/maps"
/// @return a descriptor that is the caller's, or -1 and errno
[[nodiscard]] int open_proc(std::string_view below, int flags) noexcept;

/// The whole of a file; empty if it cannot be read.
[[nodiscard]] std::string read_proc(std::string_view below);

/// The target of a link, at most 255 bytes of it; empty if it cannot be read.
[[nodiscard]] std::string read_proc_link(std::string_view below);

} // namespace loopmon::base
