// SPDX-License-Identifier: MIT
//
// What boost/config.hpp includes, and so each header of asio ahead of its own text, in a program
// that is built with loopmon::tracking: CMake and pkg-config define BOOST_USER_CONFIG as this file.
//
// It keeps a translation unit out of the program that includes asio, but was built without tracking
// and includes nothing of loopmon. Such a one has asio's operations in their untracked layout,
// under the same names, and the linker would merge them with the tracked ones. So one class of asio
// gets another name, by an ABI tag: thread_context, for the top of a thread's stack of contexts,
// which whatever makes an operation or runs a loop refers to. Under the untagged names, which only
// an untracked translation unit has, each tracked one defines something that cannot be merged: a
// variable of the program where asio has one of each thread, and the other way round. GNU ld, gold
// and lld refuse it and name asio's symbol, GNU ld also the section below. The definitions are
// hidden: a shared library that keeps its own asio to itself may be built as it likes.
#pragma once

#define LOOPMON_TRACKED_BOOST

#if defined(__cplusplus)

namespace boost {
namespace asio {
namespace detail {
// Visible, as asio's own declaration makes it: the library and the program share its variables.
class __attribute__((abi_tag("loopmon_tracking"), visibility("default"))) thread_context;
} // namespace detail
} // namespace asio
} // namespace boost

namespace loopmon::detail {
/// Where asio uses __thread (x86), this is one of each thread ...
__attribute__((
    used, visibility("hidden"),
    section(".loopmon_all_of_this_program_must_be_built_with_loopmon_tracking"))) inline const char
    untracked_thread_pointer asm(
        "_ZN5boost4asio6detail15keyword_tss_ptrINS1_10call_stackINS1_14thread_contextENS1_16thread_"
        "info_baseEE7contextEE6value_E") = 0;
/// ... and where it uses pthread_getspecific(), or has no threads, this one of the program.
__attribute__((used, visibility("hidden"))) inline constinit thread_local char
    untracked_top asm("_ZN5boost4asio6detail10call_stackINS1_14thread_contextENS1_16thread_info_"
                      "baseEE4top_E") = 0;
} // namespace loopmon::detail

#endif
