// SPDX-License-Identifier: MIT
#include <loopmon/build_variant.hpp>

int part();

int main() {
    return part();
}
