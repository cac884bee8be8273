// SPDX-License-Identifier: MIT
#include "config/draft.hpp"
#include "config/time_span.hpp"

#include <cassert>
#include <optional>

namespace loopmond {
namespace {

struct operand {
    setting_id id;
    nanoseconds value;
};

std::string shown(const setting_id& id) {
    return id.service.empty() ? id.key : "service." + id.key;
}

class checker {
public:
    checker(const draft& made, problems& found) : made_(made), found_(found) {}

    void shorter(const operand& a, const operand& b) {
        if (!(a.value < b.value)) {
            disagree(a, "must be shorter than", b, "must be longer than");
        }
    }

    void not_longer(const operand& a, const operand& b) {
        if (!(a.value <= b.value)) {
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

    const operand critical{{{}, "lag.critical"}, c.lag.critical};
    is.shorter({{{}, "lag.warn"}, c.lag.warn}, critical);
    // Or the window of the percentiles may hold no sample at all.
    is.not_longer({{{}, "loop.interval"}, c.loop.interval}, {{{}, "lag.window"}, c.lag.window});
    // A restart for a lag that is not even critical; without a watchdog the number means nothing.
    if (c.watchdog.action != loopmon::watchdog_action::off &&
        !made.refused.contains({{}, "watchdog.action"})) {
        is.not_longer(critical, {{{}, "watchdog.lag"}, c.watchdog.lag});
    }

    for (const probe_config& p : c.probes) {
        const operand timeout{{p.name, "timeout"}, p.timeout};
        // One question at a time: the next one must not find the last still waiting.
        is.not_longer(timeout, {{p.name, "interval"}, p.interval});
        // Or no answer could ever be slow: it would have failed first.
        is.shorter({{p.name, "slow"}, p.slow}, timeout);
    }
}

} // namespace loopmond
