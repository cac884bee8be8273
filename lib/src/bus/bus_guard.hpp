// SPDX-License-Identifier: MIT
//
// Looks at each message before sd-bus does, and lets it pass, refuses it, or puts it off.
//
// Who may change state. sd-bus would find out by a question to the broker for which it waits, and
// a watcher that waits for a broker feeds no watchdog. So everything is declared open to
// all (exported_object), the bus policy keeps out whom it can, and here the user of a sender is
// asked for without waiting. The call is put off meanwhile and then handled as if it came then. A
// sender's user never changes, and no unique name is given twice, so the answer stays true.
//
// How much a caller may cost. Messages with long texts end here, since sd-bus repeats the caller's
// words in its error replies, and one of them that is larger than a message may be ends the
// connection. Calls that are costly to answer are counted for each sender and for all together;
// beyond that they are for those only who may change state. And whoever asks more than the broker
// takes away gets no answer, because that would be memory of ours.
#pragma once

#include "bus/moment.hpp"
#include "bus/token_bucket.hpp"

#include <loopmon/systemd/bus_ptr.hpp>

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon::bus {

/// Of one connection at a time. Watcher thread.
class bus_guard {
public:
    /// @param shown passes with each message
    explicit bus_guard(moment& shown) noexcept : shown_(shown) {}
    bus_guard(const bus_guard&) = delete;
    bus_guard& operator=(const bus_guard&) = delete;

    /// Calls of this member, of any interface, are for root and the user of this process.
    /// @param member must live as long as the guard
    void protect(std::string_view member) { protected_.insert(member); }

    /// @return negative errno
    int add_to(sd_bus* bus);
    /// Forgets all callers; what was put off gets no answer.
    void drop() noexcept;

    /// Whether the broker leaves so much unread that nothing should be sent which can wait.
    [[nodiscard]] static bool congested(sd_bus* bus) noexcept;

    // Bounds, each for one process.
    static constexpr std::size_t max_text = 4096;     ///< of a path or an argument, in bytes
    static constexpr std::uint32_t burst_of_one = 64; ///< costly calls of one sender, see cost_of()
    static constexpr std::uint32_t rate_of_one = 32;  ///< and in each second after that
    static constexpr std::uint32_t burst_of_all = 256;
    static constexpr std::uint32_t rate_of_all = 64;
    static constexpr std::size_t max_put_off = 4;   ///< calls of a sender whose user is asked for
    static constexpr std::size_t max_callers = 256; ///< as many as a bus gives to one user
    static constexpr std::uint64_t max_unsent_costly = 16; ///< messages, before a costly reply
    static constexpr std::uint64_t max_unsent = 256;       ///< messages, before any reply

private:
    using clock = std::chrono::steady_clock;
    enum class standing { unknown, asked, trusted, other };

    struct caller {
        bus_guard* guard = nullptr;
        std::string_view name = {};
        standing is = standing::unknown;
        token_bucket costly{burst_of_one, rate_of_one};
        clock::time_point seen = {};
        systemd::slot_ptr question = {};
        std::vector<systemd::message_ptr> put_off = {};
    };

    static int on_message(sd_bus_message* message, void* self, sd_bus_error* error) noexcept;
    static int on_user(sd_bus_message* reply, void* asked_for, sd_bus_error* error) noexcept;

    int judge(sd_bus_message* call, sd_bus_error* error);
    int judge(sd_bus_message* call, caller& from, bool changes, sd_bus_error* error);
    /// Null: too many are being asked for.
    caller* find(std::string_view name, clock::time_point now);
    int put_off(sd_bus_message* call, caller& from, sd_bus_error* error);
    void found_out(caller& who, sd_bus_message* reply);

    moment& shown_;
    std::set<std::string_view> protected_;
    std::map<std::string, caller, std::less<>> callers_;
    token_bucket costly_{burst_of_all, rate_of_all};
    systemd::slot_ptr filter_;
};

} // namespace loopmon::bus
