// SPDX-License-Identifier: MIT
#pragma once

#include <exception>

namespace loopmon::base {

/// Does what may find no memory, where that must not keep the rest from being done: what was to be
/// said or remembered is lost, the watch goes on.
template <class Work>
void attempt(Work&& work) noexcept {
    try {
        work();
    } catch (const std::exception&) { // see above
    }
}

} // namespace loopmon::base
