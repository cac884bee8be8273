// SPDX-License-Identifier: MIT
//
// The functions of one compilation unit by address, and what is inlined in them. libdw has a
// function for that (dwarf_getscopes), but it walks the whole unit for each address: 10 ms for one
// that includes asio, times the frames of a stack. Only for builds with libdw.
#pragma once

#include <elfutils/libdw.h>
#include <optional>
#include <string>
#include <vector>

namespace loopmon::stack {

class unit_functions {
public:
    /// @param unit must outlive this
    explicit unit_functions(Dwarf_Die& unit);

    /// Innermost first: the inlined functions that are running at this address, then the one that
    /// they are inlined in. Empty if there is none.
    [[nodiscard]] std::vector<Dwarf_Die> running_at(Dwarf_Addr address) const;

    /// "loopmon::inject(int)::{lambda(int)}::operator()": the name alone says little of a lambda or
    /// of a function in an unnamed namespace, and that of a scope does not say what it is in.
    [[nodiscard]] std::string qualified_name(Dwarf_Die scope) const;

private:
    struct range {
        Dwarf_Addr begin = 0;
        Dwarf_Addr end = 0;
        Dwarf_Die function = {};
    };

    /// A function or a scope that may have one, and what it is in.
    struct nesting {
        Dwarf_Off inner = 0;
        Dwarf_Off outer = 0;
    };

    void collect(Dwarf_Die& parent);
    void add(Dwarf_Die& function);
    [[nodiscard]] std::optional<Dwarf_Die> outer_of(Dwarf_Die& scope) const;
    [[nodiscard]] std::string name_within(Dwarf_Die scope, int depth) const;

    std::vector<nesting> nestings_; ///< by `inner`
    std::vector<range> ranges_; ///< a function has more than one if it is split into hot and cold
};

} // namespace loopmon::stack
