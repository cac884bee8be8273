// SPDX-License-Identifier: MIT
#pragma once

#include "model/sink.hpp"
#include "report/flight_log.hpp"
#include "report/journal.hpp"
#include "report/outbox.hpp"
#include "report/trip_log.hpp"

#include <loopmon/source_location.hpp>

#include <memory>
#include <string>

namespace loopmon::report {

/// Takes events to the journal and trips to the state directory. Either may hang, and the other
/// must not wait for it, so each has an outbox of its own: the record of a trip goes to the journal
/// while its count goes to the disk, and after the count the flight record, which is the longest
/// and the most expendable if the process dies before the disk catches up.
class reporter final : public sink {
public:
    /// @param state_directory empty: trips are not kept
    /// @throws std::system_error without a thread
    explicit reporter(const std::string& state_directory);
    /// Waits as flush(outbox::last_patience) does, then lets go of what is stuck.
    ~reporter() override;

    using sink::publish;
    void publish(const model::event& happened, const source_location& where) noexcept override;
    [[nodiscard]] std::string text_of(const model::event& happened) override;
    /// Both outboxes, within the same `patience`.
    void flush(std::chrono::milliseconds patience) noexcept override;

    /// What a flight record holds besides the trip itself is asked of `source`, in publish(). If it
    /// throws, the record is made without.
    void flight_source(report::flight_source source) { flight_source_ = std::move(source); }

    /// A plain line, no event.
    void note(priority severity, std::string text,
              const source_location& where = source_location::current()) noexcept;

    /// Reports the trip that an earlier run left behind, if that was not reported yet, and what
    /// is wrong with the state directory.
    void report_previous_trip();

    [[nodiscard]] const trip_record& last_trip() const { return last_trip_; }
    /// That of the last trip, as JSON; empty: none. Does not wait for a disk.
    [[nodiscard]] std::string flight_record() const { return flight_log_->text(); }
    [[nodiscard]] journal& log() { return *journal_; }

private:
    void report_state_problems();
    void post(record entry, const source_location& where);
    void keep_trip(const model::trip& why);
    void keep_flight(const model::trip& why);

    // Shared with the jobs in the outboxes, which may outlive this object if one is stuck.
    std::shared_ptr<journal> journal_;
    std::shared_ptr<flight_log> flight_log_;
    trip_log trip_log_;
    std::string problem_; ///< of what it had kept
    trip_record last_trip_;
    report::flight_source flight_source_;
    // A job of one that has something for the other holds it weakly: who outlives this object
    // because it is stuck must not keep the other one from ending.
    std::shared_ptr<outbox> outbox_; ///< to the journal
    std::shared_ptr<outbox> files_;  ///< to the state directory; without one, that to the journal
};

} // namespace loopmon::report
