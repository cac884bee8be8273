// SPDX-License-Identifier: MIT
#pragma once

#include "watch/captured_stack.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace loopmon::watch {

/// Addresses to text. Reads files and allocates; on any thread but one that is watched.
class symboliser {
public:
    /// Looking debug information up takes milliseconds. The innermost frames come first and get
    /// what they need; if that was dear, outer ones go without.
    static constexpr auto patience = std::chrono::milliseconds(100);

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
    /// something to say; "[7 frames of boost::asio]" in place of wrappers, of which only the
    /// outermost, the one that the program has called, is spelled out.
    ///
    /// @param limit when it has used so much CPU time, the remaining frames are written without
    ///        their functions (not wall time: on a machine short of CPU the names matter most)
    [[nodiscard]] static std::vector<std::string> lines(const captured_stack& stack,
                                                        std::chrono::milliseconds limit = patience);
};

} // namespace loopmon::watch
