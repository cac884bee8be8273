// SPDX-License-Identifier: MIT
//
// One attempt at a time: waiting to retry -> attempt() -> handshake, with a deadline -> ready() ->
// connected until ended(). One timer serves, since waiting to retry and waiting for the handshake
// exclude each other; what its earlier waits still deliver is distinguished by a number.
#include <loopmon/systemd/bus_link.hpp>
#include <loopmon/systemd/detail/open_bus.hpp>
#include <loopmon/systemd/detail/retry_delay.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <cstdint>
#include <random>
#include <utility>

namespace loopmon::systemd {

using boost::system::error_code;
using clock = std::chrono::steady_clock;

namespace {

// A broker that dies sooner after each handshake is in a crash loop, which counts as one failure
// after the other; else it would be asked, and its end reported, four times a second for ever.
constexpr std::chrono::seconds stable_after{1};

std::string text_of(int error) {
    // The error of sd-bus if the environment does not name the session bus.
    if (error == ENOMEDIUM) {
        return "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set";
    }
    return boost::system::system_category().message(error);
}

} // namespace

struct bus_link::impl {
    impl(boost::asio::any_io_executor on, bus_link_options chosen, handlers told)
        : executor(std::move(on)),
          options(std::move(chosen)),
          handle(std::move(told)),
          timer(executor),
          delay(options.first_retry, options.last_retry, std::random_device{}()) {}

    boost::asio::any_io_executor executor;
    bus_link_options options;
    handlers handle;
    boost::asio::steady_timer timer;
    retry_delay delay;
    std::shared_ptr<bus_pump> pump; ///< from the attempt on, null between attempts
    clock::time_point connected_at;
    std::uint64_t wait = 0; ///< the number of the wait that the timer is for
    bool connected = false;
    bool stopped = false;

    /// Calls a member of the link when the time has come, unless the timer was used again or
    /// disarmed before.
    void after(std::chrono::milliseconds pause, bus_link& link, void (bus_link::*then)() noexcept) {
        timer.expires_after(pause);
        timer.async_wait([weak = link.weak_from_this(), then, number = ++wait](error_code error) {
            const auto self = weak.lock();
            if (self && !error && number == self->impl_->wait) {
                (self.get()->*then)();
            }
        });
    }
    void disarm() {
        ++wait;
        timer.cancel();
    }
    void drop_pump() noexcept {
        if (const auto dropped = std::exchange(pump, nullptr)) {
            dropped->stop();
        }
    }
};

std::shared_ptr<bus_link> bus_link::start(boost::asio::any_io_executor executor,
                                          bus_link_options options, handlers on) {
    std::shared_ptr<bus_link> link(new bus_link(
        std::make_unique<impl>(std::move(executor), std::move(options), std::move(on))));
    boost::asio::post(link->impl_->executor, [weak = link->weak_from_this()] {
        if (const auto self = weak.lock()) {
            self->attempt();
        }
    });
    return link;
}

bus_link::bus_link(std::unique_ptr<impl> state) : impl_(std::move(state)) {}

bus_link::~bus_link() {
    stop();
}

std::shared_ptr<bus_pump> bus_link::pump() const {
    return impl_->connected ? impl_->pump : nullptr;
}

void bus_link::stop() noexcept {
    impl_->stopped = true;
    impl_->connected = false;
    impl_->disarm();
    impl_->drop_pump();
}

void bus_link::attempt() noexcept {
    if (impl_->stopped) {
        return;
    }
    bus_ptr bus;
    if (const int r = open_bus(impl_->options.address, impl_->options.description, bus); r < 0) {
        retry(text_of(-r));
        return;
    }
    try {
        impl_->pump = bus_pump::start(
            impl_->executor, std::move(bus),
            [weak = weak_from_this()](error_code error) {
                if (const auto self = weak.lock()) {
                    self->ended(error);
                }
            },
            [weak = weak_from_this()] {
                if (const auto self = weak.lock()) {
                    self->ready();
                }
            });
    } catch (const boost::system::system_error& error) {
        retry(text_of(error.code().value()));
        return;
    }
    impl_->after(impl_->options.handshake_timeout, *this, &bus_link::handshake_expired);
}

void bus_link::ready() noexcept {
    impl_->disarm();
    impl_->connected = true;
    impl_->connected_at = clock::now();
    if (impl_->handle.connected) {
        impl_->handle.connected(*std::shared_ptr{impl_->pump}); // the handler may call stop()
    }
}

void bus_link::handshake_expired() noexcept {
    retry("no answer within " + std::to_string(impl_->options.handshake_timeout.count()) + "ms");
}

void bus_link::ended(error_code error) noexcept {
    retry(text_of(error.value()));
}

void bus_link::retry(const std::string& reason) noexcept {
    const bool was_connected = std::exchange(impl_->connected, false);
    if (was_connected && clock::now() - impl_->connected_at >= stable_after) {
        impl_->delay.reset();
    }
    impl_->drop_pump();
    impl_->after(impl_->delay.next(), *this, &bus_link::attempt);
    if (impl_->handle.lost) {
        const char* what =
            was_connected ? "lost the connection to D-Bus at " : "cannot connect to D-Bus at ";
        impl_->handle.lost(what + bus_name_for_people(impl_->options.address) + ": " + reason,
                           was_connected);
    }
}

} // namespace loopmon::systemd
