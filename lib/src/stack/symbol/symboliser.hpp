// SPDX-License-Identifier: MIT
#pragma once

#include "stack/capture/captured_stack.hpp"
#include "stack/symbol/module_map.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace loopmon::stack {

/// Addresses to text. Reads files and allocates; on any thread but one that is watched.
class symboliser {
public:
    /// Looking debug information up takes milliseconds. The innermost frames come first and get
    /// what they need; if that was dear, outer ones go without.
    static constexpr auto patience = std::chrono::milliseconds(100);

    /// Finds out which modules the frames are in, at once: the next may be unloaded any time.
    explicit symboliser(captured_stack stack);

    /// A line for each frame, innermost first:
    ///
    ///     read_config(std::string const&) at config.cpp:88 (loopmond+0x1f2a3, build-id 1a2b3c4d)
    ///     parse() at config.cpp:12 [inlined]
    ///     write (libc.so.6+0x9d2ad, build-id 93f2ee5b...)
    ///     libfoo.so+0x1234 (build-id 5c6d...)
    ///     0x7f0012345678 (in no module)
    ///
    /// The number is the address in the file, as addr2line takes it. The build-id is whole where
    /// the source line is missing and somebody has to look it up, else its first eight digits.
    ///
    /// Lines in square brackets are remarks: the first one about the stack as a whole, if there is
    /// something to say; "[7 frames of boost::asio in boost::asio::io_context::run()]" in place of
    /// wrappers, which names the outermost, the one that the program has called.
    ///
    /// @param limit when it has used so much CPU time, the remaining frames are written without
    ///        their functions (not wall time: on a machine short of CPU the names matter most)
    [[nodiscard]] std::vector<std::string> lines(std::chrono::milliseconds limit = patience) const;

    /// The same without functions: what can be said in microseconds.
    [[nodiscard]] std::vector<std::string> brief_lines() const;

private:
    [[nodiscard]] std::vector<std::string>
    lines_until(std::optional<std::chrono::nanoseconds> end) const;

    captured_stack stack_;
    std::vector<std::optional<mapped_module>> modules_; ///< of each frame; nothing: in no module
};

} // namespace loopmon::stack
