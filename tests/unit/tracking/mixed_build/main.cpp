// SPDX-License-Identifier: MIT
#include <loopmon/export.hpp>

int part();

int main() {
    return part();
}
