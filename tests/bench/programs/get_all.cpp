// SPDX-License-Identifier: MIT
//
// get_all ADDRESS NAME PATH COUNT: asks COUNT times for all properties of a Loop, one call
// after the other on one connection, and prints how long each took.
#include <loopmon/systemd/bus_ptr.hpp>

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using loopmon::systemd::bus_ptr;
using loopmon::systemd::message_ptr;
using clock_type = std::chrono::steady_clock;

constexpr const char* loop_interface = "org.loopmon1.Loop";

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::runtime_error(std::string(what) + ": " + std::strerror(-result));
    }
    return result;
}

bus_ptr connect(const char* address) {
    sd_bus* bus = nullptr;
    checked(sd_bus_new(&bus), "sd_bus_new");
    bus_ptr owned(bus);
    checked(sd_bus_set_address(bus, address), address);
    checked(sd_bus_set_bus_client(bus, 1), address);
    checked(sd_bus_start(bus), address);
    return owned;
}

long long now_ns() {
    return std::chrono::nanoseconds(clock_type::now().time_since_epoch()).count();
}

} // namespace

int main(int argc, char** argv) try {
    if (argc != 5) {
        std::fputs("Usage: get_all ADDRESS NAME PATH COUNT\n", stderr);
        return 2;
    }
    const auto bus = connect(argv[1]);
    const long count = std::strtol(argv[4], nullptr, 10);
    std::vector<double> usec;
    const auto began = now_ns();
    for (long i = 0; i < count; ++i) {
        const auto asked = now_ns();
        sd_bus_message* reply = nullptr;
        const int r =
            sd_bus_call_method(bus.get(), argv[2], argv[3], "org.freedesktop.DBus.Properties",
                               "GetAll", nullptr, &reply, "s", loop_interface);
        const message_ptr owned(reply);
        checked(r, "GetAll");
        usec.push_back(static_cast<double>(now_ns() - asked) / 1e3);
    }
    std::printf("{\"began\": %lld, \"ended\": %lld, \"usec\": [", began, now_ns());
    for (const auto& one : usec) {
        std::printf("%s%.1f", &one == usec.data() ? "" : ", ", one);
    }
    std::puts("]}");
    return EXIT_SUCCESS;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "get_all: %s\n", problem.what());
    return EXIT_FAILURE;
}
