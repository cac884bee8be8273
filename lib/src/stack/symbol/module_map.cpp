// SPDX-License-Identifier: MIT
#include "stack/symbol/module_map.hpp"

#include "base/proc.hpp"

#include "stack/loaded_image.hpp"
#include "stack/self_memory.hpp"
#include "stack/symbol/elf_image.hpp"
#include "stack/symbol/executable.hpp"

#include <algorithm>
#include <istream>
#include <mutex>
#include <sstream>
#include <utility>

#include <unistd.h>

namespace loopmon::stack {

namespace {

/// What was read of images at the start, by the file and where it is mapped: a plugin that is
/// unloaded and loaded again is the same one then, an upgraded one is not.
class image_notes {
public:
    [[nodiscard]] std::optional<elf_image> find(const std::string& file, std::uintptr_t base) {
        const std::lock_guard lock(mutex_);
        const auto known = images_.find({file, base});
        return known == images_.end() ? std::nullopt : std::optional(known->second);
    }
    void add(const std::string& file, std::uintptr_t base, elf_image image) {
        const std::lock_guard lock(mutex_);
        images_.insert_or_assign({file, base}, std::move(image));
    }

private:
    std::mutex mutex_;
    std::map<std::pair<std::string, std::uintptr_t>, elf_image> images_;
};

image_notes& notes() {
    static image_notes all;
    return all;
}

} // namespace

// Another thread may be loading or unloading one of them at this moment: of an image that is half
// mapped nothing, or something wrong, can be read, and it must not be kept. So what is noted was
// mapped before and after, and is complete.
void note_modules() {
    const module_map before;
    std::map<std::uintptr_t, elf_image> read;
    for (const auto& [base, file] : before.code_files()) {
        read.emplace(base, read_elf_image(self_memory(), base));
    }
    const auto after = module_map().code_files();
    for (const auto& [base, file] : before.code_files()) {
        const auto still = after.find(base);
        if (still != after.end() && still->second == file && !read[base].build_id.empty()) {
            notes().add(file, base, read[base]);
        }
    }
}

std::string mapped_module::name() const {
    if (path.starts_with('[') && path.ends_with(']')) { // in reports, brackets mark remarks
        return path.substr(1, path.size() - 2);
    }
    return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

module_map::module_map() {
    std::istringstream maps(base::read_proc("self/maps"));
    parse(maps);
    from_kernel_ = !mappings_.empty();
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
        at.code = permissions.find('x') != permissions.npos;
        at.file = std::move(device);
        (at.file += ' ') += inode;
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

std::map<std::uintptr_t, std::string> module_map::code_files() const {
    std::map<std::uintptr_t, std::string> out;
    for (std::size_t i = 0; i < mappings_.size(); ++i) {
        if (const auto base = mappings_[i].code ? base_of(i) : std::nullopt) {
            out.emplace(*base, mappings_[i].file);
        }
    }
    return out;
}

const mapped_module* module_map::find(std::uintptr_t address) {
    if (!from_kernel_) {
        return find_by_loader(address);
    }
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
        const auto noted = notes().find(mappings_[index].file, *base);
        const auto image = noted ? *noted : read_elf_image(self_memory(), *base);
        known->second = {mappings_[index].path, image.bias, image.build_id, *base};
    }
    return &known->second;
}

const mapped_module* module_map::find_by_loader(std::uintptr_t address) {
    const auto loaded = find_loaded_image(address);
    if (!loaded) {
        return nullptr;
    }
    auto [known, fresh] = modules_.try_emplace(loaded->begin);
    if (fresh) {
        const auto image = read_elf_image(self_memory(), loaded->begin);
        auto path = path_of(*loaded);
        if (path.empty()) {
            const auto own = own_executable();
            ::close(own.descriptor);
            path = own.path;
        }
        known->second = {std::move(path), image.bias, image.build_id, loaded->begin};
    }
    return &known->second;
}

} // namespace loopmon::stack
