// SPDX-License-Identifier: MIT
#include "options.hpp"

#include "exit_code.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <sstream>
#include <string_view>

namespace loopmond {
namespace {

// What --help prints fits into 80 columns: CLI11 of Debian 12 does not wrap lines.
constexpr std::size_t option_column = 24;

constexpr const char* purpose =
    "loopmond watches the event loop that its services run on: it reports the lag\n"
    "over D-Bus and to the journal, and has systemd restart it when it is stuck.";

constexpr const char* files_and_exit_status = R"(Files:
  /etc/loopmond/loopmond.toml    the configuration; else in /run/loopmond,
                                 /usr/local/lib/loopmond, /usr/lib/loopmond
  /etc/loopmond/loopmond.toml.d/*.toml
                                 drop-ins, from all these directories, sorted
                                 by file name; later ones win
Precedence: defaults, file, drop-ins, --set, --bus. SIGHUP reloads the files.

Exit status:
  0  stopped as requested      4  not permitted
  1  runtime failure           6  invalid configuration
  2  invalid command line)";

// In the order of their syslog priorities; the names are those of systemd's log-level options.
constexpr std::array<std::string_view, 8> log_levels = {"emerg",   "alert",  "crit", "err",
                                                        "warning", "notice", "info", "debug"};

std::string log_level_problem(const std::string& name) {
    std::string allowed;
    for (const std::string_view level : log_levels) {
        if (name == level) {
            return {};
        }
        (allowed += allowed.empty() ? "" : ", ") += level;
    }
    return "'" + name + "' is not a log level; allowed: " + allowed;
}

int to_priority(std::string_view name) {
    int priority = 0;
    while (log_levels[static_cast<std::size_t>(priority)] != name) {
        ++priority;
    }
    return priority;
}

std::string assignment_problem(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos && equals != 0) {
        return {};
    }
    return "'" + text + "' is not KEY=VALUE, for example lag.warn=50ms";
}

} // namespace

std::variant<options, early_exit> parse_options(int argc, const char* const* argv) {
    options parsed;
    std::string level = "info";

    CLI::App app(purpose, "loopmond");
    app.get_formatter()->column_width(option_column);
    app.footer(files_and_exit_status);
    app.set_version_flag("--version", "loopmond " LOOPMON_VERSION, "Print the version and exit");
    app.add_option("--config", parsed.config_file, "Read FILE, and no other configuration file")
        ->type_name("FILE");
    app.add_option("--set", parsed.settings,
                   "Set one key, as in lag.warn=50ms; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false) // one value each, or it would eat what follows
        ->check(CLI::Validator(assignment_problem, ""));
    app.add_flag("--check-config", parsed.check_config,
                 "Print every error in the configuration, and exit");
    app.add_flag("--print-config", parsed.print_config,
                 "Print every value in effect and its source, and exit");
    app.add_option("--bus", parsed.bus_address,
                   "Use this bus: system, session, none, or an address")
        ->type_name("ADDRESS");
    app.add_option("--log-level", level, "Lowest priority to log, emerg to debug (default: info)")
        ->type_name("LEVEL")
        ->check(CLI::Validator(log_level_problem, ""));

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& answer) { // help and version, too, come this way
        std::ostringstream out;
        std::ostringstream err;
        const bool wanted = app.exit(answer, out, err) == 0;
        if (wanted) {
            return early_exit{exit_ok, out.str()};
        }
        return early_exit{exit_usage, "loopmond: " + err.str()};
    }
    parsed.log_level = to_priority(level);
    return parsed;
}

} // namespace loopmond
