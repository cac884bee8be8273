// SPDX-License-Identifier: MIT
//
// A bus service on a thread of its own, as the watcher has it: a client in the test's thread waits
// for its answers, so it cannot run there.
#pragma once

#include "bus/bus_service.hpp"
#include "support/event_thread.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace loopmon::test {

class served_model {
public:
    /// @param shown belongs to the service's thread as long as this lives, see change()
    served_model(const std::string& address, std::string name, model::program& shown) {
        thread_.call([&] {
            service_ = std::make_unique<bus::bus_service>(thread_.event(), address, std::move(name),
                                                          shown, sink_, [] {});
        });
    }
    ~served_model() {
        thread_.call([&] { service_.reset(); });
    }
    served_model(const served_model&) = delete;
    served_model& operator=(const served_model&) = delete;

    /// Changes what is shown, and has the service look for what is to be signalled.
    void change(const std::function<void()>& what) {
        thread_.call([&] {
            what();
            service_->signal_changes();
        });
    }
    /// Does something in the test's thread while the service does nothing.
    void hold(const std::function<void()>& meanwhile) {
        std::promise<void> done;
        thread_.post([over = done.get_future().share()] { over.wait(); });
        meanwhile();
        done.set_value();
    }
    [[nodiscard]] bool has_lost_the_bus() const { return sink_.losses > 0; }

private:
    struct loss_counter final : model::sink {
        void publish(const model::event& happened, const source_location&) noexcept override {
            losses += std::holds_alternative<model::bus_lost>(happened) ? 1 : 0;
        }
        std::string text_of(const model::event&) override { return {}; }
        void flush(std::chrono::milliseconds) noexcept override {}
        std::atomic<int> losses{0};
    };

    loss_counter sink_;
    event_thread thread_;
    std::unique_ptr<bus::bus_service> service_; ///< its thread's
};

} // namespace loopmon::test
