#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# All numbers by one command: installs what they need, builds as shipped, measures, prints the
# targets. Nothing here decides: bench.py measures, and a missed target is a row that says so.
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/../.." && pwd)
readonly source_dir
cd "$source_dir"
source packaging/dependencies.sh

usage() {
    cat <<END
Usage: tests/bench/run.sh [--quick] [--only PART]... [--output DIR] [--help]

Measures, and writes DIR/results.md and DIR/results.json (DIR: build/bench/results):

  cost    what a handler costs with and without us, our clocks, and the peers' tracking
  lag     percentiles of lag against the computed truth of stall schedules
  alert   from the begin of a stall to its record in the journal (needs root)
  cause   how many provoked stalls, a hundred of each kind, are named for what they are
  bus     D-Bus reads while the loop is blocked
  idle    CPU, wake-ups and memory of an idle process; time until it is ready
  scale   up to 100 000 tasks and 1 000 loops

Takes twenty minutes after the build, best on a machine that does nothing else. A peer that
is not here leaves a row that says why. A part that fails is named with its reason, the others
are measured and written anyway, and the exit status is 1.

  --quick       two minutes, few rounds: shows that all of it works
  --only PART   this part; may be repeated
  --output DIR  where to write
  --help        this text
END
}

# What the peers are made of; each is left out if it is not on offer.
readonly peer_packages=(python3 nodejs libuv1-dev rt-tests valgrind cargo librust-tokio-dev)

output=build/bench/results
options=()
while [[ $# -gt 0 ]]; do
    case $1 in
    --quick) options+=(--quick) ;;
    --only | --output)
        if [[ $1 == --output && $# -ge 2 ]]; then
            output=$2
        elif [[ ${2-} =~ ^(cost|lag|alert|cause|bus|idle|scale)$ ]]; then
            options+=(--only "$2")
        else
            usage >&2
            exit 2
        fi
        shift
        ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
    shift
done

step() {
    printf '\n==> %s\n' "$*"
}

# A program that is here by other means than its package need not be installed again.
wanted_peers() {
    local package
    for package in "${peer_packages[@]}"; do
        case $package in
        nodejs) command -v node >/dev/null || echo nodejs ;;
        cargo | python3 | valgrind) command -v "$package" >/dev/null || echo "$package" ;;
        *) echo "$package" ;;
        esac
    done
}

step "Dependencies"
require "${build_packages[@]}" catch2 python3
# shellcheck disable=SC2046 # a word is a package
offer $(wanted_peers)

step "Build"
launcher=()
if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
cmake --preset release -B build/bench -DLOOPMON_BENCH=ON -DLOOPMON_E2E=OFF "${launcher[@]}"
cmake --build build/bench --target bench_programs cause_test loopmond

step "Numbers"
failed=0
python3 -B tests/bench/bench.py --build build/bench --output "$output" "${options[@]}" || failed=$?
printf '\nAll of it: %s\n' "$output/results.md"
exit "$failed"
