// SPDX-License-Identifier: MIT
//
// Functions and source lines of addresses, from the symbol tables and debug information on disk
// (elfutils' libdwfl; without it at build time nothing is found). Files are opened for one report
// and closed again: that costs milliseconds at each stall, and no memory between them.
#pragma once

#include "stack/symbol/module_map.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace loopmon::stack {

struct source_place {
    std::string function = {}; ///< readable; empty if not known
    std::string file = {};     ///< without its directory; empty if not known
    std::string path = {};     ///< with it
    int line = 0;
    bool inlined = false; ///< into the next one
};

class source_lookup {
public:
    source_lookup();
    ~source_lookup();
    source_lookup(const source_lookup&) = delete;
    source_lookup& operator=(const source_lookup&) = delete;

    /// Whether it was built with libdw.
    [[nodiscard]] static bool available() noexcept;

    /// Innermost first: the functions inlined at that address, then the one that has it. Empty if
    /// nothing is known, or the file on disk is not any more the one that runs.
    [[nodiscard]] std::vector<source_place> find(const mapped_module& module,
                                                 std::uintptr_t address);

private:
    struct session;
    std::unique_ptr<session> session_;
};

} // namespace loopmon::stack
