// SPDX-License-Identifier: MIT
//
// A program with one loop, `main`, that shows what a test puts into it.
#pragma once

#include "model/program.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <new>

namespace loopmon::test {

using namespace model; // NOLINT(google-build-using-namespace)

struct fake_program final : program {
    fake_program() {
        shown.name = "main";
        log_.level(priority::emerg);
    }

    manager_status manager() override {
        return {.state = "nominal", .n_trips = ticks ? ++tick : 0, .last_trip_reason = reason};
    }
    std::vector<id> loops() override { return std::vector<id>(n_loops, 1); }
    std::vector<id> probes() override { return {}; }
    std::optional<loop_status> loop(id) override {
        if (ticks) {
            const std::chrono::microseconds now(++tick);
            shown.lag = shown.lag_sample = shown.lag_max = now;
            shown.n_samples = shown.n_stalls = tick;
        }
        return shown;
    }
    lag_summary window(id) override {
        if (!ticks) {
            return {};
        }
        const std::chrono::microseconds now(++tick);
        return {.p50 = now, .p90 = now, .p99 = now, .p999 = now, .max = now};
    }
    std::optional<probe_status> probe(id) override { return std::nullopt; }
    std::vector<task_status> tasks(id, std::uint64_t after, std::size_t most) override {
        fail_if(broken);
        std::vector<task_status> page;
        for (const auto& task : shown_tasks) {
            if ((after == 0 || task.id > after) && page.size() < most) {
                page.push_back(task);
            }
        }
        return page;
    }
    std::vector<task_group> task_groups(id, std::size_t) override { return shown_groups; }
    std::optional<bucket_list> histogram(id, histogram_kind which) override {
        const auto found = histograms.find(which);
        return found == histograms.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<stall_status> stalls(id) override { return shown_stalls; }
    std::vector<history_entry> history(id) override {
        fail_if(broken);
        return shown_history;
    }
    std::string flight_record() override { return flight; }
    void reset_statistics() override { ++resets; }
    [[nodiscard]] bool can_reload() const override { return reloads; }
    void reload(std::function<void(std::string error)>) override {}
    [[nodiscard]] bool injection_allowed() const override { return false; }
    bool inject(std::string_view, duration) override { return false; }
    log_settings& log() override { return log_; }

    static void fail_if(bool is_broken) {
        if (is_broken) {
            throw std::bad_alloc();
        }
    }

    loop_status shown;
    std::vector<task_status> shown_tasks;
    std::vector<task_group> shown_groups;
    std::vector<stall_status> shown_stalls;
    std::vector<history_entry> shown_history;
    std::map<histogram_kind, bucket_list> histograms = {{histogram_kind::lag, {}}};
    std::string flight;
    std::string reason;
    std::size_t n_loops = 1; ///< that are all the same
    bool reloads = false;
    bool ticks = false; ///< each look at the manager or the loop is a moment of its own
    std::uint64_t tick = 0;
    std::atomic<int> resets{0};
    bool broken = false; ///< there is no memory for tasks and history

private:
    log_settings log_{log_target::console};
};

} // namespace loopmon::test
