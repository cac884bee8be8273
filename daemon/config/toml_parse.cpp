// SPDX-License-Identifier: MIT
//
// parse_toml(), the only place that knows toml++, and knows it well enough not to trust it: where
// it is sure of its next character it asserts (3.3: `[.a]`, `t = 2026-01-01T`), so a slip in a file
// aborts the process, or is undefined behaviour under NDEBUG. Here a failed assertion throws, in
// every build, and is a syntax error like others. That takes the header-only form of the library:
// in the compiled one, the distribution has chosen. What is wrong beyond the assertions is kept
// from the parser by screen_toml().
#include "config/document.hpp"
#include "config/toml_screen.hpp"

#include <cstddef>
#include <utility>

namespace loopmond {
namespace {

struct parser_gave_up {};

// A function, for a bare `throw` would be warned of in each noexcept function that has an
// assertion. None of those is reached from a parse.
[[noreturn]] void give_up() {
    throw parser_gave_up{};
}

} // namespace
} // namespace loopmond

#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : ::loopmond::give_up())
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace loopmond {
namespace {

// Copies the parser's tree into ours.
class copier {
public:
    explicit copier(unsigned source) : source_(source) {}

    location at(const toml::source_region& region) const {
        return {source_, region.begin.line, region.begin.column};
    }

    toml_table table(const toml::table& from) const {
        toml_table to;
        for (const auto& [key, node] : from) {
            to.push_back({std::string(key.str()), at(key.source()), value(node)});
        }
        return to;
    }

private:
    toml_array array(const toml::array& from) const {
        toml_array to;
        for (const toml::node& node : from) {
            to.push_back(value(node));
        }
        return to;
    }

    toml_value value(const toml::node& from) const {
        const location where = at(from.source());
        if (const auto* t = from.as_table()) {
            return {where, table(*t)};
        }
        if (const auto* a = from.as_array()) {
            return {where, array(*a)};
        }
        if (const auto* s = from.as_string()) {
            return {where, s->get()};
        }
        if (const auto* i = from.as_integer()) {
            return {where, i->get()};
        }
        if (const auto* f = from.as_floating_point()) {
            return {where, f->get()};
        }
        if (const auto* b = from.as_boolean()) {
            return {where, b->get()};
        }
        return {where, toml_date_or_time{}};
    }

    unsigned source_;
};

bool gives_up(std::string_view text) {
    try {
        static_cast<void>(toml::parse(text));
    } catch (const parser_gave_up&) {
        return true;
    } catch (const toml::parse_error&) {
        // An ordinary mistake.
    }
    return false;
}

// The parser reads strictly forward, so what it stumbles over is the end of the shortest text that
// it stumbles over. `text` is one.
location find_stumbling_block(std::string_view text, unsigned source) {
    std::size_t passes = 0;
    std::size_t fails = text.size();
    while (fails - passes > 1) {
        const std::size_t middle = passes + (fails - passes) / 2;
        (gives_up(text.substr(0, middle)) ? fails : passes) = middle;
    }
    return end_of(text.substr(0, fails), source);
}

} // namespace

toml_document parse_toml(std::string_view text, unsigned source) {
    if (auto refused = screen_toml(text, source)) {
        return {{}, std::move(refused)};
    }
    const copier copy(source);
    try {
        return {copy.table(toml::parse(text)), std::nullopt};
    } catch (const toml::parse_error& error) {
        return {{}, problem{copy.at(error.source()), std::string(error.description())}};
    } catch (const parser_gave_up&) {
        return {{}, problem{find_stumbling_block(text, source), "this is not valid TOML"}};
    }
}

} // namespace loopmond
