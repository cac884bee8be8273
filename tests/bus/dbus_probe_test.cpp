// SPDX-License-Identifier: MIT
//
// The daemon's probes, on a real dbus-daemon, with targets that the test plays.
#include "monitored_loop.hpp"

#include "services/probe_set.hpp"
#include "support/catch.hpp"

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

using namespace loopmon::test;
using loopmond::probe_config;

namespace {

constexpr auto silent_name = "org.loopmon1.test.Silent";

probe_config probe_of(const std::string& probe_name, const std::string& bus_name) {
    probe_config probe;
    probe.name = probe_name;
    probe.target = "dbus:" + bus_name;
    probe.bus_name = bus_name;
    return probe;
}

/// Owns a name, and leaves every Ping without an answer.
class silent_target {
public:
    explicit silent_target(const private_bus& bus) : client_(bus.address()) {
        REQUIRE(sd_bus_add_filter(client_.get(), nullptr, &count, &pings_) >= 0);
        REQUIRE(sd_bus_request_name(client_.get(), silent_name, 0) >= 0);
    }

    /// Was asked so often, up to now.
    [[nodiscard]] int pings() {
        while (sd_bus_process(client_.get(), nullptr) > 0) {
        }
        return pings_;
    }

private:
    static int count(sd_bus_message* call, void* pings, sd_bus_error*) noexcept {
        const bool ping =
            sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Peer", "Ping") > 0;
        *static_cast<int*>(pings) += ping ? 1 : 0;
        return ping ? 1 : 0;
    }

    int pings_ = 0;
    bus_client client_;
};

/// Runs probes on a loop of their own, and reads what became known.
class probing {
public:
    probing(const private_bus& bus, loopmon::monitor& monitor)
        : client_(bus.address()),
          probes_(std::make_shared<loopmond::probe_set>(loop_.io.get_executor(), monitor,
                                                        bus.address())) {}
    probing(const probing&) = delete;
    probing& operator=(const probing&) = delete;
    ~probing() {
        asio::post(loop_.io, [probes = probes_] { probes->stop(); });
        loop_.end();
    }

    void configure(const std::vector<probe_config>& wanted) {
        asio::post(loop_.io, [probes = probes_, wanted] { probes->configure(wanted); });
    }

    /// Why the last answer is missing; "(no probe)" before its object is there.
    [[nodiscard]] std::string error(const std::string& probe) const {
        try {
            return client_.text(name, "/org/loopmon1/probe/" + probe, "org.loopmon1.Probe",
                                "Error");
        } catch (const std::runtime_error&) {
            return "(no probe)";
        }
    }
    [[nodiscard]] std::uint64_t failures(const std::string& probe) const {
        return client_.number(name, "/org/loopmon1/probe/" + probe, "org.loopmon1.Probe",
                              "NFailures");
    }

private:
    running_loop loop_;
    bus_client client_;
    std::shared_ptr<loopmond::probe_set> probes_;
};

} // namespace

TEST_CASE("dbus_probe: silence is not a failure while a loop of ours is late, another error is") {
    const private_bus bus;
    const bus_client client(bus.address());
    running_loop loop;
    loopmon::monitor monitor(on(bus));
    const auto watched = monitor.watch(loop.io, quick());
    silent_target target(bus);
    probing probes(bus, monitor);
    REQUIRE(eventually([&] { return client.has_owner(name) && state(client) == "nominal"; }));
    blocked hold(loop.io);
    REQUIRE(eventually([] { return loopmon::overloaded(); }));

    auto silent = probe_of("silent", silent_name);
    silent.timeout = 1ms;
    silent.interval = 10ms;
    auto gone = probe_of("gone", "org.loopmon1.test.Gone");
    gone.interval = 10ms;
    probes.configure({silent, gone});
    CHECK(eventually([&] { return target.pings() == 1 && probes.failures("gone") >= 5; }));
    CHECK(probes.error("gone") ==
          "org.loopmon1.test.Gone has no owner: the service is not running");
    CHECK(probes.failures("silent") == 0);

    hold.release();
    CHECK(eventually([&] { return probes.error("silent") == "no answer within 1ms"; }));
}

// dbus-daemon keeps 128 questions of a connection that wait for an answer, and refuses the next.
TEST_CASE("dbus_probe: a target that stays silent fails alone, and is asked once") {
    const private_bus bus;
    loopmon::monitor monitor(on(bus));
    silent_target target(bus);
    probing probes(bus, monitor);
    auto silent = probe_of("silent", silent_name);
    silent.timeout = 1ms;
    silent.interval = 2ms;
    auto broker = probe_of("broker", "org.freedesktop.DBus");
    broker.interval = 2ms;
    probes.configure({silent, broker});
    CHECK(eventually([&] {
        return probes.error("silent") == "no answer within 1ms" && probes.failures("silent") > 150;
    }));
    CHECK(target.pings() == 1);
    CHECK(probes.error("broker").empty());
    CHECK(probes.failures("broker") == 0);
}

TEST_CASE("dbus_probe: a target that leaves in mid-call is not said to have taken its time") {
    const private_bus bus;
    loopmon::monitor monitor(on(bus));
    auto target = std::make_optional<silent_target>(bus);
    probing probes(bus, monitor);
    auto leaver = probe_of("leaver", silent_name);
    leaver.interval = 1h; // it is asked once
    leaver.timeout = 1min;
    probes.configure({leaver});
    REQUIRE(eventually([&] { return target->pings() == 1; }));
    target.reset();
    CHECK(eventually(
        [&] { return probes.error("leaver").find("disconnected") != std::string::npos; }));
}
