// SPDX-License-Identifier: MIT
//
// The exported functions of a loaded image, from its .dynsym in memory: names where there is no
// libdw, no file (after chroot or an upgrade), or nothing else in it (stripped). dladdr(3) reads
// the same, with the loader's lock held.
#pragma once

#include "stack/self_memory.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <link.h>

namespace loopmon::stack {

class dynamic_symbols {
public:
    /// Copies the table: 24 bytes a symbol, 30 KB for a usual library.
    /// @param bias of the image in memory
    /// @param dynamic its dynamic section in memory; 0: it has none
    dynamic_symbols(const self_memory& memory, std::uintptr_t bias, std::uintptr_t dynamic);

    /// As it is in the table, i.e. mangled; empty if none has the address.
    [[nodiscard]] std::string function_at(const self_memory& memory, std::uintptr_t address) const;

private:
    [[nodiscard]] std::string name_of(const self_memory& memory, const ElfW(Sym) & symbol) const;

    std::uintptr_t bias_;
    std::uintptr_t names_ = 0;
    std::size_t names_size_ = 0;
    std::vector<ElfW(Sym)> symbols_;
};

} // namespace loopmon::stack
