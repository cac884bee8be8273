// SPDX-License-Identifier: MIT
//
// What happens repeatedly is not reported each time. A series begins with the first occurrence and
// goes on while no `quiet` passes without another; after a few it is summed up, at doubling
// intervals since its begin: ten records in two hours, however often it happens.
#pragma once

#include "model/time.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace loopmon::judge {

class recurrence {
public:
    /// Two of a kind may be a coincidence.
    static constexpr std::uint64_t few = 3;
    /// The first summary comes this long after the first occurrence: by then there were a few
    /// alerts, and a person who is at the machine has seen them.
    static constexpr duration first_summary = std::chrono::seconds(10);
    /// Without another occurrence for this long the series is over.
    static constexpr duration quiet = std::chrono::minutes(5);

    struct summary {
        std::uint64_t count = 0; ///< since the begin of the series
        duration total{};        ///< how long it was so, in all
        duration peak{};
        time_point began{};
        duration span{}; ///< from the begin of the series until now, or until the end of the last
    };

    /// It is so since `began` and was so until `ended`; what continues the last occurrence is not
    /// counted again.
    void note(time_point began, time_point ended, duration length);
    /// A further occurrence, of a length that no clock of the others has counted.
    void add(time_point ended, duration length);

    /// Whether it has been summed up once: single occurrences are not news any more.
    [[nodiscard]] bool is_on() const { return is_on_; }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] duration peak() const { return peak_; }
    /// Something happened since the last summary.
    [[nodiscard]] bool has_more() const { return count_ != summed_; }
    /// The longest occurrence before the one that began then.
    [[nodiscard]] duration peak_before(time_point began) const;

    /// A summary that is due and has something new.
    [[nodiscard]] std::optional<summary> take_summary(time_point now);
    /// From this many on it is summed up; at least `few`.
    void sum_up_from(std::uint64_t count) { least_ = std::max(few, count); }
    /// The whole of a series that is over and was summed up before.
    /// @param at_once also one that may go on
    [[nodiscard]] std::optional<summary> take_end(time_point now, bool at_once = false);
    /// When one of the two may return something, if nothing is noted before; max(): never.
    [[nodiscard]] time_point next_check() const;

private:
    [[nodiscard]] bool is_over(time_point now) const;
    void reset();
    [[nodiscard]] summary sum(time_point until) const;

    std::uint64_t least_ = few;
    std::uint64_t count_ = 0;
    std::uint64_t summed_ = 0; ///< how many of them were in the last summary
    bool is_on_ = false;
    duration total_{}, peak_{}, peak_before_{};
    time_point since_{}, until_{};
    time_point due_{}; ///< the next summary
};

} // namespace loopmon::judge
