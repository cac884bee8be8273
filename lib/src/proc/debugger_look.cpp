// SPDX-License-Identifier: MIT
#include "proc/debugger_look.hpp"

#include "proc/thread_snapshot.hpp"

namespace loopmon::proc {

bool debugger_look::attached(model::time_point now) {
    if (!looked_at_ || now - *looked_at_ >= shortest) {
        looked_at_ = now;
        attached_ = is_traced(status_.read().value_or(""));
    }
    return attached_;
}

} // namespace loopmon::proc
