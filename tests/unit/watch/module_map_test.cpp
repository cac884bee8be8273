// SPDX-License-Identifier: MIT
#include "watch/module_map.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <cstdlib>
#include <sstream>

using namespace loopmon::watch;

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
