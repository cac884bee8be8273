#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Unit and bus tests of another architecture, under QEMU: the compiler is that of this machine, the
# libraries are Debian's, unpacked into a root that nothing is run in. Slow, and what depends on the
# kernel of another architecture is not in it; so it is apart from the daily run.
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/../.." && pwd)
readonly source_dir
cd "$source_dir"
source packaging/dependencies.sh

case ${1-} in
armhf) compiler=g++-arm-linux-gnueabihf ;;
arm64) compiler=g++-aarch64-linux-gnu ;;
*)
    echo "Usage: tests/arch/run.sh armhf|arm64" >&2
    exit 2
    ;;
esac
readonly arch=$1 compiler
readonly build_dir=build/arch/$arch
readonly root=$source_dir/$build_dir/root

# A run under QEMU has QEMU's /proc, stacks, signal masks and thread-local memory, and none of these:
# get_robust_list(2), by which a thread is seen in run(), restarted calls, ptrace(2), a limit of
# threads, pseudo-terminals, datagrams without data. The tests of just that are left out.
not_under_qemu='thread_snapshot|thread_reader|stack|symboliser|module_map|self_memory|fork|run_calls'
not_under_qemu+='|it runs while|syscall_text|quiet_thread|: the style is|: a terminal gets|sealed file'
not_under_qemu+='|not running|debugger|READY=1 waits|cannot start'
readonly not_under_qemu

require "$compiler" mmdebstrap qemu-user-static cmake ninja-build pkgconf

# shellcheck disable=SC1091 # it is there on every Debian
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
if [[ ! -e $root ]]; then
    mkdir -p "$build_dir"
    rm -rf "$root.part" # of a run that was ended
    # shellcheck disable=SC2046 # a word is a package
    packages=(libsystemd-dev $(boost_packages) libtomlplusplus-dev libcli11-dev catch2 libdw-dev)
    # Where apt gets this release from; what is only linked against needs none of its updates.
    archive=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" | sort --unique | head -n 1)
    mmdebstrap --variant=extract --architectures="$arch" --include="${packages[*]}" "$suite" "$root.part" \
        "deb $archive $suite main"
    mv "$root.part" "$root"
fi

launcher=()
if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
cmake -S . -B "$build_dir" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$source_dir/tests/arch/toolchain.cmake" \
    -DLOOPMON_ARCH="$arch" -DLOOPMON_ROOT="$root" -DCMAKE_BUILD_TYPE=Debug -DLOOPMON_WERROR=ON \
    -DLOOPMON_E2E=OFF "${launcher[@]}"
cmake --build "$build_dir"
ctest --test-dir "$build_dir" --label-regex 'unit|bus' --exclude-regex "$not_under_qemu" \
    --parallel "$(nproc)" --output-on-failure --timeout 600
