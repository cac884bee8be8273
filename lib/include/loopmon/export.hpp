// SPDX-License-Identifier: MIT
#pragma once

#include <loopmon/build_variant.hpp>

/// Marks what the shared library exports; everything else is hidden.
#if defined(__GNUC__)
#define LOOPMON_API __attribute__((visibility("default")))
#else
#define LOOPMON_API
#endif
