// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/loopmon.h>

#include <cerrno>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>

namespace loopmon::detail {

template <auto Free>
struct handle_deleter {
    template <class Object>
    void operator()(Object* object) const noexcept {
        Free(object);
    }
};

/// An object of loopmon.h.
template <class Object, auto Free>
using handle = std::unique_ptr<Object, handle_deleter<Free>>;

/// What the C++ interface throws for a result of loopmon.h. In a child of fork() nothing is done,
/// and nothing thrown.
inline void check(int result) {
    switch (-result) {
    case EINVAL:
    case EEXIST:
    case EBUSY:
        throw std::invalid_argument(loopmon_last_error());
    case ENOMEM:
        throw std::bad_alloc();
    default:
        if (result < 0 && result != -ECHILD) {
            throw std::system_error(-result, std::system_category(), loopmon_last_error());
        }
    }
}

} // namespace loopmon::detail
