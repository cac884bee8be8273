// SPDX-License-Identifier: MIT
#pragma once

#include "report/flight_log.hpp"
#include "report/journal.hpp"
#include "report/outbox.hpp"
#include "report/sink.hpp"
#include "report/trip_log.hpp"

#include <boost/assert/source_location.hpp>

#include <memory>
#include <string>

namespace loopmon::report {

/// Takes events to the journal and trips to the state directory, by way of the outbox: the journal
/// record of a trip first, then its count, then the flight record, which is the longest and can be
/// missed best if the end of the process is faster than the disk.
class reporter final : public sink {
public:
    /// @param state_directory empty: trips are not kept
    explicit reporter(const std::string& state_directory);

    using sink::publish;
    void publish(const judge::event& happened,
                 const boost::source_location& where) noexcept override;
    void settle(std::chrono::milliseconds patience) noexcept override;

    /// What a flight record holds besides the trip itself is asked of `source`, in publish(). If it
    /// throws, the record is made without.
    void flight_source(report::flight_source source) { flight_source_ = std::move(source); }

    /// A plain line, no event.
    void note(priority severity, std::string text,
              const boost::source_location& where = BOOST_CURRENT_LOCATION) noexcept;

    /// Tells the trip that an earlier run left behind and that nobody has told yet.
    void tell_previous_trip();

    [[nodiscard]] const trip_record& last_trip() const { return last_trip_; }
    /// That of the last trip, as JSON; empty: none. Does not wait for a disk.
    [[nodiscard]] std::string flight_record() const { return flight_log_->text(); }
    [[nodiscard]] journal& log() { return *journal_; }

private:
    void post(record entry, const boost::source_location& where);
    void keep_trip(const judge::trip& why);
    /// @param stack of the trip; if there is one, its frames are the details
    void keep(const trip_record& last, const judge::stack_text& stack);
    void keep_flight(const judge::trip& why);

    // Shared with the jobs in the outbox, which may outlive this object if the journal is stuck.
    std::shared_ptr<journal> journal_;
    std::shared_ptr<flight_log> flight_log_;
    trip_log trip_log_;
    trip_record last_trip_;
    report::flight_source flight_source_;
    outbox outbox_;
};

} // namespace loopmon::report
