// SPDX-License-Identifier: MIT
#include "proc/machine_load.hpp"

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <string>

using namespace std::chrono_literals;
using loopmon::proc::machine_reader;
using loopmon::proc::machine_text;
using loopmon::proc::thread_snapshot;
using loopmon::test::temporary_directory;

namespace {

/// A machine made of files.
class fake_machine {
public:
    void file(const std::string& path, const std::string& text) {
        const auto full = root_.path() / path;
        std::filesystem::create_directories(full.parent_path());
        std::ofstream(full) << text;
    }
    [[nodiscard]] std::string root() const { return root_.path().string(); }

private:
    temporary_directory root_;
};

std::string pressure(const std::string& avg10) {
    return "some avg10=" + avg10 +
           " avg60=1.00 avg300=2.00 total=3\n"
           "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
}

thread_snapshot at(loopmon::model::duration when, loopmon::model::duration run_delay) {
    thread_snapshot seen;
    seen.when += when;
    seen.run_delay = run_delay;
    return seen;
}

} // namespace

TEST_CASE("machine_load: the pressure of its control group goes before the machine's", "[watch]") {
    fake_machine machine;
    machine.file("proc/self/cgroup", "0::/system.slice/x.service\n");
    machine.file("proc/pressure/cpu", pressure("90.00"));
    SECTION("where it is kept") {
        machine.file("sys/fs/cgroup/system.slice/x.service/cpu.pressure", pressure("37.25"));
        CHECK(machine_reader(machine.root()).sample().cpu_pressure == 37.25);
    }
    SECTION("and the machine's where it is not") {
        CHECK(machine_reader(machine.root()).sample().cpu_pressure == 90.0);
    }
}

TEST_CASE("machine_load: finds the control group beside those of version 1", "[watch]") {
    fake_machine machine;
    machine.file("proc/self/cgroup", "9:name=systemd:/x\n1:cpu:/wrong\n0::/right\n");
    machine.file("sys/fs/cgroup/unified/right/cpu.pressure", pressure("1.50"));
    machine.file("sys/fs/cgroup/unified/right/cgroup.events", "populated 1\nfrozen 1\n");
    auto probe = machine_reader(machine.root());
    CHECK(probe.sample().cpu_pressure == 1.5);
    CHECK(probe.sample().frozen);
}

TEST_CASE("machine_load: each look reads again", "[watch]") {
    fake_machine machine;
    machine.file("proc/pressure/cpu", pressure("1.00"));
    auto probe = machine_reader(machine.root());
    CHECK(probe.sample().cpu_pressure == 1.0);
    machine.file("proc/pressure/cpu", pressure("2.00"));
    CHECK(probe.sample().cpu_pressure == 2.0);
}

TEST_CASE("machine_load: a limit in CPUs, none for max", "[watch]") {
    fake_machine machine;
    machine.file("proc/self/cgroup", "0::/g\n");
    machine.file("sys/fs/cgroup/g/cpu.max", "25000 100000\n");
    CHECK(machine_reader(machine.root()).sample().cpu_limit == 0.25);
    machine.file("sys/fs/cgroup/g/cpu.max", "max 100000\n");
    CHECK_FALSE(machine_reader(machine.root()).sample().cpu_limit);
}

TEST_CASE("machine_load: the limit is the least of the groups around it, too", "[watch]") {
    fake_machine machine;
    machine.file("proc/self/cgroup", "0::/a.slice/b.service\n");
    machine.file("sys/fs/cgroup/a.slice/cpu.max", "30000 100000\n");
    CHECK(machine_reader(machine.root()).sample().cpu_limit == 0.3);
    machine.file("sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n");
    CHECK(machine_reader(machine.root()).sample().cpu_limit == 0.3);
    machine.file("sys/fs/cgroup/a.slice/b.service/cpu.max", "20000 100000\n");
    CHECK(machine_reader(machine.root()).sample().cpu_limit == 0.2);
}

TEST_CASE("machine_load: what is missing or garbled is absent", "[watch]") {
    fake_machine machine;
    const auto check_absent = [&] {
        const auto load = machine_reader(machine.root()).sample();
        CHECK_FALSE(load.cpu_pressure);
        CHECK_FALSE(load.cpu_limit);
        CHECK_FALSE(load.frozen);
    };
    check_absent();
    const auto garbage = GENERATE(as<std::string>(), "", "\n", "0::", "some avg10=", "x y", "0 0");
    machine.file("proc/self/cgroup", garbage);
    machine.file("proc/pressure/cpu", garbage);
    machine.file("sys/fs/cgroup/cpu.max", garbage);
    machine.file("sys/fs/cgroup/cgroup.events", garbage);
    check_absent();
}

TEST_CASE("machine_load: the text names what is known", "[watch]") {
    CHECK(machine_text(at(0ms, 0ms), at(50ms, 4ms), {37.4, 0.25, true}) ==
          "cpu pressure 37% (10 s), limited to 0.25 CPUs, control group frozen, "
          "ran 4 ms late of 50 ms");
    CHECK(machine_text({}, {}, {}).empty());
    CHECK(machine_text(at(0ms, 0ms), at(50ms, 1ms), {}) == "ran 1 ms late of 50 ms");
    CHECK(machine_text(at(0ms, 0ms), at(50ms, 1ms - 1ns), {}).empty());
}
