// SPDX-License-Identifier: MIT
// A translation unit that includes the library and calls nothing of it.
#include <loopmon/build_variant.hpp>

int part();
int part() {
    return 0;
}
