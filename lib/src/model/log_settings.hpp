// SPDX-License-Identifier: MIT
#pragma once

#include "model/vocabulary.hpp"

#include <atomic>
#include <optional>
#include <string_view>

namespace loopmon::model {

/// syslog(3) priorities.
enum class priority { emerg, alert, crit, err, warning, notice, info, debug };

enum class log_target { journal, console };

[[nodiscard]] std::string_view to_string(priority severity) noexcept;
[[nodiscard]] std::string_view to_string(log_target target) noexcept;
/// Also knows the names that org.freedesktop.LogControl1 asks for.
[[nodiscard]] std::optional<priority> parse_priority(std::string_view name) noexcept;

/// How much is logged, and where. May be changed from any thread while another writes.
class log_settings {
public:
    /// @param target by default
    explicit log_settings(log_target target) noexcept : by_default_(target), target_(target) {}

    [[nodiscard]] priority level() const noexcept { return level_; }
    void level(priority least) noexcept { level_ = least; }
    [[nodiscard]] log_target target() const noexcept { return target_; }
    void target(log_target target) noexcept { target_ = target; }
    void reset_target() noexcept { target_ = by_default_; }

private:
    log_target by_default_;
    std::atomic<log_target> target_;
    std::atomic<priority> level_{priority::info};
};

} // namespace loopmon::model
