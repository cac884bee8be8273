// SPDX-License-Identifier: MIT
#include "stack/symbol/elf_image.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <link.h>
#include <vector>

namespace loopmon::stack {

namespace {

// What is beyond these is not an ELF file that somebody wants to run.
constexpr std::size_t program_headers_max = 64;
constexpr std::size_t notes_max = 4096;

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += digits[bytes[i] / 16];
        out += digits[bytes[i] % 16];
    }
    return out;
}

/// Notes are a header, a name and a description each, the latter two rounded up to four bytes.
std::string build_id_in(const std::vector<unsigned char>& notes) {
    constexpr std::string_view owner("GNU\0", 4);
    const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
    for (std::size_t at = 0; at + sizeof(ElfW(Nhdr)) <= notes.size();) {
        ElfW(Nhdr) header;
        std::memcpy(&header, &notes[at], sizeof header);
        const auto name = at + sizeof header;
        const auto description = name + padded(header.n_namesz);
        const auto end = description + padded(header.n_descsz);
        if (end > notes.size()) {
            break;
        }
        if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == owner.size() &&
            std::memcmp(&notes[name], owner.data(), owner.size()) == 0) {
            return hexadecimal(&notes[description], header.n_descsz);
        }
        at = end;
    }
    return {};
}

} // namespace

elf_image read_elf_image(const self_memory& memory, std::uintptr_t base) {
    elf_image image{.bias = base, .build_id = {}, .dynamic = 0};
    ElfW(Ehdr) header;
    if (!memory.read(base, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_phnum > program_headers_max) {
        return image;
    }
    std::vector<ElfW(Phdr)> segments(header.e_phnum);
    if (!memory.read(base + header.e_phoff, segments.data(),
                     segments.size() * sizeof segments.front())) {
        return image;
    }
    const auto first = std::find_if(segments.begin(), segments.end(),
                                    [](const auto& segment) { return segment.p_type == PT_LOAD; });
    if (first != segments.end()) {
        image.bias = base - (first->p_vaddr - first->p_offset);
    }
    for (const auto& segment : segments) {
        if (segment.p_type == PT_DYNAMIC) {
            image.dynamic = image.bias + segment.p_vaddr;
        }
        if (!image.build_id.empty() || segment.p_type != PT_NOTE || segment.p_memsz == 0 ||
            segment.p_memsz > notes_max) {
            continue;
        }
        std::vector<unsigned char> notes(segment.p_memsz);
        if (memory.read(image.bias + segment.p_vaddr, notes.data(), notes.size())) {
            if (auto id = build_id_in(notes); !id.empty()) {
                image.build_id = std::move(id);
            }
        }
    }
    return image;
}

} // namespace loopmon::stack
