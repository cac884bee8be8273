// SPDX-License-Identifier: MIT
// org.loopmon1.Manager
#include "bus/bus_object.hpp"
#include "model/json_report.hpp"

#include <loopmon/version.hpp>

#include <algorithm>
#include <iterator>

namespace loopmon::bus {

namespace {

// Longer than any sane watchdog; the method is there to test alerting, not to hang devices.
constexpr auto max_injection = std::chrono::minutes(10);

class manager_object final : public exported_object {
public:
    explicit manager_object(moment& shown)
        : exported_object(bus_root, manager_interface, members(shown.source())),
          shown_(shown),
          signalled_(shown.manager()) {}

    void signal_changes(sd_bus* bus) override {
        const auto& now = shown_.manager();
        emit_changed(bus, model::changed(model::manager_fields, signalled_, now));
        signalled_ = now;
    }

    const manager_status& shown(const manager_status*) { return shown_.manager(); }

private:
    void* self() override { return this; }
    static std::vector<sd_bus_vtable> members(const program& source);

    [[nodiscard]] object_paths loop_paths();
    [[nodiscard]] object_paths probe_paths();

    static int reload(manager_object& o, sd_bus_message* call, sd_bus_error* error);
    static int reset(manager_object& o, sd_bus_message* call, sd_bus_error* error);
    static int report(manager_object& o, sd_bus_message* call, sd_bus_error* error);
    static int inject(manager_object& o, sd_bus_message* call, sd_bus_error* error);
    static const std::vector<sd_bus_vtable> others;

    moment& shown_;
    manager_status signalled_;
};

object_paths manager_object::loop_paths() {
    object_paths out;
    for (const auto id : shown_.source().loops()) {
        if (const auto* const loop = shown_.loop(id)) {
            out.paths.push_back(object_path("loop", loop->name));
        }
    }
    return out;
}

object_paths manager_object::probe_paths() {
    object_paths out;
    for (const auto id : shown_.source().probes()) {
        if (const auto* const probe = shown_.probe(id)) {
            out.paths.push_back(object_path("probe", probe->name));
        }
    }
    return out;
}

int manager_object::reload(manager_object& o, sd_bus_message* call, sd_bus_error*) {
    // The reply comes when the program has taken, or refused, its new configuration.
    auto held = std::shared_ptr<sd_bus_message>(sd_bus_message_ref(call), systemd::bus_deleter{});
    o.shown_.source().reload([held](const std::string& error) {
        if (error.empty()) {
            sd_bus_reply_method_return(held.get(), nullptr);
        } else {
            sd_bus_reply_method_errorf(held.get(), error_invalid_configuration, "%s",
                                       bounded_paragraph(error, max_text).c_str());
        }
    });
    return 1;
}

int manager_object::reset(manager_object& o, sd_bus_message* call, sd_bus_error*) {
    o.shown_.source().reset_statistics();
    return sd_bus_reply_method_return(call, nullptr);
}

int manager_object::report(manager_object& o, sd_bus_message* call, sd_bus_error*) {
    return sd_bus_reply_method_return(call, "s", json_report(o.shown_.source()).c_str());
}

int manager_object::inject(manager_object& o, sd_bus_message* call, sd_bus_error* error) {
    const char* kind = nullptr;
    std::uint64_t usec = 0;
    const int r = sd_bus_message_read(call, "st", &kind, &usec);
    if (r < 0) {
        return r;
    }
    if (!o.shown_.source().injection_allowed()) {
        return sd_bus_error_set(error, error_not_permitted,
                                "Injection is off; it needs [debug] injection = true");
    }
    const auto length = std::chrono::microseconds(
        std::min<std::uint64_t>(usec, std::chrono::microseconds(max_injection).count()));
    if (!o.shown_.source().inject(kind, length)) {
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "Unknown kind '%s'; allowed: cpu, sleep, congestion",
                                 bounded_text(kind, max_name).c_str());
    }
    return sd_bus_reply_method_return(call, nullptr);
}

/// Properties that are not fields of the status.
const std::vector<sd_bus_vtable> manager_object::others = {
    SD_BUS_PROPERTY("Version", "s",
                    (property<manager_object, [](manager_object&) { return version; }>), 0,
                    SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Loops", "ao",
                    (property<manager_object, [](manager_object& o) { return o.loop_paths(); }>), 0,
                    0),
    SD_BUS_PROPERTY("Probes", "ao",
                    (property<manager_object, [](manager_object& o) { return o.probe_paths(); }>),
                    0, 0),
    SD_BUS_METHOD("Reload", "", "", (method<manager_object, &manager_object::reload>), 0),
    SD_BUS_METHOD("ResetStatistics", "", "", (method<manager_object, &manager_object::reset>), 0),
    SD_BUS_METHOD_WITH_NAMES("GetReport", "", , "s", SD_BUS_PARAM(json),
                             (method<manager_object, &manager_object::report>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("Inject", "st", SD_BUS_PARAM(kind) SD_BUS_PARAM(usec), "", ,
                             (method<manager_object, &manager_object::inject>), 0),
    SD_BUS_VTABLE_END};

/// A program that cannot reload does not offer it.
std::vector<sd_bus_vtable> manager_object::members(const program& source) {
    std::vector<sd_bus_vtable> out = {SD_BUS_VTABLE_START(0)};
    add_properties<manager_object>(out, model::manager_fields);
    std::copy_if(others.begin(), others.end(), std::back_inserter(out),
                 [&](const sd_bus_vtable& member) {
                     return source.can_reload() || member.type != _SD_BUS_VTABLE_METHOD ||
                            std::string_view(member.x.method.member) != "Reload";
                 });
    return out;
}

} // namespace

std::unique_ptr<exported_object> make_manager_object(moment& shown) {
    return std::make_unique<manager_object>(shown);
}

} // namespace loopmon::bus
