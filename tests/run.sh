#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs what the tests need, builds every kind of build, runs every test. One ctest runs
# them all, so that its summary comes last and covers everything.
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/.." && pwd)
readonly source_dir
cd "$source_dir"
source packaging/dependencies.sh

usage() {
    cat <<END
Usage: tests/run.sh [--fast | --faults] [--help]

Builds in build/{dev,release,asan,tsan} and runs the tests:

  lint       clang-format, clang-tidy, message catalog, scripts        dev
  unit, bus  the library's rooms; D-Bus on private buses               all four
  faults     failures of the program, the bus, the journal, the disk    release
             and memory, and what has to work meanwhile (as root)
  e2e        the installed daemon in a booted container (as root);     release;
             without the long waits in asan                            asan

Tests that this machine cannot run are skipped; the summary lists them with the reason.
As root on Debian 12 or 13, missing packages are installed first; otherwise they are listed.

  --fast   a quick check of a change: one build; lint without clang-tidy, unit, bus
  --faults only the fault matrix, including the rows that take long
  --help   print this text
END
}

fast=
faults=
case ${1-} in
"") ;;
--fast) fast=1 ;;
--faults) faults=1 ;;
-h | --help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac

step() {
    printf '\n==> %s\n' "$*"
}

# An unprivileged user, or a container without init, can still run most of them.
builds=(dev release asan tsan)
filter=()
if [[ $fast ]]; then
    builds=(dev)
    filter=(--exclude-regex '^lint: clang-tidy$')
elif [[ $faults ]]; then
    builds=(release)
fi

step "Dependencies"
require "${build_packages[@]}" "${test_packages[@]}"
offer "${optional_build_packages[@]}" "${optional_test_packages[@]}"

launcher=()
if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
for build in "${builds[@]}"; do
    step "Build: $build"
    cmake --preset "$build" "${launcher[@]}"
    cmake --build --preset "$build"
done

if [[ $faults ]]; then
    step "Fault matrix"
    exec tests/faults/matrix.py --long --victim build/release/tests/faults/faults_victim
fi

# A folder of tests made of those of all builds.
all_dir=build/all
mkdir -p "$all_dir"
printf 'subdirs("%s")\n' "${builds[@]/#/$source_dir/build/}" >"$all_dir/CTestTestfile.cmake"

step "Tests"
LOOPMON_SKIP_LOG=$source_dir/$all_dir/skipped
export LOOPMON_SKIP_LOG
: >"$LOOPMON_SKIP_LOG"
# ctest lists skipped tests without the reason; this prints the reasons before its summary.
with_reasons() {
    local line
    while IFS= read -r line; do
        if [[ $line =~ ^[0-9]+%\ tests\ passed && -s $LOOPMON_SKIP_LOG ]]; then
            echo "Skipped, with the reason:"
            sed 's/^/  /' "$LOOPMON_SKIP_LOG"
            echo
        fi
        printf '%s\n' "$line"
    done
}
# One more than there are CPUs: clang-tidy takes only what others leave idle.
ctest --test-dir "$all_dir" --parallel "$(($(nproc) + 1))" --output-on-failure "${filter[@]}" | with_reasons
