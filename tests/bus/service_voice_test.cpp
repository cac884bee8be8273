// SPDX-License-Identifier: MIT
#include "monitor/service_voice.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"
#include "support/notify_socket.hpp"

#include <memory>
#include <optional>
#include <string>

using loopmon::detail::join_service_voice;
using loopmon::test::notify_socket;

namespace {

/// Two monitors that have said they will be ready.
struct two {
    notify_socket manager;
    std::unique_ptr<loopmon::model::notifier> first = join_service_voice();
    std::unique_ptr<loopmon::model::notifier> second = join_service_voice();

    two() {
        first->expect_ready();
        second->expect_ready();
    }
    void get_ready() {
        (void)first->agree_ready();
        (void)second->agree_ready();
        second->ready("two");
        first->ready("one");
        while (manager.receive()) {
        }
    }
    std::string heard() { return manager.receive().value_or("nothing"); }
};

} // namespace

TEST_CASE("service_voice: READY=1 goes out once, when all agree") {
    two monitors;
    CHECK_FALSE(monitors.first->agree_ready());
    CHECK(monitors.heard() == "nothing");
    CHECK(monitors.second->agree_ready());
    monitors.second->ready("two");
    CHECK(monitors.heard() == "READY=1\nSTATUS=two\nWATCHDOG=1");
    CHECK(monitors.first->agree_ready());
    monitors.first->ready("one");
    CHECK(monitors.heard() == "STATUS=one; two");
    CHECK(monitors.heard() == "nothing");

    const auto late = join_service_voice();
    late->expect_ready();
    CHECK(late->agree_ready());
    late->ready("three");
    CHECK(monitors.heard() == "STATUS=one; two; three");
}

TEST_CASE("service_voice: in a child of fork() those of its parent hold nobody up") {
    two monitors;
    CHECK(monitors.first->agree_ready() == false);
    const auto agreed_in_child = loopmon::test::in_child([] {
        const auto own = join_service_voice();
        own->expect_ready();
        const auto later = join_service_voice();
        later->expect_ready();
        return (own->agree_ready() ? 2 : 0) + (later->agree_ready() ? 1 : 0);
    });
    CHECK(agreed_in_child == 1); // when both have, not before
    CHECK(monitors.second->agree_ready());
}

TEST_CASE("service_voice: one that watches nothing holds nobody up") {
    two monitors;
    const auto idle = join_service_voice();
    CHECK_FALSE(monitors.first->agree_ready());
    CHECK(monitors.second->agree_ready());
}

TEST_CASE("service_voice: a ping needs all that are ready, the silence of one is silence") {
    two monitors;
    monitors.get_ready();
    for (int i = 0; i < 3; ++i) {
        monitors.first->ping();
        monitors.first->ping(); // a third of the period later, and the other is silent
        CHECK(monitors.heard() == "nothing");
        monitors.second->ping();
        CHECK(monitors.heard() == "WATCHDOG=1");
        CHECK(monitors.heard() == "nothing");
    }

    SECTION("one that has not become ready is not waited for") {
        const auto late = join_service_voice();
        monitors.first->ping();
        monitors.second->ping();
        CHECK(monitors.heard() == "WATCHDOG=1");
    }
    SECTION("nor one that has ended, and STOPPING=1 is the last one's") {
        monitors.first->ping();
        monitors.second->stopping();
        CHECK(monitors.heard() == "WATCHDOG=1");
        monitors.second.reset();
        monitors.first->ping();
        CHECK(monitors.heard() == "WATCHDOG=1");
        monitors.first->stopping();
        CHECK(monitors.heard() == "STOPPING=1");
        monitors.first.reset();
        CHECK(monitors.heard() == "nothing");
    }
}

TEST_CASE("service_voice: a trip of one is a trip") {
    two monitors;
    monitors.get_ready();
    monitors.second->trigger("loop b is late");
    CHECK(monitors.heard() == "STATUS=loop b is late\nWATCHDOG=trigger");
    monitors.first->ping();
    CHECK(monitors.heard() == "nothing");
}

TEST_CASE("service_voice: the watchdog waits as long as the one wants that wants the least") {
    using namespace std::chrono_literals;
    setenv("WATCHDOG_USEC", "10000000", 1);
    two monitors;
    unsetenv("WATCHDOG_USEC");
    monitors.get_ready();
    (void)monitors.second->wait(1h);
    CHECK(monitors.heard() == "nothing");
    (void)monitors.first->wait(1h);
    CHECK(monitors.heard() == "WATCHDOG=1\nWATCHDOG_USEC=3600000000");
    (void)monitors.first->wait(10s); // it has tripped, say
    CHECK(monitors.heard() == "WATCHDOG=1\nWATCHDOG_USEC=10000000");
    (void)monitors.second->wait(10s);
    (void)monitors.second->wait(1h);
    CHECK(monitors.heard() == "nothing");

    SECTION("one that has ended does not count") {
        monitors.first->stopping();
        CHECK(monitors.heard() == "WATCHDOG=1\nWATCHDOG_USEC=3600000000");
        monitors.second->stopping();
        CHECK(monitors.heard() == "STOPPING=1");
        (void)monitors.second->wait(10s);
        CHECK(monitors.heard() == "nothing"); // it would arm the watchdog again
    }
    SECTION("one that becomes ready counts") {
        (void)monitors.first->wait(1h);
        (void)monitors.heard();
        const auto late = join_service_voice();
        CHECK(monitors.heard() == "nothing");
        late->ready("three");
        CHECK(monitors.heard() == "STATUS=one; two; three");
        CHECK(monitors.heard() == "WATCHDOG=1\nWATCHDOG_USEC=10000000");
    }
    SECTION("what the manager did not receive is sent again with the next ping") {
        monitors.manager.vanish();
        (void)monitors.first->wait(1h);
        monitors.manager.rebind();
        monitors.first->ping();
        CHECK(monitors.heard() == "WATCHDOG=1\nWATCHDOG_USEC=3600000000");
    }
}

TEST_CASE("service_voice: a reload before READY=1 does not end the start") {
    two monitors;
    (void)monitors.first->agree_ready();
    monitors.first->reloading();
    monitors.first->reloaded("one");
    CHECK(monitors.heard() == "nothing");
    monitors.get_ready();
    monitors.first->reloading();
    CHECK(monitors.heard().substr(0, 11) == "RELOADING=1");
    monitors.first->reloaded("first");
    CHECK(monitors.heard() == "READY=1\nSTATUS=first; two");
}

TEST_CASE("service_voice: after all have ended, the next one begins with its own manager") {
    { two monitors; }
    notify_socket manager;
    const auto next = join_service_voice();
    CHECK(next->agree_ready());
    next->ready("again");
    CHECK(manager.receive() == "READY=1\nSTATUS=again\nWATCHDOG=1");
}
