// SPDX-License-Identifier: MIT
#include "config/draft.hpp"
#include "config/keys.hpp"
#include "config/time_span.hpp"

#include <cassert>
#include <optional>
#include <string_view>

namespace loopmond {
namespace {

using loopmon::agreement;

struct operand {
    setting_id id;
    nanoseconds value;
};

/// The key whose value is this member of `c`.
operand setting(const config& c, const nanoseconds& member) {
    operand found{{}, member};
    visit_settings(c, [&](std::string_view key, const auto& value, const auto&) {
        if (static_cast<const void*>(&value) == &member) {
            found.id.key = key;
        }
    });
    assert(!found.id.key.empty() && "a limit without a key");
    return found;
}

std::string shown(const setting_id& id) {
    return id.service.empty() ? id.key : "service." + id.key;
}

class checker {
public:
    checker(const draft& made, problems& found) : made_(made), found_(found) {}

    void operator()(const operand& a, agreement how, const operand& b) {
        if (agree(a.value, how, b.value)) {
            return;
        }
        if (how == agreement::less) {
            disagree(a, "must be shorter than", b, "must be longer than");
        } else {
            disagree(a, "must not be longer than", b, "must not be shorter than");
        }
    }

private:
    std::optional<location> origin(const operand& of) const {
        const auto found = made_.origins.find(of.id);
        return found == made_.origins.end() ? std::nullopt : std::optional(found->second);
    }

    void disagree(const operand& a, const char* a_to_b, const operand& b, const char* b_to_a) {
        if (made_.refused.contains(a.id) || made_.refused.contains(b.id)) {
            return;
        }
        // nullopt, a default, is less than any place.
        if (origin(a) < origin(b)) {
            report(b, b_to_a, a);
        } else {
            report(a, a_to_b, b);
        }
    }

    void report(const operand& later, const char* relation, const operand& other) {
        const auto where = origin(later);
        assert(where && "the built-in defaults disagree");
        report_key(found_, *where, shown(later.id),
                   format_time_span(later.value) + ' ' + relation + " '" + shown(other.id) + "' (" +
                       format_time_span(other.value) + (origin(other) ? ")" : " by default)"));
    }

    const draft& made_;
    problems& found_;
};

} // namespace

void check(const draft& made, problems& found) {
    const config& c = made.value;
    checker is(made, found);

    const auto settings_are = [&](const nanoseconds& a, agreement how, const nanoseconds& b) {
        is(setting(c, a), how, setting(c, b));
    };
    visit_rules(c.watch, settings_are);
    if (!made.refused.contains({{}, "watchdog.action"})) {
        visit_rules(c.watch, c.monitor.watchdog, settings_are);
    }

    for (const probe_config& p : c.probes) {
        const operand timeout{{p.name, "timeout"}, p.timeout};
        // One question at a time: the next one must not find the last still waiting.
        is(timeout, agreement::not_greater, {{p.name, "interval"}, p.interval});
        // Or no answer could ever be slow: it would have failed first.
        is({{p.name, "slow"}, p.slow}, agreement::less, timeout);
    }
}

} // namespace loopmond
