// SPDX-License-Identifier: MIT
#include "report/reporter.hpp"

#include "report/bounded_text.hpp"
#include "report/late_text.hpp"

#include <exception>
#include <utility>
#include <variant>

namespace loopmon::report {

namespace {

/// What is left to say when there is no memory for more. Short enough to need none itself.
constexpr auto bare_reason = "watchdog trip";

/// Does one thing of several that do not depend on each other. Out of memory, what cannot be said
/// must stop neither the rest nor the watchdog.
template <class Part>
void attempt(Part&& part) noexcept {
    try {
        part();
    } catch (...) { // one thing less
    }
}

/// For the outbox thread.
void complete_stack(const judge::event& happened) {
    std::visit(
        [](const auto& event) {
            if constexpr (requires { event.who.stack; }) {
                event.who.stack.complete();
            }
        },
        happened);
}

/// For the outbox thread.
template <class Log, class What>
void save(Log& log, const What& what, const char* name, const journal& complaints) {
    try {
        log.save(what);
    } catch (const std::exception& e) {
        complaints.write(
            {.severity = priority::err, .text = std::string(name) + " is lost: " + e.what()},
            BOOST_CURRENT_LOCATION);
    }
}

} // namespace

reporter::reporter(const std::string& state_directory)
    : journal_(std::make_shared<journal>()),
      flight_log_(std::make_shared<flight_log>(state_directory)),
      trip_log_(state_directory),
      last_trip_(trip_log_.load()),
      outbox_([journal = journal_](std::uint64_t lost) {
          journal->write({.severity = priority::warning,
                          .text = std::to_string(lost) + " records lost: the journal took none"},
                         BOOST_CURRENT_LOCATION);
      }) {}

void reporter::post(record entry, const boost::source_location& where) {
    outbox_.post(
        [journal = journal_, entry = std::move(entry), where] { journal->write(entry, where); });
}

// Put into words there: the source lines of a stack take their time, and the watcher has none.
void reporter::publish(const judge::event& happened, const boost::source_location& where) noexcept {
    attempt([&] {
        outbox_.post([journal = journal_, happened, where] {
            complete_stack(happened);
            journal->write(render(happened), where);
        });
    });
    if (const auto* const trip = std::get_if<judge::trip>(&happened)) {
        attempt([&] { keep_trip(*trip); });
        attempt([&] { keep_flight(*trip); });
    }
}

void reporter::keep_trip(const judge::trip& why) {
    ++last_trip_.n_trips;
    last_trip_.when = std::chrono::system_clock::now();
    last_trip_.reported = false;
    last_trip_.reason = bare_reason;
    last_trip_.details.clear();
    attempt([&] { last_trip_.reason = render(why).text; });
    keep(last_trip_, why.who.stack);
}

void reporter::keep(const trip_record& last, const judge::stack_text& stack) {
    outbox_.post([log = trip_log_, journal = journal_, last = trip_record(last), stack]() mutable {
        attempt([&] {
            if (!stack.empty()) {
                last.details = shown_frames(bounded_lines(stack.lines()));
            }
        });
        save(log, last, "the record of a trip", *journal);
    });
}

void reporter::keep_flight(const judge::trip& why) {
    auto flight = std::make_shared<report::flight_record>();
    flight->n_trips = last_trip_.n_trips;
    flight->when = last_trip_.when;
    attempt([&] { flight->why = why; });
    attempt([&] {
        if (flight_source_) {
            flight->state = flight_source_(why);
        }
    });
    // Written as JSON there, so that the watcher goes on to the trigger.
    outbox_.post([log = flight_log_, journal = journal_, flight] {
        flight->told.text = bare_reason;
        attempt([&] { flight->told = render(flight->why); });
        save(*log, *flight, "the flight record of a trip", *journal);
    });
}

void reporter::note(priority severity, std::string text,
                    const boost::source_location& where) noexcept {
    attempt([&] { post({.severity = severity, .text = std::move(text)}, where); });
}

void reporter::settle(std::chrono::milliseconds patience) noexcept {
    outbox_.settle(patience);
}

void reporter::tell_previous_trip() {
    if (last_trip_.reported) {
        return;
    }
    auto entry = render(judge::previous_trip{last_trip_.reason, last_trip_.when});
    entry.details = last_trip_.details;
    // One that could not be written has left that of an earlier trip.
    if (flight_log_->n_trips() == last_trip_.n_trips && !flight_log_->path().empty()) {
        entry.details += (entry.details.empty() ? "  " : "\n  ") + std::string("flight record: ") +
                         flight_log_->path().string();
    }
    post(std::move(entry), BOOST_CURRENT_LOCATION);
    last_trip_.reported = true;
    keep(last_trip_, {});
}

} // namespace loopmon::report
