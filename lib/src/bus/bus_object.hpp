// SPDX-License-Identifier: MIT
//
// From C++ functions to the C callbacks of sd-bus. Nothing is thrown through them.
#pragma once

#include "bus/moment.hpp"
#include "model/bounds.hpp"
#include "model/status.hpp"

#include <loopmon/systemd/bus_ptr.hpp>

#include <systemd/sd-bus.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace loopmon::bus {

inline constexpr auto bus_root = "/org/loopmon1";
inline constexpr auto manager_interface = "org.loopmon1.Manager";
inline constexpr auto loop_interface = "org.loopmon1.Loop";
inline constexpr auto probe_interface = "org.loopmon1.Probe";
inline constexpr auto error_invalid_configuration = "org.loopmon1.Error.InvalidConfiguration";
inline constexpr auto error_not_permitted = "org.loopmon1.Error.NotPermitted";
inline constexpr auto error_unsupported = "org.loopmon1.Error.Unsupported";

inline std::uint64_t to_usec(duration value) noexcept {
    const auto usec = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
    return usec < 0 ? 0 : static_cast<std::uint64_t>(usec);
}

inline std::uint64_t to_usec(wall_time when) noexcept {
    return to_usec(std::chrono::duration_cast<duration>(when.time_since_epoch()));
}

inline int append(sd_bus_message* m, std::uint64_t v) {
    return sd_bus_message_append(m, "t", v);
}
inline int append(sd_bus_message* m, std::uint32_t v) {
    return sd_bus_message_append(m, "u", v);
}
inline int append(sd_bus_message* m, duration v) {
    return append(m, to_usec(v));
}
inline int append(sd_bus_message* m, wall_time v) {
    return append(m, to_usec(v));
}
inline int append(sd_bus_message* m, bool v) {
    return sd_bus_message_append(m, "b", v ? 1 : 0);
}
inline int append(sd_bus_message* m, double v) {
    return sd_bus_message_append(m, "d", v);
}
/// As bounded_text() makes it: a text that sd-bus refuses would cost the whole reply.
inline int append(sd_bus_message* m, std::string_view v) {
    return sd_bus_message_append(m, "s", bounded_text(v, max_text).c_str());
}
int append(sd_bus_message* m, const std::vector<std::string>& v);

/// A list of object paths.
struct object_paths {
    std::vector<std::string> paths;
};
int append(sd_bus_message* m, const object_paths& v);

/// Property getter from `Value get(Object&)`.
template <class Object, auto Get>
int property(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* userdata,
             sd_bus_error*) noexcept {
    try {
        return append(reply, Get(*static_cast<Object*>(userdata)));
    } catch (...) {
        return -ENOMEM;
    }
}

template <class Value>
constexpr const char* signature_of() {
    if constexpr (std::is_same_v<Value, bool>) {
        return "b";
    } else if constexpr (std::is_same_v<Value, double>) {
        return "d";
    } else if constexpr (std::is_same_v<Value, std::uint32_t>) {
        return "u";
    } else if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
        return "as";
    } else if constexpr (std::is_same_v<Value, std::string> || std::is_enum_v<Value>) {
        return "s";
    } else {
        static_assert(std::is_same_v<Value, std::uint64_t> || std::is_same_v<Value, duration> ||
                      std::is_same_v<Value, wall_time>);
        return "t";
    }
}

/// Property getter of a row, from `const Status& Object::shown(const Status*)`.
template <class Object, class Field>
int field_property(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                   void* userdata, sd_bus_error*) noexcept {
    try {
        constexpr const typename Field::status* which = nullptr;
        const auto& value = Field::of(static_cast<Object*>(userdata)->shown(which));
        if constexpr (std::is_enum_v<typename Field::value>) {
            return append(reply, to_string(value));
        } else if constexpr (std::is_same_v<typename Field::value, std::string>) {
            return append(reply, bounded_text(value, Field::longest));
        } else {
            return append(reply, value);
        }
    } catch (...) {
        return -ENOMEM;
    }
}

/// A row as a member of a vtable, whose flags are a bit field: constants fit, variables may not.
template <class Object, class Field>
sd_bus_vtable vtable_row(const Field& row) {
    constexpr auto* signature = signature_of<typename Field::value>();
    constexpr auto get = field_property<Object, Field>;
    switch (row.how) {
    case changes::never:
        return SD_BUS_PROPERTY(row.name, signature, get, 0, SD_BUS_VTABLE_PROPERTY_CONST);
    case changes::signalled:
        return SD_BUS_PROPERTY(row.name, signature, get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
    case changes::often:
        break;
    }
    return SD_BUS_PROPERTY(row.name, signature, get, 0, 0);
}

/// Adds the properties of a table.
/// @param tracking also those that need it
template <class Object, class Fields>
void add_properties(std::vector<sd_bus_vtable>& members, const Fields& fields,
                    bool tracking = true) {
    for_each(fields, [&]<class Field>(const Field& row) {
        if (tracking || !row.tracking) {
            members.push_back(vtable_row<Object>(row));
        }
    });
}

/// Method handler from `int call(Object&, sd_bus_message*, sd_bus_error*)`, which replies itself.
template <class Object, auto Call>
int method(sd_bus_message* message, void* userdata, sd_bus_error* error) noexcept {
    try {
        return Call(*static_cast<Object*>(userdata), message, error);
    } catch (...) {
        return -ENOMEM;
    }
}

/// @return /org/loopmon1/KIND/NAME, the name escaped as sd_bus_path_encode(3) does
std::string object_path(const char* kind, const std::string& name);

/// An object on the bus with one interface of ours. A member that changes state, so a method
/// without SD_BUS_VTABLE_UNPRIVILEGED and a writable property, is in its protected_members(); who
/// may call these is the business of bus_guard. To sd-bus, which would wait for the broker to find
/// out, they are declared open to all.
class exported_object {
public:
    exported_object(const exported_object&) = delete;
    exported_object& operator=(const exported_object&) = delete;
    virtual ~exported_object() = default;

    /// Adds the object to a connection, in place of the one it was on.
    /// @return negative errno
    int add_to(sd_bus* bus);
    void drop() { slot_.reset(); }
    /// Emits PropertiesChanged for what differs from the last time.
    virtual void signal_changes(sd_bus* bus) = 0;
    [[nodiscard]] const std::string& path() const { return path_; }
    /// Names that live as long as the process.
    [[nodiscard]] const std::vector<std::string_view>& protected_members() const {
        return protected_;
    }

protected:
    exported_object(std::string path, const char* interface, std::vector<sd_bus_vtable> members);

    /// @param names terminated by nullptr
    void emit_changed(sd_bus* bus, std::vector<const char*> names) const;

private:
    /// What the callbacks get as userdata.
    [[nodiscard]] virtual void* self() = 0;

    std::string path_;
    const char* interface_;
    std::vector<std::string_view> protected_;
    std::vector<sd_bus_vtable> members_; ///< read by sd-bus as long as the slot lives
    systemd::slot_ptr slot_;
};

std::unique_ptr<exported_object> make_manager_object(moment& shown);
std::unique_ptr<exported_object> make_loop_object(moment& shown, program::id which,
                                                  const loop_status& now);
std::unique_ptr<exported_object> make_probe_object(moment& shown, program::id which,
                                                   const probe_status& now);
std::unique_ptr<exported_object> make_log_control(commands& source);

} // namespace loopmon::bus
