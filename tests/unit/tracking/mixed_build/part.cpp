// SPDX-License-Identifier: MIT
// A translation unit that includes the library and calls nothing of it.
#include <loopmon/export.hpp>

int part();
int part() {
    return 0;
}
