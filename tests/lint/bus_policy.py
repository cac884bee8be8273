#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The D-Bus policy is one that dbus-daemon reads: it ignores the whole of a file with a mistake,
and the daemon cannot own its name then.
"""

import pathlib
import subprocess
import sys
import tempfile

POLICY = pathlib.Path("systemd/org.loopmon1.conf.in")
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={folder}/bus</listen><include>{folder}/policy.conf</include>
</busconfig>
"""

with tempfile.TemporaryDirectory(prefix="loopmon-lint.") as folder:
    policy = POLICY.read_text(encoding="utf-8").replace("@LOOPMON_USER@", "root")
    pathlib.Path(folder, "policy.conf").write_text(policy, encoding="utf-8")
    bus = pathlib.Path(folder, "bus.conf")
    bus.write_text(BUS.format(folder=folder), encoding="utf-8")
    with subprocess.Popen(["dbus-daemon", "--nofork", "--nopidfile", "--nosyslog",
                           "--print-address", f"--config-file={bus}"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as daemon:
        listens = daemon.stdout.readline() != ""
        daemon.terminate()
        _, complaints = daemon.communicate()
    if not listens:
        sys.exit(f"{POLICY}: {complaints.strip()}")
