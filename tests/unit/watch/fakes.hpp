// SPDX-License-Identifier: MIT
#pragma once

#include "model/notifier.hpp"
#include "model/sink.hpp"
#include "watch/investigator.hpp"

#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

/// Remembers what was published.
struct recorded_events final : loopmon::model::sink {
    using sink::publish;
    void publish(const loopmon::model::event& happened,
                 const loopmon::source_location&) noexcept override {
        events.push_back(happened);
        if (order != nullptr) {
            order->push_back("event");
        }
    }
    std::string text_of(const loopmon::model::event& happened) override {
        return "loop " + std::get<loopmon::model::trip>(happened).loop + " tripped";
    }
    void flush(std::chrono::milliseconds) noexcept override {
        if (order != nullptr) {
            order->push_back("settle");
        }
    }

    template <class Event>
    [[nodiscard]] std::vector<Event> all() const {
        std::vector<Event> out;
        for (const auto& event : events) {
            if (const auto* const found = std::get_if<Event>(&event)) {
                out.push_back(*found);
            }
        }
        return out;
    }

    loopmon::model::events events;
    std::vector<std::string>* order = nullptr;
};

struct recorded_notifier final : loopmon::model::notifier {
    explicit recorded_notifier(std::chrono::microseconds watchdog = {}) : period(watchdog) {}

    void ready(const std::string& status) noexcept override {
        last_status = status;
        say("ready");
    }
    void reloading() noexcept override { say("reloading"); }
    void reloaded(const std::string&) noexcept override { say("reloaded"); }
    void stopping() noexcept override { say("stopping"); }
    void status(const std::string& text) noexcept override { last_status = text; }
    void ping() noexcept override { say("ping"); }
    void trigger(const std::string& reason) noexcept override {
        last_status = reason;
        say("trigger");
    }
    bool wait(std::chrono::microseconds wanted) noexcept override {
        waits.push_back(wanted);
        say("wait");
        return true;
    }
    [[nodiscard]] std::chrono::microseconds watchdog_period() const noexcept override {
        return period;
    }

    void say(const char* what) {
        said.emplace_back(what);
        if (order != nullptr) {
            order->push_back(what);
        }
    }
    [[nodiscard]] std::size_t count(const std::string& what) const {
        std::size_t n = 0;
        for (const auto& word : said) {
            n += word == what ? 1 : 0;
        }
        return n;
    }

    std::chrono::microseconds period;
    std::vector<std::string> said;
    std::vector<std::chrono::microseconds> waits;
    std::string last_status;
    std::vector<std::string>* order = nullptr;
};

/// Finds what the test sets, and remembers when it looked.
struct played_investigator final : loopmon::watch::investigator {
    struct played final : loopmon::watch::investigation {
        played(played_investigator& by, pid_t thread) : by_(by), thread_(thread) {}
        [[nodiscard]] loopmon::watch::finding
        conclude(loopmon::model::time_point now, const loopmon::watch::suspicion& of) override {
            by_.concluded.push_back(now);
            by_.suspicions.push_back(of);
            const auto found = by_.finds_in.find(thread_);
            return found == by_.finds_in.end() ? by_.finds : found->second;
        }

    private:
        played_investigator& by_;
        pid_t thread_;
    };

    [[nodiscard]] std::unique_ptr<loopmon::watch::investigation>
    begin(pid_t thread, loopmon::model::time_point now) override {
        if (out_of_memory) {
            throw std::bad_alloc();
        }
        threads.push_back(thread);
        begun.push_back(now);
        return std::make_unique<played>(*this, thread);
    }

    loopmon::watch::finding finds{};
    std::map<pid_t, loopmon::watch::finding> finds_in; ///< instead, in these threads
    bool out_of_memory = false;
    std::vector<pid_t> threads;
    std::vector<loopmon::model::time_point> begun, concluded;
    std::vector<loopmon::watch::suspicion> suspicions;
};
