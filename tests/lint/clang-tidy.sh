#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-tidy.sh BUILD: all sources of a build, by its compile_commands.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/lint/reference_tool.sh

[[ -e $1/compile_commands.json ]] ||
    skip "lint: clang-tidy" "needs a build configured with CMAKE_EXPORT_COMPILE_COMMANDS=ON"
tidy=$(reference_tool "lint: clang-tidy" clang-tidy)
runner=$(command -v "run-$tidy" || command -v run-clang-tidy)
# Even a quiet run prints a command and a count a file; what is wrong stands out without them.
noise='^clang-tidy|^/.*clang-tidy-?[0-9]* |warnings? generated\.$'
"$runner" -clang-tidy-binary "$(command -v "$tidy")" -p "$1" -quiet \
    "^$PWD/(lib|daemon|tests)/.*\.cpp$" 2>&1 |
    { grep -v -E "$noise" || true; }
