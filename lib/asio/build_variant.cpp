// SPDX-License-Identifier: MIT
#include <loopmon/build_variant.hpp>

const char LOOPMON_BUILD_VARIANT = 0;
