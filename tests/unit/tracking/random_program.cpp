// SPDX-License-Identifier: MIT
#include "random_program.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace loopmon::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

/// splitmix64 (G. Steele et al., 2014): a handler hands on seeds and no generator, so that what it
/// does does not depend on the thread that runs it.
std::uint64_t mixed(std::uint64_t seed) {
    seed += 0x9e37'79b9'7f4a'7c15;
    seed = (seed ^ (seed >> 30U)) * 0xbf58'476d'1ce4'e5b9;
    seed = (seed ^ (seed >> 27U)) * 0x94d0'49bb'1331'11eb;
    return seed ^ (seed >> 31U);
}

} // namespace

random_program::random_program(std::uint64_t seed, unsigned threads)
    : seed_(seed), threads_(threads) {}

random_program::~random_program() {
    pool_.stop();
    pool_.join();
}

template <class Run>
void random_program::run_to_end(Run run) {
    while (true) {
        try {
            return run();
        } catch (const wanted&) {
        }
    }
}

void random_program::run() {
    for (std::uint64_t i = 0; i < 8; ++i) {
        act(mixed(seed_ + i), where::loop);
    }
    if (seed_ % 3 == 0) { // in the middle of it, on whichever thread
        asio::post(pool_, [this] {
            one_.stop();
            two_.stop();
        });
    }
    // Coroutines of the first loop wait for the second, which therefore outlasts it.
    auto work = asio::make_work_guard(two_);
    std::vector<std::thread> first;
    std::vector<std::thread> second;
    for (unsigned i = 0; i < threads_; ++i) {
        first.emplace_back([this] { run_to_end([this] { one_.run(); }); });
        second.emplace_back([this] { run_to_end([this] { two_.run(); }); });
    }
    for (auto& thread : first) {
        thread.join();
    }
    work.reset();
    for (auto& thread : second) {
        thread.join();
    }
    if (seed_ % 2 == 0) {
        pool_.join();
    }
}

void random_program::act_more(std::uint64_t seed, where place) {
    act(mixed(seed), place);
    if (seed % 4 != 0) {
        act(mixed(seed + 1), place);
    }
}

template <class Start>
void random_program::wait(std::uint64_t seed, Start start) {
    // Most waits are short; the others are cancelled, or are there when the loop ends.
    auto timer = std::make_shared<asio::steady_timer>(
        one_, std::chrono::microseconds(seed % 8 == 0 ? 3'600'000'000 : seed % 500));
    start(*timer, [this, timer, seed](boost::system::error_code) { act_more(seed, where::loop); });
    if (seed % 16 == 0) {
        one_.stop();
    } else if (seed % 8 == 0) {
        timer->cancel();
    }
}

void random_program::act(std::uint64_t seed, where place) {
    if (left_.fetch_sub(1) <= 0) {
        return;
    }
    const auto next = mixed(seed);
    const auto in_loop = [this, next] { act_more(next, where::loop); };
    const auto in_pool = [this, next] { act_more(next, where::pool); };
    switch (seed % 14) {
    case 0:
        return asio::post(one_, in_loop);
    case 1:
        return asio::post(two_, in_loop);
    case 2:
        return asio::defer(two_, in_loop);
    case 3:
        // From the pool it is queued; in a handler of the loop it runs at once.
        return asio::dispatch(one_, in_loop);
    case 4:
        return asio::post(strand_, in_loop);
    case 5:
        return asio::dispatch(strand_, in_loop);
    case 6:
        return asio::post(pool_, in_pool);
    case 7:
        return wait(next, [](asio::steady_timer& timer, auto handler) {
            timer.async_wait(std::move(handler));
        });
    case 8:
        return wait(next, [this](asio::steady_timer& timer, auto handler) {
            timer.async_wait(asio::bind_executor(strand_, std::move(handler)));
        });
    case 9:
        return asio::co_spawn(
            one_,
            [this, next]() -> asio::awaitable<void> {
                asio::steady_timer timer(one_, std::chrono::microseconds(next % 300));
                co_await timer.async_wait(asio::use_awaitable);
                act_more(next, where::loop);
                co_await asio::post(two_, asio::use_awaitable);
                if (next % 5 == 0) {
                    throw wanted();
                }
                act_more(next + 1, where::loop);
            },
            asio::detached);
    case 10:
        if (place == where::loop) { // a thread of a pool would end the process
            return asio::post(two_, [this, next] {
                act_more(next, where::loop);
                throw wanted();
            });
        }
        return asio::post(two_, in_loop);
    case 11:
        return asio::post(strand_, [this, next] {
            act_more(next, where::loop);
            throw wanted();
        });
    case 12:
        return asio::post(one_, [this, next] { // a loop that is polled inside of another's handler
            act_more(next, where::loop);
            // Until nothing is left: what its handlers deferred wakes no other thread of it.
            run_to_end([this] { two_.poll(); });
        });
    default:
        return asio::post(asio::make_strand(pool_), in_pool);
    }
}

} // namespace loopmon::test
