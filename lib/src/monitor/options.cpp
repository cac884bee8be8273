// SPDX-License-Identifier: MIT
#include "options.hpp"

#include "report/text.hpp"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace loopmon {

namespace {

std::string shown(duration value) {
    return report::human(value);
}
std::string shown(std::uint64_t value) {
    return std::to_string(value);
}

/// Finds the first thing wrong with some options.
template <class Options>
class checker {
public:
    checker(const char* type, const Options& options) : type_(type), options_(options) {}

    template <class Value, class Range>
    void operator()(const char* name, Value value, const Range& allowed) const {
        require(allowed.contains(value), name,
                " must be " + shown(allowed.min) + " to " + shown(allowed.max));
    }

    void operator()(const duration& a, agreement how, const duration& b) const {
        require(agree(a, how, b), name_of(a),
                (how == agreement::less ? " must be less than " : " must not be greater than ") +
                    std::string(name_of(b)));
    }

    void require(bool holds, const char* name, const std::string& what) const {
        if (!holds) {
            throw std::invalid_argument(std::string(type_) + "::" + name + what);
        }
    }

private:
    [[nodiscard]] const char* name_of(const duration& member) const {
        const char* found = "";
        visit_limits(options_, [&](const char* name, const auto& value, const auto&) {
            if (static_cast<const void*>(&value) == &member) {
                found = name;
            }
        });
        return found;
    }

    const char* type_;
    const Options& options_;
};

} // namespace

watch::loop_settings checked(const watch_options& o) {
    const checker check("watch_options", o);
    check.require(!o.name.empty(), "name", " must not be empty");
    visit_limits(o, check);
    visit_rules(o, check);
    return {.name = o.name,
            .critical = o.gates_watchdog,
            .interval = o.interval,
            .window = o.window,
            .lag = o.lag(),
            .tasks = o.tasks};
}

watch::watcher_settings checked(const monitor_settings& s) {
    const checker check("monitor_settings", s);
    visit_limits(s, check);
    for (const auto why : s.watchdog.trip_on) {
        const auto& row = info_of(why);
        check.require(row.value == why && may_be_listed(row), "watchdog.trip_on",
                      " must not list " + std::string(row.value == why ? row.word : "this number") +
                          ", which always trips or never");
    }
    return {.watchdog = s.watchdog, .grace = s.grace, .stacks = s.stacks};
}

std::string bus_address(const monitor_options& options) {
    if (!options.bus_address.empty()) {
        return options.bus_address;
    }
    switch (options.bus) {
    case bus_kind::system:
        return "system";
    case bus_kind::session:
        return "session";
    case bus_kind::none:
        break;
    }
    return {};
}

std::string bus_name(const monitor_options& options) {
    if (!options.bus_name.empty()) {
        return options.bus_name;
    }
    // An element of a bus name: [A-Za-z0-9_-], not starting with a digit (D-Bus specification).
    std::string id = program_invocation_short_name;
    for (auto& c : id) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') {
            c = '_';
        }
    }
    if (id.empty() || std::isdigit(static_cast<unsigned char>(id.front())) != 0) {
        id.insert(id.begin(), '_');
    }
    return "org.loopmon1.app." + id;
}

std::string state_directory(const monitor_options& options) {
    if (!options.state_directory.empty()) {
        return options.state_directory;
    }
    const char* const list = std::getenv("STATE_DIRECTORY");
    const std::string all = list != nullptr ? list : "";
    return all.substr(0, all.find(':'));
}

} // namespace loopmon
