// SPDX-License-Identifier: MIT
#pragma once

#include "report/journal.hpp"
#include "report/outbox.hpp"
#include "report/sink.hpp"
#include "report/trip_log.hpp"

#include <boost/assert/source_location.hpp>

#include <memory>
#include <string>

namespace loopmon::report {

/// Takes events to the journal and trips to the state directory, by way of the outbox.
class reporter final : public sink {
public:
    /// @param state_directory empty: trips are not kept
    explicit reporter(const std::string& state_directory);

    using sink::publish;
    void publish(const judge::event& happened,
                 const boost::source_location& where) noexcept override;
    void settle(std::chrono::milliseconds patience) noexcept override;

    /// A plain line, no event.
    void note(priority severity, std::string text,
              const boost::source_location& where = BOOST_CURRENT_LOCATION) noexcept;

    /// Tells the trip that an earlier run left behind and that nobody has told yet.
    void tell_previous_trip();

    [[nodiscard]] const trip_record& last_trip() const { return last_trip_; }
    [[nodiscard]] journal& log() { return *journal_; }

private:
    void post(record entry, const boost::source_location& where);
    void keep(const trip_record& last);

    // Shared with the jobs in the outbox, which may outlive this object if the journal is stuck.
    std::shared_ptr<journal> journal_;
    trip_log trip_log_;
    trip_record last_trip_;
    outbox outbox_;
};

} // namespace loopmon::report
