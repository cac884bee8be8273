// SPDX-License-Identifier: MIT
// org.loopmon1.Probe
#include "bus/bus_object.hpp"

namespace loopmon::bus {

namespace {

class probe_object final : public exported_object {
public:
    probe_object(moment& shown, program::id which, const probe_status& now)
        : exported_object(object_path("probe", now.name), probe_interface, vtable),
          shown_(shown),
          id_(which),
          last_(now),
          signalled_(now) {}

    void signal_changes(sd_bus* bus) override {
        const auto& now = status();
        std::vector<const char*> changed;
        if (now.state != signalled_.state) {
            changed.push_back("State");
        }
        if (now.error != signalled_.error) {
            changed.push_back("Error");
        }
        signalled_ = last_ = now;
        emit_changed(bus, std::move(changed));
    }

private:
    void* self() override { return this; }

    /// The last one of a probe that is gone.
    const probe_status& status() {
        const auto* const now = shown_.probe(id_);
        return now == nullptr ? last_ : *now;
    }

    template <auto Member>
    static auto get(probe_object& o) {
        return o.status().*Member;
    }
    template <auto Member>
    static constexpr auto field = property<probe_object, &probe_object::get<Member>>;

    static const std::vector<sd_bus_vtable> vtable;

    moment& shown_;
    program::id id_;
    probe_status last_;
    probe_status signalled_;
};

const std::vector<sd_bus_vtable> probe_object::vtable = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Name", "s", field<&probe_status::name>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Kind", "s", field<&probe_status::kind>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Target", "s", field<&probe_status::target>, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY(
        "State", "s",
        (property<probe_object, [](probe_object& o) { return to_string(o.status().state); }>), 0,
        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Error", "s", field<&probe_status::error>, 0,
                    SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("LatencyUSec", "t", field<&probe_status::latency>, 0, 0),
    SD_BUS_PROPERTY("LatencyP50USec", "t", field<&probe_status::p50>, 0, 0),
    SD_BUS_PROPERTY("LatencyP99USec", "t", field<&probe_status::p99>, 0, 0),
    SD_BUS_PROPERTY("LatencyMaxUSec", "t", field<&probe_status::max>, 0, 0),
    SD_BUS_PROPERTY("NProbes", "t", field<&probe_status::n_probes>, 0, 0),
    SD_BUS_PROPERTY("NFailures", "t", field<&probe_status::n_failures>, 0, 0),
    SD_BUS_VTABLE_END};

} // namespace

std::unique_ptr<exported_object> make_probe_object(moment& shown, program::id which,
                                                   const probe_status& now) {
    return std::make_unique<probe_object>(shown, which, now);
}

} // namespace loopmon::bus
