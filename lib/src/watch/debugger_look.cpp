// SPDX-License-Identifier: MIT
#include "watch/debugger_look.hpp"

#include "watch/thread_snapshot.hpp"

namespace loopmon::watch {

bool debugger_look::attached(judge::time_point now) {
    if (!looked_at_ || now - *looked_at_ >= shortest) {
        looked_at_ = now;
        attached_ = is_traced(status_.read().value_or(""));
    }
    return attached_;
}

} // namespace loopmon::watch
