// SPDX-License-Identifier: MIT
#include <loopmon/systemd/async_call.hpp>

#include <systemd/sd-bus.h>

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace loopmon::systemd::detail {

namespace {

call_error disconnected() {
    return {SD_BUS_ERROR_DISCONNECTED, "the connection to D-Bus has ended"};
}

call_error from_errno(int negative_errno) {
    // What else it may be (ENOTCONN, ECONNRESET, EPIPE) means the same to who made the call.
    if (negative_errno == -ENOTCONN || negative_errno == -ECONNRESET || negative_errno == -EPIPE) {
        return disconnected();
    }
    sd_bus_error error{};
    sd_bus_error_set_errno(&error, negative_errno);
    call_error result{error.name, error.message != nullptr ? error.message : ""};
    sd_bus_error_free(&error);
    return result;
}

/// The message of an error is whatever the peer likes, up to the largest message there is; of it
/// this much, without half a character at its end.
std::string beginning_of(std::string_view message) {
    constexpr std::size_t longest = 1024;
    constexpr std::string_view cut = "...";
    if (message.size() <= longest) {
        return std::string(message);
    }
    auto size = longest - cut.size();
    while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xc0U) == 0x80U) {
        --size;
    }
    return std::string(message.substr(0, size)).append(cut);
}

call_error from_peer(const sd_bus_error& error) {
    return {error.name, beginning_of(error.message != nullptr ? error.message : "")};
}

int on_reply(sd_bus_message* reply, void* call, sd_bus_error*) noexcept {
    static_cast<pending_call*>(call)->answered(reply);
    return 0;
}

} // namespace

pending_call::~pending_call() = default;

void pending_call::send(std::weak_ptr<bus_pump> pump, const message_ptr& message,
                        std::chrono::microseconds timeout) noexcept {
    assert(message && timeout.count() > 0);
    pump_ = std::move(pump);
    const auto on = pump_.lock();
    if (!on || !on->running()) {
        abandon();
        return;
    }
    const int r = on->with_bus([&](sd_bus* bus) {
        sd_bus_slot* slot = nullptr;
        const int sent = sd_bus_call_async(bus, &slot, message.get(), &on_reply, this,
                                           static_cast<std::uint64_t>(timeout.count()));
        if (sent >= 0) {
            slot_.reset(slot);
            on->calls_.insert(shared_from_this());
        }
        return sent;
    });
    if (r < 0) {
        finish(from_errno(r), nullptr);
    }
}

void pending_call::cancel() noexcept {
    finish(from_errno(-ECANCELED), nullptr);
}

void pending_call::abandon() noexcept {
    finish(disconnected(), nullptr);
}

void pending_call::finish(call_error error, message_ptr reply) noexcept {
    if (std::exchange(finished_, true)) {
        return;
    }
    const auto self = shared_from_this(); // the pump may hold the last reference
    if (const auto pump = pump_.lock(); pump && pump->running()) {
        pump->calls_.erase(self);
        pump->with_bus([this](sd_bus*) { slot_.reset(); }); // its deadline is void
    }
    slot_.reset();
    complete(std::move(error), std::move(reply));
}

void pending_call::answered(sd_bus_message* reply) noexcept {
    const sd_bus_error* error = sd_bus_message_get_error(reply);
    if (error == nullptr) {
        finish({}, message_ptr{sd_bus_message_ref(reply)});
    } else if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0) {
        abandon(); // while it closes, sd-bus answers what is open by itself, as if it timed out
    } else {
        finish(from_peer(*error), nullptr);
    }
}

} // namespace loopmon::systemd::detail
