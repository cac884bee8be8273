// SPDX-License-Identifier: MIT
#include "report/reporter.hpp"

#include <exception>
#include <utility>

namespace loopmon::report {

reporter::reporter(const std::string& state_directory)
    : journal_(std::make_shared<journal>()),
      trip_log_(state_directory),
      last_trip_(trip_log_.load()),
      outbox_([journal = journal_](std::uint64_t lost) {
          journal->write({priority::warning,
                          "",
                          "",
                          std::to_string(lost) + " records lost: the journal took none",
                          {}},
                         BOOST_CURRENT_LOCATION);
      }) {}

void reporter::post(record entry, const boost::source_location& where) {
    outbox_.post(
        [journal = journal_, entry = std::move(entry), where] { journal->write(entry, where); });
}

void reporter::publish(const judge::event& happened, const boost::source_location& where) noexcept {
    try {
        auto entry = render(happened);
        if (std::holds_alternative<judge::trip>(happened)) {
            ++last_trip_.n_trips;
            last_trip_.when = std::chrono::system_clock::now();
            last_trip_.reason = entry.text;
            last_trip_.reported = false;
            keep(last_trip_);
        }
        post(std::move(entry), where);
    } catch (...) { // out of memory: what cannot be said must not stop the watchdog
    }
}

void reporter::note(priority severity, std::string text,
                    const boost::source_location& where) noexcept {
    try {
        post({severity, "", "", std::move(text), {}}, where);
    } catch (...) { // as above
    }
}

void reporter::settle(std::chrono::milliseconds patience) noexcept {
    outbox_.settle(patience);
}

void reporter::keep(const trip_record& last) {
    outbox_.post([log = trip_log_, journal = journal_, last] {
        try {
            log.save(last);
        } catch (const std::exception& e) {
            journal->write({priority::err,
                            "",
                            "",
                            std::string("the record of a trip is lost: ") + e.what(),
                            {}},
                           BOOST_CURRENT_LOCATION);
        }
    });
}

void reporter::tell_previous_trip() {
    if (!last_trip_.reported) {
        publish(judge::previous_trip{last_trip_.reason, last_trip_.when}, BOOST_CURRENT_LOCATION);
        last_trip_.reported = true;
        keep(last_trip_);
    }
}

} // namespace loopmon::report
