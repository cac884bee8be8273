// SPDX-License-Identifier: MIT
// org.freedesktop.LogControl1(5), for `systemctl service-log-level` and `service-log-target`
#include "bus/bus_object.hpp"

#include <cerrno>

namespace loopmon::bus {

namespace {

class log_control final : public exported_object {
public:
    explicit log_control(commands& source)
        : exported_object("/org/freedesktop/LogControl1", "org.freedesktop.LogControl1", vtable),
          source_(source) {}

    void signal_changes(sd_bus*) override {}

private:
    void* self() override { return this; }

    static int set_level(sd_bus*, const char*, const char*, const char*, sd_bus_message* value,
                         void* userdata, sd_bus_error* error) noexcept;
    static int set_target(sd_bus*, const char*, const char*, const char*, sd_bus_message* value,
                          void* userdata, sd_bus_error* error) noexcept;
    static const std::vector<sd_bus_vtable> vtable;

    commands& source_;
};

int log_control::set_level(sd_bus*, const char*, const char*, const char*, sd_bus_message* value,
                           void* userdata, sd_bus_error* error) noexcept {
    const char* name = nullptr;
    const int r = sd_bus_message_read(value, "s", &name);
    if (r < 0) {
        return r;
    }
    const auto level = parse_priority(name);
    if (!level) {
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "Unknown log level '%s'; allowed: emerg, alert, crit, err, "
                                 "warning, notice, info, debug",
                                 bounded_text(name, max_name).c_str());
    }
    static_cast<log_control*>(userdata)->source_.log().level(*level);
    return 1;
}

int log_control::set_target(sd_bus*, const char*, const char*, const char*, sd_bus_message* value,
                            void* userdata, sd_bus_error* error) noexcept {
    const char* name = nullptr;
    const int r = sd_bus_message_read(value, "s", &name);
    if (r < 0) {
        return r;
    }
    const std::string_view wanted = name;
    auto& log = static_cast<log_control*>(userdata)->source_.log();
    if (wanted == "auto") {
        log.reset_target();
    } else if (wanted == "journal") {
        log.target(log_target::journal);
    } else if (wanted == "console") {
        log.target(log_target::console);
    } else {
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "Unknown log target '%s'; allowed: auto, journal, console",
                                 bounded_text(name, max_name).c_str());
    }
    return 1;
}

const std::vector<sd_bus_vtable> log_control::vtable = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_WRITABLE_PROPERTY(
        "LogLevel", "s",
        (property<log_control, [](log_control& o) { return to_string(o.source_.log().level()); }>),
        &log_control::set_level, 0, 0),
    SD_BUS_WRITABLE_PROPERTY(
        "LogTarget", "s",
        (property<log_control, [](log_control& o) { return to_string(o.source_.log().target()); }>),
        &log_control::set_target, 0, 0),
    SD_BUS_PROPERTY(
        "SyslogIdentifier", "s",
        (property<log_control,
                  [](log_control&) { return std::string(program_invocation_short_name); }>),
        0, 0),
    SD_BUS_VTABLE_END};

} // namespace

std::unique_ptr<exported_object> make_log_control(commands& source) {
    return std::make_unique<log_control>(source);
}

} // namespace loopmon::bus
