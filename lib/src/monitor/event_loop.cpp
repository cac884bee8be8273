// SPDX-License-Identifier: MIT
#include "event_loop.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

namespace loopmon::detail {

namespace {

// Of the end of a wait: zero would be sd-event's default of 250 ms.
constexpr std::uint64_t accuracy_usec = 1;

void check(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(-result, std::system_category(), what);
    }
}

int ignore_time(sd_event_source* /*source*/, std::uint64_t /*usec*/, void* /*none*/) noexcept {
    return 0;
}

int take_wake(sd_event_source* /*source*/, int descriptor, std::uint32_t /*events*/,
              void* /*none*/) noexcept {
    eventfd_t count = 0;
    eventfd_read(descriptor, &count); // fails only if there is nothing to take
    return 0;
}

} // namespace

event_loop::event_loop()
    : witness_(::memfd_create("loopmon", MFD_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    check(wake_.get() < 0 ? -errno : 0, "eventfd");
    sd_event* event = nullptr;
    check(sd_event_new(&event), "sd_event_new");
    event_.reset(event);
    sd_event_source* source = nullptr;
    check(sd_event_add_io(event, &source, wake_.get(), EPOLLIN, &take_wake, nullptr),
          "sd_event_add_io");
    woken_.reset(source);
    check(
        sd_event_add_time(event, &source, CLOCK_MONOTONIC, 0, accuracy_usec, &ignore_time, nullptr),
        "sd_event_add_time");
    round_.reset(source);
}

bool event_loop::intact() const noexcept {
    // Without a witness nothing shows it.
    return !broken_.load(std::memory_order_relaxed) && (witness_.get() < 0 || witness_.intact());
}

bool event_loop::run(std::uint64_t usec) noexcept {
    const int r = sd_event_run(event_.get(), usec);
    if (r < 0 && r != -ENOMEM && r != -EINTR) {
        broken_.store(true, std::memory_order_relaxed);
    }
    return r > 0;
}

void event_loop::serve_until(std::chrono::steady_clock::time_point end) {
    thread_.check();
    // A round that takes longer than until the next one is due must not keep D-Bus from being
    // served, nor a flood of messages the rounds.
    constexpr int overdue_handlers = 16;
    const auto left = end - std::chrono::steady_clock::now();
    if (left > std::chrono::steady_clock::duration::zero()) {
        const auto usec = std::chrono::ceil<std::chrono::microseconds>(end.time_since_epoch());
        sd_event_source_set_time(round_.get(), static_cast<std::uint64_t>(usec.count()));
        sd_event_source_set_enabled(round_.get(), SD_EVENT_ONESHOT);
        // The timer is exact; the timeout, rounded to milliseconds, also ends a wait whose timer
        // the program has closed.
        run(static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(left).count()));
        return;
    }
    for (int i = 0; i < overdue_handlers && run(0); ++i) {
    }
}

void event_loop::wake() noexcept {
    if (intact()) { // else it would be written to a file of the program's
        eventfd_write(wake_.get(), 1);
    }
}

void event_loop::abandon(std::unique_ptr<event_loop> lost) noexcept {
    static event_loop* last = nullptr; // named, so that leak checkers know of it
    lost->abandoned_before_ = last;
    last = lost.release();
}

} // namespace loopmon::detail
