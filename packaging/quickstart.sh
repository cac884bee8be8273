#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# From a fresh clone to a running loopmond, on Debian 12 or 13. Safe to repeat; steps that are done
# are skipped.
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/.." && pwd)
build_dir=$source_dir/build/quickstart
readonly source_dir build_dir
source "$source_dir/packaging/dependencies.sh"

usage() {
    cat <<END
Usage: packaging/quickstart.sh [--help]

Builds loopmond from this source tree and runs it. As root, on Debian 12 or 13:

  1. installs the build dependencies (apt-get),
  2. builds a release in build/quickstart,
  3. if systemd runs this machine: installs below /usr/local, starts
     loopmond.service, and shows a live value and the journal;
     otherwise (a container, a chroot): runs loopmond in the foreground on a
     private bus, until Ctrl-C. This works without root if all dependencies
     are installed.

To undo the installation:

  systemctl disable --now loopmond
  xargs rm -f <build/quickstart/install_manifest.txt
END
}

case ${1-} in
"") ;;
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

build() {
    step "Build dependencies"
    require "${build_packages[@]}"
    offer "${optional_build_packages[@]}"
    step "Build in $build_dir"
    if [[ ! -e $build_dir/build.ninja ]]; then
        cmake -S "$source_dir" -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
            -DCMAKE_INSTALL_PREFIX=/usr/local -DBUILD_TESTING=OFF
    fi
    cmake --build "$build_dir"
}

# On a machine that systemd runs.
install_and_start() {
    step "Install below /usr/local"
    cmake --install "$build_dir" >/dev/null
    ldconfig
    systemd-sysusers
    systemctl daemon-reload
    journalctl --update-catalog
    busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig

    step "systemctl start loopmond"
    # A repeated run may have built a newer daemon, which must be started.
    if systemctl --quiet is-active loopmond; then
        systemctl restart loopmond
    else
        systemctl start loopmond
    fi

    local ask=(busctl get-property org.loopmon1 /org/loopmon1/loop/main org.loopmon1.Loop LagUSec)
    step "${ask[*]}"
    "${ask[@]}"
    step "journalctl --unit=loopmond --lines=5"
    journalctl --unit=loopmond --lines=5 --no-pager
    cat <<END

loopmond is running. To configure it, write your changes to /usr/local/lib/loopmond/loopmond.toml
into a file in /etc/loopmond/loopmond.toml.d/, then: systemctl reload loopmond
To start it at every boot: systemctl enable loopmond
END
}

# Otherwise: a private bus; nothing is left when it ends.
run_here() {
    run_dir=$(mktemp -d)
    bus_pid='' loopmond_pid=''
    trap clean_up EXIT
    # Until loopmond answers, there is nothing to shut down cleanly.
    trap 'exit 130' INT TERM
    cat >"$run_dir/loopmond.toml" <<END
[debug]
injection = true # on a private bus, no other user can stall it

[[service]]
type = "probe"
name = "dbus"
target = "dbus:org.freedesktop.DBus"
END

    step "loopmond on a private bus"
    local address=unix:path=$run_dir/bus
    # A session of its own: the terminal's Ctrl-C is for loopmond, which needs its bus to the end.
    setsid dbus-daemon --session --nofork --nopidfile --address="$address" 2>"$run_dir/bus.log" &
    bus_pid=$!
    await test -S "$run_dir/bus"
    "$build_dir/daemon/loopmond" --config "$run_dir/loopmond.toml" --bus "$address" &
    loopmond_pid=$!

    local ask=(busctl "--address=$address")
    await "${ask[@]}" get-property org.loopmon1 /org/loopmon1 org.loopmon1.Manager State
    # For Ctrl-C and for kill alike: loopmond stops cleanly, and so does this script.
    trap 'kill -TERM $loopmond_pid 2>/dev/null || true' INT TERM
    cat <<END

loopmond runs until Ctrl-C. Try from another terminal: the first command reads the lag of its loop in
microseconds, the second stalls it for 2 s. The stall is reported here, and the lag can be read
meanwhile.

  ${ask[*]} get-property org.loopmon1 /org/loopmon1/loop/main org.loopmon1.Loop LagUSec
  ${ask[*]} call org.loopmon1 /org/loopmon1 org.loopmon1.Manager Inject st sleep 2000000

END
    local status=0
    # A signal ends this wait before loopmond has ended.
    while kill -0 "$loopmond_pid" 2>/dev/null; do
        status=0
        wait "$loopmond_pid" || status=$?
    done
    exit "$status"
}

# await COMMAND...: repeats it until it succeeds, for at most 10 s and while the daemon lives.
await() {
    local tries
    for ((tries = 0; tries < 100; ++tries)); do
        "$@" >/dev/null 2>&1 && return
        kill -0 "${loopmond_pid:-$bus_pid}" 2>/dev/null || break
        sleep 0.1
    done
    cat "$run_dir/bus.log" >&2
    echo "quickstart.sh: gave up waiting for: $*" >&2
    exit 1
}

clean_up() {
    local pid
    for pid in $loopmond_pid $bus_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$run_dir"
}

if [[ -d /run/systemd/system ]]; then
    # Checked before the build, which takes minutes.
    if [[ $EUID != 0 ]]; then
        echo "Installing needs root: run packaging/quickstart.sh as root." >&2
        exit 4
    fi
    build
    install_and_start
else
    build
    run_here
fi
