#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs lib/examples/epoll_loop.c as a service manager would: READY=1, pings, and the trip that names
its handler and task while it lasts; then it ends by itself.

c_program.py PROGRAM
"""

import os
import socket
import subprocess
import sys
import tempfile


def main():
    with tempfile.TemporaryDirectory() as directory:
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(f"{directory}/notify")
        manager.settimeout(60)
        environment = dict(os.environ, NOTIFY_SOCKET=f"{directory}/notify",
                           WATCHDOG_USEC="30000000")
        environment.pop("WATCHDOG_PID", None)
        with subprocess.Popen([sys.argv[1]], env=environment) as program:
            received = []
            while not received or "STOPPING=1" not in received[-1]:
                received.append(manager.recv(65536).decode())
            code = program.wait(60)
    print("\n".join(received))
    trips = [text for text in received if "WATCHDOG=trigger" in text]
    problems = []
    if code != 0:
        problems.append(f"it ended with {code}")
    if "READY=1" not in received[0]:
        problems.append("READY=1 is not the first")
    if len(trips) != 1:
        problems.append(f"{len(trips)} trips")
    for expected in ("STATUS=", 'task "poll-modem"', "ask_device", "epoll_loop.c:",
                     "cause blocked in clock_nanosleep"):
        if trips and expected not in trips[0]:
            problems.append(f"the trip lacks {expected}")
    print("\n".join(problems) or "tripped, and ended")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
