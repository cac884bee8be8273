// SPDX-License-Identifier: MIT
#pragma once

#include "measure/current_task.hpp"
#include "measure/loop_state.hpp"
#include "measure/task_table.hpp"

#include <boost/asio/execution_context.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace loopmon::test {

/// What the calling code belongs to, "" for no task.
inline std::string current_task_name() {
    const auto task = measure::find_task(measure::current_task());
    return task ? task->name : "";
}

inline measure::task_info task_named(boost::asio::execution_context& context,
                                     std::string_view name) {
    for (auto& task : measure::state_of(context)->tasks().list()) {
        if (task.name == name) {
            return task;
        }
    }
    throw std::out_of_range("no task " + std::string(name));
}

/// Notes whose turn it is, in the order of the calls.
class task_trace {
public:
    void operator()() { names_.push_back(current_task_name()); }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

private:
    std::vector<std::string> names_;
};

using names = std::vector<std::string>;

} // namespace loopmon::test
