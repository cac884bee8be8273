// SPDX-License-Identifier: MIT
//
// Names of system calls. Their numbers differ between architectures and new ones come with every
// kernel, so the table is made at configuration time, of what <sys/syscall.h> defines for the
// target (lib/cmake/syscall_names.cmake). libseccomp knows them as well, at the price of a
// dependency.
#pragma once

#include "proc/thread_snapshot.hpp"

#include <string>
#include <string_view>

namespace loopmon::proc {

/// @return "read"; empty for a number that the headers of the build do not know
[[nodiscard]] std::string_view syscall_name(long number) noexcept;

/// Whether the first argument of the call is the descriptor that it waits on.
[[nodiscard]] bool takes_descriptor(std::string_view syscall) noexcept;

/// What a thread is blocked in, for people: "read on pipe:[1234]", "futex", "syscall 999", "page
/// fault". Resolves the descriptor by /proc/self/fd, so ask soon. Empty: in nothing, or unknown.
///
/// A sleep that was interrupted by a stop, a freeze, or a debugger goes on as restart_syscall,
/// which says nothing of what it waits for. Then the call that it was is named, as far as can be
/// known.
/// @param before an earlier look at the same thread, if there was one
[[nodiscard]] std::string syscall_text(const thread_snapshot& seen,
                                       const thread_snapshot* before = nullptr);

} // namespace loopmon::proc
