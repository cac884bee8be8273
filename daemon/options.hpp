// SPDX-License-Identifier: MIT
//
// The command line. It is parsed before anything else exists, so nothing here opens files or a
// bus, or prints: the caller decides what to do with the answer.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace loopmond {

struct options {
    std::optional<std::string> config_file; ///< read this instead of searching
    std::vector<std::string> settings;      ///< KEY=VALUE, in the order given; the last one wins
    std::optional<std::string> bus_address; ///< goes before `bus.address`
    int log_level = 6;                      ///< syslog priority, 0 (emerg) to 7 (debug); 6 is info
    bool check_config = false;
    bool print_config = false;
};

/// The command line asks for no daemon: it wants help or the version, or it is wrong.
struct early_exit {
    int code = 0;     ///< exit_ok: `text` is for stdout; exit_usage: for stderr
    std::string text; ///< ends with a newline
};

/// @return the options, or what to print and how to exit. Does not throw for bad arguments.
std::variant<options, early_exit> parse_options(int argc, const char* const* argv);

} // namespace loopmond
