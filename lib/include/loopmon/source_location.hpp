// SPDX-License-Identifier: MIT
#pragma once

namespace loopmon {

/// A place in the source, as a default argument the place of the call. Not that of std, which clang
/// has from version 16 on; made from that of std or of Boost, too.
class source_location {
public:
    constexpr source_location() noexcept = default;
    /// The strings must live as long as the process, as those of the language do.
    constexpr source_location(const char* file, unsigned line, const char* function) noexcept
        : file_(file), function_(function), line_(line) {}
    template <class Other>
    requires requires(const Other& other) {
        other.file_name();
        other.line();
        other.function_name();
    }
    constexpr source_location(const Other& other) noexcept // NOLINT(*-explicit-*): by design
        : source_location(other.file_name(), static_cast<unsigned>(other.line()),
                          other.function_name()) {}

    static constexpr source_location current(const char* file = __builtin_FILE(),
                                             unsigned line = __builtin_LINE(),
                                             const char* function = __builtin_FUNCTION()) noexcept {
        return {file, line, function};
    }

    [[nodiscard]] constexpr const char* file_name() const noexcept { return file_; }
    [[nodiscard]] constexpr unsigned line() const noexcept { return line_; }
    [[nodiscard]] constexpr const char* function_name() const noexcept { return function_; }

private:
    const char* file_ = "";
    const char* function_ = "";
    unsigned line_ = 0;
};

} // namespace loopmon
