#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fails for each C++ file that `clang-format -i` would change.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/lint/reference_tool.sh

tool=$(reference_tool "lint: clang-format" clang-format)
find lib daemon tests -name '*.cpp' -print0 -o -name '*.hpp' -print0 |
    xargs -0 "$tool" --dry-run -Werror
