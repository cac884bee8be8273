// SPDX-License-Identifier: MIT
// org.loopmon1.Loop
#include "bus/bus_object.hpp"
#include "bus/loop_methods.hpp"
#include "bus/stall_herald.hpp"
#include "model/bounds.hpp"

namespace loopmon::bus {

namespace {

class loop_object final : public exported_object {
public:
    loop_object(moment& shown, program::id which, const loop_status& now)
        : exported_object(object_path("loop", now.name), loop_interface, members(now)),
          shown_(shown),
          id_(which),
          last_(now),
          signalled_(now) {}

    void signal_changes(sd_bus* bus) override;

private:
    void* self() override { return this; }

    /// The last one of a loop that is gone.
    const loop_status& status() {
        const auto* const now = shown_.loop(id_);
        return now == nullptr ? last_ : *now;
    }
    const lag_summary& window() { return shown_.window(id_); }

    template <auto Member>
    static auto get(loop_object& o) {
        return o.status().*Member;
    }
    template <auto Member>
    static constexpr auto field = property<loop_object, &loop_object::get<Member>>;
    template <auto Member>
    static auto get_name(loop_object& o) {
        return bounded_text(o.status().*Member, longest_name);
    }
    template <auto Member>
    static constexpr auto name_field = property<loop_object, &loop_object::get_name<Member>>;
    template <auto Member>
    static auto get_in_window(loop_object& o) {
        return o.window().*Member;
    }
    template <auto Member>
    static constexpr auto in_window = property<loop_object, &loop_object::get_in_window<Member>>;

    static std::vector<sd_bus_vtable> members(const loop_status& now);
    void signal_stalls(sd_bus* bus, const loop_status& now);
    [[nodiscard]] bool signal_began(sd_bus* bus, const stall_status& stall) const;
    [[nodiscard]] bool signal_ended(sd_bus* bus, const stall_status& stall) const;

    static const std::vector<sd_bus_vtable> vtable;
    static const std::vector<sd_bus_vtable> tracking_vtable;

    moment& shown_;
    program::id id_;
    loop_status last_;
    loop_status signalled_;
    stall_herald herald_;
    std::uint64_t stalls_told_ = 0; ///< NStalls when all of them were
};

const std::vector<sd_bus_vtable> loop_object::vtable = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Name", "s", field<&loop_status::name>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Critical", "b", field<&loop_status::critical>, 0,
                    SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Tracking", "b", field<&loop_status::tracking>, 0,
                    SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY(
        "State", "s",
        (property<loop_object, [](loop_object& o) { return to_string(o.status().state); }>), 0,
        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY(
        "Cause", "s",
        (property<loop_object, [](loop_object& o) { return to_string(o.status().why); }>), 0,
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
    SD_BUS_PROPERTY("NExpected", "t", field<&loop_status::n_expected>, 0, 0),
    SD_BUS_PROPERTY("LastStallTimestamp", "t", field<&loop_status::last_stall>, 0, 0),
    SD_BUS_PROPERTY("IntervalUSec", "t", field<&loop_status::interval>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("WarnUSec", "t", field<&loop_status::warn>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("CriticalUSec", "t", field<&loop_status::critical_lag>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_METHOD_WITH_NAMES("ListTasks", "", , "a(tssttt)", SD_BUS_PARAM(tasks),
                             (method<loop_object,
                                     [](loop_object& o, sd_bus_message* call, sd_bus_error*) {
                                         return list_tasks(o.shown_.source(), o.id_, call);
                                     }>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("ListTasksAfter", "tu", SD_BUS_PARAM(id) SD_BUS_PARAM(limit),
                             "a(tssttt)", SD_BUS_PARAM(tasks),
                             (method<loop_object,
                                     [](loop_object& o, sd_bus_message* call, sd_bus_error*) {
                                         return list_tasks_after(o.shown_.source(), o.id_, call);
                                     }>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("ListTasksByName", "", , "a(sttt)", SD_BUS_PARAM(names),
                             (method<loop_object,
                                     [](loop_object& o, sd_bus_message* call, sd_bus_error*) {
                                         return list_tasks_by_name(o.shown_.source(), o.id_, call);
                                     }>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("ListStalls", "", , "a(tttsssas)", SD_BUS_PARAM(stalls),
                             (method<loop_object,
                                     [](loop_object& o, sd_bus_message* call, sd_bus_error*) {
                                         return list_stalls(o.shown_.source(), o.id_, call);
                                     }>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("GetHistogram", "s", SD_BUS_PARAM(what), "a(tt)",
                             SD_BUS_PARAM(buckets),
                             (method<loop_object,
                                     [](loop_object& o, sd_bus_message* call, sd_bus_error* error) {
                                         return get_histogram(o.shown_.source(), o.id_, call,
                                                              error);
                                     }>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_NAMES("GetHistory", "", , "a(tttt)", SD_BUS_PARAM(seconds),
                             (method<loop_object,
                                     [](loop_object& o, sd_bus_message* call, sd_bus_error*) {
                                         return get_history(o.shown_.source(), o.id_, call);
                                     }>),
                             SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_SIGNAL_WITH_NAMES("StallBegan", "ttsss",
                             SD_BUS_PARAM(id) SD_BUS_PARAM(lag_usec) SD_BUS_PARAM(cause)
                                 SD_BUS_PARAM(handler) SD_BUS_PARAM(task),
                             0),
    SD_BUS_SIGNAL_WITH_NAMES("StallEnded", "tts",
                             SD_BUS_PARAM(id) SD_BUS_PARAM(duration_usec) SD_BUS_PARAM(cause), 0),
    SD_BUS_VTABLE_END};

/// What only a program that is built with loopmon::tracking can tell.
const std::vector<sd_bus_vtable> loop_object::tracking_vtable = {
    SD_BUS_PROPERTY("PendingHandlers", "t", field<&loop_status::pending_handlers>, 0, 0),
    SD_BUS_PROPERTY("RunningHandler", "s", name_field<&loop_status::running_handler>, 0, 0),
    SD_BUS_PROPERTY("RunningTask", "s", name_field<&loop_status::running_task>, 0, 0),
    SD_BUS_PROPERTY("BusyThreads", "u", field<&loop_status::busy_threads>, 0, 0),
    SD_BUS_PROPERTY("Utilization", "d", field<&loop_status::utilization>, 0, 0),
    SD_BUS_PROPERTY("NHandlers", "t", field<&loop_status::n_handlers>, 0, 0)};

/// Absent is better than zero: nobody takes what is not there for a measurement.
std::vector<sd_bus_vtable> loop_object::members(const loop_status& now) {
    auto out = vtable;
    if (now.tracking) {
        out.insert(out.end() - 1, tracking_vtable.begin(), tracking_vtable.end());
    }
    return out;
}

void loop_object::signal_changes(sd_bus* bus) {
    const auto* const now = shown_.loop(id_);
    if (now == nullptr) {
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
    signalled_ = last_ = *now;
    emit_changed(bus, std::move(changed));
    signal_stalls(bus, *now);
}

void loop_object::signal_stalls(sd_bus* bus, const loop_status& now) {
    if (now.n_stalls == stalls_told_ && !herald_.awaits_end()) {
        return; // the list is long, and nothing in it is news
    }
    bool sent = true;
    herald_.tell(
        shown_.source().stalls(id_),
        [&](const stall_status& stall) { return sent = signal_began(bus, stall); },
        [&](const stall_status& stall) { return sent = signal_ended(bus, stall); });
    if (sent) {
        stalls_told_ = now.n_stalls;
    }
}

bool loop_object::signal_began(sd_bus* bus, const stall_status& stall) const {
    const auto who = bounded(stall.who);
    return sd_bus_emit_signal(bus, path().c_str(), loop_interface, "StallBegan", "ttsss", stall.id,
                              to_usec(stall.peak), std::string(to_string(stall.why)).c_str(),
                              who.handler.c_str(), who.task.c_str()) >= 0;
}

bool loop_object::signal_ended(sd_bus* bus, const stall_status& stall) const {
    return sd_bus_emit_signal(bus, path().c_str(), loop_interface, "StallEnded", "tts", stall.id,
                              to_usec(stall.lasted),
                              std::string(to_string(stall.why)).c_str()) >= 0;
}

} // namespace

std::unique_ptr<exported_object> make_loop_object(moment& shown, program::id which,
                                                  const loop_status& now) {
    return std::make_unique<loop_object>(shown, which, now);
}

} // namespace loopmon::bus
