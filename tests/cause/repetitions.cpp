// SPDX-License-Identifier: MIT
#include "cause/repetitions.hpp"

#include "judge/classify.hpp"
#include "proc/thread_snapshot.hpp"
#include "support/catch.hpp"
#include "support/skip.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <optional>
#include <thread>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace loopmon::test {

namespace {

using namespace std::chrono_literals;
using model::cause;
using clock = std::chrono::steady_clock;

constexpr auto first_look = 50ms;
constexpr auto second_look = 100ms;

// A look that comes later than this is not of the stall that was planned: the looking thread itself
// had to wait, and the attempt does not count.
constexpr auto max_late = 20ms;

// On a machine too busy for one good attempt in this many, the test says so and is skipped.
constexpr int max_attempts = 30;

// Nor does a stall in which the thread waited for a CPU this much of the time: that is starvation,
// whatever else was to be provoked. A quarter of the whole cannot be 60 % of what lies between the
// two looks, which is what the judge calls starved.
constexpr int max_wait_percent = 25;

/// Other work on the machine shall not get in the way, where that is permitted.
void favour_this_thread(int priority) {
    sched_param wanted{};
    wanted.sched_priority = priority;
    if (::sched_setscheduler(0, SCHED_FIFO, &wanted) != 0) {
        (void)::setpriority(PRIO_PROCESS, 0, -20);
    }
}

void stop_favouring_this_thread() {
    sched_param normal{};
    (void)::sched_setscheduler(0, SCHED_OTHER, &normal);
    (void)::setpriority(PRIO_PROCESS, 0, 0);
}

/// The looking thread goes before the stalled one.
class favoured_here {
public:
    favoured_here() { favour_this_thread(2); }
    favoured_here(const favoured_here&) = delete;
    favoured_here& operator=(const favoured_here&) = delete;
    ~favoured_here() { stop_favouring_this_thread(); }
};

/// The thread under test; ends and joins it whatever happens.
class stalled_thread {
public:
    explicit stalled_thread(provocation& how) : how_(how), thread_([this] { run(); }) {}
    stalled_thread(const stalled_thread&) = delete;
    stalled_thread& operator=(const stalled_thread&) = delete;
    ~stalled_thread() {
        if (thread_.joinable()) {
            how_.end();
            thread_.join();
        }
    }

    [[nodiscard]] pid_t id() { return id_.get_future().get(); }
    /// @return whether the thread got the CPU when it wanted it, or was not to
    [[nodiscard]] bool join() {
        how_.end();
        thread_.join();
        if (failure_) {
            std::rethrow_exception(failure_);
        }
        return had_cpu_;
    }

private:
    void run() {
        if (how_.competes()) {
            stop_favouring_this_thread(); // inherited from the one that looks
        } else {
            favour_this_thread(1);
        }
        loopmon::proc::thread_reader self(::gettid());
        const auto before = self.sample();
        id_.set_value(self.thread());
        try {
            how_.stall();
        } catch (...) {
            failure_ = std::current_exception();
        }
        const auto after = self.sample();
        if (before.run_delay && after.run_delay && !how_.competes()) {
            const auto waited = *after.run_delay - *before.run_delay;
            had_cpu_ = waited * 100 <= (after.when - before.when) * max_wait_percent;
        }
    }

    provocation& how_;
    std::promise<pid_t> id_;
    std::exception_ptr failure_;
    bool had_cpu_ = true;
    std::thread thread_;
};

/// @return nothing if the attempt does not count
std::optional<cause> attempt(provocation& how) {
    const favoured_here favoured;
    stalled_thread stalled(how);
    const auto id = stalled.id();
    how.begun(id);
    const auto began = clock::now();
    loopmon::proc::thread_reader probe(id);
    const auto look_at = [&](std::chrono::milliseconds age) {
        std::this_thread::sleep_until(began + age);
        return probe.sample();
    };
    const auto earlier = look_at(first_look);
    const auto later = look_at(second_look);
    const bool in_time = earlier.when - began <= first_look + max_late &&
                         later.when - began <= second_look + max_late;
    const auto age = later.when - began;
    const auto seen = how.view(age);
    const bool had_cpu = stalled.join();
    if (!in_time || !had_cpu || !how.came_off()) {
        return std::nullopt;
    }
    auto proof =
        loopmon::proc::evidence(earlier, later, seen.handler_age, age, seen.handlers_in_turn);
    proof.cpu_limit = seen.cpu_limit;
    return judge::classify(proof);
}

int repetitions() {
    const char* const wanted = std::getenv("LOOPMON_REPETITIONS");
    return wanted == nullptr ? 10 : std::atoi(wanted);
}

void print_row(const std::string& what, const std::array<int, causes.size()>& counts, int right,
               int voided) {
    static bool headed = false;
    if (!headed) {
        std::printf("%-28s", "provoked \\ named");
        for (const auto& shown : causes) {
            std::printf(" %10s", std::string(shown.word).c_str());
        }
        std::printf(" %10s %10s\n", "(right)", "(void)");
        headed = true;
    }
    std::printf("%-28s", what.c_str());
    for (const auto count : counts) {
        std::printf(" %10d", count);
    }
    std::printf(" %10d %10d\n", right, voided);
    std::fflush(stdout);
}

} // namespace

void repeat(const std::string& what, cause expected, const make_provocation& make) {
    std::array<int, causes.size()> counts{};
    int right = 0;
    int done = 0;
    int voided = 0;
    const auto wanted = repetitions();
    try {
        while (done < wanted && voided < max_attempts * wanted / 10) {
            const auto named = attempt(*make());
            if (!named) {
                ++voided;
                continue;
            }
            ++done;
            right += *named == expected ? 1 : 0;
            for (std::size_t i = 0; i < causes.size(); ++i) {
                counts[i] += *named == causes[i].value ? 1 : 0;
            }
        }
    } catch (const not_here& why) {
        loopmon::test::skip(what + ": " + why.reason);
        return;
    }
    print_row(what, counts, right, voided);
    const auto least = done - done / 100;
    CHECK(right >= least);
    if (done < wanted && right >= least) {
        loopmon::test::skip(what + ": the machine is too busy, only " + std::to_string(done) +
                            " stalls came off");
    }
}

} // namespace loopmon::test
