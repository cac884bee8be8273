// SPDX-License-Identifier: MIT
//
// The lag of a loop that is busy all the time against the truth: clients send again as soon as they
// are answered, and each request costs the loop some work; passers-by send at random moments, and
// what they wait from the sending to the first instruction of the handler is what lag says of work
// that arrives at a random moment.
//
// Both send in the midst of the loop's work. A thread of their own would compete with the loop for
// CPUs on a machine that is short of them, and send while the loop does not run: no random moments.
//
// A row for each crowd goes to stdout; LOOPMON_CROWDS=all adds the greatest, for the benchmark.
#include "measure/loop_state.hpp"
#include "support/catch.hpp"
#include "support/loop_of.hpp"
#include "support/skip.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>

namespace loopmon::test {

namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
using measure::nanoseconds;

struct crowd {
    std::size_t clients;
    nanoseconds work;
    [[nodiscard]] nanoseconds expected() const { return static_cast<std::int64_t>(clients) * work; }
};

using datagrams = boost::asio::local::datagram_protocol;

/// A socket of the loop. One descriptor for each client, not two: ten thousand fit into the limit
/// that a process usually has.
struct served {
    explicit served(boost::asio::io_context& io) : socket(io, datagrams()) {
        constexpr sockaddr any{AF_UNIX, {}}; // unix(7), "Autobind feature"
        REQUIRE(::bind(socket.native_handle(), &any, sizeof any.sa_family) == 0);
        address = socket.local_endpoint();
    }
    datagrams::socket socket;
    datagrams::endpoint address;
    clock::rep request = 0; ///< when it was sent
};

class busy_loop {
public:
    explicit busy_loop(const crowd& of) : of_(of) {
        REQUIRE(loopmon::test::claim(io_));
        for (std::size_t i = 0; i < of.clients + std::size_t{passers_by}; ++i) {
            if (i % clients_a_sender == 0) {
                senders_.emplace_back(elsewhere_, datagrams());
            }
            served_.push_back(std::make_unique<served>(io_));
            serve(i);
            if (i < of.clients) {
                request(i);
            } else {
                free_.push_back(i);
            }
        }
    }

    void run(std::size_t requests) {
        left_ = requests;
        const auto began = clock::now();
        next_passer_by_ = began;
        io_.run();
        const auto ended = clock::now();
        const auto lag = loop_->tracking().lag(ended);
        // What is open is what the last requests wait, which have not been answered.
        shown_ = lag.settled;
        for (auto& ns : shown_.counts) {
            ns /= 1000;
        }
        measure::add_time_without_lag(
            shown_, ended - began - nanoseconds(static_cast<std::int64_t>(lag.open.total())));
        std::sort(waits_.begin(), waits_.end());
    }

    [[nodiscard]] nanoseconds shown(double fraction) const { return shown_.percentile(fraction); }
    [[nodiscard]] nanoseconds truth(double fraction) const {
        REQUIRE(waits_.size() > 100);
        return waits_[static_cast<std::size_t>(fraction * static_cast<double>(waits_.size() - 1))];
    }

private:
    static constexpr int passers_by = 300;
    /// A sender's buffer is charged for what was not received yet: this many always fit.
    static constexpr std::size_t clients_a_sender = 100;

    void serve(std::size_t which) {
        auto& to = *served_[which];
        to.socket.async_receive(boost::asio::buffer(&to.request, sizeof to.request),
                                [this, which](boost::system::error_code error, std::size_t) {
                                    if (!error) {
                                        answer(which);
                                    }
                                });
    }
    void answer(std::size_t which) {
        const auto began = clock::now();
        serve(which);
        if (which >= of_.clients) {
            waits_.push_back(began.time_since_epoch() - clock::duration(served_[which]->request));
            free_.push_back(which);
            return;
        }
        for (auto now = began; now - began < of_.work; now = clock::now()) {
            if (now >= next_passer_by_) {
                pass_by(now);
            }
        }
        request(which);
        if (--left_ == 0) {
            io_.stop();
        }
    }

    void request(std::size_t which) {
        const auto now = clock::now().time_since_epoch().count();
        senders_[which / clients_a_sender].send_to(boost::asio::buffer(&now, sizeof now),
                                                   served_[which]->address);
    }
    void pass_by(clock::time_point now) {
        if (!free_.empty()) {
            request(free_.back());
            free_.pop_back();
        }
        // Half of them wait at any time, and they are few among the handlers of a turn, which are
        // taken to be alike.
        const auto every = std::max<nanoseconds>(of_.expected() / (passers_by / 2), 4 * of_.work);
        std::exponential_distribution<double> pause(1 / static_cast<double>(every.count()));
        next_passer_by_ = now + nanoseconds(static_cast<nanoseconds::rep>(pause(random_)));
    }

    crowd of_;
    boost::asio::io_context io_{1};
    boost::asio::io_context elsewhere_; ///< what the loop need not know
    std::shared_ptr<measure::loop_state> loop_ = loopmon::test::state_of(io_);
    std::vector<std::unique_ptr<served>> served_;
    std::vector<datagrams::socket> senders_;
    std::vector<std::size_t> free_; ///< passers-by that do not wait
    std::size_t left_ = 0;          ///< requests
    clock::time_point next_passer_by_;
    std::mt19937_64 random_{4711};
    std::vector<nanoseconds> waits_; ///< of passers-by
    measure::bucket_counts shown_;
};

bool room_for(const crowd& of) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t needed = of.clients + 1000;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = needed;
        limit.rlim_max = std::max(limit.rlim_max, needed);
        return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
    }
    return true;
}

std::vector<crowd> crowds() {
    std::vector<crowd> result{{1, 2ms}, {10, 1ms}, {100, 300us}, {300, 200us}, {1000, 200us}};
    const char* const wanted = std::getenv("LOOPMON_CROWDS"); // NOLINT(concurrency-mt-unsafe)
    if (wanted != nullptr && std::string_view(wanted) == "all") {
        result.push_back({5000, 100us});
        result.push_back({10'000, 100us});
    }
    return result;
}

} // namespace

TEST_CASE("busy loop: percentiles of lag are within 10 % of what work waits") {
    for (const auto& of : crowds()) {
        if (!room_for(of)) {
            loopmon::test::skip("crowd " + std::to_string(of.clients) + ": too few descriptors");
            continue;
        }
        bool near = false;
        // Other processes may take the CPU at any time, and so few samples are off then.
        for (int attempt = 0; attempt < 3 && !near; ++attempt) {
            busy_loop loop(of);
            loop.run(std::max(static_cast<std::size_t>(1200ms / of.work), 5 * of.clients));
            std::printf("crowd %zu:", of.clients);
            near = true;
            for (const double p : {0.5, 0.9, 0.99}) {
                const auto truth = static_cast<double>(loop.truth(p).count()) / 1e6;
                const auto shown = static_cast<double>(loop.shown(p).count()) / 1e6;
                std::printf(" p%g %.2f of %.2f ms", p * 100, shown, truth);
                near = near && std::abs(shown - truth) <= std::max(0.1 * truth, 0.5);
            }
            std::printf("\n");
        }
        CHECK(near);
    }
}

} // namespace loopmon::test
