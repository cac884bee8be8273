// SPDX-License-Identifier: MIT
#include "proc/machine_load.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace loopmon::proc {

namespace {

/// The control group of this process. Without one its files are absent, as they would be in a group
/// without the cpu controller.
control_group own_group(const std::string& root) {
    proc_file memberships(root + "/proc/self/cgroup");
    const auto read = memberships.read();
    std::string path;
    for (auto rest = read.value_or(std::string_view()); !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        if (line.substr(0, 3) == "0::") {
            path = line.substr(3);
        }
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    // Version 2 is mounted in the middle, or beside version 1.
    const auto unified = root + "/sys/fs/cgroup/unified";
    return {::access(unified.c_str(), F_OK) == 0 ? unified : root + "/sys/fs/cgroup", path};
}

std::vector<proc_file> limits_of(const control_group& group) {
    std::vector<proc_file> limits;
    for (auto path = group.path; !path.empty();) {
        limits.emplace_back(group.mount + path + "/cpu.max");
        path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
    return limits;
}

/// The number that follows `key` in `text`.
std::optional<double> number_after(std::string_view text, std::string_view key) {
    const auto at = text.find(key);
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    text.remove_prefix(at + key.size());
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<double> pressure(std::optional<std::string_view> text) {
    return text ? number_after(*text, "some avg10=") : std::nullopt;
}

/// Of "QUOTA PERIOD", in us; QUOTA is "max" where there is no limit.
std::optional<double> limit(std::optional<std::string_view> text) {
    if (!text) {
        return std::nullopt;
    }
    const auto quota = number_after(*text, "");
    const auto period = number_after(*text, " ");
    return quota && period && *period > 0 ? std::optional(*quota / *period) : std::nullopt;
}

/// Never with the decimal comma of a locale, as printf would.
std::string decimal(double value, int places) {
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value,
                                            std::chars_format::fixed, places);
    return error == std::errc() ? std::string(text.data(), end) : "?";
}

std::string milliseconds(model::duration time) {
    using std::chrono::duration_cast;
    return std::to_string(duration_cast<std::chrono::milliseconds>(time).count()) + " ms";
}

void append(std::string& text, const std::string& part) {
    text += (text.empty() ? "" : ", ") + part;
}

} // namespace

machine_reader::machine_reader(const std::string& root) : machine_reader(root, own_group(root)) {}

machine_reader::machine_reader(const std::string& root, const control_group& group)
    : own_pressure_(group.mount + group.path + "/cpu.pressure"),
      system_pressure_(root + "/proc/pressure/cpu"),
      events_(group.mount + group.path + "/cgroup.events"),
      limits_(limits_of(group)) {
    // Now: after a chroot /sys cannot be seen, and each stall asks.
    for (auto* const file : {&own_pressure_, &system_pressure_, &events_}) {
        file->open();
    }
    for (auto& file : limits_) {
        file.open();
    }
}

machine_load machine_reader::sample() {
    machine_load load;
    load.cpu_pressure = pressure(own_pressure_.read());
    if (!load.cpu_pressure) {
        load.cpu_pressure = pressure(system_pressure_.read());
    }
    for (auto& file : limits_) {
        const auto allowed = limit(file.read());
        if (allowed && (!load.cpu_limit || *allowed < *load.cpu_limit)) {
            load.cpu_limit = allowed;
        }
    }
    const auto events = events_.read();
    load.frozen = events && number_after(*events, "frozen ") == 1.0;
    return load;
}

std::string machine_text(const thread_snapshot& earlier, const thread_snapshot& later,
                         const machine_load& load) {
    std::string text;
    if (load.cpu_pressure) {
        append(text, "cpu pressure " + decimal(*load.cpu_pressure, 0) + "% (10 s)");
    }
    if (load.cpu_limit) {
        append(text, "limited to " + decimal(*load.cpu_limit, 2) + " CPUs");
    }
    if (load.frozen) {
        append(text, "control group frozen");
    }
    if (earlier.run_delay && later.run_delay) {
        const auto late = *later.run_delay - *earlier.run_delay;
        if (late >= std::chrono::milliseconds(1)) {
            append(text, "ran " + milliseconds(late) + " late of " +
                             milliseconds(later.when - earlier.when));
        }
    }
    return text;
}

} // namespace loopmon::proc
