#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# That one libloopmon goes with each Boost: in a clean Debian 13, where there are two of them that
# conflict as packages and are unpacked beside each other, the library is built once, without any
# Boost, and installed as a shared and as a static one; programs are built for it with each Boost and
# each compiler, and run (matrix.sh). Before a release; too slow for the daily run.
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/../.." && pwd)
# The root stays for the next run; remove the folder to begin with a new one.
readonly source_dir work=/var/tmp/loopmon-boost root=/var/tmp/loopmon-boost/root
cd "$source_dir"
source packaging/dependencies.sh

skip() {
    echo "SKIPPED: $*"
    exit 77
}

[[ $# == 0 ]] || {
    echo "Usage: tests/boost/run.sh" >&2
    exit 2
}
[[ $EUID == 0 ]] || skip "needs root, for a root of Debian 13"
command -v apt-get >/dev/null || skip "needs Debian's packages mmdebstrap and systemd-container"
require mmdebstrap systemd-container python3

if [[ ! -e $root ]]; then
    # shellcheck disable=SC1091 # it is there on every Debian
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    archive=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" | sort --unique | head -n 1)
    python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=30)' \
        "${archive%/}/dists/trixie/InRelease" 2>/dev/null ||
        skip "needs the network: $archive has no trixie, or cannot be reached"
    mkdir -p "$work"
    rm -rf "$root.part" # of a run that was ended
    packages=("${build_packages[@]}" "${optional_build_packages[@]}" clang python3)
    # shellcheck disable=SC2016 # the hook is a script of its own
    mmdebstrap --variant=minbase --include="${packages[*]}" --customize-hook='
        for version in 1.83 1.88; do
            chroot "$1" sh -ec "
                cd /tmp
                apt-get download libboost$version-dev
                dpkg --extract libboost$version-dev_*.deb /opt/boost-$version
                rm libboost$version-dev_*.deb"
        done' trixie "$root.part" "deb $archive trixie main"
    mv "$root.part" "$root"
fi

# A machine of its own, without a network: /proc and /dev are there, and no journal.
container=(systemd-nspawn --quiet --directory "$root" --machine "loopmon-boost-$$" --as-pid2
    --register=no --keep-unit --private-network --link-journal=no --bind-ro="$source_dir:/src"
    --pipe --setenv=LC_ALL=C.UTF-8)
problem=$("${container[@]}" true 2>&1 </dev/null) || skip "cannot run a container: $problem"
exec "${container[@]}" /src/tests/boost/matrix.sh </dev/null
