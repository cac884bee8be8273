# SPDX-License-Identifier: MIT
"""What a process that does nothing costs: CPU, wake-ups, memory; and how soon it is ready."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from driver import machine, schedule
from driver.private_bus import private_bus
from driver.results import number, percentile

PART = "Idle and start-up"
PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
SETTLE = 3  # s: caches are filled, the bus name is there
LIMITS = {"CPU": (0.1, "%"), "wake-ups": (15, "/s"), "Pss": (6, "MiB")}
READY_LIMIT_MS = 100
FLOOR = "asio alone, a timer fires 14 times a second"


@contextlib.contextmanager
def loopmond(build, address, notify=None):
    """The daemon as shipped, without services, on a bus of its own."""
    with tempfile.TemporaryDirectory(prefix="loopmon-bench.") as folder:
        configuration = pathlib.Path(folder, "loopmond.toml")
        configuration.touch()
        env = machine.environment({"NOTIFY_SOCKET": notify} if notify else {})
        process = machine.start([build / "daemon/loopmond", "--config", configuration,
                                 "--bus", address], env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield process
        finally:
            machine.stop(process)


def run(bench, results):
    seconds = 3 if bench.quick else 15
    programs = bench.build / "tests/bench/programs"
    with private_bus() as address:
        bench.say("loopmond")
        with loopmond(bench.build, address) as process:
            measured = idle(results, "loopmond", process, seconds)
        others = {
            "asio alone": [programs / "stalling_loop_raw"],
            FLOOR: [programs / "stalling_loop_raw", "--tick", "71"],
            "asio watched by libloopmon, with D-Bus": [programs / "stalling_loop_tracked", "--bus",
                                                       address],
            "Node's monitorEventLoopDelay, 10 ms": ["node", PEERS / "node_lag.js"],
        }
        for name, argv in others.items():
            bench.say(name)
            if not shutil.which(argv[0]):
                for what, (_, unit) in LIMITS.items():
                    results.missing(PART, name, what, unit, f"{argv[0]} (package nodejs)")
                continue
            with schedule.Played(argv, []) as played:
                played.until("done")
                found = idle(results, name, played.process, seconds)
                if name == FLOOR:
                    judge(results, measured, found)
        bench.say("start-up")
        start_up(bench, results, address)


def idle(results, name, process, seconds):
    time.sleep(SETTLE)
    before = machine.usage(process.pid)
    time.sleep(seconds)
    after = machine.usage(process.pid)
    span = after.at - before.at
    values = {"CPU": 100 * (after.cpu - before.cpu) / span,
              "wake-ups": (after.wakeups - before.wakeups) / span,
              "Pss": machine.pss_kib(process.pid) / 1024}
    for what, value in values.items():
        results.add(PART, name, what, LIMITS[what][1], [value])
    return values


def judge(results, measured, floor):
    for what, (limit, unit) in LIMITS.items():
        results.judge(f"idle loopmond: {what}", f"<= {limit} {unit}",
                      f"{number(measured[what])} {unit}", measured[what] <= limit,
                      f"{FLOOR}: {number(floor[what])} {unit}")


def start_up(bench, results, address):
    """From fork to READY=1; exec and the dynamic linker are in it."""
    took = []
    for _ in range(3 if bench.quick else 15):
        with tempfile.TemporaryDirectory(prefix="loopmon-bench.") as folder:
            path = os.path.join(folder, "notify")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
                notify.bind(path)
                notify.settimeout(10)
                began = time.monotonic()
                with loopmond(bench.build, address, path):
                    while b"READY=1" not in notify.recv(16384).split(b"\n"):
                        pass
                    took.append((time.monotonic() - began) * 1e3)
    median = results.add(PART, "loopmond", "READY=1 after exec", "ms", took)
    results.judge("READY=1 after exec", f"<= {READY_LIMIT_MS} ms", f"{number(median)} ms",
                  median <= READY_LIMIT_MS, f"max {number(percentile(took, 1))} ms")
