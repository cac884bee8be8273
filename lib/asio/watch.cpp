// SPDX-License-Identifier: MIT
#include "loop_service.hpp"
#include "sampler.hpp"
#include "untracked.hpp"

#include <loopmon/monitor.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <memory>

namespace loopmon {

watched monitor::watch(boost::asio::io_context& io, const watch_options& options) {
    auto& service = detail::service_of(io);
    service.adapter().bind(io, *service.loop());
    const auto given = detail::c_options(options);
    loopmon_watch* made = nullptr;
    const int result = loopmon_monitor_watch(monitor_.get(), service.loop(), &given, &made);
    detail::check(result);
    watched watch(made);
    if (result == -ECHILD) {
        return watch;
    }
    loopmon_sampler* sampler = nullptr;
    detail::check(loopmon_watch_sampler(made, &sampler));
    const detail::untracked own;
    boost::asio::post(io, [&io, steps = detail::sampler_ptr(sampler)]() mutable {
        detail::sampler::start(io, std::move(steps));
    });
    return watch;
}

} // namespace loopmon
