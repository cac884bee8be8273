// SPDX-License-Identifier: MIT
//
// Which executable or library an address belongs to, by what the kernel knows (/proc/self/maps).
// The loader knows more, but asking it (dladdr) takes its lock, and the thread that is stuck may
// hold it: a module with a constructor that blocks would block the watcher, too. Where the kernel
// does not say, the part of the loader's knowledge that needs no lock has to do (loaded_image).
//
// Modules are noted at the start, with build-id: of these no look at a late loop reads the headers,
// whose pages may have to come from a disk that is dead by then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace loopmon::stack {

/// A file that is mapped, as far as it matters to those who look up an address in it.
struct mapped_module {
    std::string path; ///< as in /proc/self/maps: " (deleted)" may follow; "[vdso]"
    /// What the loader has added to the addresses in the file.
    std::uintptr_t bias = 0;
    /// Hexadecimal; empty if the file has none.
    std::string build_id;
    std::uintptr_t base = 0; ///< where the file begins in memory

    [[nodiscard]] std::string name() const; ///< the last part of the path; "vdso"
};

/// Reads the headers of all modules that are loaded now. Any thread.
void note_modules();

/// As it was at construction. Some 100 µs for a program with thirty libraries.
class module_map {
public:
    module_map();
    /// @param maps in the format of /proc/PID/maps
    explicit module_map(std::istream& maps);

    /// Device and inode of the files that have code, by where they begin in memory.
    [[nodiscard]] std::map<std::uintptr_t, std::string> code_files() const;

    /// Nothing for an address that no file is mapped at (any more).
    [[nodiscard]] const mapped_module* find(std::uintptr_t address);

private:
    struct mapping {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        std::uint64_t offset = 0;
        bool code = false;
        std::string file; ///< device and inode
        std::string path;
    };
    void parse(std::istream& maps);
    /// Where the file that is mapped there begins; nothing if only a part of it is mapped.
    [[nodiscard]] std::optional<std::uintptr_t> base_of(std::size_t index) const;

    [[nodiscard]] const mapped_module* find_by_loader(std::uintptr_t address);

    bool from_kernel_ = true;
    std::vector<mapping> mappings_;                   ///< by address
    std::map<std::uintptr_t, mapped_module> modules_; ///< by base, as they were asked for
};

} // namespace loopmon::stack
