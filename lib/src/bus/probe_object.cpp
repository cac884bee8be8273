// SPDX-License-Identifier: MIT
// org.loopmon1.Probe
#include "bus/bus_object.hpp"

namespace loopmon::bus {

namespace {

class probe_object final : public exported_object {
public:
    probe_object(moment& shown, program::id which, const probe_status& now)
        : exported_object(object_path("probe", now.name), probe_interface, members()),
          shown_(shown),
          id_(which),
          last_(now),
          signalled_(now) {}

    void signal_changes(sd_bus* bus) override {
        const auto& now = shown(&last_);
        emit_changed(bus, model::changed(model::probe_fields, signalled_, now));
        signalled_ = last_ = now;
    }

    /// The last one of a probe that is gone.
    const probe_status& shown(const probe_status*) {
        const auto* const now = shown_.probe(id_);
        return now == nullptr ? last_ : *now;
    }

private:
    void* self() override { return this; }

    static std::vector<sd_bus_vtable> members() {
        std::vector<sd_bus_vtable> out = {SD_BUS_VTABLE_START(0)};
        add_properties<probe_object>(out, model::probe_fields);
        out.push_back(sd_bus_vtable SD_BUS_VTABLE_END);
        return out;
    }

    moment& shown_;
    program::id id_;
    probe_status last_;
    probe_status signalled_;
};

} // namespace

std::unique_ptr<exported_object> make_probe_object(moment& shown, program::id which,
                                                   const probe_status& now) {
    return std::make_unique<probe_object>(shown, which, now);
}

} // namespace loopmon::bus
