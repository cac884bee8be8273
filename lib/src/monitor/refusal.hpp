// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace loopmon {

/// An argument that is valid by itself and cannot be accepted now.
class refusal : public std::invalid_argument {
public:
    /// @param error an errno value
    refusal(int error, const std::string& what) : std::invalid_argument(what), error_(error) {}
    [[nodiscard]] int error() const noexcept { return error_; }

private:
    int error_;
};

} // namespace loopmon
