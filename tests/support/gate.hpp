// SPDX-License-Identifier: MIT
#pragma once

#include <future>
#include <memory>
#include <utility>

namespace loopmon::test {

/// Keeps the thread that goes through it busy until it is opened, also by the end of the test. The
/// one who waits in it may outlive it.
class gate {
public:
    gate() = default;
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;
    ~gate() { open(); }

    /// What the thread is to call, once; entered() returns when it does.
    [[nodiscard]] auto passage() {
        return [both = both_] {
            both->entered.set_value();
            both->opened.get_future().wait();
        };
    }
    void entered() { both_->entered.get_future().wait(); }
    void open() {
        if (!std::exchange(open_, true)) {
            both_->opened.set_value();
        }
    }

private:
    struct sides {
        std::promise<void> entered;
        std::promise<void> opened;
    };
    std::shared_ptr<sides> both_ = std::make_shared<sides>();
    bool open_ = false;
};

} // namespace loopmon::test
