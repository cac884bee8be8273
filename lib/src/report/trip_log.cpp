// SPDX-License-Identifier: MIT
#include "report/trip_log.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace loopmon::report {

namespace {

constexpr auto file_name = "last-trip.json";

std::optional<trip_record> parse(const std::string& text) noexcept {
    try {
        const auto json = boost::json::parse(text);
        trip_record last;
        last.n_trips = json.at("n_trips").to_number<std::uint64_t>();
        last.when = model::wall_time(std::chrono::duration_cast<model::wall_time::duration>(
            std::chrono::microseconds(json.at("timestamp_usec").to_number<std::int64_t>())));
        last.reason = boost::json::value_to<std::string>(json.at("reason"));
        last.reported = json.at("reported").as_bool();
        if (const auto* const details = json.as_object().if_contains("details")) {
            last.details = boost::json::value_to<std::string>(*details); // not in the first version
        }
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
    const boost::json::value json = {{"n_trips", last.n_trips},
                                     {"timestamp_usec", usec.count()},
                                     {"reason", last.reason},
                                     {"details", last.details},
                                     {"reported", last.reported}};
    file_.replace(boost::json::serialize(json));
}

} // namespace loopmon::report
