# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Finds a linter of the version whose opinion counts. Another version formats and warns otherwise,
# so a tree that is clean for everybody must be judged by one: that of Debian 12.
readonly reference_version=14

# skip TEST WHY: ends the script as skipped (ctest's SKIP_RETURN_CODE), with a reason.
skip() {
    echo "SKIPPED: $2" >&2
    [[ -z ${LOOPMON_SKIP_LOG-} ]] || echo "$1: $2" >>"$LOOPMON_SKIP_LOG"
    exit 77
}

# reference_tool TEST TOOL: prints the command, or skips.
reference_tool() {
    local candidate
    for candidate in "$2-$reference_version" "$2"; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" --version | grep -q "version $reference_version\."; then
            echo "$candidate"
            return
        fi
    done
    skip "$1" "needs $2 $reference_version"
}
