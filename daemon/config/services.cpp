// SPDX-License-Identifier: MIT
//
// apply_services(): an entry whose name an earlier source has used replaces that whole entry (no
// key of the old one shines through) and keeps its place; others are appended. Within one source a
// name stands for one entry.
#include "config/assign.hpp"
#include "config/draft.hpp"
#include "config/escape.hpp"
#include "config/keys.hpp"
#include "config/unknown_key.hpp"

#include <algorithm>
#include <string>

namespace loopmond {
namespace {

enum class service_type { probe };
constexpr one_of<service_type, 1> service_types{{{{"probe", service_type::probe}}}};

/// One `[[service]]` as far as it could be read.
struct service_entry {
    probe_config probe;
    struct place {
        location where;
        bool accepted;
    };
    std::map<std::string, place> places; ///< of the keys that are there
};

// The keys of a module mean nothing to this version; one error for all of them is enough.
bool report_module(const toml_table& table, problems& found) {
    for (const toml_entry& entry : table) {
        const auto* type = std::get_if<std::string>(&entry.value.data);
        if (entry.key != "type" || type == nullptr || *type != "module") {
            continue;
        }
        report_key(found, entry.value.where, "service.type",
                   "\"module\" is not supported by this version; allowed: \"probe\"");
        return true;
    }
    return false;
}

service_entry read_service(const toml_table& table, const location& where, problems& found) {
    service_entry service;
    service_type type{};
    for (const toml_entry& entry : table) {
        assigner place{entry.key, entry.value};
        place("type", type, service_types);
        visit_probe_settings(service.probe, place);
        const std::string key = "service." + entry.key;
        if (!place.known) {
            report_key(found, entry.where, key, unknown_in_service(entry.key));
            continue;
        }
        for (const problem& p : place.wrong) {
            report_key(found, p.where, key, p.text);
        }
        service.places[entry.key] = {entry.value.where, place.wrong.empty()};
    }
    for (const char* required : {"type", "name", "target"}) {
        if (!service.places.contains(required)) {
            report_key(found, where, std::string("service.") + required,
                       "is missing; every [[service]] has a type, a name and a target");
        }
    }
    if (!service.probe.target.empty()) {
        service.probe.bus_name = target_bus_name(service.probe.target);
    }
    return service;
}

void place_service(const service_entry& service, draft& onto) {
    const std::string& name = service.probe.name;
    std::erase_if(onto.origins, [&name](const auto& entry) { return entry.first.service == name; });
    std::erase_if(onto.refused, [&name](const setting_id& id) { return id.service == name; });
    for (const auto& [key, place] : service.places) {
        onto.note({name, key}, place.where, place.accepted);
    }

    auto& probes = onto.value.probes;
    const auto same = [&name](const probe_config& other) { return other.name == name; };
    const auto old = std::find_if(probes.begin(), probes.end(), same);
    if (old != probes.end()) {
        *old = service.probe;
    } else {
        probes.push_back(service.probe);
    }
}

std::string taken(const std::string& name, const location& by) {
    std::string text = quote_briefly(name) + " is already the name of another [[service]]";
    if (by.line != 0) {
        text += " in line " + std::to_string(by.line);
    }
    return text + "; names must be unique";
}

} // namespace

void apply_services(const toml_entry& services, draft& onto, problems& found) {
    const auto* array = std::get_if<toml_array>(&services.value.data);
    if (array == nullptr) {
        report_key(found, services.value.where, services.key,
                   wrong_type(services.value, "an array of tables, [[service]]"));
        return;
    }
    std::map<std::string, location> names;
    for (const toml_value& element : *array) {
        const auto* table = std::get_if<toml_table>(&element.data);
        if (table == nullptr) {
            report_key(found, element.where, services.key,
                       wrong_type(element, "a table, [[service]]"));
            continue;
        }
        if (report_module(*table, found)) {
            continue;
        }
        const service_entry service = read_service(*table, element.where, found);
        const std::string& name = service.probe.name;
        if (name.empty()) { // missing or refused, which has been reported
            continue;
        }
        const location& where = service.places.at("name").where;
        if (const auto [first, added] = names.try_emplace(name, where); !added) {
            report_key(found, where, "service.name", taken(name, first->second));
        } else {
            place_service(service, onto);
        }
    }
}

} // namespace loopmond
