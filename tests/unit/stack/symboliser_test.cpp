// SPDX-License-Identifier: MIT
#include "stack/symbol/symboliser.hpp"

#include "stack/capture/stack_handler.hpp"
#include "stack/symbol/source_lookup.hpp"

#include "support/catch.hpp"
#include "support/skip.hpp"
#include "support/temporary_directory.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

using namespace loopmon::stack;
using namespace loopmon::test;
using Catch::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

captured_stack caught;

void catch_here() {
    stack_request::result taken;
    take_stack(nullptr, taken);
    caught = {};
    caught.frames.assign(taken.frames.begin(),
                         taken.frames.begin() + static_cast<std::ptrdiff_t>(taken.count));
}

struct here {
    int line = 0;
};

[[gnu::noinline]] here outer_function(const std::string& /*argument*/) {
    here is;
    // clang-format off
    is.line = __LINE__; catch_here();
    // clang-format on
    asm volatile("");
    return is;
}

[[gnu::always_inline]] inline int inlined_function() {
    const int line = __LINE__ + 1;
    catch_here();
    return line;
}

[[gnu::noinline]] int around_inlined() {
    const int line = inlined_function();
    asm volatile("");
    return line;
}

[[gnu::noinline]] int around_lambda() {
    // clang-format off
    const auto body = [](int line) __attribute__((always_inline)) { catch_here(); return line; };
    const int line = body(__LINE__ - 1);
    // clang-format on
    asm volatile("");
    return line;
}

/// However busy the machine is.
std::vector<std::string> lines_of(const captured_stack& stack) {
    return symboliser(stack).lines(std::chrono::hours(1));
}

/// The first line that matches; empty if none does.
std::string line_with(const std::vector<std::string>& lines, const std::string& text) {
    const auto found = std::find_if(lines.begin(), lines.end(), [&text](const auto& line) {
        return line.find(text) != std::string::npos;
    });
    return found != lines.end() ? *found : std::string();
}

bool matches(const std::string& line, const std::string& pattern) {
    return std::regex_match(line, std::regex(pattern));
}

class loaded_module {
public:
    explicit loaded_module(const fs::path& path) : handle_(dlopen(path.c_str(), RTLD_NOW)) {
        REQUIRE(handle_ != nullptr);
    }
    ~loaded_module() { unload(); }
    loaded_module(const loaded_module&) = delete;
    loaded_module& operator=(const loaded_module&) = delete;

    std::vector<std::string> lines_inside() {
        using entry = void (*)(void (*)());
        const auto call = reinterpret_cast<entry>(dlsym(handle_, "call_through_module"));
        REQUIRE(call != nullptr);
        call(catch_here);
        return lines_of(caught);
    }
    void unload() {
        if (handle_ != nullptr) {
            dlclose(handle_);
            handle_ = nullptr;
        }
    }

private:
    void* handle_;
};

/// "0x1139" of "f() at x.cpp:1 (module.so+0x1139, build-id ...)".
std::string offset_in(const std::string& line) {
    std::smatch found;
    return std::regex_search(line, found, std::regex("\\+(0x[0-9a-f]+)")) ? found[1].str() : "";
}

constexpr auto without_libdw = "this build is without libdw";

} // namespace

TEST_CASE("symboliser: a function of the program with its source line, and the first of the id") {
    const auto at = outer_function("");
    const auto lines = lines_of(caught);
    CAPTURE(lines);
    if (source_lookup::available()) {
        CHECK(matches(line_with(lines, "outer_function"),
                      "\\(anonymous namespace\\)::outer_function\\(std::string const&\\) "
                      "at symboliser_test\\.cpp:" +
                          std::to_string(at.line) +
                          " \\([^+ ]+\\+0x[0-9a-f]+, build-id [0-9a-f]{8}\\)"));
    } else {
        CHECK(matches(lines.at(1), "[^+ ]+\\+0x[0-9a-f]+ \\(build-id [0-9a-f]{40}\\)"));
    }
}

TEST_CASE("symboliser: an inlined function has a line of its own") {
    if (!source_lookup::available()) {
        return loopmon::test::skip(without_libdw);
    }
    const int line = around_inlined();
    const auto lines = lines_of(caught);
    CAPTURE(lines);
    CHECK(line_with(lines, "inlined_function") ==
          "(anonymous namespace)::inlined_function at symboliser_test.cpp:" + std::to_string(line) +
              " [inlined]");
    CHECK_THAT(line_with(lines, "around_inlined"), ContainsSubstring("symboliser_test.cpp:"));
}

TEST_CASE("symboliser: an inlined lambda is said to be whose") {
    if (!source_lookup::available()) {
        return loopmon::test::skip(without_libdw);
    }
    const int line = around_lambda();
    const auto lines = lines_of(caught);
    CAPTURE(lines);
    // gcc names what clang does not.
    CHECK(matches(line_with(lines, "operator()"),
                  "\\(anonymous namespace\\)::around_lambda(\\(\\))?::\\{lambda(\\(\\))?\\}::"
                  "operator\\(\\) at symboliser_test.cpp:" +
                      std::to_string(line) + " \\[inlined\\]"));
}

TEST_CASE("symboliser: a module that was loaded later; stripped, it has offset and build-id") {
    const temporary_directory directory;
    const auto stripped = directory.path() / "stripped.so";
    REQUIRE(std::system(("objcopy -S " LOADABLE_MODULE " " + stripped.string()).c_str()) == 0);

    loaded_module module(LOADABLE_MODULE);
    const auto lines = module.lines_inside();
    CAPTURE(lines);
    auto inside = line_with(lines, "libloadable_module.so+");
    if (source_lookup::available()) {
        CHECK(matches(inside, "loadable::\\(anonymous namespace\\)::internal_function\\(void "
                              "\\(\\*\\)\\(\\)\\) at loadable\\.cpp:[0-9]+ "
                              "\\(libloadable_module\\.so\\+0x[0-9a-f]+, build-id [0-9a-f]{8}\\)"));
    }

    loaded_module without(stripped);
    const auto bare = without.lines_inside();
    CAPTURE(bare);
    const auto at = line_with(bare, "stripped.so+" + offset_in(inside));
    CHECK(matches(at, "stripped\\.so\\+0x[0-9a-f]+ \\(build-id [0-9a-f]{40}\\)"));
    // What is exported is known nevertheless.
    CHECK(matches(line_with(bare, "call_through_module"),
                  "call_through_module \\(stripped\\.so\\+0x[0-9a-f]+, "
                  "build-id [0-9a-f]{40}\\)"));
}

TEST_CASE("symboliser: what a module on disk says is not believed when it was replaced") {
    const temporary_directory directory;
    const auto path = directory.path() / "upgraded.so";
    fs::copy_file(LOADABLE_MODULE, path);
    loaded_module module(path);
    fs::remove(path);
    fs::copy_file("/proc/self/exe", path);
    const auto lines = module.lines_inside();
    CAPTURE(lines);
    CHECK(matches(line_with(lines, "upgraded.so"),
                  "upgraded\\.so \\(deleted\\)\\+0x[0-9a-f]+ \\(build-id [0-9a-f]{40}\\)"));
    // What it exports is in its memory.
    CHECK(matches(line_with(lines, "call_through_module"),
                  "call_through_module \\(upgraded\\.so \\(deleted\\)\\+0x[0-9a-f]+, "
                  "build-id [0-9a-f]{40}\\)"));
}

TEST_CASE("symboliser: frames of a module that is gone are addresses") {
    {
        loaded_module module(LOADABLE_MODULE);
        (void)module.lines_inside();
    }
    const auto lines = lines_of(caught);
    CAPTURE(lines);
    CHECK(line_with(lines, "loadable").empty());
    CHECK(matches(line_with(lines, "in no module"), "0x[0-9a-f]+ \\(in no module\\)"));
}

TEST_CASE("symboliser: frames within asio are one line, which names what the program called") {
    if (!source_lookup::available()) {
        return loopmon::test::skip(without_libdw);
    }
    boost::asio::io_context io;
    boost::asio::post(io, [] { (void)outer_function(""); });
    io.run();
    const auto lines = lines_of(caught);
    CAPTURE(lines);
    const auto count = line_with(lines, "frames of boost::asio");
    CHECK(
        matches(count, "\\[[0-9]+ frames of boost::asio in boost::asio::io_context::run\\(\\)\\]"));
    // Inlined into asio's code, as in an optimised build, it has no qualified name.
    CHECK_THAT(line_with(lines, "operator()"), ContainsSubstring("symboliser_test.cpp"));
    // In an optimised build most of asio is inlined, too.
    for (const auto& line : lines) {
        CHECK((line == count || line.find("asio::") == std::string::npos));
        CHECK(line.find("bind_handler.hpp") == std::string::npos);
    }
}

TEST_CASE("symboliser: a module that is unloaded before the functions are looked up is named") {
    loaded_module module(LOADABLE_MODULE);
    (void)module.lines_inside();
    const symboliser located(caught);
    const auto before = located.lines(std::chrono::hours(1));
    module.unload();
    const auto after = located.lines(std::chrono::hours(1));
    CHECK_FALSE(line_with(after, "libloadable_module.so+").empty());
    CHECK(after.size() == before.size());
    if (source_lookup::available()) { // from the file, which is still there
        CHECK(after == before);
    }
}

TEST_CASE("symboliser: the brief lines have modules and offsets, and no functions") {
    (void)outer_function("");
    for (const auto& line : symboliser(caught).brief_lines()) {
        CHECK(matches(line, "[^+ ]+\\+0x[0-9a-f]+ \\(build-id [0-9a-f]{40}\\)"));
    }
}

TEST_CASE("symboliser: when time is up, frames go without their functions") {
    (void)outer_function("");
    for (const auto& line : symboliser(caught).lines(std::chrono::milliseconds(0))) {
        CHECK(matches(line, "[^+ ]+\\+0x[0-9a-f]+ \\(build-id [0-9a-f]{40}\\)"));
    }
}

TEST_CASE("symboliser: remarks come first, and the cut last") {
    CHECK(symboliser({}).lines().empty());
    CHECK(symboliser({.frames = {}, .remark = "no stack: the thread is gone"}).lines() ==
          std::vector<std::string>{"[no stack: the thread is gone]"});
    const symboliser cut({.frames = {1}, .remark = "stale: why", .stale = true, .truncated = true});
    CHECK(cut.brief_lines() == cut.lines());
    CHECK(cut.lines() ==
          std::vector<std::string>{"[stale: why]", "0x1 (in no module)", "[more than 64 frames]"});
}
