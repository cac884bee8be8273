// SPDX-License-Identifier: MIT
// org.loopmon1.Loop
#include "bus/bus_object.hpp"
#include "bus/loop_methods.hpp"
#include "bus/stall_signals.hpp"
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

    /// The last one of a loop that is gone.
    const loop_status& shown(const loop_status*) {
        const auto* const now = shown_.loop(id_);
        return now == nullptr ? last_ : *now;
    }
    const lag_summary& shown(const lag_summary*) { return shown_.window(id_); }

private:
    void* self() override { return this; }

    static std::vector<sd_bus_vtable> members(const loop_status& now);
    void signal_stalls(sd_bus* bus, const loop_status& now);
    [[nodiscard]] bool signal_began(sd_bus* bus, const stall_status& stall) const;
    [[nodiscard]] bool signal_ended(sd_bus* bus, const stall_status& stall) const;

    static const std::vector<sd_bus_vtable> methods;

    moment& shown_;
    program::id id_;
    loop_status last_;
    loop_status signalled_;
    stall_signals stall_signals_;
    std::uint64_t stalls_signalled_ = 0; ///< NStalls when all of them were
};

const std::vector<sd_bus_vtable> loop_object::methods = {
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

/// What needs tracking is absent without it: absent is better than zero, which is taken for a
/// measurement.
std::vector<sd_bus_vtable> loop_object::members(const loop_status& now) {
    std::vector<sd_bus_vtable> out = {SD_BUS_VTABLE_START(0)};
    add_properties<loop_object>(out, model::loop_fields, now.tracking);
    add_properties<loop_object>(out, model::window_fields);
    out.insert(out.end(), methods.begin(), methods.end());
    return out;
}

void loop_object::signal_changes(sd_bus* bus) {
    const auto* const now = shown_.loop(id_);
    if (now == nullptr) {
        return;
    }
    emit_changed(bus, model::changed(model::loop_fields, signalled_, *now));
    signalled_ = last_ = *now;
    signal_stalls(bus, *now);
}

void loop_object::signal_stalls(sd_bus* bus, const loop_status& now) {
    if (now.n_stalls == stalls_signalled_ && !stall_signals_.awaits_end()) {
        return; // the list is long, and nothing in it is news
    }
    bool sent = true;
    stall_signals_.update(
        shown_.source().stalls(id_),
        [&](const stall_status& stall) { return sent = signal_began(bus, stall); },
        [&](const stall_status& stall) { return sent = signal_ended(bus, stall); });
    if (sent) {
        stalls_signalled_ = now.n_stalls;
    }
}

bool loop_object::signal_began(sd_bus* bus, const stall_status& stall) const {
    const auto who = bounded(stall.culprit);
    return sd_bus_emit_signal(bus, path().c_str(), loop_interface, "StallBegan", "ttsss", stall.id,
                              to_usec(stall.peak), std::string(to_string(stall.cause)).c_str(),
                              who.handler.c_str(), who.task.c_str()) >= 0;
}

bool loop_object::signal_ended(sd_bus* bus, const stall_status& stall) const {
    return sd_bus_emit_signal(bus, path().c_str(), loop_interface, "StallEnded", "tts", stall.id,
                              to_usec(stall.lasted),
                              std::string(to_string(stall.cause)).c_str()) >= 0;
}

} // namespace

std::unique_ptr<exported_object> make_loop_object(moment& shown, program::id which,
                                                  const loop_status& now) {
    return std::make_unique<loop_object>(shown, which, now);
}

} // namespace loopmon::bus
