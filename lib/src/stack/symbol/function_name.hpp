// SPDX-License-Identifier: MIT
//
// Names of functions as an operator can read them. One handler of asio has a name of several
// kilobytes; what distinguishes it from others is in the first few words. Rules, in this order:
//
// 1. std::string is called by that name, and inline namespaces of the library are left out.
// 2. Template arguments of more than 32 characters become <...>, from the inside out.
// 3. A parameter list of more than 64 characters becomes (...).
// 4. The return type, which only templates show, is dropped.
// 5. The body of a coroutine ("[clone .actor]") is "f [coroutine]"; other marks of clones are
//    dropped.
#pragma once

#include <string>
#include <string_view>

namespace loopmon::stack {

/// @param symbol mangled; of a name that is not (C, assembly) only the version ("@GLIBC_2.4") goes
[[nodiscard]] std::string readable_name(const std::string& symbol);

/// Rules 1 to 5.
[[nodiscard]] std::string shorten_name(std::string_view demangled);

/// The library that a function serves as plumbing, i.e. that it takes a handler from a queue or
/// calls through a wrapper; empty for all others.
/// @param name as readable_name() makes it
[[nodiscard]] std::string_view plumbing_of(std::string_view name);
/// The same by the file that the function is written in.
[[nodiscard]] std::string_view plumbing_file(std::string_view path);

} // namespace loopmon::stack
