// SPDX-License-Identifier: MIT
#include "service_voice.hpp"

#include "sd_notifier.hpp"

#include "base/fork.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <list>
#include <mutex>
#include <utility>

namespace loopmon::detail {

namespace {

/// What one monitor has said.
struct speaker {
    bool expected = false; ///< will be ready
    bool agreed = false;   ///< that it is ready
    bool ready = false;    ///< and counts for the watchdog
    bool pinged = false;   ///< since the last ping that went out
    bool stopped = false;  ///< says nothing any more
    std::string status = {};
    std::chrono::microseconds wait{}; ///< for its pings; zero: for the period of the manager
};

class voice {
public:
    using seat = std::list<speaker>::iterator;

    [[nodiscard]] seat join() {
        const std::lock_guard lock(mutex_);
        return speakers_.emplace(speakers_.end());
    }
    void leave(seat who) {
        stop(who);
        const std::lock_guard lock(mutex_);
        speakers_.erase(who);
    }

    void expect(seat who) {
        const std::lock_guard lock(mutex_);
        who->expected = true;
    }
    [[nodiscard]] bool agree(seat who) {
        const std::lock_guard lock(mutex_);
        who->agreed = true;
        return ready_ || std::all_of(speakers_.begin(), speakers_.end(), [](const speaker& of) {
                   return of.agreed || of.stopped || !of.expected;
               });
    }
    void ready(seat who, const std::string& status) {
        const std::lock_guard lock(mutex_);
        who->ready = true;
        who->pinged = true;
        keep(who->status, status);
        if (!std::exchange(ready_, true)) {
            manager_->ready(joined());
            fed();
        } else {
            manager_->status(joined());
            ping_if_all();
        }
        adapt_wait();
    }
    void ping(seat who) {
        const std::lock_guard lock(mutex_);
        who->pinged = true;
        ping_if_all();
        adapt_wait(); // unless it is as wanted; the manager may have been too busy to take it
    }
    void wait(seat who, std::chrono::microseconds period) {
        const std::lock_guard lock(mutex_);
        who->wait = period;
        adapt_wait();
    }
    void status(seat who, const std::string& text) {
        const std::lock_guard lock(mutex_);
        keep(who->status, text);
        manager_->status(joined());
    }
    void trigger(const std::string& reason) {
        const std::lock_guard lock(mutex_);
        manager_->trigger(reason);
    }
    void stop(seat who) {
        const std::lock_guard lock(mutex_);
        if (std::exchange(who->stopped, true)) {
            return;
        }
        who->status.clear();
        if (std::all_of(speakers_.begin(), speakers_.end(),
                        [](const speaker& of) { return of.stopped; })) {
            manager_->stopping();
            ready_ = false; // one that joins after all has a start of its own
        } else if (ready_) {
            ping_if_all(); // it was perhaps the one that the others waited for
            adapt_wait();
        }
    }
    // Before READY=1 a reload is part of the start.
    void reloading() {
        const std::lock_guard lock(mutex_);
        if (ready_) {
            manager_->reloading();
        }
    }
    void reloaded(seat who, const std::string& text) {
        const std::lock_guard lock(mutex_);
        keep(who->status, text);
        if (ready_) {
            manager_->reloaded(joined());
        }
    }
    [[nodiscard]] std::chrono::microseconds watchdog_period() const {
        return manager_->watchdog_period();
    }
    [[nodiscard]] bool has_manager() const { return manager_->has_manager(); }

private:
    static bool counts(const speaker& of) { return of.ready && !of.stopped; }

    void ping_if_all() {
        const bool all = std::all_of(speakers_.begin(), speakers_.end(),
                                     [](const speaker& of) { return !counts(of) || of.pinged; });
        const bool any = std::any_of(speakers_.begin(), speakers_.end(), counts);
        if (ready_ && all && any) {
            manager_->ping();
            fed();
        }
    }
    void adapt_wait() {
        auto wanted = std::chrono::microseconds::max();
        for (const auto& speaker : speakers_) {
            if (counts(speaker)) {
                wanted = std::min(wanted, speaker.wait.count() > 0 ? speaker.wait
                                                                   : manager_->watchdog_period());
            }
        }
        if (ready_ && wanted != std::chrono::microseconds::max() && wanted != wait_ &&
            manager_->wait(wanted)) {
            wait_ = wanted;
            fed();
        }
    }
    void fed() {
        for (auto& speaker : speakers_) {
            speaker.pinged = false;
        }
    }
    /// Out of memory, the old text remains.
    static void keep(std::string& status, const std::string& text) noexcept {
        try {
            status = text;
        } catch (const std::exception&) {
        }
    }
    [[nodiscard]] std::string joined() const noexcept {
        std::string all;
        try {
            for (const auto& speaker : speakers_) {
                if (!speaker.status.empty()) {
                    all += all.empty() ? "" : "; ";
                    all += speaker.status;
                }
            }
        } catch (const std::exception&) {
        }
        return all;
    }

    std::mutex mutex_;
    const std::unique_ptr<model::notifier> manager_ = make_sd_notifier();
    std::list<speaker> speakers_;
    bool ready_ = false;                                           ///< READY=1 has gone out
    std::chrono::microseconds wait_ = manager_->watchdog_period(); ///< as the manager knows it
};

/// The one of this process, while somebody has joined it. A child of fork() has one of its own: the
/// monitors of its parent, which do not run there, would never agree.
std::shared_ptr<voice> shared_voice() {
    static std::mutex mutex;
    static std::weak_ptr<voice> present;
    static std::uint32_t forks_before = 0;
    const std::lock_guard lock(mutex);
    const auto forks = base::forks();
    const bool forked = std::exchange(forks_before, forks) != forks;
    auto found = present.lock();
    if (!found || forked) {
        found = std::make_shared<voice>();
        present = found;
    }
    return found;
}

class member final : public model::notifier {
public:
    member() : all_(shared_voice()), seat_(all_->join()) {}
    member(const member&) = delete;
    member& operator=(const member&) = delete;
    ~member() override { all_->leave(seat_); }

    void expect_ready() noexcept override { all_->expect(seat_); }
    bool agree_ready() noexcept override { return all_->agree(seat_); }
    void ready(const std::string& status) noexcept override { all_->ready(seat_, status); }
    void reloading() noexcept override { all_->reloading(); }
    void reloaded(const std::string& status) noexcept override { all_->reloaded(seat_, status); }
    void stopping() noexcept override { all_->stop(seat_); }
    void status(const std::string& text) noexcept override { all_->status(seat_, text); }
    void ping() noexcept override { all_->ping(seat_); }
    void trigger(const std::string& reason) noexcept override { all_->trigger(reason); }
    bool wait(std::chrono::microseconds period) noexcept override {
        all_->wait(seat_, period);
        return true; // or sent with the next ping
    }
    std::chrono::microseconds watchdog_period() const noexcept override {
        return all_->watchdog_period();
    }
    bool has_manager() const noexcept override { return all_->has_manager(); }

private:
    std::shared_ptr<voice> all_;
    voice::seat seat_;
};

} // namespace

std::unique_ptr<model::notifier> join_service_voice() {
    return std::make_unique<member>();
}

} // namespace loopmon::detail
