// SPDX-License-Identifier: MIT
#include "report/reporter.hpp"

#include "model/bounds.hpp"
#include "report/lag_message.hpp"
#include "report/message.hpp"

#include <chrono>
#include <exception>
#include <utility>
#include <variant>

namespace loopmon::report {

namespace {

/// What is left to say when there is no memory for more. Short enough to need none itself.
constexpr auto bare_reason = "watchdog trip";
constexpr auto trip_name = "the record of a trip";

/// Of a patience that several waits share.
class time_left {
public:
    explicit time_left(std::chrono::milliseconds patience)
        : end_(std::chrono::steady_clock::now() + patience) {}
    [[nodiscard]] std::chrono::milliseconds now() const {
        return std::chrono::ceil<std::chrono::milliseconds>(end_ -
                                                            std::chrono::steady_clock::now());
    }

private:
    std::chrono::steady_clock::time_point end_;
};

/// Does one thing of several that do not depend on each other. Out of memory, what cannot be said
/// must stop neither the rest nor the watchdog.
template <class Part>
void attempt(Part&& part) noexcept {
    try {
        part();
    } catch (...) { // one thing less
    }
}

/// For an outbox thread. If both are at the same stack, one completes it and the other waits.
void complete_stack(const model::event& happened) {
    std::visit(
        [](const auto& event) {
            if constexpr (requires { event.culprit.stack; }) {
                event.culprit.stack.complete();
            }
        },
        happened);
}

/// The way to the journal for who must not wait for it.
struct complaints {
    std::shared_ptr<journal> log;
    std::weak_ptr<outbox> box;

    void post(priority severity, std::string text) const {
        if (const auto open = box.lock()) {
            open->post(
                [log = log, entry = bounded({.severity = severity, .text = std::move(text)})] {
                    log->write(entry, source_location::current());
                });
        }
    }
};

/// For an outbox thread.
template <class Log, class What>
void save(Log& log, const What& what, const char* name, const complaints& to) {
    try {
        log.save(what);
    } catch (const std::exception& e) {
        to.post(priority::err, std::string(name) + " is lost: " + e.what());
    }
}

} // namespace

reporter::reporter(const std::string& state_directory)
    : journal_(std::make_shared<journal>()),
      flight_log_(std::make_shared<flight_log>(state_directory)),
      trip_log_(state_directory),
      last_trip_(trip_log_.load(&problem_)),
      outbox_(std::make_shared<outbox>([journal = journal_](std::uint64_t lost) {
          journal->write(
              {.severity = priority::warning,
               .text = std::to_string(lost) + " records lost: no room in the queue to the journal"},
              source_location::current());
      })),
      files_(outbox_) {
    if (!state_directory.empty()) {
        files_ = std::make_shared<outbox>(
            [to = complaints{journal_, outbox_}](std::uint64_t lost) {
                to.post(priority::warning,
                        std::to_string(lost) +
                            " records of trips lost: no room in the queue to the state directory");
            },
            "loopmon-files");
    }
}

reporter::~reporter() {
    const time_left left(outbox::last_patience);
    flush(outbox::last_patience);
    files_->end(left.now());
    outbox_->end(left.now());
}

void reporter::post(record entry, const source_location& where) {
    outbox_->post(
        [journal = journal_, entry = std::move(entry), where] { journal->write(entry, where); });
}

// Put into words there: the source lines of a stack take their time, and the watcher has none.
void reporter::publish(const model::event& happened, const source_location& where) noexcept {
    attempt([&] {
        outbox_->post([journal = journal_, happened, where] {
            complete_stack(happened);
            journal->write(render(happened), where);
        });
    });
    if (const auto* const trip = std::get_if<model::trip>(&happened)) {
        attempt([&] { keep_trip(*trip); });
        attempt([&] { keep_flight(*trip); });
    }
}

void reporter::keep_trip(const model::trip& why) {
    ++last_trip_.n_trips;
    last_trip_.when = std::chrono::system_clock::now();
    last_trip_.reported = false;
    last_trip_.reason = bare_reason;
    last_trip_.details.clear();
    attempt([&] { last_trip_.reason = render(why).text; });
    files_->post([log = trip_log_, to = complaints{journal_, outbox_},
                  last = trip_record(last_trip_), stack = why.culprit.stack]() mutable {
        attempt([&] {
            if (!stack.empty()) {
                stack.complete();
                last.details = shown_frames(bounded_lines(stack.lines()));
            }
        });
        save(log, last, trip_name, to);
    });
}

void reporter::keep_flight(const model::trip& why) {
    auto flight = std::make_shared<report::flight_record>();
    flight->n_trips = last_trip_.n_trips;
    flight->when = last_trip_.when;
    attempt([&] { flight->trip = why; });
    attempt([&] {
        if (flight_source_) {
            flight->state = flight_source_(why);
        }
    });
    // Written as JSON there, so that the watcher goes on to the trigger.
    files_->post([log = flight_log_, to = complaints{journal_, outbox_}, flight] {
        flight->told.text = bare_reason;
        flight->trip.culprit.stack.complete();
        attempt([&] { flight->told = render(flight->trip); });
        save(*log, *flight, "the flight record of a trip", to);
    });
}

void reporter::note(priority severity, std::string text, const source_location& where) noexcept {
    attempt([&] { post(bounded({.severity = severity, .text = std::move(text)}), where); });
}

std::string reporter::text_of(const event& happened) {
    return render(happened).text;
}

void reporter::flush(std::chrono::milliseconds patience) noexcept {
    const time_left left(patience);
    // Twice: a record of the journal may end with one of a file, and that with a complaint.
    for (int i = 0; i < 2; ++i) {
        files_->flush(left.now());
        outbox_->flush(left.now());
    }
}

void reporter::report_state_problems() {
    const auto directory = trip_log_.directory_problem();
    if (!directory.empty()) {
        note(priority::warning, "the state directory " + directory +
                                    "; the record of a trip will not outlive this process");
    }
    for (const auto& problem : {problem_, flight_log_->problem()}) {
        if (directory.empty() && !problem.empty()) {
            note(priority::warning, problem);
        }
    }
}

void reporter::report_previous_trip() {
    report_state_problems();
    if (last_trip_.reported) {
        return;
    }
    auto entry = render(model::previous_trip{last_trip_.reason, last_trip_.when});
    entry.details = last_trip_.details;
    // One that could not be written has left that of an earlier trip.
    if (flight_log_->n_trips() == last_trip_.n_trips && !flight_log_->path().empty()) {
        entry.details += (entry.details.empty() ? "  " : "\n  ") + std::string("flight record: ") +
                         flight_log_->path().string();
    }
    entry = bounded(std::move(entry));
    last_trip_.reported = true;
    // The mark follows the record: if the journal hangs, the next process reports it again. It may
    // come late, and must not replace a trip that was kept meanwhile.
    auto mark = [log = trip_log_, to = complaints{journal_, outbox_}, told = last_trip_] {
        if (log.load().n_trips == told.n_trips) {
            save(log, told, trip_name, to);
        }
    };
    outbox_->post([journal = journal_, entry = std::move(entry), where = source_location::current(),
                   files = std::weak_ptr(files_), mark = std::move(mark)] {
        journal->write(entry, where);
        if (const auto open = files.lock()) {
            open->post(mark);
        }
    });
}

} // namespace loopmon::report
