# SPDX-License-Identifier: MIT
"""A dbus-daemon of our own, and reading from it."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import time

from driver import machine

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>{address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow send_type="method_call"/>
    <allow send_type="signal"/> <allow send_requested_reply="true"/>
    <allow receive_requested_reply="true"/>
  </policy>
</busconfig>
"""
PATIENCE = 30  # s; it only ends a benchmark that fails


@contextlib.contextmanager
def private_bus():
    """Yields the address of a bus that lives as long as the block."""
    with tempfile.TemporaryDirectory(prefix="loopmon-bench.") as folder:
        address = f"unix:path={folder}/bus"
        configuration = pathlib.Path(folder, "bus.conf")
        configuration.write_text(CONFIGURATION.format(address=address), encoding="utf-8")
        daemon = machine.start(["dbus-daemon", "--nofork", "--nopidfile", "--nosyslog",
                                "--print-address", f"--config-file={configuration}"],
                               machine.HELPING, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL, text=True)
        try:
            if not daemon.stdout.readline():
                raise RuntimeError("dbus-daemon does not start")
            yield address
        finally:
            machine.stop(daemon)


def properties(address, name, path, interface, *names):
    """Their values, as soon as the name is on the bus."""
    deadline = time.monotonic() + PATIENCE
    while True:
        done = subprocess.run(["busctl", f"--address={address}", "--json=short", "get-property",
                               name, path, interface, *names], capture_output=True, text=True,
                              check=False)
        if done.returncode == 0:
            return [json.loads(line)["data"] for line in done.stdout.splitlines()]
        if time.monotonic() > deadline:
            raise RuntimeError(done.stderr.strip())
        time.sleep(0.1)
