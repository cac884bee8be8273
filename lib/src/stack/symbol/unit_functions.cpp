// SPDX-License-Identifier: MIT
#if defined(LOOPMON_HAVE_LIBDW)

#include "stack/symbol/unit_functions.hpp"

#include "stack/symbol/function_name.hpp"

#include <algorithm>
#include <cstddef>
#include <dwarf.h>

namespace loopmon::stack {

namespace {

/// Whether functions are defined inside: members of local classes are, lambdas among them.
bool may_hold_functions(int tag) {
    return tag == DW_TAG_namespace || tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
           tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block;
}

/// Calls `f` for each child. Iterators are not worth it for what libdw has in place of them.
template <class Function>
void for_each_child(Dwarf_Die& parent, Function&& f) {
    Dwarf_Die child;
    if (dwarf_child(&parent, &child) != 0) {
        return;
    }
    do {
        f(child);
    } while (dwarf_siblingof(&child, &child) == 0);
}

/// Appends what is inlined below `scope` at this address, outermost first.
void append_inlined(Dwarf_Die& scope, Dwarf_Addr address, std::vector<Dwarf_Die>& out) {
    bool found = false;
    for_each_child(scope, [&](Dwarf_Die& child) {
        const int tag = dwarf_tag(&child);
        const bool inlined = tag == DW_TAG_inlined_subroutine;
        if (found || (!inlined && tag != DW_TAG_lexical_block) ||
            dwarf_haspc(&child, address) <= 0) {
            return;
        }
        found = true;
        if (inlined) {
            out.push_back(child);
        }
        append_inlined(child, address, out);
    });
}

/// Where a function is declared in its scope, which its definition and its inlined instances only
/// point to.
Dwarf_Die origin_of(Dwarf_Die scope) {
    for (const unsigned reference : {DW_AT_abstract_origin, DW_AT_specification}) {
        Dwarf_Attribute found;
        Dwarf_Die target;
        if (dwarf_attr(&scope, reference, &found) != nullptr &&
            dwarf_formref_die(&found, &target) != nullptr) {
            scope = target;
        }
    }
    return scope;
}

std::string linkage_name(Dwarf_Die& scope) {
    for (const unsigned attribute : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
        Dwarf_Attribute found;
        if (dwarf_attr_integrate(&scope, attribute, &found) != nullptr) {
            if (const char* symbol = dwarf_formstring(&found)) {
                return symbol;
            }
        }
    }
    return {};
}

/// As in a demangled name: "<lambda(int)>" is gcc's, without one clang's.
std::string plain_name(Dwarf_Die& scope) {
    const char* const name = dwarf_diename(&scope);
    std::string text = name != nullptr ? name : "";
    if (text.starts_with("<lambda") && text.ends_with('>')) {
        return "{" + text.substr(1, text.size() - 2) + "}";
    }
    if (text.empty()) {
        return dwarf_tag(&scope) == DW_TAG_namespace ? "(anonymous namespace)" : "{lambda}";
    }
    return text;
}

// Namespaces, classes, functions, lambdas in lambdas: more is damaged.
constexpr int depth_max = 32;

} // namespace

unit_functions::unit_functions(Dwarf_Die& unit) {
    collect(unit);
}

void unit_functions::collect(Dwarf_Die& parent) {
    for_each_child(parent, [&](Dwarf_Die& child) {
        const int tag = dwarf_tag(&child);
        if (may_hold_functions(tag)) { // children come in the order of their offsets
            nestings_.push_back({dwarf_dieoffset(&child), dwarf_dieoffset(&parent)});
        }
        if (tag == DW_TAG_subprogram) {
            if (dwarf_hasattr(&child, DW_AT_declaration) != 0) { // most are, in a class
                return;
            }
            add(child);
        }
        if (may_hold_functions(tag)) {
            collect(child);
        }
    });
}

void unit_functions::add(Dwarf_Die& function) {
    Dwarf_Addr base = 0;
    range at;
    at.function = function;
    for (std::ptrdiff_t i = 0; (i = dwarf_ranges(&function, i, &base, &at.begin, &at.end)) > 0;) {
        ranges_.push_back(at);
    }
}

std::optional<Dwarf_Die> unit_functions::outer_of(Dwarf_Die& scope) const {
    const auto offset = dwarf_dieoffset(&scope);
    const auto found =
        std::lower_bound(nestings_.begin(), nestings_.end(), offset,
                         [](const nesting& at, Dwarf_Off wanted) { return at.inner < wanted; });
    Dwarf_Die outer;
    if (found == nestings_.end() || found->inner != offset ||
        dwarf_offdie(dwarf_cu_getdwarf(scope.cu), found->outer, &outer) == nullptr) {
        return std::nullopt;
    }
    return outer;
}

std::string unit_functions::qualified_name(Dwarf_Die scope) const {
    return name_within(scope, 0);
}

std::string unit_functions::name_within(Dwarf_Die scope, int depth) const {
    if (const auto symbol = linkage_name(scope); !symbol.empty()) {
        return readable_name(symbol);
    }
    auto origin = origin_of(scope);
    auto outer = outer_of(origin);
    while (outer && dwarf_tag(&*outer) == DW_TAG_lexical_block) {
        outer = outer_of(*outer);
    }
    std::string before;
    if (outer && may_hold_functions(dwarf_tag(&*outer)) && depth < depth_max) {
        before = name_within(*outer, depth + 1);
    }
    return shorten_name(before + (before.empty() ? "" : "::") + plain_name(origin));
}

std::vector<Dwarf_Die> unit_functions::running_at(Dwarf_Addr address) const {
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [address](const range& at) {
        return address >= at.begin && address < at.end;
    });
    std::vector<Dwarf_Die> out;
    if (found != ranges_.end()) {
        auto function = found->function;
        out.push_back(function);
        append_inlined(function, address, out);
        std::reverse(out.begin(), out.end());
    }
    return out;
}

} // namespace loopmon::stack

#endif
