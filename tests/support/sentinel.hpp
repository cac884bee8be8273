// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace loopmon::test {

/// Tells when whatever holds it is gone: the last of its copies sets the flag.
inline std::shared_ptr<void> sentinel(bool& destroyed) {
    return {nullptr, [&destroyed](void*) { destroyed = true; }};
}

} // namespace loopmon::test
