// SPDX-License-Identifier: MIT
#include "report/state_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>
#include <system_error>

using loopmon::report::state_file;
using loopmon::test::temporary_directory;

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::ptrdiff_t files_in(const temporary_directory& dir) {
    return std::distance(std::filesystem::directory_iterator(dir.path()), {});
}

} // namespace

TEST_CASE("state_file: what was written last is read, and nothing is left beside", "[report]") {
    const temporary_directory dir;
    const state_file file(dir.path() / "f");
    CHECK(file.read().empty());
    file.replace("one, and longer");
    file.replace("two");
    CHECK(file.read() == "two");
    CHECK(state_file(dir.path() / "f").read() == "two");
    CHECK(files_in(dir) == 1);
}

TEST_CASE("state_file: a process that ended while it waited for the disk has written", "[report]") {
    const temporary_directory dir;
    const state_file file(dir.path() / "f");
    file.replace("old");
    write(dir.path() / "f.new", "new\n");
    CHECK(file.read() == "new");
    CHECK(files_in(dir) == 1); // made good
    CHECK(file.read() == "new");
}

TEST_CASE("state_file: a process that ended while it wrote has not", "[report]") {
    const temporary_directory dir;
    const state_file file(dir.path() / "f");
    file.replace("old");
    write(dir.path() / "f.new", GENERATE(as<std::string>{}, "", "ne", std::string(4096, '\0')));
    CHECK(file.read() == "old");
    file.replace("new");
    CHECK(file.read() == "new");
}

TEST_CASE("state_file: what is too long, or no file, is no text", "[report]") {
    const temporary_directory dir;
    write(dir.path() / "f", std::string(state_file::longest - 1, 'x') + '\n');
    CHECK(state_file(dir.path() / "f").read().size() == state_file::longest - 1);
    write(dir.path() / "f", std::string(state_file::longest, 'x') + '\n');
    CHECK(state_file(dir.path() / "f").read().empty());
    CHECK(state_file(dir.path()).read().empty());
    CHECK(state_file("/dev/zero").read().empty());
}

TEST_CASE("state_file: a place that cannot be written is an error, none at all is not",
          "[report]") {
    CHECK_THROWS_AS(state_file("/proc/nowhere/f").replace("x"), std::system_error);
    CHECK_NOTHROW(state_file("").replace("x"));
    CHECK(state_file("").read().empty());
}
