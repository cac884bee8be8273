// SPDX-License-Identifier: MIT
//
// Each message is one datagram, so that the manager sees it whole or not at all, and in the order
// of the lines: the status must be there when WATCHDOG=trigger ends the process. A datagram is put
// together in place: a trip may be the consequence of a process out of memory.
//
// sd_notify(3) opens a socket for each message and looks $NOTIFY_SOCKET up by path: after a chroot
// nothing would be heard, and the watchdog would end a healthy service. So the socket is our own
// and stays connected.
#include "sd_notifier.hpp"

#include "base/unix_datagrams.hpp"
#include "base/utf8.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace loopmon::detail {

namespace {

// The manager takes 16 KiB, `systemctl status` shows one line.
constexpr std::size_t status_limit = 1024;

// A manager that is busy for longer (its queue is full of others' messages) must not keep the
// watcher from watching; a ping that is lost follows within a third of the watchdog's period.
constexpr auto manager_patience = std::chrono::seconds(1);

class datagram {
public:
    datagram& line(std::string_view text) noexcept {
        if (size_ > 0) {
            append("\n");
        }
        return append(text);
    }

    /// A control character would end the line, or, if it is a zero, the datagram.
    datagram& status(std::string_view text) noexcept {
        line("STATUS=");
        const std::size_t begin = size_;
        append(base::cut(text, status_limit));
        std::replace_if(
            bytes_.begin() + static_cast<std::ptrdiff_t>(begin),
            bytes_.begin() + static_cast<std::ptrdiff_t>(size_),
            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
        return *this;
    }

    datagram& number(std::uint64_t value) noexcept {
        std::array<char, 20> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        return append({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }

    bool send(base::unix_datagrams& to) noexcept {
        const iovec whole{bytes_.data(), size_};
        return to.send({&whole, 1}) == 0;
    }

private:
    datagram& append(std::string_view text) noexcept {
        const std::size_t fits = std::min(text.size(), bytes_.size() - size_);
        std::copy_n(text.data(), fits, bytes_.data() + size_);
        size_ += fits;
        return *this;
    }

    // One status and the few fixed lines that go with it.
    std::array<char, status_limit + 128> bytes_{};
    std::size_t size_ = 0;
};

std::uint64_t monotonic_usec() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

std::chrono::microseconds period_from_environment() noexcept {
    std::uint64_t usec = 0;
    return std::chrono::microseconds{sd_watchdog_enabled(0, &usec) > 0 ? usec : 0};
}

std::string address_from_environment() {
    const char* const address = std::getenv("NOTIFY_SOCKET");
    return address == nullptr ? "" : address;
}

class sd_notifier final : public model::notifier {
public:
    void ready(const std::string& text) noexcept override {
        datagram{}.line("READY=1").status(text).line("WATCHDOG=1").send(manager_);
    }
    void reloading() noexcept override {
        // Without the time of it, systemd 253 and later takes the READY=1 that follows for an old
        // one, and `systemctl reload` hangs.
        datagram{}
            .line("RELOADING=1")
            .line("MONOTONIC_USEC=")
            .number(monotonic_usec())
            .send(manager_);
    }
    void reloaded(const std::string& text) noexcept override {
        datagram{}.line("READY=1").status(text).send(manager_);
    }
    void stopping() noexcept override { datagram{}.line("STOPPING=1").send(manager_); }
    void status(const std::string& text) noexcept override {
        datagram{}.status(text).send(manager_);
    }
    void ping() noexcept override { datagram{}.line("WATCHDOG=1").send(manager_); }
    void trigger(const std::string& reason) noexcept override {
        datagram{}.status(reason).line("WATCHDOG=trigger").send(manager_);
    }
    bool wait(std::chrono::microseconds period) noexcept override {
        return datagram{}
            .line("WATCHDOG=1")
            .line("WATCHDOG_USEC=")
            .number(static_cast<std::uint64_t>(period.count()))
            .send(manager_);
    }
    std::chrono::microseconds watchdog_period() const noexcept override { return period_; }

    bool has_manager() const noexcept override { return !address_.empty(); }

private:
    const std::string address_ = address_from_environment();
    base::unix_datagrams manager_{address_, manager_patience};
    const std::chrono::microseconds period_ = period_from_environment();
};

} // namespace

std::unique_ptr<model::notifier> make_sd_notifier() {
    return std::make_unique<sd_notifier>();
}

} // namespace loopmon::detail
