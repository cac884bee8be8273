// SPDX-License-Identifier: MIT
#include "stack/loaded_image.hpp"

#include "stack/self_memory.hpp"

#include <array>
#include <climits>
#include <dlfcn.h>
#include <features.h>
#include <link.h>

namespace loopmon::stack {

std::optional<loaded_image> find_loaded_image(std::uintptr_t address) noexcept {
#if defined(DLFO_STRUCT_HAS_EH_DBASE) // since glibc 2.35
    dl_find_object found{};
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    if (_dl_find_object(reinterpret_cast<void*>(address), &found) == 0) {
        return loaded_image{reinterpret_cast<std::uintptr_t>(found.dlfo_map_start),
                            reinterpret_cast<std::uintptr_t>(found.dlfo_map_end),
                            reinterpret_cast<std::uintptr_t>(found.dlfo_eh_frame),
                            reinterpret_cast<std::uintptr_t>(found.dlfo_link_map)};
    }
#else
    (void)address;
#endif
    return std::nullopt;
}

std::string path_of(const loaded_image& image) {
    const self_memory memory;
    std::uintptr_t name = 0;
    std::string path;
    if (!memory.read(image.link_map + offsetof(link_map, l_name), name)) {
        return path;
    }
    // Byte by byte up to its end: what is behind it may be another page, and not mapped.
    for (char c = 0; path.size() < PATH_MAX && memory.read(name + path.size(), c) && c != '\0';) {
        path += c;
    }
    return path;
}

} // namespace loopmon::stack
