# SPDX-License-Identifier: MIT
"""Installs a build into a container the way a package would."""

import os
import re
import subprocess


def install(container, build_dir, cmake):
    container.require()
    subprocess.run([cmake, "--install", build_dir], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": str(container.root)})
    container.run("ldconfig")
    container.run("systemd-sysusers")
    container.run("journalctl", "--update-catalog")
    # After the user exists, else the policy for it is void.
    container.run("busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
                  "ReloadConfig")
    if _cached(build_dir, "LOOPMON_SANITIZE"):
        _allow_sanitizers(container)
    container.run("systemctl", "daemon-reload")


def _allow_sanitizers(container):
    """Leak checking stops all threads with ptrace, which the unit's sandbox refuses."""
    container.write("/etc/systemd/system/loopmond.service.d/sanitizers.conf",
                    "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"
                    "Environment=UBSAN_OPTIONS=print_stacktrace=1\n")


def _cached(build_dir, variable):
    with open(os.path.join(build_dir, "CMakeCache.txt"), encoding="utf-8") as cache:
        found = re.search(rf"^{variable}:\w+=(.*)$", cache.read(), re.MULTILINE)
    return found.group(1) if found else ""
