// SPDX-License-Identifier: MIT
//
// Which threads are in run() of a context (run_one(), run_for(), poll() ...). stopped() does not
// say: it is true while a last handler runs, and false after run_for() has returned. But asio
// knows: each thread has a list of the contexts that it is running, in its stack, and a
// thread-local word for the innermost of them, which dispatch() looks at.
//
// That word is found once, as it changes when something is put on the list: it is a constant
// distance away from the robust list of the thread, whose place the kernel says for any thread
// (get_robust_list(2)). Another thread is then read by process_vm_readv(2), which fails where a
// plain read would end the process. Where any of that does not work, nothing is known.
#pragma once

#include <optional>
#include <vector>

#include <sys/types.h>

namespace boost::asio {
class io_context;
}

namespace loopmon::detail::run_calls {

/// What asio's lists name this context by; only compared.
[[nodiscard]] const void* name_of(boost::asio::io_context& io);

/// On a thread that runs this context: can that be seen from outside? The first call in a process
/// takes some 0.05 ms, later ones 2 µs.
[[nodiscard]] bool can_be_seen(const void* context) noexcept;

/// All threads of the process that run this context, for the watcher: 2 µs for each thread.
/// @param at_most stops when it has found as many
/// @return nullopt if that cannot be read
/// @throws std::bad_alloc
[[nodiscard]] std::optional<std::vector<pid_t>> threads_in(const void* context,
                                                           std::size_t at_most);

} // namespace loopmon::detail::run_calls
