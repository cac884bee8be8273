// SPDX-License-Identifier: MIT
//
// A turn lets sd-bus do up to `turn_limit` units of work and then arms: asks sd-bus what it waits
// for now, and has socket_waits wait for it. "A deadline of 0" is how sd-bus says that there is
// work which no event will announce (a message read early by a synchronous call, a connection that
// is being closed), so that means another turn.
//
// A connection ends in one of two ways. stop(): everything is closed at once, in whatever state,
// also from within a callback of sd-bus. lose(): any error at all from sd-bus or from waiting; the
// owner gets it later, from a handler of its own, so it may do as it likes with the pump.
#include <loopmon/systemd/bus_pump.hpp>

#include "socket_waits.hpp"

#include <loopmon/systemd/async_call.hpp>

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <systemd/sd-bus.h>

namespace loopmon::systemd {

using boost::system::error_code;

namespace {

// Fair to the other handlers of the loop when messages flood in, without the price of a trip
// through the scheduler for each of them.
constexpr int turn_limit = 16;

error_code bus_error(int negative_errno) noexcept {
    return {-negative_errno, boost::system::system_category()};
}

} // namespace

std::shared_ptr<bus_pump> bus_pump::start(executor_type executor, bus_ptr bus, lost_handler on_lost,
                                          ready_handler on_ready) {
    assert(bus && executor);
    std::shared_ptr<bus_pump> pump(
        new bus_pump(std::move(executor), std::move(bus), std::move(on_lost), std::move(on_ready)));
    pump->waits_ = std::make_shared<socket_waits>(
        pump->executor_, [weak = pump->weak_from_this()](error_code error) {
            if (const auto self = weak.lock()) {
                self->woken(error);
            }
        });
    if (const error_code error = pump->arm()) {
        throw boost::system::system_error(error, "cannot wait for a D-Bus connection");
    }
    pump->post_turn(); // messages that were read before will not be announced again
    return pump;
}

bus_pump::bus_pump(executor_type executor, bus_ptr bus, lost_handler on_lost,
                   ready_handler on_ready)
    : executor_(std::move(executor)),
      bus_(std::move(bus)),
      on_lost_(std::move(on_lost)),
      on_ready_(std::move(on_ready)) {}

bus_pump::~bus_pump() {
    stop();
}

void bus_pump::stop() noexcept {
    if (phase_ == phase::stopped) {
        return;
    }
    phase_ = phase::stopped;
    waits_->close(); // first: the peer sees the end only when the last duplicate is gone
    bus_.reset();
    abandon_calls();
}

int bus_pump::waiting_descriptor() noexcept {
    return waits_->descriptor();
}

void bus_pump::rearm() noexcept {
    if (!running() || in_turn_ || turn_posted_) {
        return; // a turn arms when it ends
    }
    if (const error_code error = arm()) {
        lose(error);
    }
}

error_code bus_pump::arm() noexcept {
    const int socket = sd_bus_get_fd(bus_.get());
    if (socket < 0) {
        return bus_error(socket);
    }
    const int events = sd_bus_get_events(bus_.get());
    if (events < 0) {
        return bus_error(events);
    }
    std::uint64_t deadline = socket_waits::never;
    if (const int r = sd_bus_get_timeout(bus_.get(), &deadline); r < 0) {
        return bus_error(r);
    }

    if (on_ready_ && sd_bus_is_ready(bus_.get()) > 0) {
        boost::asio::post(executor_,
                          [weak = weak_from_this(), on_ready = std::exchange(on_ready_, nullptr)] {
                              if (const auto self = weak.lock(); self && self->running()) {
                                  on_ready();
                              }
                          });
    }
    if (deadline == 0) {
        post_turn();
        deadline = socket_waits::never;
    }
    waits_->wait_until(deadline);
    return waits_->wait_for(socket, events);
}

void bus_pump::post_turn() noexcept {
    if (std::exchange(turn_posted_, true)) {
        return;
    }
    boost::asio::post(executor_, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->turn_posted_ = false;
            self->turn();
        }
    });
}

void bus_pump::woken(error_code error) noexcept {
    if (error) {
        lose(error);
    } else {
        turn();
    }
}

void bus_pump::turn() noexcept {
    if (phase_ != phase::running) {
        return;
    }
    in_turn_ = true;
    int processed = 1;
    for (int i = 0; i < turn_limit && processed > 0 && running(); ++i) {
        processed = sd_bus_process(bus_.get(), nullptr);
    }
    in_turn_ = false;

    if (!running()) {
        return; // a callback called stop()
    }
    if (processed < 0) {
        lose(bus_error(processed));
    } else if (processed > 0) {
        post_turn(); // only "nothing done" promises that sd-bus has nothing left in its buffers
    } else {
        rearm();
    }
}

void bus_pump::lose(error_code error) noexcept {
    phase_ = phase::lost;
    waits_->close();
    sd_bus_close(bus_.get()); // it may be an error that sd-bus does not hold for fatal
    abandon_calls();
    boost::asio::post(executor_, [weak = weak_from_this(), error] {
        const auto self = weak.lock();
        if (self && self->phase_ == phase::lost && self->on_lost_) {
            std::exchange(self->on_lost_, nullptr)(error);
        }
    });
}

void bus_pump::abandon_calls() noexcept {
    for (const auto& call : std::exchange(calls_, {})) {
        call->abandon();
    }
}

} // namespace loopmon::systemd
