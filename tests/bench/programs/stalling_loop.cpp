// SPDX-License-Identifier: MIT
//
// stalling_loop [--bus ADDRESS] [--warn MS] [--tick MS]: plays the schedule that it reads from
// standard input, lines of "IDLE_USEC STALL_USEC", and then idles until it is killed. Prints, as
// JSON lines in ns of CLOCK_MONOTONIC, when it was watched, when each stall began and ended, and
// that it is done. The idle time counts from the end of the stall before it. With --tick a timer
// of its own does nothing that often: what the wake-ups of a monitor cost at the least.
#include "watched_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using std::chrono::microseconds;
using clock_type = std::chrono::steady_clock;

void tell(const char* what) {
    const std::chrono::nanoseconds now = clock_type::now().time_since_epoch();
    std::printf("{\"%s\": %lld}\n", what, static_cast<long long>(now.count()));
    std::fflush(stdout);
}

struct step {
    microseconds idle;
    microseconds stall;
};

std::vector<step> read_schedule() {
    std::vector<step> out;
    long long idle = 0;
    long long stall = 0;
    while (std::scanf("%lld %lld", &idle, &stall) == 2) {
        out.push_back({microseconds(idle), microseconds(stall)});
    }
    return out;
}

class player : public std::enable_shared_from_this<player> {
public:
    player(asio::io_context& io, std::vector<step> schedule)
        : timer_(io), schedule_(std::move(schedule)) {}

    void play_next() {
        if (next_ == schedule_.size()) {
            tell("done");
            return;
        }
        timer_.expires_after(schedule_[next_].idle);
        timer_.async_wait(
            [self = shared_from_this()](boost::system::error_code) { self->stall(); });
    }

private:
    void stall() {
        const auto end = clock_type::now() + schedule_[next_].stall;
        tell("began");
        std::this_thread::sleep_until(end);
        tell("ended");
        ++next_;
        play_next();
    }

    asio::steady_timer timer_;
    std::vector<step> schedule_;
    std::size_t next_ = 0;
};

void tick(asio::steady_timer& timer, std::chrono::milliseconds period) {
    timer.expires_after(period);
    timer.async_wait([&timer, period](boost::system::error_code) { tick(timer, period); });
}

} // namespace

int main(int argc, char** argv) try {
    bench::loop_options options{.alerts = true};
    std::chrono::milliseconds period{0};
    for (int i = 1; i + 1 < argc; i += 2) {
        if (argv[i] == std::string_view("--bus")) {
            options.bus_address = argv[i + 1];
        } else if (argv[i] == std::string_view("--warn")) {
            options.warn = std::chrono::milliseconds(std::atoi(argv[i + 1]));
        } else if (argv[i] == std::string_view("--tick")) {
            period = std::chrono::milliseconds(std::atoi(argv[i + 1]));
        }
    }
    asio::io_context io(1);
    const auto work = asio::make_work_guard(io);
    const bench::watched_loop watched(io, options);
    auto schedule = read_schedule();
    tell("watched");
    asio::steady_timer ticks(io);
    if (period.count() > 0) {
        tick(ticks, period);
    }
    std::make_shared<player>(io, std::move(schedule))->play_next();
    io.run();
    return EXIT_SUCCESS;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "stalling_loop: %s\n", problem.what());
    return EXIT_FAILURE;
}
