// SPDX-License-Identifier: MIT
#include "report/state_file.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>
#include <system_error>

#include <sys/stat.h>

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
    CHECK(file.read().text.empty());
    file.replace("one, and longer");
    file.replace("two");
    CHECK(file.read().text == "two");
    CHECK(state_file(dir.path() / "f").read().text == "two");
    CHECK(files_in(dir) == 1);
}

TEST_CASE("state_file: a process that ended while it waited for the disk has written", "[report]") {
    const temporary_directory dir;
    const state_file file(dir.path() / "f");
    file.replace("old");
    write(dir.path() / "f.new", "new\n");
    CHECK(file.read().text == "new");
    CHECK(files_in(dir) == 1); // made good
    CHECK(file.read().text == "new");
}

TEST_CASE("state_file: a process that ended while it wrote has not", "[report]") {
    const temporary_directory dir;
    const state_file file(dir.path() / "f");
    file.replace("old");
    write(dir.path() / "f.new", GENERATE(as<std::string>{}, "", "ne", std::string(4096, '\0')));
    CHECK(file.read().text == "old");
    file.replace("new");
    CHECK(file.read().text == "new");
}

TEST_CASE("state_file: too long a file, or none, has no text", "[report]") {
    const temporary_directory dir;
    write(dir.path() / "f", std::string(state_file::longest - 1, 'x') + '\n');
    CHECK(state_file(dir.path() / "f").read().text.size() == state_file::longest - 1);
    write(dir.path() / "f", std::string(state_file::longest, 'x') + '\n');
    CHECK(state_file(dir.path() / "f").read().text.empty());
    CHECK(state_file(dir.path()).read().text.empty());
    CHECK(state_file("/dev/zero").read().text.empty());
}

TEST_CASE("state_file: what is there and is not ours has a problem, and can be set aside",
          "[report]") {
    const temporary_directory dir;
    const auto path = dir.path() / "f";
    const state_file file(path);
    CHECK(file.read().problem.empty());
    switch (GENERATE(0, 1, 2, 3, 4)) {
    case 0:
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0); // whoever opened it for reading would wait
        break;
    case 1:
        std::filesystem::create_directory(path);
        break;
    case 2:
        write(path, std::string(state_file::longest + 1, 'x'));
        break;
    case 3:
        write(path, "");
        break;
    default:
        write(path, "cut sho");
        break;
    }
    const auto found = file.read();
    CHECK_FALSE(found.problem.empty());
    CHECK(found.corrupt);
    CHECK(found.text.empty());
    CHECK(file.set_aside() == "it is kept as f.corrupt");
    CHECK(std::filesystem::exists(dir.path() / "f.corrupt"));
    CHECK(file.read().problem.empty());
    file.replace("new");
    CHECK(file.read().text == "new");
}

TEST_CASE("state_file: a directory that cannot be used is a problem", "[report]") {
    const temporary_directory dir;
    CHECK(state_file(dir.path() / "f").directory_problem().empty());
    const auto missing = dir.path() / "missing";
    CHECK(state_file(missing / "f").directory_problem() ==
          missing.string() + " cannot be used: No such file or directory");
    CHECK(state_file("").directory_problem().empty());
}

TEST_CASE("state_file: is reached where its path cannot be seen, and where it has come again",
          "[report]") {
    const temporary_directory dir;
    const auto home = dir.path() / "state";
    std::filesystem::create_directory(home);
    const state_file file(home / "f");
    std::filesystem::rename(home, dir.path() / "moved"); // as after chroot(2)
    file.replace("kept");
    CHECK(file.read().text == "kept");
    CHECK(std::filesystem::exists(dir.path() / "moved" / "f"));

    std::filesystem::remove_all(dir.path() / "moved");
    std::filesystem::create_directory(home);
    file.replace("kept again");
    CHECK(std::filesystem::exists(home / "f"));
}

TEST_CASE("state_file: a place that cannot be written is an error, none at all is not",
          "[report]") {
    CHECK_THROWS_AS(state_file("/proc/nowhere/f").replace("x"), std::system_error);
    CHECK_NOTHROW(state_file("").replace("x"));
    CHECK(state_file("").read().text.empty());
}
