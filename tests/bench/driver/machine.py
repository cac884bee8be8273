# SPDX-License-Identifier: MIT
"""Where the numbers come from: this machine, its CPUs, and processes started on them.

What is measured is pinned to the last CPU, and everything that only helps (this driver, the bus, a
journal) to the others: noise then comes from the machine and not from the measuring."""

import ctypes
import dataclasses
import json
import os
import pathlib
import platform
import signal
import subprocess
import tempfile
import time

ALLOWED = sorted(os.sched_getaffinity(0))
MEASURED = {ALLOWED[-1]}
HELPING = set(ALLOWED[:-1]) or MEASURED


class Missing(Exception):
    """Something that a row needs is not on this machine; the text says what."""


def describe():
    """For the head of the table."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        models = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    clock = pathlib.Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    return {"cpu": models[0] if models else platform.machine(), "cpus": len(ALLOWED),
            "kernel": platform.release(), "clocksource": _text(clock),
            "load": round(os.getloadavg()[0], 2),
            "taken": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC"}


def _text(path):
    return path.read_text(encoding="utf-8").strip() if path.exists() else "unknown"


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def start(argv, cpus=None, **popen):
    """Starts a program, on the measured CPU unless asked otherwise. The caller ends it; it ends with
    this driver, too, if that is killed."""
    def in_child():
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, MEASURED if cpus is None else cpus)
    return subprocess.Popen([str(a) for a in argv], preexec_fn=in_child, **popen)


def result(argv, timeout=300, env=None, cpus=None, chatty=False):
    """Runs a program to its end; what its last line of output says, as JSON. A program that fails
    is an error with the last that it said, unless it is a chatty one, whose messages would cost as
    much as what is measured."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as messages:
        process = start(argv, cpus, env=environment(env), stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, text=True,
                        stderr=subprocess.DEVNULL if chatty else messages)
        try:
            out, _ = process.communicate(timeout=timeout)
        finally:
            stop(process)
        if process.returncode != 0 or not out.strip():
            messages.seek(0)
            last = messages.read().strip().splitlines()[-1:] or ["it said nothing"]
            raise RuntimeError(f"{' '.join(map(str, argv))}: exit {process.returncode}: {last[0]}")
    return json.loads(out.splitlines()[-1])


def environment(more=None):
    """Ours, without what would make a program think that it is a service."""
    ours = {k: v for k, v in os.environ.items()
            if k not in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM", "LOOPMON_CLOCK")}
    return {**ours, **(more or {})}


def stop(process):
    """Ends a process that start() started; does nothing if it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()


@dataclasses.dataclass
class Usage:
    """What all threads of a process have used so far."""
    at: float  # s of CLOCK_MONOTONIC
    cpu: float  # s
    wakeups: int


def usage(pid):
    cpu = wakeups = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        # schedstat counts ns, where stat has ticks of 10 ms: too coarse for an idle process.
        cpu += int((task / "schedstat").read_text(encoding="ascii").split()[0])
        status = (task / "status").read_text(encoding="utf-8")
        wakeups += int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return Usage(time.monotonic(), cpu / 1e9, wakeups)


def pss_kib(pid):
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(rollup.split("\nPss:")[1].split()[0])
