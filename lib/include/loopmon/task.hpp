// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/export.hpp>

#include <boost/assert/source_location.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace boost::asio {
class execution_context;
}

namespace loopmon {

namespace measure {
class loop_state;
}

/// A registered task: it is in the live task table of its loop, and counted in `ActiveTasks`, from
/// construction until destruction or done(). For code that is written with callbacks, held by
/// whatever lives as long as the task does; coroutines get theirs from loopmon::spawn().
///
/// The loop need not be watched, yet or ever. Any thread may construct and end tasks; one object is
/// for one thread at a time. The end is lock-free; construction takes, as that of every asio I/O
/// object does, the mutex of the context's list of services. May outlive its context.
class LOOPMON_API task {
public:
    /// An empty token, which registers nothing.
    task() noexcept;

    /// @param context the loop that runs the task, e.g. an io_context
    /// @param name    shown to people; cut after 64 bytes
    /// @param where   shown as the place that spawned the task. Of Boost and not of std, which
    ///                clang has from version 16 on; made from a std::source_location too.
    /// @throws std::bad_alloc at the first task of a context only
    task(boost::asio::execution_context& context, std::string_view name,
         const boost::source_location& where = BOOST_CURRENT_LOCATION);

    task(task&& other) noexcept;
    task& operator=(task&& other) noexcept;
    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task();

    /// Ends the task now; does nothing to an empty token.
    void done() noexcept;

private:
    std::shared_ptr<measure::loop_state> loop_;
    std::uint32_t slot_ = 0;
};

} // namespace loopmon
