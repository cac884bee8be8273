// SPDX-License-Identifier: MIT
//
// Which files count, in which order, and how they merge.
#include "config_dir.hpp"

#include "support/catch.hpp"

#include <sys/stat.h>

using namespace std::chrono_literals;
using loopmond::load_config;
using loopmond::options;
using loopmond::setting_id;
using loopmond_test::config_dir;
using strings = std::vector<std::string>;

namespace {

std::string probe(const std::string& name, const std::string& rest = "") {
    return "[[service]]\ntype='probe'\nname='" + name + "'\ntarget='dbus:a." + name + "'\n" + rest;
}

strings probe_names(const loopmond::config& c) {
    strings names;
    for (const auto& p : c.probes) {
        names.push_back(p.name);
    }
    return names;
}

} // namespace

TEST_CASE("load_config: without any file the defaults hold", "[load_config]") {
    const config_dir dir;
    const auto loaded = dir.load();
    CHECK(loaded.errors.empty());
    CHECK(loaded.files.empty());
    CHECK(loaded.origins.empty());
    CHECK(loaded.value.watch.interval == 250ms);
    CHECK(loaded.value.bus_address == "system");
    CHECK(loaded.value.probes.empty());
}

TEST_CASE("load_config: the first main file found is the only one", "[load_config]") {
    const config_dir dir;
    const auto lowest = dir.write("usr/lib/loopmond.toml", "loop.threads = 2");
    CHECK(dir.load().files == strings{lowest});
    const auto local = dir.write("usr/local/lib/loopmond.toml", "loop.threads = 3");
    CHECK(dir.load().files == strings{local});
    const auto run = dir.write("run/loopmond.toml", "lag.grace = '1s'");
    CHECK(dir.load().files == strings{run});
    const auto etc = dir.write("etc/loopmond.toml", "loop.threads = 5");
    const auto loaded = dir.load();
    CHECK(loaded.files == strings{etc});
    CHECK(loaded.value.threads == 5);
    CHECK(loaded.value.monitor.grace == 5s); // nothing of the others
}

TEST_CASE("load_config: drop-ins follow the main file, sorted by name whatever their directory",
          "[load_config]") {
    const config_dir dir;
    const auto c = dir.write("usr/lib/loopmond.toml.d/30-c.toml", "loop.threads = 30");
    const auto a = dir.write("etc/loopmond.toml.d/10-a.toml", "loop.threads = 10\ntasks.max = 10");
    const auto b = dir.write("run/loopmond.toml.d/20-b.toml", "loop.threads = 20");
    const auto main = dir.write("etc/loopmond.toml", "loop.threads = 1\ntasks.max = 1");
    dir.write("etc/loopmond.toml.d/40-d.conf", "no TOML, not read");
    dir.write("etc/loopmond.toml.d/.50-e.toml", "hidden, not read");
    const auto loaded = dir.load();
    CHECK(loaded.errors.empty());
    CHECK(loaded.files == strings{main, a, b, c});
    CHECK(loaded.value.threads == 30);
    CHECK(loaded.value.watch.tasks.max == 10);
}

TEST_CASE("load_config: a drop-in hides those of its name in lower directories", "[load_config]") {
    const config_dir dir;
    dir.write("usr/lib/loopmond.toml.d/10-a.toml", "loop.threads = 2");
    const auto local = dir.write("usr/local/lib/loopmond.toml.d/10-a.toml", "loop.threads = 3");
    CHECK(dir.load().files == strings{local});
    dir.mask("etc/loopmond.toml.d/10-a.toml");
    const auto masked = dir.load();
    CHECK(masked.errors.empty());
    CHECK(masked.files.empty());
    CHECK(masked.value.threads == 1);
}

TEST_CASE("load_config: a masked main file hides those in lower directories", "[load_config]") {
    const config_dir dir;
    dir.write("usr/lib/loopmond.toml", "loop.threads = 2");
    dir.mask("run/loopmond.toml");
    const auto loaded = dir.load();
    CHECK(loaded.errors.empty());
    CHECK(loaded.files.empty());
    CHECK(loaded.value.threads == 1);
}

TEST_CASE("load_config: tables merge key by key, and each value remembers its file",
          "[load_config]") {
    const config_dir dir;
    const auto main = dir.write("etc/loopmond.toml", "[lag]\nwarn='10ms'\ngrace='1s'");
    const auto drop = dir.write("etc/loopmond.toml.d/a.toml", "\n\nlag.warn='20ms'");
    const auto loaded = dir.load();
    CHECK(loaded.value.watch.warn == 20ms);
    CHECK(loaded.value.monitor.grace == 1s);
    CHECK(loaded.value.watch.critical == 1s);
    CHECK(loaded.origins == std::map<setting_id, std::string>{{{"", "lag.warn"}, drop + ":3"},
                                                              {{"", "lag.grace"}, main + ":3"}});
}

TEST_CASE("load_config: a service of the same name is replaced whole and in place",
          "[load_config]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml", probe("one", "interval='9s'\nslow='1ms'\n") + probe("two"));
    const auto drop =
        dir.write("etc/loopmond.toml.d/a.toml", probe("three") + probe("one", "timeout='1s'\n"));
    const auto loaded = dir.load();
    CHECK(loaded.errors.empty());
    CHECK(probe_names(loaded.value) == strings{"one", "two", "three"});
    const auto& one = loaded.value.probes.front();
    CHECK(one.timeout == 1s);
    CHECK(one.interval == 5s);
    CHECK(one.slow == 250ms);
    CHECK(one.bus_name == "a.one");
    CHECK(loaded.origins.at({"one", "timeout"}) == drop + ":9");
    CHECK_FALSE(loaded.origins.contains({"one", "interval"}));
}

TEST_CASE("load_config: the errors of all files are reported, in the order of the files",
          "[load_config]") {
    const config_dir dir;
    const auto b = dir.write("etc/loopmond.toml.d/b.toml", "loop.threads = 'x'\nlag.wran = 1");
    const auto a = dir.write("run/loopmond.toml.d/a.toml", "[loop]\nthreads = ");
    const auto main = dir.write("etc/loopmond.toml", "loop.threads = 0");
    const auto errors = dir.load().errors;
    REQUIRE(errors.size() == 4);
    CHECK_THAT(errors[0], Catch::ContainsSubstring(main + ":1:16: error: key 'loop.threads'"));
    CHECK_THAT(errors[1], Catch::ContainsSubstring(a + ":2:"));
    CHECK_THAT(errors[2], Catch::ContainsSubstring(b + ":1:16: error: key 'loop.threads'"));
    CHECK_THAT(errors[3], Catch::ContainsSubstring(b + ":2:5: error: key 'lag.wran'"));
}

TEST_CASE("load_config: of many errors the first hundred are shown, and how many more there are",
          "[load_config]") {
    const config_dir dir;
    std::string text;
    for (int i = 0; i < 50'000; ++i) {
        text += 'x' + std::to_string(i) + "=1\n";
    }
    const auto errors = dir.load(text).errors;
    REQUIRE(errors.size() == 101);
    CHECK_THAT(errors[99], Catch::ContainsSubstring(":100:"));
    CHECK(errors[100] == "error: 49900 more errors are not shown");
}

TEST_CASE("load_config: an error that quotes a long key is a short line", "[load_config]") {
    const config_dir dir;
    const auto errors = dir.load(std::string(300'000, 'k') + " = 1").errors;
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].size() < 1000);
}

TEST_CASE("load_config: rules between keys hold across files, the later file is to blame",
          "[load_config]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml", "lag.warn='2s'\nlag.critical='3s'");
    const auto drop = dir.write("etc/loopmond.toml.d/a.toml", "lag.critical='2s'");
    CHECK(
        dir.load().errors ==
        strings{drop + ":1:14: error: key 'lag.critical': 2s must be longer than 'lag.warn' (2s)"});
}

TEST_CASE("load_config: a syntax error has a place, and is one line", "[load_config]") {
    const config_dir dir;
    const std::string file = dir.path("it.toml").string();
    for (const char* text : {"[lag]\nwarn = \n", "a = 1\na = 2\n", "a\xff = 1\n", "[[service]\n",
                             "a = '''\n", "x = 1e999999\n", "x = 99999999999999999999\n"}) {
        INFO(text);
        const auto errors = dir.load(text).errors;
        REQUIRE_FALSE(errors.empty());
        CHECK_THAT(errors.front(), Catch::ContainsSubstring(": error: "));
        CHECK(errors.front().starts_with(file + ':'));
        CHECK(errors.front().find('\n') == std::string::npos);
    }
}

TEST_CASE("load_config: --config reads that file and nothing else", "[load_config]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml", "loop.threads = 2");
    dir.write("etc/loopmond.toml.d/a.toml", "tasks.max = 2");
    options given;
    given.config_file = dir.write("my.toml", "lag.grace = '1s'");
    const auto loaded = load_config(given, dir.search());
    CHECK(loaded.errors.empty());
    CHECK(loaded.files == strings{*given.config_file});
    CHECK(loaded.value.threads == 1);
    CHECK(loaded.value.watch.tasks.max == 0);
    CHECK(loaded.value.monitor.grace == 1s);
}

TEST_CASE("load_config: a file that cannot be read is an error with the reason", "[load_config]") {
    const config_dir dir;
    options given;
    given.config_file = dir.path("missing.toml").string();
    CHECK(load_config(given).errors ==
          strings{*given.config_file + ": error: cannot be read: No such file or directory"});
    given.config_file = dir.path("").string();
    CHECK(load_config(given).errors.size() == 1);
    given.config_file = "/dev/zero"; // endless
    CHECK(load_config(given).errors ==
          strings{"/dev/zero: error: cannot be read: Not a regular file"});
    given.config_file = dir.path("pipe").string(); // and nobody writes to it
    REQUIRE(::mkfifo(given.config_file->c_str(), 0600) == 0);
    CHECK(load_config(given).errors ==
          strings{*given.config_file + ": error: cannot be read: Not a regular file"});
    given.config_file = dir.write("long.toml", std::string((std::size_t{1} << 20U) + 1, '#'));
    CHECK(load_config(given).errors ==
          strings{*given.config_file + ": error: cannot be read: File too large"});
    given.config_file = "/dev/null";
    CHECK(load_config(given).errors.empty());

    // A link that leads nowhere is not passed over for a file of lower precedence.
    dir.write("usr/lib/loopmond.toml", "");
    std::filesystem::create_directories(dir.path("etc"));
    std::filesystem::create_symlink(dir.path("nowhere"), dir.path("etc/loopmond.toml"));
    CHECK(dir.load().errors.size() == 1);
    dir.write("run/loopmond.toml.d", "a file where a directory belongs");
    CHECK(dir.load().errors.size() == 2);
}

TEST_CASE("load_config: a source that was lost is the only one to blame for what it does not say",
          "[load_config]") {
    const config_dir dir;
    // Right beside a main file with `critical = "5s"`, wrong beside the default.
    dir.write("etc/loopmond.toml.d/a.toml", "lag.warn='2s'");
    const auto main = dir.write("etc/loopmond.toml", "lag.critical='5s'\nlag.warn=");
    const auto broken = dir.load().errors;
    REQUIRE(broken.size() == 1);
    CHECK(broken.front().starts_with(main + ":2:"));

    std::filesystem::remove(main);
    std::filesystem::create_directories(main);
    CHECK(dir.load().errors == strings{main + ": error: cannot be read: Is a directory"});

    std::filesystem::remove(main);
    dir.write("run/loopmond.toml.d", "a file where a directory belongs");
    CHECK(dir.load().errors == strings{dir.path("run/loopmond.toml.d").string() +
                                       ": error: cannot be read: Not a directory"});
}

TEST_CASE("load_config: strange file names and arguments stay one line of text", "[load_config]") {
    const config_dir dir;
    dir.write("etc/loopmond.toml.d/a\nb\xff.toml", "lag.warn = 1");
    const auto errors = dir.load().errors;
    REQUIRE(errors.size() == 1);
    CHECK_THAT(errors.front(), Catch::ContainsSubstring("a\\x0ab\\xff.toml:1:12: error: "));
}
