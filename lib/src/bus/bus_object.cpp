// SPDX-License-Identifier: MIT
#include "bus/bus_object.hpp"

#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace loopmon::bus {

int append(sd_bus_message* m, const std::vector<std::string>& v) {
    int r = sd_bus_message_open_container(m, 'a', "s");
    for (auto text = v.begin(); r >= 0 && text != v.end(); ++text) {
        r = append(m, *text);
    }
    return r < 0 ? r : sd_bus_message_close_container(m);
}

int append(sd_bus_message* m, const object_paths& v) {
    int r = sd_bus_message_open_container(m, 'a', "o");
    for (auto path = v.paths.begin(); r >= 0 && path != v.paths.end(); ++path) {
        r = sd_bus_message_append(m, "o", path->c_str());
    }
    return r < 0 ? r : sd_bus_message_close_container(m);
}

exported_object::exported_object(std::string path, const char* interface,
                                 std::vector<sd_bus_vtable> members)
    : path_(std::move(path)), interface_(interface), members_(std::move(members)) {
    for (auto& member : members_) {
        const bool writable = member.type == _SD_BUS_VTABLE_WRITABLE_PROPERTY;
        if ((writable || member.type == _SD_BUS_VTABLE_METHOD) &&
            (member.flags & SD_BUS_VTABLE_UNPRIVILEGED) == 0) {
            protected_.emplace_back(writable ? "Set" : member.x.method.member);
            member.flags |= SD_BUS_VTABLE_UNPRIVILEGED;
        }
    }
}

int exported_object::add_to(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    const int r =
        sd_bus_add_object_vtable(bus, &slot, path_.c_str(), interface_, members_.data(), self());
    slot_.reset(slot);
    return r;
}

void exported_object::emit_changed(sd_bus* bus, std::vector<const char*> names) const {
    if (!names.empty()) {
        names.push_back(nullptr);
        // The names are not written to; a failure means that the connection is going down.
        (void)sd_bus_emit_properties_changed_strv(bus, path_.c_str(), interface_,
                                                  const_cast<char**>(names.data()));
    }
}

std::string object_path(const char* kind, const std::string& name) {
    const auto prefix = std::string(bus_root) + '/' + kind;
    char* encoded = nullptr;
    if (sd_bus_path_encode(prefix.c_str(), name.c_str(), &encoded) < 0) {
        throw std::bad_alloc();
    }
    const std::unique_ptr<char, decltype(&std::free)> owned(encoded, &std::free);
    return encoded;
}

} // namespace loopmon::bus
