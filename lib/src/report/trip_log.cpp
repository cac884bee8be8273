// SPDX-License-Identifier: MIT
#include "report/trip_log.hpp"

#include "model/json_values.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace loopmon::report {

namespace {

constexpr auto file_name = "last-trip.json";

std::optional<trip_record> parse(const std::string& text) noexcept {
    try {
        const auto saved = model::json::parse(text);
        trip_record last;
        last.n_trips = count_of(saved.at("n_trips"));
        last.when = model::wall_time(std::chrono::duration_cast<model::wall_time::duration>(
            std::chrono::microseconds(saved.at("timestamp_usec").get<std::int64_t>())));
        last.reason = saved.at("reason").get<std::string>();
        last.reported = saved.at("reported").get<bool>();
        last.details = saved.value("details", ""); // not in the first version
        return last;
    } catch (...) {
        return std::nullopt;
    }
}

} // namespace

trip_log::trip_log(const std::filesystem::path& directory)
    : file_(directory.empty() ? directory : directory / file_name) {}

trip_record trip_log::load(std::string* problem) const noexcept {
    try {
        auto found = file_.read();
        if (found.problem.empty() && !found.text.empty()) {
            if (auto last = parse(found.text)) {
                return *std::move(last);
            }
            found.problem = "is not the record of a trip";
            found.corrupt = true;
        }
        if (!found.problem.empty() && problem != nullptr) {
            *problem = file_.path().string() + ' ' + found.problem +
                       (found.corrupt ? "; " + file_.set_aside() : std::string()) +
                       ". Earlier trips are not counted";
        }
    } catch (...) { // out of memory
    }
    return {};
}

void trip_log::save(const trip_record& last) const {
    const auto usec =
        std::chrono::duration_cast<std::chrono::microseconds>(last.when.time_since_epoch());
    file_.replace(text_of(model::json{{"n_trips", last.n_trips},
                                      {"timestamp_usec", usec.count()},
                                      {"reason", last.reason},
                                      {"details", last.details},
                                      {"reported", last.reported}}));
}

} // namespace loopmon::report
