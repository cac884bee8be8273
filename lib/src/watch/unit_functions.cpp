// SPDX-License-Identifier: MIT
#if defined(LOOPMON_HAVE_LIBDW)

#include "watch/unit_functions.hpp"

#include <algorithm>
#include <cstddef>
#include <dwarf.h>

namespace loopmon::watch {

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

} // namespace

unit_functions::unit_functions(Dwarf_Die& unit) {
    collect(unit);
}

void unit_functions::collect(Dwarf_Die& parent) {
    for_each_child(parent, [this](Dwarf_Die& child) {
        const int tag = dwarf_tag(&child);
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

} // namespace loopmon::watch

#endif
