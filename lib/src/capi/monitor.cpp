// SPDX-License-Identifier: MIT
//
// loopmon.h: monitors, watches, probes. Each call checks that its object is of this process, and
// turns what the monitor throws into an errno value.
#include "capi/guarded.hpp"
#include "capi/handles.hpp"
#include "capi/options.hpp"

#include <loopmon/version.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace loopmon::capi {

namespace {

/// Texts of this length are cut.
thread_local char last_error[512] = "";

/// The work on the monitor, unless this process has been forked from its own.
template <class Work>
int on_monitor(const std::shared_ptr<detail::monitor_impl>& monitor, Work&& work) noexcept {
    if (monitor->left_behind()) {
        return failed(ECHILD, "the monitor is that of the parent of this process");
    }
    return guarded([&] { work(*monitor); });
}

int no_object() noexcept {
    return failed(EINVAL, "NULL instead of an object");
}

model::priority severity_of(int priority) {
    return static_cast<model::priority>(std::clamp(priority, 0, 7));
}

} // namespace

int failed(int error, const char* text) noexcept {
    std::strncpy(last_error, text, sizeof last_error - 1);
    return -error;
}

} // namespace loopmon::capi

using namespace loopmon;
using namespace loopmon::capi;

const char* loopmon_version() noexcept {
    return version.data(); // a literal
}

const char* loopmon_last_error() noexcept {
    return last_error;
}

int loopmon_monitor_new(const loopmon_monitor_options* options, loopmon_monitor** ret) noexcept {
    return guarded([&] {
        auto made = std::make_unique<loopmon_monitor>();
        made->impl = std::make_shared<detail::monitor_impl>(options_of(options));
        made->impl->start();
        *ret = made.release();
    });
}

loopmon_monitor* loopmon_monitor_free(loopmon_monitor* monitor) noexcept {
    const std::unique_ptr<loopmon_monitor> ended(monitor);
    if (ended && ended->impl->in_child()) {
        detail::monitor_impl::keep_for_good(ended->impl);
    } else if (ended) {
        ended->impl->shut_down();
    }
    return nullptr;
}

int loopmon_monitor_configure(loopmon_monitor* monitor, const loopmon_settings* settings) noexcept {
    return monitor == nullptr ? no_object() : on_monitor(monitor->impl, [&](auto& impl) {
        impl.configure(settings_of(settings));
    });
}

int loopmon_monitor_ready(loopmon_monitor* monitor) noexcept {
    return monitor == nullptr ? no_object()
                              : on_monitor(monitor->impl, [](auto& impl) { impl.ready(); });
}

int loopmon_monitor_stopping(loopmon_monitor* monitor) noexcept {
    return monitor == nullptr ? no_object()
                              : on_monitor(monitor->impl, [](auto& impl) { impl.stopping(); });
}

int loopmon_monitor_reloading(loopmon_monitor* monitor) noexcept {
    return monitor == nullptr ? no_object()
                              : on_monitor(monitor->impl, [](auto& impl) { impl.reloading(); });
}

int loopmon_monitor_configuration_loaded(loopmon_monitor* monitor,
                                         const char* const* files) noexcept {
    return monitor == nullptr ? no_object() : on_monitor(monitor->impl, [&](auto& impl) {
        impl.configuration_loaded(list_of(files));
    });
}

int loopmon_monitor_configuration_rejected(loopmon_monitor* monitor, const char* const* files,
                                           const char* error) noexcept {
    return monitor == nullptr ? no_object() : on_monitor(monitor->impl, [&](auto& impl) {
        impl.configuration_rejected(list_of(files), text_of(error));
    });
}

int loopmon_monitor_log(loopmon_monitor* monitor, int priority, const char* text, const char* file,
                        unsigned line, const char* function) noexcept {
    if (monitor == nullptr) {
        return no_object();
    }
    return guarded([&] {
        const source_location where(file != nullptr ? file : "", line,
                                    function != nullptr ? function : "");
        if (monitor->impl->left_behind(where)) {
            monitor->impl->write_from_child(severity_of(priority), text_of(text), where);
        } else {
            monitor->impl->note(severity_of(priority), text_of(text), where);
        }
    });
}

int loopmon_monitor_log_level(loopmon_monitor* monitor, int priority) noexcept {
    if (monitor == nullptr) {
        return no_object();
    }
    monitor->impl->log_level(severity_of(priority));
    return 0;
}

int loopmon_monitor_flush(loopmon_monitor* monitor) noexcept {
    return monitor == nullptr ? no_object()
                              : on_monitor(monitor->impl, [](auto& impl) { impl.flush(); });
}

void loopmon_reload_done(loopmon_reload* call, const char* error) noexcept {
    const std::unique_ptr<loopmon_reload> ended(call);
    if (ended) {
        guarded([&] { ended->done(text_of(error)); });
    }
}

int loopmon_overloaded() noexcept {
    return is_overloaded() ? 1 : 0;
}

int loopmon_monitor_watch(loopmon_monitor* monitor, loopmon_loop* loop,
                          const loopmon_watch_options* options, loopmon_watch** ret) noexcept {
    if (monitor == nullptr || loop == nullptr) {
        return no_object();
    }
    return on_monitor(monitor->impl, [&](auto& impl) {
        auto made = std::make_unique<loopmon_watch>();
        made->owner = monitor->impl;
        made->loop = impl.watch(loop->state, options_of(options));
        *ret = made.release();
    });
}

int loopmon_watch_configure(loopmon_watch* watch, const loopmon_watch_options* options) noexcept {
    return watch == nullptr ? no_object() : on_monitor(watch->owner, [&](auto& impl) {
        impl.configure(watch->loop.key, options_of(options));
    });
}

loopmon_watch* loopmon_watch_free(loopmon_watch* watch) noexcept {
    const std::unique_ptr<loopmon_watch> ended(watch);
    if (ended && !ended->owner->in_child()) {
        guarded([&] { ended->owner->unwatch(ended->loop.key); });
    }
    return nullptr;
}

int loopmon_monitor_probe(loopmon_monitor* monitor, const char* name, const char* kind,
                          const char* target, std::int64_t slow_nsec,
                          loopmon_probe** ret) noexcept {
    if (monitor == nullptr) {
        return no_object();
    }
    return on_monitor(monitor->impl, [&](auto& impl) {
        auto made = std::make_unique<loopmon_probe>();
        made->owner = monitor->impl;
        made->id = impl.add_probe({.name = text_of(name),
                                   .kind = text_of(kind),
                                   .target = text_of(target),
                                   .slow = std::chrono::nanoseconds(slow_nsec)});
        *ret = made.release();
    });
}

int loopmon_probe_answered(loopmon_probe* probe, std::int64_t latency_nsec) noexcept {
    return probe == nullptr ? no_object() : on_monitor(probe->owner, [&](auto& impl) {
        impl.answered(probe->id, std::chrono::nanoseconds(latency_nsec));
    });
}

int loopmon_probe_failed(loopmon_probe* probe, const char* error) noexcept {
    return probe == nullptr ? no_object() : on_monitor(probe->owner, [&](auto& impl) {
        impl.failed(probe->id, text_of(error));
    });
}

loopmon_probe* loopmon_probe_free(loopmon_probe* probe) noexcept {
    const std::unique_ptr<loopmon_probe> ended(probe);
    if (ended && !ended->owner->in_child()) {
        guarded([&] { ended->owner->remove_probe(ended->id); });
    }
    return nullptr;
}

int loopmon_watch_sampler(loopmon_watch* watch, loopmon_sampler** ret) noexcept {
    if (watch == nullptr) {
        return no_object();
    }
    return guarded([&] {
        auto made = std::make_unique<loopmon_sampler>(loopmon_sampler{
            measure::sampling(watch->loop.gauge, [weak = std::weak_ptr(watch->owner)] {
                if (const auto owner = weak.lock()) {
                    owner->left_behind();
                }
            })});
        *ret = made.release();
    });
}
