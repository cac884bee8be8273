// SPDX-License-Identifier: MIT
// org.loopmon1.Loop
#include "report/bus_object.hpp"

namespace loopmon::report {

namespace {

// GetAll asks for the properties one by one; the percentiles need not be computed for each of them.
constexpr auto same_moment = std::chrono::milliseconds(1);

class loop_object final : public exported_object {
public:
    loop_object(model& source, model::id which, const loop_status& now)
        : exported_object(object_path("loop", now.name), loop_interface, vtable),
          source_(source),
          id_(which),
          status_(now),
          signalled_(now) {}

    void signal_changes(sd_bus* bus) override;

private:
    void* self() override { return this; }

    const loop_status& status() { return status_ = source_.loop(id_).value_or(status_); }

    const lag_summary& window() {
        const auto now = std::chrono::steady_clock::now();
        if (now - summed_ > same_moment) {
            summed_ = now;
            window_ = source_.window(id_);
        }
        return window_;
    }

    template <auto Member>
    static auto get(loop_object& o) {
        return o.status().*Member;
    }
    template <auto Member>
    static constexpr auto field = property<loop_object, &loop_object::get<Member>>;
    template <auto Member>
    static auto get_in_window(loop_object& o) {
        return o.window().*Member;
    }
    template <auto Member>
    static constexpr auto in_window = property<loop_object, &loop_object::get_in_window<Member>>;

    static int list_tasks(loop_object& o, sd_bus_message* call, sd_bus_error* error);
    static int get_histogram(loop_object& o, sd_bus_message* call, sd_bus_error* error);
    static const std::vector<sd_bus_vtable> vtable;

    model& source_;
    model::id id_;
    loop_status status_;
    loop_status signalled_;
    lag_summary window_;
    std::chrono::steady_clock::time_point summed_{};
};

int loop_object::list_tasks(loop_object& o, sd_bus_message* call, sd_bus_error*) {
    sd_bus_message* reply = nullptr;
    int r = sd_bus_message_new_method_return(call, &reply);
    const systemd::message_ptr owned(reply);
    if (r >= 0) {
        r = sd_bus_message_open_container(reply, 'a', "(tssttt)");
    }
    for (const auto& task : o.source_.tasks(o.id_)) {
        if (r >= 0) {
            // Run time and pending handlers are known with handler tracking only (`Tracking`).
            r = sd_bus_message_append(reply, "(tssttt)", task.id, task.name.c_str(),
                                      task.spawned.c_str(), to_usec(task.age), std::uint64_t{0},
                                      std::uint64_t{0});
        }
    }
    if (r >= 0) {
        r = sd_bus_message_close_container(reply);
    }
    return r < 0 ? r : sd_bus_send(nullptr, reply, nullptr);
}

int loop_object::get_histogram(loop_object& o, sd_bus_message* call, sd_bus_error* error) {
    const char* what = nullptr;
    int r = sd_bus_message_read(call, "s", &what);
    if (r < 0) {
        return r;
    }
    if (std::string_view(what) != "lag") {
        return sd_bus_error_setf(error, error_unsupported,
                                 "No histogram '%s' in this build; there is: lag", what);
    }
    sd_bus_message* reply = nullptr;
    r = sd_bus_message_new_method_return(call, &reply);
    const systemd::message_ptr owned(reply);
    if (r >= 0) {
        r = sd_bus_message_open_container(reply, 'a', "(tt)");
    }
    for (const auto& [bound, count] : o.source_.histogram(o.id_)) {
        if (r >= 0) {
            r = sd_bus_message_append(reply, "(tt)", to_usec(bound), count);
        }
    }
    if (r >= 0) {
        r = sd_bus_message_close_container(reply);
    }
    return r < 0 ? r : sd_bus_send(nullptr, reply, nullptr);
}

const std::vector<sd_bus_vtable> loop_object::vtable = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Name", "s", field<&loop_status::name>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Critical", "b", field<&loop_status::critical>, 0,
                    SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Tracking", "b", (property<loop_object, [](loop_object&) { return false; }>), 0,
                    SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY(
        "State", "s",
        (property<loop_object, [](loop_object& o) { return judge::to_string(o.status().state); }>),
        0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY(
        "Cause", "s",
        (property<loop_object, [](loop_object& o) { return judge::to_string(o.status().why); }>), 0,
        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("LagUSec", "t", field<&loop_status::lag>, 0, 0),
    SD_BUS_PROPERTY("LagSampleUSec", "t", field<&loop_status::lag_sample>, 0, 0),
    SD_BUS_PROPERTY("LagMaxUSec", "t", field<&loop_status::lag_max>, 0, 0),
    SD_BUS_PROPERTY("WindowUSec", "t", field<&loop_status::window>, 0, 0),
    SD_BUS_PROPERTY("LagP50USec", "t", in_window<&lag_summary::p50>, 0, 0),
    SD_BUS_PROPERTY("LagP90USec", "t", in_window<&lag_summary::p90>, 0, 0),
    SD_BUS_PROPERTY("LagP99USec", "t", in_window<&lag_summary::p99>, 0, 0),
    SD_BUS_PROPERTY("LagP999USec", "t", in_window<&lag_summary::p999>, 0, 0),
    SD_BUS_PROPERTY("LagWindowMaxUSec", "t", in_window<&lag_summary::max>, 0, 0),
    SD_BUS_PROPERTY("ActiveTasks", "t", field<&loop_status::active_tasks>, 0, 0),
    SD_BUS_PROPERTY("NSamples", "t", field<&loop_status::n_samples>, 0, 0),
    SD_BUS_PROPERTY("NStalls", "t", field<&loop_status::n_stalls>, 0, 0),
    SD_BUS_PROPERTY("NCritical", "t", field<&loop_status::n_critical>, 0, 0),
    SD_BUS_PROPERTY("NSuppressed", "t", field<&loop_status::n_suppressed>, 0, 0),
    SD_BUS_PROPERTY("LastStallTimestamp", "t", field<&loop_status::last_stall>, 0, 0),
    SD_BUS_PROPERTY("IntervalUSec", "t", field<&loop_status::interval>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("WarnUSec", "t", field<&loop_status::warn>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("CriticalUSec", "t", field<&loop_status::critical_lag>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_METHOD_WITH_NAMES("ListTasks", "", , "a(tssttt)", SD_BUS_PARAM(tasks),
                             (method<loop_object, &loop_object::list_tasks>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES(
        "GetHistogram", "s", SD_BUS_PARAM(what), "a(tt)", SD_BUS_PARAM(buckets),
        (method<loop_object, &loop_object::get_histogram>), SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};

void loop_object::signal_changes(sd_bus* bus) {
    const auto now = source_.loop(id_);
    if (!now) {
        return;
    }
    std::vector<const char*> changed;
    const auto note = [&](bool differs, const char* property) {
        if (differs) {
            changed.push_back(property);
        }
    };
    note(now->state != signalled_.state, "State");
    note(now->why != signalled_.why, "Cause");
    note(now->interval != signalled_.interval, "IntervalUSec");
    note(now->warn != signalled_.warn, "WarnUSec");
    note(now->critical_lag != signalled_.critical_lag, "CriticalUSec");
    signalled_ = *now;
    emit_changed(bus, std::move(changed));
}

} // namespace

std::unique_ptr<exported_object> make_loop_object(model& source, model::id which,
                                                  const loop_status& now) {
    return std::make_unique<loop_object>(source, which, now);
}

} // namespace loopmon::report
