// SPDX-License-Identifier: MIT
//
// victim [KEY=VALUE...]: a watched program that does to itself what commands on standard input ask
// for, and answers each with one line of JSON; matrix.py drives it. Commands are carried out by a
// thread of their own, so that they work while the loop is stuck. Meanwhile another thread waits in
// calls that a signal would cut short, and counts the waits that were.
#include "faults/allocations.hpp"
#include "faults/bystander.hpp"
#include "faults/driven_loop.hpp"
#include "faults/self_harm.hpp"

#include <loopmon/loopmon.hpp>

#include <boost/asio/post.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using arguments = std::istringstream;

std::map<std::string, std::string, std::less<>> options_of(int argc, char** argv) {
    std::map<std::string, std::string, std::less<>> out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const auto equals = option.find('=');
        if (equals != std::string_view::npos) {
            out.emplace(option.substr(0, equals), option.substr(equals + 1));
        }
    }
    return out;
}

template <class T>
T next(arguments& in, T otherwise = {}) {
    T value{};
    return in >> value ? value : otherwise;
}

struct program {
    faults::driven_loop loop;
    [[maybe_unused]] const bool remembered = (faults::remember_own_descriptors(), true);
    faults::bystander bystander;
    loopmon::monitor monitor;
    loopmon::watched watched;

    explicit program(const std::map<std::string, std::string, std::less<>>& given)
        : loop(given.contains("threads") ? std::stoi(given.at("threads")) : 1),
          monitor(monitor_options(given)),
          watched(monitor.watch(loop.context(), watch_options())) {}

    static loopmon::monitor_options
    monitor_options(const std::map<std::string, std::string, std::less<>>& given) {
        loopmon::monitor_options out;
        if (given.contains("bus")) {
            out.bus_address = given.at("bus");
        }
        out.bus_name = "org.loopmon1.app.victim";
        if (given.contains("state")) {
            out.state_directory = given.at("state");
        }
        out.settings.grace = {};
        out.settings.watchdog.lag = 1s;
        return out;
    }
    static loopmon::watch_options watch_options() {
        loopmon::watch_options out;
        out.critical = 300ms;
        out.clear_after = 300ms;
        out.alerts_per_minute = 1000;
        return out;
    }

    void block(std::string_view kind, milliseconds length) {
        if (kind == "cpu") {
            const auto end = std::chrono::steady_clock::now() + length;
            while (std::chrono::steady_clock::now() < end) {
            }
        } else {
            bystander.wait(length);
        }
    }

    /// Answers one command with the members of a JSON object, without the braces.
    std::string run(const std::string& command, arguments& in) {
        if (command == "stall" || command == "stall_one") { // all threads of the loop, or one
            const auto kind = next<std::string>(in);
            const milliseconds length(next<int>(in));
            for (int i = command == "stall" ? loop.threads() : 1; i > 0; --i) {
                boost::asio::post(loop.context(), [=, this] { block(kind, length); });
            }
        } else if (command == "stop_and_stall") {
            const milliseconds length(next<int>(in));
            boost::asio::post(loop.context(), [=, this] {
                loop.context().stop();
                block("poll", length);
            });
        } else if (command == "announced_stall") {
            const milliseconds length(next<int>(in));
            boost::asio::post(loop.context(), [=, this] {
                const loopmon::expect_long expected(1h, "a test");
                block("poll", length);
            });
        } else if (command == "mode") {
            loop.drive(next<std::string>(in));
        } else if (command == "overloaded") {
            return std::string("\"overloaded\": ") + (loopmon::overloaded() ? "true" : "false");
        } else if (command == "disturbed") {
            return "\"disturbed\": " + std::to_string(bystander.disturbed()) +
                   ", \"waits\": " + std::to_string(bystander.waits());
        } else if (command == "fail_allocations") {
            faults::fail_every(next<unsigned>(in));
        } else if (command == "allocations_failed") {
            return "\"failed\": " + std::to_string(faults::failed_allocations());
        } else {
            const auto error = faults::harm(command, in, loop.context());
            return "\"error\": \"" + error + '"';
        }
        return "\"error\": \"\"";
    }
};

void obey(program& self) {
    for (std::string line; std::getline(std::cin, line);) {
        arguments in(line);
        const auto command = next<std::string>(in);
        if (command == "quit") {
            break;
        }
        std::printf("{%s}\n", self.run(command, in).c_str());
        std::fflush(stdout);
    }
    self.loop.quit();
}

} // namespace

int main(int argc, char** argv) try {
    const auto given = options_of(argc, argv);
    program self(given);
    std::thread commands([&self] { obey(self); });
    if (given.contains("mode")) {
        self.loop.drive(given.at("mode"));
    }
    self.loop.run();
    commands.join();
    return EXIT_SUCCESS;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "victim: %s\n", problem.what());
    return EXIT_FAILURE;
}
