// SPDX-License-Identifier: MIT
#pragma once

#include "support/bus_pair.hpp"
#include "support/catch.hpp"
#include "support/run_until.hpp"

#include <loopmon/systemd/async_call.hpp>

#include <boost/asio/io_context.hpp>

#include <systemd/sd-bus.h>

#include <memory>
#include <string>
#include <utility>

namespace loopmon::test {

/// Echo answers with its text, Fail with an error, Rant with a long one, Silent never, Late when it
/// is asked to.
inline int serve(sd_bus_message* call, void* late, sd_bus_error*) noexcept {
    if (sd_bus_message_is_method_call(call, "org.test", "Echo") > 0) {
        const char* text = "";
        sd_bus_message_read(call, "s", &text);
        return sd_bus_reply_method_return(call, "s", text);
    }
    if (sd_bus_message_is_method_call(call, "org.test", "Fail") > 0) {
        return sd_bus_reply_method_errorf(call, "org.test.Error.No", "because");
    }
    if (sd_bus_message_is_method_call(call, "org.test", "Rant") > 0) {
        const auto text = std::string(20'000'000, 'x') + "\u009b";
        sd_bus_error error{};
        error.name = "org.test.Error.No";
        error.message = text.c_str();
        return sd_bus_reply_method_error(call, &error);
    }
    if (sd_bus_message_is_method_call(call, "org.test", "Late") > 0) {
        static_cast<systemd::message_ptr*>(late)->reset(sd_bus_message_ref(call));
    }
    return 1; // also Silent: sd-bus would answer that there is no such method
}

inline std::string text_of(const systemd::message_ptr& reply) {
    const char* text = "unreadable";
    if (reply) {
        sd_bus_message_read(reply.get(), "s", &text);
    }
    return text;
}

/// A caller, a server, and what the call under test came to.
struct call_peers {
    boost::asio::io_context io;
    bus_pair pair;
    systemd::message_ptr late;
    systemd::slot_ptr filter;
    std::shared_ptr<systemd::bus_pump> server =
        systemd::bus_pump::start(io.get_executor(), std::move(pair.server), {});
    std::shared_ptr<systemd::bus_pump> client =
        systemd::bus_pump::start(io.get_executor(), std::move(pair.client), {});
    systemd::call_error error;
    systemd::message_ptr reply;
    int completions = 0;

    call_peers() {
        server->with_bus([this](sd_bus* bus) {
            sd_bus_slot* slot = nullptr;
            REQUIRE(sd_bus_add_filter(bus, &slot, &serve, &late) >= 0);
            filter.reset(slot);
        });
    }

    systemd::message_ptr message(const char* member, const char* text = "hello") {
        return client->with_bus([&](sd_bus* bus) {
            sd_bus_message* raw = nullptr;
            REQUIRE(sd_bus_message_new_method_call(bus, &raw, nullptr, "/", "org.test", member) >=
                    0);
            systemd::message_ptr made{raw};
            REQUIRE(sd_bus_message_append(raw, "s", text) >= 0);
            return made;
        });
    }

    /// The completion handler.
    auto note() {
        return [this](systemd::call_error why, systemd::message_ptr answer) {
            ++completions;
            error = std::move(why);
            reply = std::move(answer);
        };
    }

    void check_completed_once() {
        CHECK(run_until(io, [this] { return completions > 0; }));
        io.poll();
        CHECK(completions == 1);
    }
    void check_failed_once(const std::string& name) {
        check_completed_once();
        CHECK(error);
        CHECK(error.name == name);
        CHECK_FALSE(error.message.empty());
        CHECK(reply == nullptr);
    }
};

} // namespace loopmon::test
