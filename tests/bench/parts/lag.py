# SPDX-License-Identifier: MIT
"""How near to the truth each monitor's percentiles of lag are."""

import os
import pathlib
import re
import shutil
import subprocess
import time

from driver import machine, schedule
from driver.machine import Missing
from driver.private_bus import private_bus, properties
from driver.results import number

PART = "Lag against the computed truth"
PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
WHERE = ("org.loopmon1.app.bench", "/org/loopmon1/loop/main", "org.loopmon1.Loop")
SHOWN = {"p50": "LagP50USec", "p90": "LagP90USec", "p99": "LagP99USec", "max": "LagWindowMaxUSec"}
SETTLE = 1  # s: the windows of the watcher move with its ticks
# The contract: within 2 % of the truth or within half a millisecond of it.
RELATIVE, ABSOLUTE_USEC = 0.02, 500
BUSY_RELATIVE = 0.1  # the same in a loop that is busy all the time
CROWD = re.compile(r"^crowd (\d+): p50 (\S+) of (\S+) ms p90 (\S+) of (\S+) ms p99 (\S+) of (\S+) ms$")


def ours(program):
    """Read as anybody would read it, from D-Bus."""
    def play(steps):
        with private_bus() as address:
            with schedule.Played([program, "--bus", address], steps) as played:
                watched = played.until("watched")
                played.until("done")
                time.sleep(SETTLE)
                values = properties(address, *WHERE, *SHOWN.values())
                # They are of the moment in which they are read, so the truth is too.
                now = time.monotonic_ns()
                return (dict(zip(SHOWN, values)),
                        schedule.truth(watched, now, played.stalls))
    return play


def peer(*argv):
    def play(steps):
        if not shutil.which(argv[0]):
            raise Missing(f"{argv[0]}")
        with schedule.Played(argv, steps) as played:
            watched = played.until("watched")
            done = played.until("done")
            return played.until("lag"), schedule.truth(watched, done, played.stalls)
    return play


def subjects(build):
    programs = build / "tests/bench/programs"
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"
    return {
        "loopmon, tracked": ours(programs / "stalling_loop_tracked"),
        "loopmon, sampled (250 ms)": ours(programs / "stalling_loop_sampled"),
        "the article's sampler, 250 ms": peer(python, PEERS / "asyncio_lag.py", "0.25"),
        "the article's sampler, 10 ms": peer(python, PEERS / "asyncio_lag.py", "0.01"),
        "Node's monitorEventLoopDelay, 10 ms": peer("node", PEERS / "node_lag.js"),
    }


def run(bench, results):
    seconds = 3 if bench.quick else 30
    schedules = {"500 ms every 3 s": schedule.fixed(seconds), "random": schedule.varied(seconds)}
    for title, steps in schedules.items():
        for name, play in subjects(bench.build).items():
            bench.say(f"{title}: {name}")
            try:
                shown, true = play(steps)
            except Missing as reason:
                results.missing(PART, name, f"{title}, p50", "ms", str(reason))
                continue
            report(results, title, name, shown, true)
    busy(bench, results)
    floor(bench, results)


def report(results, title, name, shown, true):
    for q, value in shown.items():
        results.add(PART, name, f"{title}, {q}", "ms", [value / 1e3],
                    f"truth {number(true[q] / 1e3)}, error {error(value, true[q])}")
    if name == "loopmon, tracked":
        worst = max(shown, key=lambda q: tolerance_used(shown[q], true[q]))
        results.judge(f"error of p50, p90, p99, max lag, {title}", "<= 2 % or 0.5 ms",
                      f"{worst} {error(shown[worst], true[worst])}",
                      tolerance_used(shown[worst], true[worst]) <= 1,
                      f"the worst: {number(shown[worst] / 1e3)} of {number(true[worst] / 1e3)} ms")


def busy(bench, results):
    """From one client to ten thousand that send as soon as they are answered; of several attempts
    with a crowd the last. The truth is measured beside it, see tests/cause/busy_loop_test.cpp."""
    name = "loopmon, tracked"
    bench.say("a loop that is busy all the time")
    environment = machine.environment({} if bench.quick else {"LOOPMON_CROWDS": "all"})
    done = subprocess.run(["taskset", "-c", str(min(machine.MEASURED)),
                           bench.build / "tests/cause_test", "busy loop*"],
                          env=environment, capture_output=True, text=True, check=False)
    crowds = {int(row[1]): [float(value) for value in row.groups()[1:]]
              for row in map(CROWD.match, done.stdout.splitlines()) if row}
    worst, worst_of = 0.0, "no crowd"
    for clients, values in crowds.items():
        for q, value, true in zip(("p50", "p90", "p99"), values[::2], values[1::2]):
            results.add(PART, name, f"{clients} busy clients, {q}", "ms", [value],
                        f"truth {number(true)}, error {error(value * 1e3, true * 1e3)}")
            used = abs(value - true) / max(ABSOLUTE_USEC / 1e3, BUSY_RELATIVE * true)
            if used > worst:
                worst, worst_of = used, f"{clients} clients, {q}: {number(value)} of {number(true)} ms"
    results.judge("error of p50, p90, p99 lag of a loop that is busy all the time",
                  "<= 10 % or 0.5 ms", f"{worst * BUSY_RELATIVE * 100:.1f} %",
                  bool(crowds) and worst <= 1, f"the worst: {worst_of}")


def tolerance_used(value, true):
    """1: just within the contract."""
    return abs(value - true) / max(ABSOLUTE_USEC, RELATIVE * true)


def error(value, true):
    off = f"{(value - true) / 1e3:+.2f} ms"
    return off if true < 1 else f"{off} ({(value - true) / true * 100:+.1f} %)"


def floor(bench, results):
    """What the machine itself adds to a timer, without any loop: no monitor can be better."""
    name, measure = "the machine (cyclictest)", "a timer of 1 ms is late, {}"
    if not shutil.which("cyclictest"):
        results.missing(PART, name, measure.format("p50"), "ms", "package rt-tests")
        return
    overflow = 100_000  # us
    done = subprocess.run(["taskset", "-c", str(min(machine.MEASURED)), "cyclictest", "--quiet",
                           "--threads=1", "--policy=other", "--interval=1000",
                           f"--loops={2000 if bench.quick else 20000}", f"--histogram={overflow}"],
                          capture_output=True, text=True, check=False)
    late = [int(usec) for line in done.stdout.splitlines() if line[:1].isdigit()
            for usec, count in [line.split()[:2]] for _ in range(int(count))]
    if done.returncode != 0 or not late:
        why = done.stderr.strip().splitlines() or ["cyclictest says nothing"]
        results.missing(PART, name, measure.format("p50"), "ms", why[-1])
        return
    for q, at in {"p50": 0.5, "p99": 0.99, "max": 1}.items():
        results.add(PART, name, measure.format(q), "ms",
                    [late[max(0, round(at * len(late)) - 1)] / 1e3])
