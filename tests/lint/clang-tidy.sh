#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-tidy.sh BUILD: all sources of a build, by its compile_commands.json. Of a source that is
# built without handler tracking and with it, the second is seen: it includes what the first does.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/lint/reference_tool.sh

[[ -e $1/compile_commands.json ]] ||
    skip "lint: clang-tidy" "needs a build configured with CMAKE_EXPORT_COMPILE_COMMANDS=ON"
tidy=$(reference_tool "lint: clang-tidy" clang-tidy)
runner=$(command -v "run-$tidy" || command -v run-clang-tidy)
commands=$(mktemp --directory)
trap 'rm -r "$commands"' EXIT
python3 - "$1/compile_commands.json" >"$commands/compile_commands.json" <<'END'
import json
import sys

commands = json.load(open(sys.argv[1], encoding="utf-8"))
commands.sort(key=lambda each: "CUSTOM_HANDLER_TRACKING" in each["command"])
json.dump(list({each["file"]: each for each in commands}.values()), sys.stdout)
END
# It takes minutes of two CPUs, and other tests run meanwhile, so only what these leave idle.
idle=()
if command -v chrt >/dev/null; then
    idle=(chrt --idle 0)
fi
# Even a quiet run prints a command and a count a file; what is wrong stands out without them.
noise='^clang-tidy|^/.*clang-tidy-?[0-9]* |warnings? generated\.$'
"${idle[@]}" "$runner" -clang-tidy-binary "$(command -v "$tidy")" -p "$commands" -quiet \
    "^$PWD/(lib|daemon|tests)/.*\.cpp$" 2>&1 |
    { grep -v -E "$noise" || true; }
