// SPDX-License-Identifier: MIT
//
// What the loader knows of the executable or library at an address. _dl_find_object (glibc 2.35)
// takes no lock, unlike dladdr and dl_iterate_phdr, and needs no /proc: it also answers in a
// program that has gone into an empty root. Elsewhere nothing is found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace loopmon::stack {

struct loaded_image {
    std::uintptr_t begin = 0; ///< where the file is mapped from its beginning
    std::uintptr_t end = 0;
    std::uintptr_t unwind_header = 0; ///< its .eh_frame_hdr; 0: it has none
    std::uintptr_t link_map = 0;      ///< the loader's description of it
};

/// The image may be unloaded the next moment: read it, and its link_map, by self_memory only.
[[nodiscard]] std::optional<loaded_image> find_loaded_image(std::uintptr_t address) noexcept;

/// The path that it was loaded by; empty for the executable, or if it is gone.
[[nodiscard]] std::string path_of(const loaded_image& image);

} // namespace loopmon::stack
