#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program of this folder on a session bus of its own, and reads its loop over D-Bus while the
loop is blocked: the lag grows, the stall is found, and with handler tracking its handler and task
have their names. A program of bus.cpp ends by itself.

observe.py PROGRAM tracking|loopmon|bus
"""

import json
import os
import subprocess
import sys
import tempfile
import time

SECONDS = 60  # only ends a check that fails


class Bus:
    """A session bus of this check."""

    def __init__(self, directory):
        self.address = f"unix:path={directory}/bus"
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address",
             f"--address={self.address}"], stdout=subprocess.PIPE)
        self.daemon.stdout.readline()  # it listens

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.terminate()
        self.daemon.wait()

    def loop(self):
        """The properties of the program's loop; empty before it is there."""
        done = subprocess.run(
            ["busctl", f"--address={self.address}", "--json=short", "call",
             "org.loopmon1.app.consumer", "/org/loopmon1/loop/main",
             "org.freedesktop.DBus.Properties", "GetAll", "s", "org.loopmon1.Loop"],
            capture_output=True, text=True, timeout=SECONDS)
        if done.returncode != 0:
            return {}
        return {name: value["data"] for name, value in json.loads(done.stdout)["data"][0].items()}

    def loop_when(self, holds):
        deadline = time.monotonic() + SECONDS
        while not holds(loop := self.loop()):
            assert time.monotonic() < deadline, f"not seen within {SECONDS} s: {loop}"
            time.sleep(0.02)
        return loop


def stalls(loop):
    return loop.get("State") == "degraded"


def is_on_time(loop):
    return loop.get("State") == "nominal"


def announced(loop):
    return loop.get("NExpected") == 1


def check_names(loop, tracking):
    assert loop["Tracking"] == tracking, loop
    if tracking:
        assert loop["RunningTask"] == "poll-modem", loop
        assert loop["RunningHandler"].endswith(".async_wait"), loop
        assert loop["NHandlers"] > 0 and loop["PendingHandlers"] > 0, loop
    else:
        assert not {"RunningTask", "RunningHandler", "NHandlers", "PendingHandlers"} & set(loop), loop


def observe(bus, program, tracking):
    stall = bus.loop_when(stalls)
    check_names(stall, tracking)
    assert stall["LagUSec"] >= stall["WarnUSec"], stall
    assert stall["NStalls"] == 1 and stall["ActiveTasks"] == 1, stall
    assert bus.loop()["LagUSec"] > stall["LagUSec"], stall
    program.stdin.write(b"\n")
    bus.loop_when(is_on_time)

    late = bus.loop_when(announced)
    check_names(late, tracking)
    assert is_on_time(late) and late["NStalls"] == 1, late
    assert late["LagMaxUSec"] >= stall["LagUSec"], late
    program.stdin.write(b"\n")


def main():
    _, path, kind = sys.argv
    with tempfile.TemporaryDirectory() as directory, Bus(directory) as bus:
        environment = dict(os.environ, DBUS_SESSION_BUS_ADDRESS=bus.address)
        with subprocess.Popen([path], env=environment, bufsize=0,
                              stdin=subprocess.PIPE) as program:
            if kind != "bus":
                observe(bus, program, kind == "tracking")
            assert program.wait(SECONDS) == 0, f"{path} ended with {program.returncode}"


if __name__ == "__main__":
    main()
