// SPDX-License-Identifier: MIT
#include "report/trip_log.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

namespace loopmon::report {

namespace {

constexpr auto file_name = "last-trip.json";

} // namespace

trip_record trip_log::load() const noexcept {
    try {
        std::ifstream file(directory_ / file_name);
        std::stringstream text;
        text << file.rdbuf();
        const auto json = boost::json::parse(text.str());
        trip_record last;
        last.n_trips = json.at("n_trips").to_number<std::uint64_t>();
        last.when = judge::wall_time(std::chrono::duration_cast<judge::wall_time::duration>(
            std::chrono::microseconds(json.at("timestamp_usec").to_number<std::int64_t>())));
        last.reason = boost::json::value_to<std::string>(json.at("reason"));
        last.reported = json.at("reported").as_bool();
        return last;
    } catch (...) {
        return {};
    }
}

void trip_log::save(const trip_record& last) const {
    if (directory_.empty()) {
        return;
    }
    const auto usec =
        std::chrono::duration_cast<std::chrono::microseconds>(last.when.time_since_epoch());
    const boost::json::value json = {{"n_trips", last.n_trips},
                                     {"timestamp_usec", usec.count()},
                                     {"reason", last.reason},
                                     {"reported", last.reported}};
    const auto beside = directory_ / (std::string(file_name) + ".new");
    std::ofstream file(beside, std::ios::trunc);
    file << boost::json::serialize(json) << '\n';
    file.close();
    if (!file) {
        throw std::system_error(errno, std::generic_category(), "cannot write " + beside.string());
    }
    std::filesystem::rename(beside, directory_ / file_name);
}

} // namespace loopmon::report
