// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/systemd/bus_ptr.hpp>

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

namespace loopmon::test {

/// A synchronous client, as busctl is one.
class bus_client {
public:
    explicit bus_client(const std::string& address) { connect(address); }

    /// For a test that runs as root: a client of another user, whom nobody trusts. A connection
    /// belongs to the user that the connecting thread has at that moment.
    static bus_client of_nobody(const std::string& address) {
        constexpr long nobody = 65534;
        constexpr long unchanged = -1;
        if (syscall(SYS_setresuid, unchanged, nobody, unchanged) != 0) {
            throw std::runtime_error("not root");
        }
        bus_client client;
        try {
            client.connect(address);
        } catch (...) {
            syscall(SYS_setresuid, unchanged, 0L, unchanged);
            throw;
        }
        syscall(SYS_setresuid, unchanged, 0L, unchanged);
        return client;
    }
    [[nodiscard]] sd_bus* get() const { return bus_.get(); }

    /// @return the name of the error, empty for success
    std::string error_of(const std::function<int(sd_bus_error*)>& call) const {
        sd_bus_error error{};
        const int r = call(&error);
        std::string name = r >= 0 ? "" : error.name != nullptr ? error.name : "(none)";
        sd_bus_error_free(&error);
        return name;
    }

    [[nodiscard]] std::uint64_t number(const char* destination, const std::string& path,
                                       const char* interface, const char* property) const {
        std::uint64_t value = 0;
        const auto error = error_of([&](sd_bus_error* e) {
            return sd_bus_get_property_trivial(get(), destination, path.c_str(), interface,
                                               property, e, 't', &value);
        });
        if (!error.empty()) {
            throw std::runtime_error(std::string(property) + ": " + error);
        }
        return value;
    }

    [[nodiscard]] std::string text(const char* destination, const std::string& path,
                                   const char* interface, const char* property) const {
        char* value = nullptr;
        const auto error = error_of([&](sd_bus_error* e) {
            return sd_bus_get_property_string(get(), destination, path.c_str(), interface, property,
                                              e, &value);
        });
        if (!error.empty()) {
            throw std::runtime_error(std::string(property) + ": " + error);
        }
        std::string out = value;
        std::free(value);
        return out;
    }

    [[nodiscard]] bool has_owner(const char* name) const {
        return sd_bus_get_name_creds(get(), name, 0, nullptr) >= 0;
    }

private:
    bus_client() = default;

    void connect(const std::string& address) {
        sd_bus* bus = nullptr;
        sd_bus_new(&bus);
        bus_.reset(bus);
        sd_bus_set_address(bus, address.c_str());
        sd_bus_set_bus_client(bus, 1);
        if (sd_bus_start(bus) < 0) {
            throw std::runtime_error("no bus at " + address);
        }
    }

    systemd::bus_ptr bus_;
};

/// Waits for a condition, a minute at most: far more than any machine needs.
inline bool eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

} // namespace loopmon::test
