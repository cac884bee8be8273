// SPDX-License-Identifier: MIT
//
// org.loopmon1.Loop and the bus service behind it, on a real dbus-daemon, with a model that shows
// what the test wants.
#include "support/bus_client.hpp"
#include "support/catch.hpp"
#include "support/fake_program.hpp"
#include "support/private_bus.hpp"
#include "support/served_model.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace loopmon::bus;
using namespace loopmon::test;
using loopmon::model::cause;

namespace {

constexpr auto name = "org.loopmon1.app.test";
constexpr auto path = "/org/loopmon1/loop/main";

/// Notes the signals of the loop, as "StallBegan 1 cpu" and "StallEnded 1 cpu".
class signal_log {
public:
    explicit signal_log(const bus_client& client) : client_(client) {
        sd_bus_match_signal(client.get(), nullptr, name, path, loop_interface, nullptr, &heard,
                            this);
    }

    [[nodiscard]] bool is(const std::vector<std::string>& wanted) const {
        return eventually([&] {
                   while (sd_bus_process(client_.get(), nullptr) > 0) {
                   }
                   return log_.size() >= wanted.size();
               }) &&
               log_ == wanted;
    }

private:
    static int heard(sd_bus_message* m, void* self, sd_bus_error*) {
        const std::string member = sd_bus_message_get_member(m);
        std::uint64_t id = 0;
        std::uint64_t usec = 0;
        const char* why = nullptr;
        const char* handler = "";
        const char* task = "";
        if (member == "StallBegan") {
            sd_bus_message_read(m, "ttsss", &id, &usec, &why, &handler, &task);
        } else {
            sd_bus_message_read(m, "tts", &id, &usec, &why);
        }
        static_cast<signal_log*>(self)->log_.push_back(member + ' ' + std::to_string(id) + ' ' +
                                                       std::to_string(usec) + ' ' + why + handler +
                                                       task);
        return 0;
    }

    const bus_client& client_;
    std::vector<std::string> log_;
};

stall_status stall_of(std::uint64_t id, bool ongoing) {
    return {.id = id,
            .began = wall_time(7us),
            .lasted = 9us,
            .ongoing = ongoing,
            .peak = 8us,
            .cause = cause::blocked,
            .culprit = {.handler = "socket", .task = "po\xffll", .stack = {"f()", "main"}}};
}

/// From now on the service shows these stalls, and signals what is new in them.
void show(served_model& loop, fake_program& model, std::vector<stall_status> stalls) {
    loop.change([&] {
        model.shown_stalls = std::move(stalls);
        model.shown.n_stalls = model.shown_stalls.empty() ? 0 : model.shown_stalls.back().id;
    });
}

bool has_property(const bus_client& client, const char* property) {
    const auto error = client.error_of([&](sd_bus_error* e) {
        sd_bus_message* value = nullptr;
        const int r =
            sd_bus_call_method(client.get(), name, path, "org.freedesktop.DBus.Properties", "Get",
                               e, &value, "ss", loop_interface, property);
        sd_bus_message_unref(value);
        return r;
    });
    if (!error.empty()) {
        CHECK(error == "org.freedesktop.DBus.Error.UnknownProperty");
    }
    return error.empty();
}

loopmon::systemd::message_ptr call(const bus_client& client, const char* method) {
    sd_bus_message* reply = nullptr;
    REQUIRE(sd_bus_call_method(client.get(), name, path, loop_interface, method, nullptr, &reply,
                               "") >= 0);
    return loopmon::systemd::message_ptr(reply);
}

} // namespace

TEST_CASE("loop object: what only handler tracking knows exists only with it") {
    const private_bus bus;
    const bus_client client(bus.address());
    const bool tracking = GENERATE(false, true);
    fake_program model;
    model.shown.tracking = tracking;
    model.shown.pending_handlers = 17;
    model.shown.running_task = "po\xffll";
    model.shown.utilization = 0.25;
    model.shown.n_expected = 3;
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    for (const char* property : {"PendingHandlers", "RunningHandler", "RunningTask", "BusyThreads",
                                 "Utilization", "NHandlers"}) {
        INFO(property);
        CHECK(has_property(client, property) == tracking);
    }
    CHECK(has_property(client, "LagUSec"));
    CHECK(client.number(name, path, loop_interface, "NExpected") == 3);
    int is_tracking = -1;
    CHECK(sd_bus_get_property_trivial(client.get(), name, path, loop_interface, "Tracking", nullptr,
                                      'b', &is_tracking) >= 0);
    CHECK(is_tracking == (tracking ? 1 : 0));
    if (tracking) {
        CHECK(client.number(name, path, loop_interface, "PendingHandlers") == 17);
        CHECK(client.text(name, path, loop_interface, "RunningTask") == "po?ll");
        double utilization = 0;
        CHECK(sd_bus_get_property_trivial(client.get(), name, path, loop_interface, "Utilization",
                                          nullptr, 'd', &utilization) >= 0);
        CHECK(utilization == 0.25);
    }
}

TEST_CASE("loop object: histograms there are, and an error that names them") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    model.histograms = {{histogram_kind::lag, {}}, {histogram_kind::run, {{5us, 2}}}};
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    const auto histogram = [&](const char* what, sd_bus_error* error) {
        sd_bus_message* reply = nullptr;
        (void)sd_bus_call_method(client.get(), name, path, loop_interface, "GetHistogram", error,
                                 &reply, "s", what);
        return loopmon::systemd::message_ptr(reply);
    };
    const auto run = histogram("run", nullptr);
    REQUIRE(run);
    std::uint64_t bound = 0;
    std::uint64_t count = 0;
    CHECK(sd_bus_message_enter_container(run.get(), 'a', "(tt)") > 0);
    CHECK(sd_bus_message_read(run.get(), "(tt)", &bound, &count) > 0);
    CHECK(bound == 5);
    CHECK(count == 2);
    for (const char* missing : {"queue", "nonsense", ""}) {
        sd_bus_error error{};
        CHECK_FALSE(histogram(missing, &error));
        CHECK(std::string(error.name) == "org.loopmon1.Error.Unsupported");
        CHECK_THAT(error.message, Catch::ContainsSubstring("there is: lag, run"));
        sd_bus_error_free(&error);
    }
}

TEST_CASE("loop object: stalls, tasks and history are listed as they are") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    model.shown_stalls = {stall_of(1, false), stall_of(2, true)};
    model.shown_tasks = {{.id = 5, .name = "t", .age = 1us, .run_time = 2us, .pending = 3}};
    model.shown_history = {
        {.when = wall_time(1us), .lag_max = 2us, .active_tasks = 3, .pending = 4}};
    const served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));

    const auto stalls = call(client, "ListStalls");
    CHECK(std::string(sd_bus_message_get_signature(stalls.get(), 1)) == "a(tttsssas)");
    CHECK(sd_bus_message_enter_container(stalls.get(), 'a', "(tttsssas)") > 0);
    for (const std::uint64_t wanted : {1U, 2U}) {
        std::uint64_t id = 0;
        std::uint64_t began = 0;
        std::uint64_t lasted = 1;
        const char* why = nullptr;
        const char* handler = nullptr;
        const char* task = nullptr;
        char** frames = nullptr;
        REQUIRE(sd_bus_message_enter_container(stalls.get(), 'r', "tttsssas") > 0);
        REQUIRE(sd_bus_message_read(stalls.get(), "tttsss", &id, &began, &lasted, &why, &handler,
                                    &task) > 0);
        CHECK(id == wanted);
        CHECK(began == 7);
        CHECK(lasted == (wanted == 1 ? 9 : 0)); // the second is still on
        CHECK(std::string(why) == "blocked");
        CHECK(std::string(handler) == "socket");
        CHECK(std::string(task) == "po?ll");
        REQUIRE(sd_bus_message_read_strv(stalls.get(), &frames) > 0);
        CHECK(std::string(frames[0]) == "f()");
        CHECK(std::string(frames[1]) == "main");
        for (char** frame = frames; *frame != nullptr; ++frame) {
            std::free(*frame);
        }
        std::free(frames);
        sd_bus_message_exit_container(stalls.get());
    }

    const auto tasks = call(client, "ListTasks");
    std::uint64_t n[4] = {};
    const char* task = nullptr;
    const char* spawned = nullptr;
    CHECK(sd_bus_message_enter_container(tasks.get(), 'a', "(tssttt)") > 0);
    CHECK(sd_bus_message_read(tasks.get(), "(tssttt)", &n[0], &task, &spawned, &n[1], &n[2],
                              &n[3]) > 0);
    CHECK((n[0] == 5 && n[1] == 1 && n[2] == 2 && n[3] == 3));

    const auto history = call(client, "GetHistory");
    CHECK(sd_bus_message_enter_container(history.get(), 'a', "(tttt)") > 0);
    CHECK(sd_bus_message_read(history.get(), "(tttt)", &n[0], &n[1], &n[2], &n[3]) > 0);
    CHECK((n[0] == 1 && n[1] == 2 && n[2] == 3 && n[3] == 4));
}

TEST_CASE("loop object: a stall is signalled when it begins and when it ends, once") {
    const private_bus bus;
    const bus_client client(bus.address());
    fake_program model;
    served_model loop(bus.address(), name, model);
    REQUIRE(eventually([&] { return client.has_owner(name); }));
    const signal_log heard(client);
    show(loop, model, {stall_of(1, true)});
    CHECK(heard.is({"StallBegan 1 8 blockedsocketpo?ll"}));
    loop.change([] {});
    show(loop, model, {stall_of(1, false)});
    loop.change([] {});
    show(loop, model, {stall_of(1, false), stall_of(2, false)});
    CHECK(heard.is({"StallBegan 1 8 blockedsocketpo?ll", "StallEnded 1 9 blocked",
                    "StallBegan 2 8 blockedsocketpo?ll", "StallEnded 2 9 blocked"}));
}

TEST_CASE("loop object: stalls of a time without a bus are signalled when there is one again") {
    private_bus bus;
    fake_program model;
    served_model loop(bus.address(), name, model);
    {
        const bus_client client(bus.address());
        REQUIRE(eventually([&] { return client.has_owner(name); }));
        const signal_log heard(client);
        show(loop, model, {stall_of(1, true)});
        CHECK(heard.is({"StallBegan 1 8 blockedsocketpo?ll"}));
    }
    bus.kill();
    REQUIRE(eventually([&] { return loop.has_lost_the_bus(); }));
    show(loop, model, {stall_of(1, false), stall_of(2, false)});

    std::optional<bus_client> client;
    std::optional<signal_log> heard;
    loop.hold([&] { // so that the listener is there first
        bus.restart();
        client.emplace(bus.address());
        heard.emplace(*client);
    });
    CHECK(heard->is(
        {"StallEnded 1 9 blocked", "StallBegan 2 8 blockedsocketpo?ll", "StallEnded 2 9 blocked"}));
}
