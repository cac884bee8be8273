// SPDX-License-Identifier: MIT
#include "bus/bus_guard.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace loopmon::bus {

namespace {

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 8> costly_members = {{
    {"GetManagedObjects", 8}, // all properties of all loops
    {"GetReport", 8},         // and all of their lists
    {"GetHistogram", 1},
    {"GetHistory", 1},
    {"ListStalls", 1},
    {"ListTasks", 1},
    {"ListTasksAfter", 1},
    {"ListTasksByName", 8}, // each task is looked at
}};

std::uint32_t cost_of(std::string_view member) noexcept {
    for (const auto& [costly, cost] : costly_members) {
        if (costly == member) {
            return cost;
        }
    }
    return 0;
}

bool is_text(char type) noexcept {
    return type == SD_BUS_TYPE_STRING || type == SD_BUS_TYPE_OBJECT_PATH ||
           type == SD_BUS_TYPE_SIGNATURE;
}

bool next_is_long(sd_bus_message* m, char type) {
    const char* text = nullptr;
    // What cannot be read is refused by sd-bus, in words of its own.
    return sd_bus_message_read_basic(m, type, static_cast<void*>(&text)) > 0 &&
           std::strlen(text) > bus_guard::max_text;
}

/// Whether a text is long that sd-bus may repeat: the path, the arguments before the first that
/// is not a text, or a text in a variant, which is the value of a property.
bool has_long_text(sd_bus_message* call) {
    const char* const path = sd_bus_message_get_path(call);
    bool found = path != nullptr && std::strlen(path) > bus_guard::max_text;
    const char* type = sd_bus_message_get_signature(call, 1);
    for (; type != nullptr && is_text(*type) && !found; ++type) {
        found = next_is_long(call, *type);
    }
    if (type != nullptr && *type == SD_BUS_TYPE_VARIANT && !found) {
        const char* contents = nullptr;
        found = sd_bus_message_peek_type(call, nullptr, &contents) > 0 && is_text(contents[0]) &&
                contents[1] == '\0' &&
                sd_bus_message_enter_container(call, SD_BUS_TYPE_VARIANT, contents) > 0 &&
                next_is_long(call, contents[0]);
    }
    sd_bus_message_rewind(call, 1);
    return found;
}

std::uint64_t unsent(sd_bus* bus) noexcept {
    std::uint64_t n = 0;
    return sd_bus_get_n_queued_write(bus, &n) >= 0 ? n : 0;
}

int too_much(sd_bus_error* error) {
    return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                            "Too many expensive calls; try again in a second");
}

} // namespace

int bus_guard::add_to(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    const int r = sd_bus_add_filter(bus, &slot, &on_message, this);
    filter_.reset(slot);
    return r;
}

void bus_guard::drop() noexcept {
    filter_.reset();
    callers_.clear();
}

bool bus_guard::congested(sd_bus* bus) noexcept {
    return unsent(bus) >= max_unsent;
}

int bus_guard::on_message(sd_bus_message* message, void* self, sd_bus_error* error) noexcept {
    try {
        return static_cast<bus_guard*>(self)->judge(message, error);
    } catch (...) {
        return -ENOMEM;
    }
}

int bus_guard::judge(sd_bus_message* call, sd_bus_error* error) {
    std::uint8_t type = 0;
    if (sd_bus_message_get_type(call, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL) {
        shown_.pass();
        return 0;
    }
    const std::string_view member = sd_bus_message_get_member(call);
    const bool reads_all = member == "GetAll" || member == "GetManagedObjects";
    shown_.pass(reads_all ? moment::extent::all : moment::extent::few);
    const auto waiting = unsent(sd_bus_message_get_bus(call));
    if (waiting >= max_unsent) {
        return 1; // handled: an error is a reply, too
    }
    if (has_long_text(call)) {
        return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                "A path or an argument is longer than 4096 bytes");
    }
    const bool changes = protected_.count(member) != 0;
    const auto cost = cost_of(member);
    if (!changes && cost == 0) {
        return 0;
    }
    if (cost != 0 && waiting >= max_unsent_costly) {
        return too_much(error);
    }
    const char* const sender = sd_bus_message_get_sender(call);
    const auto now = clock::now();
    auto* const from = sender == nullptr ? nullptr : find(sender, now);
    if (from == nullptr) {
        return too_much(error);
    }
    if (!changes && from->costly.take(cost, now) && costly_.take(cost, now)) {
        return 0;
    }
    return judge(call, *from, changes, error);
}

int bus_guard::judge(sd_bus_message* call, caller& from, bool changes, sd_bus_error* error) {
    switch (from.is) {
    case standing::trusted:
        return 0;
    case standing::other:
        break;
    case standing::unknown:
    case standing::asked:
        return put_off(call, from, error);
    }
    return changes ? sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                       "%s is allowed only for root and the user of this service",
                                       sd_bus_message_get_member(call))
                   : too_much(error);
}

bus_guard::caller* bus_guard::find(std::string_view name, clock::time_point now) {
    auto found = callers_.find(name);
    if (found == callers_.end()) {
        if (callers_.size() >= max_callers) {
            const auto rank = [](const auto& entry) {
                return std::pair(entry.second.is == standing::asked, entry.second.seen);
            };
            const auto oldest =
                std::min_element(callers_.begin(), callers_.end(),
                                 [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
            if (oldest->second.is == standing::asked) {
                return nullptr;
            }
            callers_.erase(oldest);
        }
        found = callers_.try_emplace(std::string(name)).first;
        found->second.guard = this;
        found->second.name = found->first;
    }
    found->second.seen = now;
    return &found->second;
}

int bus_guard::put_off(sd_bus_message* call, caller& from, sd_bus_error* error) {
    if (from.put_off.size() >= max_put_off) {
        return too_much(error);
    }
    from.put_off.emplace_back(sd_bus_message_ref(call));
    if (std::exchange(from.is, standing::asked) == standing::asked) {
        return 1;
    }
    sd_bus_slot* slot = nullptr;
    const int r = sd_bus_call_method_async(
        sd_bus_message_get_bus(call), &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
        "org.freedesktop.DBus", "GetConnectionUnixUser", &on_user, &from, "s", from.name.data());
    from.question.reset(slot);
    if (r < 0) {
        from.is = standing::unknown;
        from.put_off.clear();
        return r;
    }
    return 1;
}

int bus_guard::on_user(sd_bus_message* reply, void* asked_for, sd_bus_error*) noexcept {
    auto& who = *static_cast<caller*>(asked_for);
    try {
        who.guard->found_out(who, reply);
    } catch (...) { // out of memory: these calls get no answer, the next is asked for again
    }
    return 1;
}

void bus_guard::found_out(caller& who, sd_bus_message* reply) {
    const auto calls = std::exchange(who.put_off, {});
    who.question.reset();
    std::uint32_t user = 0;
    if (sd_bus_message_is_method_error(reply, nullptr) > 0 ||
        sd_bus_message_read(reply, "u", &user) < 0) {
        who.is = standing::unknown; // the sender has left, or the broker is too slow
        for (const auto& call : calls) {
            sd_bus_reply_method_errorf(call.get(), SD_BUS_ERROR_ACCESS_DENIED,
                                       "The bus does not report who owns this connection");
        }
        return;
    }
    who.is = user == 0 || user == ::geteuid() ? standing::trusted : standing::other;
    for (const auto& call : calls) {
        if (sd_bus_enqueue_for_read(sd_bus_message_get_bus(call.get()), call.get()) < 0) {
            sd_bus_reply_method_errorf(call.get(), SD_BUS_ERROR_NO_MEMORY, "Out of memory");
        }
    }
}

} // namespace loopmon::bus
