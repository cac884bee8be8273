# SPDX-License-Identifier: MIT
"""D-Bus reads of a loop while it is blocked."""

from driver import machine, schedule
from driver.private_bus import private_bus, properties
from driver.results import number, percentile

PART = "D-Bus while the loop is blocked"
NAME, PATH, INTERFACE = ("org.loopmon1.app.bench", "/org/loopmon1/loop/main", "org.loopmon1.Loop")
CALLS = 1000
LIMIT_USEC = 2000


def run(bench, results):
    programs = bench.build / "tests/bench/programs"
    stall_us = 4_000_000 if bench.quick else 20_000_000
    with private_bus() as address:
        # The name is on the bus before the stall begins: 2 s are plenty.
        with schedule.Played([programs / "stalling_loop_tracked", "--bus", address],
                             [(2_000_000, stall_us)]) as played:
            properties(address, NAME, PATH, INTERFACE, "Name")
            began = played.until("began")
            asked = machine.result([programs / "get_all", address, NAME, PATH, CALLS],
                                   cpus=machine.HELPING)
            lag, = properties(address, NAME, PATH, INTERFACE, "LagUSec")
            ended = played.until("ended")
    usec = asked["usec"]
    blocked = began < asked["began"] and asked["ended"] < ended
    measures = {"p50": percentile(usec, 0.5), "p99": percentile(usec, 0.99), "max": max(usec)}
    for q, value in measures.items():
        results.add(PART, "loopmon", f"GetAll of the Loop, {q}", "ms", [value / 1e3],
                    f"{len(usec)} calls")
    results.judge("D-Bus GetAll of the Loop while it is blocked, p99", "<= 2 ms",
                  f"{number(measures['p99'] / 1e3)} ms",
                  blocked and measures["p99"] <= LIMIT_USEC,
                  f"LagUSec was {number(lag / 1e6)} s and growing" if blocked
                  else "the calls outlasted the stall: it was too short")
