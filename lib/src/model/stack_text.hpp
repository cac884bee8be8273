// SPDX-License-Identifier: MIT
//
// A stack as text, in two steps: that a thread is at "loopmond+0x1f2a3" is known at once, but whose
// source line that is takes tens of milliseconds to find in much debug information. The watcher
// must not spend them, so who can afford it completes the text, for all who hold it.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace loopmon::model {

/// One line per frame, innermost first; lines in brackets are remarks. Copies share one text.
/// Thread-safe as a shared_ptr is: one object for one thread, copies for any.
class stack_text {
public:
    using lines_type = std::vector<std::string>;

    /// No stack.
    stack_text() = default;
    stack_text(lines_type whole);
    stack_text(std::initializer_list<std::string> whole) : stack_text(lines_type(whole)) {}
    /// @param brief what is known at once
    /// @param complete makes the whole text; called once, or never
    stack_text(lines_type brief, std::function<lines_type()> complete);

    /// Has the whole text made, on this thread; waits while another one does. An exception
    /// leaves the brief text for good.
    void complete() const noexcept;

    /// As far as it is known now. Does not wait.
    [[nodiscard]] lines_type lines() const;
    [[nodiscard]] bool empty() const { return shared_ == nullptr; }
    void clear() { shared_.reset(); }

private:
    struct shared;
    std::shared_ptr<shared> shared_;
};

} // namespace loopmon::model
