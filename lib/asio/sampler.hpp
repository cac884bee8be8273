// SPDX-License-Identifier: MIT
//
// The timer of the sampler (lib/src/measure/sampling.hpp) on the loop itself.
//
// The timer must not keep the loop alive: a program whose own work is done expects run() to return.
// So the outstanding work of the pending wait is given back at once, and taken again at the start
// of its handler, for the scheduler to give back after it.
//
// The wait is the monitor's own work: handler tracking neither counts nor shows it.
//
// The pending wait is the only owner of a sampler. It ends when the library says that it is over,
// or with its context.
#pragma once

#include "loop_service.hpp"
#include "untracked.hpp"

#include <loopmon/loopmon.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/wait_traits.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace loopmon::detail {

struct sampler_deleter {
    void operator()(loopmon_sampler* sampler) const noexcept { loopmon_sampler_free(sampler); }
};
using sampler_ptr = std::unique_ptr<loopmon_sampler, sampler_deleter>;

/// @tparam Clock std::chrono::steady_clock, or a manual clock with its time_point in tests
/// @tparam Traits its boost::asio::wait_traits
template <class Clock = std::chrono::steady_clock, class Traits = boost::asio::wait_traits<Clock>>
class basic_sampler : public std::enable_shared_from_this<basic_sampler<Clock, Traits>> {
public:
    /// Starts sampling; the first deadline is one interval from now. Call it from a handler of
    /// `io`: outside of one, to give back the only outstanding work would stop the context.
    /// @throws std::bad_alloc
    static void start(boost::asio::io_context& io, sampler_ptr steps) {
        std::make_shared<basic_sampler>(io, std::move(steps))->begin();
    }

    basic_sampler(boost::asio::io_context& io, sampler_ptr steps)
        : steps_(std::move(steps)), timer_(io) {}

private:
    using timer =
        boost::asio::basic_waitable_timer<Clock, Traits, boost::asio::io_context::executor_type>;

    static std::int64_t now() {
        return std::chrono::nanoseconds(Clock::now().time_since_epoch()).count();
    }

    void begin() {
        note_run(timer_.get_executor().context());
        wait_until(loopmon_sampler_begin(steps_.get(), now()));
    }

    void wait_until(std::int64_t deadline) {
        const untracked own;
        timer_.expires_at(
            typename Clock::time_point(std::chrono::duration_cast<typename Clock::duration>(
                std::chrono::nanoseconds(deadline))));
        timer_.async_wait(
            [self = this->shared_from_this()](boost::system::error_code) { self->fired(); });
        timer_.get_executor().on_work_finished();
    }

    void fired() noexcept {
        timer_.get_executor().on_work_started();
        note_run(timer_.get_executor().context());
        if (const auto next = loopmon_sampler_fired(steps_.get(), now()); next >= 0) {
            wait_again(next);
        }
    }

    void wait_again(std::int64_t deadline) noexcept {
        try {
            wait_until(deadline);
        } catch (const std::bad_alloc&) {
            // The deadline stays set and passes: the watcher reports a loop that has no memory left
            // for one timer as the stuck loop that it is.
        }
    }

    sampler_ptr steps_;
    timer timer_;
};

using sampler = basic_sampler<>;

} // namespace loopmon::detail
