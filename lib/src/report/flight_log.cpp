// SPDX-License-Identifier: MIT
#include "report/flight_log.hpp"

#include "model/json_values.hpp"

#include <utility>

namespace loopmon::report {

namespace {

constexpr auto file_name = "flight-record.json";

/// NTrips of a flight record; 0 for what is none.
std::uint64_t n_trips_of(const std::string& text) noexcept {
    try {
        return count_of(model::json::parse(text).at("NTrips"));
    } catch (...) {
        return 0;
    }
}

} // namespace

flight_log::flight_log(const std::filesystem::path& directory)
    : file_(directory.empty() ? directory : directory / file_name) {
    auto found = file_.read();
    n_trips_ = n_trips_of(found.text);
    if (n_trips_ != 0) {
        text_ = std::move(found.text);
    } else if (!found.text.empty()) {
        found.problem = "is not a flight record";
        found.corrupt = true;
    }
    if (!found.problem.empty()) {
        problem_ = file_.path().string() + ' ' + found.problem +
                   (found.corrupt ? "; " + file_.set_aside() : std::string());
    }
}

void flight_log::save(const flight_record& last) {
    auto text = to_json_text(last);
    {
        const std::lock_guard lock(mutex_);
        text_ = text;
        n_trips_ = last.n_trips;
    }
    file_.replace(text);
}

std::uint64_t flight_log::n_trips() const {
    const std::lock_guard lock(mutex_);
    return n_trips_;
}

std::string flight_log::text() const {
    const std::lock_guard lock(mutex_);
    return text_;
}

} // namespace loopmon::report
