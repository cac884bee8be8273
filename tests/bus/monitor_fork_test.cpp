// SPDX-License-Identifier: MIT
//
// A watched program that forks and does not call exec: what its child says and does, and the
// part of the parent's monitor that it keeps.
#include "monitored_loop.hpp"

#include "support/catch.hpp"
#include "support/child.hpp"
#include "unit/report/captured_stderr.hpp"

#include <boost/asio/execution_context.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using namespace loopmon::test;

namespace {

/// A loop of the test's own thread, which is watched and on a bus.
struct watched_here {
    explicit watched_here(const private_bus& bus) : watching(std::in_place, on(bus)) {
        loop = watching->watch(io, quick());
        io.poll(); // the sampler
        const bus_client client(bus.address());
        REQUIRE(eventually([&] { return client.has_owner(name); }));
    }

    asio::io_context io;
    asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
    std::optional<loopmon::monitor> watching;
    loopmon::watched loop;
};

/// A child that hangs ends with the test.
void limit() {
    ::alarm(90); // longer than eventually() waits
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
        ++found;
    }
    return found;
}

constexpr auto complaint = "was forked from one that loopmon watches";

/// What `act` has the child say, while it runs the loop of its parent for a while.
template <class Act>
int said_in_child(watched_here& here, Act act) {
    return in_child([&] {
        const captured_stderr said;
        here.io.notify_fork(asio::execution_context::fork_child);
        act();
        return static_cast<int>(count(said.text(), complaint));
    });
}

} // namespace

TEST_CASE("monitor: a child that runs a watched loop says once that it is not watched") {
    private_bus bus;
    watched_here here(bus);
    CHECK(said_in_child(here, [&] {
              here.io.run_for(300ms); // 30 samples
              here.io.run_for(10ms);
          }) == 1);
    // It is about to call exec, or to end.
    CHECK(said_in_child(here, [] {}) == 0);
}

TEST_CASE("monitor: all calls in a child return at once, and say so once") {
    private_bus bus;
    watched_here here(bus);
    const auto all = [&] {
        here.watching->ready();
        here.watching->configure(loopmon::monitor_settings());
        here.loop.configure(quick());
        asio::io_context other;
        auto none = here.watching->watch(other, quick("other"));
        none.configure(quick());
        auto probe = here.watching->add_probe({"modem", "modem", "ttyS0"});
        probe.failed("no carrier");
        here.watching->flush();
        here.watching->stopping();
        here.loop = loopmon::watched();
        here.watching.reset();
    };
    CHECK(said_in_child(here, all) == 1);
    const auto logs = [&] {
        const captured_stderr said;
        here.watching->log(4, "from the child");
        return count(said.text(), "from the child") == 1 ? 1 : 0;
    };
    CHECK(in_child(logs) == 1);
}

TEST_CASE("monitor: the end of a child disturbs its parent in nothing") {
    private_bus bus;
    watched_here here(bus);
    CHECK(in_child([&] {
              here.loop = loopmon::watched();
              here.watching.reset();
              return 1;
          }) == 1);
    const bus_client client(bus.address());
    const auto samples = [&] { return client.number(name, loop_path, loop_interface, "NSamples"); };
    const auto before = samples();
    CHECK(eventually([&] {
        here.io.run_for(10ms);
        return samples() > before + 3;
    }));
}

TEST_CASE("monitor: its name goes with it, though a child lives on") {
    private_bus bus;
    std::optional<watched_here> here(std::in_place, bus);
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const auto child = ::fork();
    if (child == 0) {
        limit();
        ::close(ends[1]);
        char nothing = 0;
        ::_exit(::read(ends[0], &nothing, 1) == 0 ? 0 : 1); // until the parent closes its end
    }
    here.reset();
    const bus_client client(bus.address());
    // Before the child's end, which would release it.
    CHECK(eventually([&] { return !client.has_owner(name); }));
    ::close(ends[1]);
    int status = -1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
    ::close(ends[0]);
}

TEST_CASE("monitor: a child is not overloaded by its parent's loops") {
    private_bus bus;
    watched_here here(bus);
    int in_handler = -1;
    asio::post(here.io, [&] {
        const auto late = eventually([] { return loopmon::overloaded(); });
        in_handler = late ? in_child([] { return loopmon::overloaded() ? 0 : 1; }) : -2;
    });
    here.io.run_for(1ms);
    CHECK(in_handler == 1);
}

#if !defined(__SANITIZE_THREAD__) // it ends a child that starts a thread

TEST_CASE("monitor: a child may watch its own loops") {
    private_bus bus;
    watched_here here(bus);
    here.io.run_for(10ms);
    const auto watch_again = [&] {
        limit();
        here.io.notify_fork(asio::execution_context::fork_child);
        loopmon::monitor_options options;
        options.settings.grace = 0s;
        loopmon::monitor again(options);
        const auto loop = again.watch(here.io, quick());
        bool seen = false;
        here.io.run_for(50ms);
        asio::post(here.io, [&seen] { seen = eventually([] { return loopmon::overloaded(); }); });
        here.io.run_for(10ms);
        return seen ? 1 : 0;
    };
    CHECK(in_child(watch_again) == 1);
}

#endif
