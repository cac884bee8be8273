// SPDX-License-Identifier: MIT
#include "config/print.hpp"

#include "config/escape.hpp"
#include "config/keys.hpp"
#include "config/time_span.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace loopmond {
namespace {

std::string toml(nanoseconds value, duration_range) {
    return quote_toml(format_time_span(value));
}
std::string toml(std::uint64_t value, count_range) {
    return std::to_string(value);
}
std::string toml(bool value, any_flag) {
    return value ? "true" : "false";
}
std::string toml(const std::string& value, text_rule) {
    return quote_toml(value);
}

template <class Enum, std::size_t N>
std::string toml(Enum value, const one_of<Enum, N>& rule) {
    const auto word = std::find_if(rule.words.begin(), rule.words.end(),
                                   [value](const auto& w) { return w.second == value; });
    assert(word != rule.words.end());
    return quote_toml(word->first);
}

template <class Enum, std::size_t N>
std::string toml(const std::vector<Enum>& values, const some_of<Enum, N>& rule) {
    std::string list;
    for (const Enum value : values) {
        list += (list.empty() ? "" : ", ") + toml(value, one_of<Enum, N>{rule.words});
    }
    return '[' + list + ']';
}

class printer {
public:
    printer(const load_result& loaded, std::ostream& out) : loaded_(loaded), out_(out) {}

    void print() {
        visit_settings(loaded_.value,
                       [this](std::string_view key, const auto& value, const auto& rule) {
                           const std::size_t dot = key.find('.');
                           open_section(key.substr(0, dot));
                           line(key.substr(dot + 1), toml(value, rule), {{}, std::string(key)});
                       });
        for (const probe_config& probe : loaded_.value.probes) {
            out_ << "\n[[service]]\n";
            line("type", "\"probe\"", {probe.name, "type"});
            visit_probe_settings(probe,
                                 [&](std::string_view key, const auto& value, const auto& rule) {
                                     line(key, toml(value, rule), {probe.name, std::string(key)});
                                 });
        }
    }

private:
    void open_section(std::string_view name) {
        if (name == section_) {
            return;
        }
        out_ << (section_.empty() ? "[" : "\n[") << name << "]\n";
        section_ = name;
    }

    void line(std::string_view key, const std::string& value, const setting_id& id) {
        constexpr std::size_t comment_column = 40; // right of all but long targets and addresses
        std::string text = std::string(key) + " = " + value + ' ';
        text.resize(std::max(text.size(), comment_column), ' ');
        const auto origin = loaded_.origins.find(id);
        out_ << text << "# " << (origin == loaded_.origins.end() ? "default" : origin->second)
             << '\n';
    }

    const load_result& loaded_;
    std::ostream& out_;
    std::string section_;
};

} // namespace

void print_config(const load_result& loaded, std::ostream& out) {
    assert(loaded.errors.empty());
    printer(loaded, out).print();
}

} // namespace loopmond
