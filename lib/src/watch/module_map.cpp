// SPDX-License-Identifier: MIT
#include "watch/module_map.hpp"

#include "base/proc.hpp"

#include "watch/elf_image.hpp"
#include "watch/self_memory.hpp"

#include <algorithm>
#include <istream>
#include <sstream>
#include <utility>

namespace loopmon::watch {

std::string mapped_module::name() const {
    if (path.starts_with('[') && path.ends_with(']')) { // in reports, brackets mark remarks
        return path.substr(1, path.size() - 2);
    }
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

module_map::module_map() {
    std::istringstream maps(base::read_proc("self/maps"));
    parse(maps);
}

module_map::module_map(std::istream& maps) {
    parse(maps);
}

void module_map::parse(std::istream& maps) {
    // "7f0a5e9c1000-7f0a5eb56000 r-xp 00026000 fe:01 1835 /usr/lib/x86_64-linux-gnu/libc.so.6"
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields(line);
        mapping at;
        char dash = 0;
        std::string permissions, device, inode;
        fields >> std::hex >> at.begin >> dash >> at.end >> permissions >> at.offset >> device >>
            inode >> std::ws;
        std::getline(fields, at.path); // may contain blanks; empty for anonymous memory
        if (!at.path.empty()) {
            mappings_.push_back(std::move(at));
        }
    }
}

std::optional<std::uintptr_t> module_map::base_of(std::size_t index) const {
    const auto& path = mappings_[index].path;
    for (auto i = index + 1; i-- > 0 && mappings_[i].path == path;) {
        if (mappings_[i].offset == 0) {
            return mappings_[i].begin;
        }
    }
    return {};
}

const mapped_module* module_map::find(std::uintptr_t address) {
    const auto after = std::upper_bound(
        mappings_.begin(), mappings_.end(), address,
        [](std::uintptr_t wanted, const mapping& at) { return wanted < at.begin; });
    if (after == mappings_.begin() || address >= std::prev(after)->end) {
        return nullptr;
    }
    const auto index = static_cast<std::size_t>(std::distance(mappings_.begin(), after)) - 1;
    const auto base = base_of(index);
    if (!base) {
        return nullptr;
    }
    auto [known, fresh] = modules_.try_emplace(*base);
    if (fresh) {
        const auto image = read_elf_image(self_memory(), *base);
        known->second = {mappings_[index].path, image.bias, image.build_id};
    }
    return &known->second;
}

} // namespace loopmon::watch
