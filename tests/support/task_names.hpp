// SPDX-License-Identifier: MIT
#pragma once

#include "measure/current_task.hpp"
#include "measure/loop_state.hpp"
#include "measure/task_table.hpp"
#include "support/loop_of.hpp"

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
    for (auto& task : test::state_of(context)->tasks().list()) {
        if (task.name == name) {
            return task;
        }
    }
    throw std::out_of_range("no task " + std::string(name));
}

using names = std::vector<std::string>;

/// Of what is in the table, the oldest first.
inline names names_of(const measure::task_table& table) {
    names result;
    for (const auto& task : table.list()) {
        result.push_back(task.name);
    }
    return result;
}

/// Notes whose turn it is, in the order of the calls.
class task_trace {
public:
    void operator()() { names_.push_back(current_task_name()); }
    [[nodiscard]] const test::names& names() const { return names_; }

private:
    test::names names_;
};

} // namespace loopmon::test
