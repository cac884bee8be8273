// SPDX-License-Identifier: MIT
#include "stack/symbol/module_map.hpp"

#include "stack/loaded_image.hpp"
#include "stack/symbol/dynamic_symbols.hpp"
#include "stack/symbol/elf_image.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <poll.h>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace loopmon::stack;

namespace {

module_map map_of(const char* text) {
    std::istringstream in(text);
    return module_map(in);
}

// Nothing is mapped at these addresses here, so there are no headers to read.
constexpr const char* two_modules = //
    "1000-2000 r--p 00000000 fe:01 11 /usr/bin/first\n"
    "2000-4000 r-xp 00001000 fe:01 11 /usr/bin/first\n"
    "4000-5000 rw-p 00000000 00:00 0\n"
    "5000-6000 rw-p 00000000 00:00 0          [heap]\n"
    "8000-9000 r--p 00000000 fe:01 12 /usr/lib/with blank.so (deleted)\n"
    "9000-a000 r-xp 00001000 fe:01 12 /usr/lib/with blank.so (deleted)\n"
    "b000-c000 r-xp 00003000 fe:01 13 /usr/lib/part.so\n";

} // namespace

TEST_CASE("module_map: an address belongs to the file that is mapped there") {
    auto map = map_of(two_modules);
    const auto* first = map.find(0x2fff);
    REQUIRE(first != nullptr);
    CHECK(first->path == "/usr/bin/first");
    CHECK(first->name() == "first");
    CHECK(first->bias == 0x1000);
    CHECK(first->build_id.empty());
    CHECK(map.find(0x1000) == first);
    CHECK(map.find(0x3fff) == first);

    const auto* second = map.find(0x9000);
    REQUIRE(second != nullptr);
    CHECK(second->name() == "with blank.so (deleted)");
    CHECK(second->bias == 0x8000);
}

TEST_CASE("module_map: the kernel's own module has a name without the brackets of remarks") {
    mapped_module vdso;
    vdso.path = "[vdso]";
    CHECK(vdso.name() == "vdso");
}

TEST_CASE("module_map: where no file is mapped from its beginning there is no module") {
    auto map = map_of(two_modules);
    CHECK(map.find(0) == nullptr);
    CHECK(map.find(0xfff) == nullptr);
    CHECK(map.find(0x4000) == nullptr);
    CHECK(map.find(0xa000) == nullptr);
    CHECK(map.find(0xb000) == nullptr);
    CHECK(map.find(UINTPTR_MAX) == nullptr);
    CHECK(map_of("").find(0x1000) == nullptr);
    CHECK(map_of("nonsense\n\n-\n").find(0) == nullptr);
}

TEST_CASE("module_map: the same file mapped twice is two modules") {
    auto map = map_of("1000-2000 r--p 00000000 fe:01 11 /lib/x.so\n"
                      "2000-3000 r-xp 00001000 fe:01 11 /lib/x.so\n"
                      "3000-4000 r--p 00000000 fe:01 11 /lib/x.so\n"
                      "4000-5000 r-xp 00001000 fe:01 11 /lib/x.so\n");
    CHECK(map.find(0x2000)->bias == 0x1000);
    CHECK(map.find(0x4000)->bias == 0x3000);
}

TEST_CASE("module_map: the libraries of this process have build-ids") {
    module_map map;
    const auto* library = map.find(reinterpret_cast<std::uintptr_t>(&std::abort));
    REQUIRE(library != nullptr);
    CHECK(library->build_id.size() == 40);
    CHECK(library->build_id.find_first_not_of("0123456789abcdef") == std::string::npos);
}

namespace {

template <class Function>
std::string exported_name(Function* function) {
    const auto address = reinterpret_cast<std::uintptr_t>(function);
    module_map map;
    const auto* module = map.find(address);
    REQUIRE(module != nullptr);
    const self_memory memory;
    const auto image = read_elf_image(memory, module->base);
    return dynamic_symbols(memory, image.bias, image.dynamic).function_at(memory, address);
}

} // namespace

TEST_CASE("module_map: what a library exports has its name in memory, without a file") {
    CHECK(exported_name(&std::abort) == "abort");
    CHECK(exported_name(&poll) == "poll"); // and not __poll
}

TEST_CASE("module_map: of an image that has no symbols, or is none, nothing is found") {
    const self_memory memory;
    CHECK(dynamic_symbols(memory, 0, 0).function_at(memory, 0x1000).empty());
    const std::array<std::uintptr_t, 64> nonsense{0x5, 0x10, 0x6, 0x20, 0x6ffffef5, 0x30};
    const auto at = reinterpret_cast<std::uintptr_t>(nonsense.data());
    CHECK(dynamic_symbols(memory, 0, at).function_at(memory, 0x1000).empty());
}

TEST_CASE("module_map: the loader knows the same images as the kernel") {
    module_map map;
    // A function that no sanitizer has a version of in the program.
    const auto address = reinterpret_cast<std::uintptr_t>(&gnu_get_libc_version);
    const auto loaded = find_loaded_image(address);
    if (loaded) { // glibc 2.35
        const auto* library = map.find(address);
        REQUIRE(library != nullptr);
        CHECK(loaded->begin == library->base);
        CHECK(path_of(*loaded).ends_with(library->name()));
    }
    CHECK_FALSE(find_loaded_image(0x1000));
}

TEST_CASE("module_map: of an image that was noted when half of it was there, nothing is kept") {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const loopmon::test::temporary_directory directory;
    const auto path = (directory.path() / "loading.so").string();
    const int file = open(path.c_str(), O_RDWR | O_CREAT, 0700);
    REQUIRE(ftruncate(file, static_cast<off_t>(page)) == 0);
    void* const at = mmap(nullptr, page, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    REQUIRE(at != MAP_FAILED);
    note_modules(); // another thread is loading it

    const auto library = find_loaded_image(reinterpret_cast<std::uintptr_t>(&std::abort));
    const auto base = reinterpret_cast<std::uintptr_t>(at);
    if (library) {
        std::vector<char> header(page);
        REQUIRE(self_memory().read(library->begin, header.data(), header.size()));
        REQUIRE(pwrite(file, header.data(), header.size(), 0) == static_cast<ssize_t>(page));
        module_map map;
        const auto* const module = map.find(base);
        REQUIRE(module != nullptr);
        CHECK(module->build_id.size() == 40);
    }
    munmap(at, page);
    close(file);
}
