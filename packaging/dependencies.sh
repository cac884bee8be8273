# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034
#
# The Debian 12 and 13 packages that loopmon needs. Sourced by quickstart.sh and tests/run.sh, so
# that they agree.

# busctl is in "systemd"; it is useful without systemd running, too.
readonly build_packages=(
    g++ cmake ninja-build pkgconf
    libsystemd-dev libtomlplusplus-dev libcli11-dev nlohmann-json3-dev
    dbus-daemon systemd
)
# Beyond the build: the container of the end-to-end tests needs systemd as an init and a system bus.
readonly test_packages=(
    catch2 dbus python3 systemd-container systemd-sysv util-linux ccache
)
# What the build uses if it is there: functions and lines in the stacks of stalls.
readonly optional_build_packages=(libdw-dev)
# Of version 14, whose opinion counts (tests/lint); later releases have only later ones.
readonly optional_test_packages=(clang-format-14 clang-tidy-14 clang-tools-14)

# boost_packages: the newest Boost on offer, or what is there already; its -dev packages conflict.
boost_packages() {
    local version
    for version in 1.88 1.83 1.81; do
        if is_installed "libboost$version-dev"; then
            echo "libboost$version-dev"
            return
        fi
    done
    for version in 1.88 1.83 1.81; do
        if is_on_offer "libboost$version-dev"; then
            echo "libboost$version-dev"
            return
        fi
    done
    echo "libboost-dev" # another Debian; CMake reports an error if it is too old
}

is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

is_on_offer() {
    [[ -n $(apt-cache search --names-only "^$1\$" 2>/dev/null) ]]
}

# missing PACKAGE...: those that are not installed.
missing() {
    local package
    for package; do
        is_installed "$package" || echo "$package"
    done
}

# require PACKAGE...: installs what is missing. Where it may not or cannot, says what is missing and
# goes on: the build finds out what it really needs.
require() {
    if ! command -v apt-get >/dev/null; then
        echo "Not Debian: install the counterparts of: $* and Boost" >&2
        return
    fi
    # A fresh machine has no package lists, and Boost is chosen by them.
    if [[ $EUID == 0 && -n $(missing "$@") ]]; then
        apt-get update --quiet
    fi
    local wanted
    # shellcheck disable=SC2046 # two words are two packages
    wanted=$(missing "$@" $(boost_packages))
    [[ -n $wanted ]] || return 0
    if [[ $EUID != 0 ]]; then
        echo "Not root, so not installed: ${wanted//$'\n'/ }" >&2
        return
    fi
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends $wanted
}

# offer PACKAGE...: installs what is missing and available; silent about the rest.
offer() {
    [[ $EUID == 0 ]] && command -v apt-get >/dev/null || return 0
    local package wanted=()
    for package in $(missing "$@"); do
        is_on_offer "$package" && wanted+=("$package")
    done
    [[ ${#wanted[@]} == 0 ]] || DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --quiet --no-install-recommends "${wanted[@]}"
}
