// SPDX-License-Identifier: MIT
//
// Handler tracking changes the layout of asio's operations, so all of a program has to be built
// with it, or all without; and all with the Boost of the library, which shares asio's objects with
// its program. Each translation unit refers to a symbol that only the variant of the library for
// its own setting has: a mixed program does not link, and the symbol says why.
//
// The reference is a pointer that nobody reads, one of each variant for a program: the linker
// merges them. `used` keeps it through the compiler's optimisation, `retain` through the linker's
// --gc-sections.
#pragma once

#include <boost/version.hpp>

#define LOOPMON_JOIN_EXPANDED(a, b) a##b
#define LOOPMON_JOIN(a, b) LOOPMON_JOIN_EXPANDED(a, b)
#if defined(BOOST_ASIO_CUSTOM_HANDLER_TRACKING)
#define LOOPMON_BUILD_VARIANT                                                                      \
    LOOPMON_JOIN(loopmon_all_of_this_program_must_be_built_with_loopmon_tracking_and_boost_,       \
                 BOOST_VERSION)
#elif defined(BOOST_ASIO_ENABLE_HANDLER_TRACKING)
#error "loopmon: asio's own handler tracking does not go with libloopmon; use loopmon::tracking"
#else
#define LOOPMON_BUILD_VARIANT                                                                      \
    LOOPMON_JOIN(loopmon_all_of_this_program_must_be_built_without_loopmon_tracking_and_boost_,    \
                 BOOST_VERSION)
#endif

extern "C" {
extern __attribute__((visibility("default"))) const char LOOPMON_BUILD_VARIANT;
}

namespace loopmon::detail {
__attribute__((used, retain, visibility("hidden"))) inline const char* const
    LOOPMON_JOIN(as_, LOOPMON_BUILD_VARIANT) = &LOOPMON_BUILD_VARIANT;
} // namespace loopmon::detail
