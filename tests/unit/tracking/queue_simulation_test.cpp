// SPDX-License-Identifier: MIT
//
// Lag by turns against the truth of a simulated loop, where each wait is known: clients that send,
// wait for the answer and think; a kernel's list of ready descriptors, first in, first out; a loop
// that fetches at most 128 of them at once, as asio does. What is compared is work that arrives at
// random moments, as the definition of lag says.
#include "manual_ticks.hpp"
#include "measure/turn_lag.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <random>
#include <utility>
#include <vector>

using namespace loopmon::measure;
using namespace std::chrono_literals;
using loopmon::test::manual_ticks;

namespace {

struct crowd {
    int clients;
    nanoseconds work;
    nanoseconds think; ///< on average
    /// Of how many of the next turn's handlers came before, only the average is known; few clients
    /// that send at random moments are off it.
    double tolerance = 0.1;
};

class simulated_loop {
public:
    explicit simulated_loop(const crowd& of) : of_(of), start_(manual_ticks::now()) {
        for (int i = 0; i < of.clients; ++i) {
            arrivals_.push({now() + think(), client});
        }
        arrivals_.push({now(), passer_by});
    }

    void run(nanoseconds length) {
        while (manual_ticks::now() - start_ < length) {
            turn();
        }
    }

    [[nodiscard]] nanoseconds true_percentile(double fraction) {
        std::sort(waits_.begin(), waits_.end());
        const auto rank = fraction * static_cast<double>(waits_.size() - 1);
        return waits_[static_cast<std::size_t>(rank)];
    }
    [[nodiscard]] nanoseconds percentile(double fraction) const {
        auto [sum, open, longest] = lag_.copy(manual_ticks::now());
        sum += open;
        for (auto& count : sum.counts) {
            count /= 1000;
        }
        add_time_without_lag(sum, manual_ticks::now() - start_);
        return sum.percentile(fraction);
    }

private:
    enum kind { client, passer_by, probe };
    struct arrival {
        nanoseconds when;
        kind what;
        bool operator>(const arrival& other) const { return when > other.when; }
    };
    static constexpr std::size_t room = 128;

    static nanoseconds now() { return manual_ticks::now().time_since_epoch(); }
    static std::uint64_t ticks() { return static_cast<std::uint64_t>(now().count()); }
    nanoseconds random_time(nanoseconds mean) {
        std::exponential_distribution<double> distribution(1 / static_cast<double>(mean.count()));
        return nanoseconds(static_cast<nanoseconds::rep>(distribution(random_)));
    }
    nanoseconds think() {
        constexpr nanoseconds reaction = 30us; // of a client, which is another thread
        return of_.think > 0ns ? random_time(of_.think) : reaction;
    }

    void turn() {
        const auto batch = poll();
        lag_.begin(ticks(), batch);
        for (const auto& [when, what] : std::exchange(fetched_, {})) {
            if (what == passer_by) { // costs nothing, and so changes nothing for the others
                waits_.push_back(now() - when);
            } else if (what == client) {
                manual_ticks::advance(of_.work);
                arrivals_.push({now() + think(), client});
                receive();
            }
        }
        lag_.end(ticks(), static_cast<std::uint64_t>(std::max(batch.events, 0)));
    }

    /// Puts what has arrived into the list.
    void receive() {
        while (arrivals_.top().when <= now()) {
            const auto arrived = arrivals_.top();
            arrivals_.pop();
            list_.push_back(arrived);
            if (arrived.what == passer_by) {
                arrivals_.push({arrived.when + random_time(3ms), passer_by});
            }
        }
    }

    polled_batch poll() {
        constexpr nanoseconds takes = 2us;
        manual_ticks::advance(takes);
        receive();
        if (list_.empty()) {
            manual_ticks::advance(std::max(arrivals_.top().when - now(), 0ns) + takes);
            receive();
        }
        polled_batch batch;
        const auto count = std::min(list_.size(), room);
        batch.full = count == room;
        for (std::size_t i = 0; i < count; ++i) {
            if (list_.front().what == probe) {
                batch.before_probe = static_cast<int>(i);
                probing_ = false;
            } else {
                fetched_.push_back(list_.front());
            }
            list_.pop_front();
        }
        batch.events = static_cast<int>(fetched_.size());
        if (batch.full && !probing_) {
            list_.push_back({now(), probe});
            batch.probe_set = probing_ = true;
        }
        return batch;
    }

    crowd of_;
    std::chrono::steady_clock::time_point start_;
    std::mt19937_64 random_{4711};
    std::priority_queue<arrival, std::vector<arrival>, std::greater<>> arrivals_;
    std::deque<arrival> list_;
    std::vector<arrival> fetched_;
    bool probing_ = false;
    std::vector<nanoseconds> waits_; ///< of the passers-by
    turn_lag lag_;
};

} // namespace

TEST_CASE("turn_lag: percentiles are within 10 % of what work waits in a simulated loop") {
    const auto of =
        GENERATE(crowd{1, 10ms, 0ns}, crowd{1, 10ms, 20ms}, crowd{10, 1ms, 0ns},
                 crowd{30, 10ms, 400ms, 0.15}, crowd{100, 1ms, 0ns}, crowd{300, 1ms, 0ns},
                 crowd{300, 1ms, 200ms}, crowd{1000, 1ms, 0ns}, crowd{1000, 1ms, 500ms},
                 crowd{1000, 1ms, 1200ms}, crowd{5000, 200us, 0ns}, crowd{10000, 100us, 0ns},
                 crowd{10000, 100us, 900ms});
    simulated_loop loop(of);
    loop.run(60s);
    for (const double p : {0.5, 0.9, 0.99}) {
        const auto truth = static_cast<double>(loop.true_percentile(p).count());
        const auto shown = static_cast<double>(loop.percentile(p).count());
        INFO(of.clients << " clients, " << of.work.count() << " ns of work, thinking for "
                        << of.think.count() << " ns; p" << p * 100 << " shown " << shown / 1e6
                        << " ms of " << truth / 1e6);
        CHECK(std::abs(shown - truth) <= std::max(of.tolerance * truth, 0.5e6));
    }
}
