// SPDX-License-Identifier: MIT
//
// The article's measurement, made exact: a timer on the monitored loop with *absolute* deadlines.
// lag = fired - deadline, clamped at 0; the next deadline is the first one after now on the grid
// `first + k * interval`, and those that passed meanwhile are recorded as samples of their own.
//
// The timer must not keep the loop alive: a program whose own work is done expects run() to return.
// So the outstanding work of the pending wait is given back at once, and taken again at the start
// of its handler, for the scheduler to give back after it.
//
// The wait is the monitor's own work: handler tracking neither counts nor shows it.
//
// The pending wait is the only owner of a sampler. It ends when it finds its gauge stopped, or with
// its context; and in a child of fork(), where nobody reads the gauge, after it has said so.
#pragma once

#include "base/fork.hpp"
#include "measure/hooks.hpp"
#include "measure/lag_gauge.hpp"
#include "measure/loop_state.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/wait_traits.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace loopmon::measure {

/// @tparam Clock std::chrono::steady_clock, or a manual clock with its time_point in tests
/// @tparam Traits its boost::asio::wait_traits
template <class Clock = std::chrono::steady_clock, class Traits = boost::asio::wait_traits<Clock>>
class basic_sampler : public std::enable_shared_from_this<basic_sampler<Clock, Traits>> {
public:
    /// Starts sampling; `gauge` is written from the threads that run `io`, and the first deadline
    /// is one interval from now. Call it from a handler of `io`: outside of one, to give back the
    /// only outstanding work would stop the context.
    /// @param in_child called by the sampler that goes on in a child of fork(), as its last; may
    ///        be empty
    /// @throws std::bad_alloc
    static void start(boost::asio::io_context& io, std::shared_ptr<lag_gauge> gauge,
                      std::function<void()> in_child = {}) {
        std::make_shared<basic_sampler>(io, std::move(gauge), std::move(in_child))->begin();
    }

    basic_sampler(boost::asio::io_context& io, std::shared_ptr<lag_gauge> gauge,
                  std::function<void()> in_child)
        : gauge_(std::move(gauge)), in_child_(std::move(in_child)), timer_(io) {}

private:
    using timer =
        boost::asio::basic_waitable_timer<Clock, Traits, boost::asio::io_context::executor_type>;

    void begin() {
        note_run(timer_.get_executor().context());
        gauge_->set_thread();
        interval_ = gauge_->interval();
        wait_until(Clock::now() + interval_);
    }

    void wait_until(typename Clock::time_point deadline) {
        gauge_->set_deadline(deadline);
        const own_work own;
        timer_.expires_at(deadline);
        timer_.async_wait(
            [self = this->shared_from_this()](boost::system::error_code) { self->fired(); });
        timer_.get_executor().on_work_finished();
    }

    void fired() noexcept {
        timer_.get_executor().on_work_started();
        note_run(timer_.get_executor().context());
        gauge_->set_thread();
        const auto in_child = forks_ != base::forks();
        if (in_child && in_child_) {
            in_child_();
        }
        if (in_child || gauge_->stopped()) {
            gauge_->clear_deadline();
            return;
        }
        const auto deadline = timer_.expiry();
        const auto lag = std::max(Clock::now() - deadline, nanoseconds::zero());
        gauge_->complete({deadline, lag}, interval_);
        interval_ = gauge_->interval();
        wait_again(deadline + (lag / interval_ + 1) * interval_);
    }

    void wait_again(typename Clock::time_point deadline) noexcept {
        try {
            wait_until(deadline);
        } catch (const std::bad_alloc&) {
            // The deadline stays set and passes: the watcher reports a loop that has no memory left
            // for one timer as the stuck loop that it is.
        }
    }

    const std::uint32_t forks_ = base::forks();
    std::shared_ptr<lag_gauge> gauge_;
    std::function<void()> in_child_;
    nanoseconds interval_{}; ///< the one the pending deadline was set with
    timer timer_;
};

using sampler = basic_sampler<>;

} // namespace loopmon::measure
