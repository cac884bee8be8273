# SPDX-License-Identifier: MIT
"""Many tasks, many loops: what a handler costs among them, and what the watcher uses."""

import statistics

from driver import machine
from driver.results import number

PART = "Many tasks, many loops"
# (tasks on the main loop, loops in all)
CROWDS = [(1, 1), (1000, 1), (100_000, 1), (1, 10), (1, 100), (1, 1000)]
QUICK_CROWDS = [(1, 1), (100_000, 1), (1, 1000)]
HANDLERS = 1_000_000
FLAT = 1.1  # what is called flat: within 10 % of one task on one loop
WATCHER_PERCENT = 1


def run(bench, results):
    crowds = QUICK_CROWDS if bench.quick else CROWDS
    idle_ms = 1000 if bench.quick else 3000
    rounds = []
    for n in range(bench.rounds if bench.quick else 3):
        bench.say(f"round {n + 1}")
        rounds.append({crowd: measured(bench, crowd, idle_ms) for crowd in crowds})
    for crowd in crowds:
        report(results, rounds, crowd)
    judge(results, rounds, (100_000, 1))
    judge(results, rounds, (1, 1000))


def measured(bench, crowd, idle_ms):
    return machine.result([bench.build / "tests/bench/programs/crowd", *crowd,
                           int(HANDLERS * bench.scale), idle_ms])


def name_of(crowd):
    tasks, loops = crowd
    return f"{tasks} task{'s' * (tasks > 1)}, {loops} loop{'s' * (loops > 1)}"


def ratio(rounds, crowd):
    """To one task on one loop in the same round."""
    return statistics.median(r[crowd]["ns"] / r[1, 1]["ns"] for r in rounds)


def report(results, rounds, crowd):
    units = {"ns": ("cost per handler, post chain", "ns"),
             "spawn_ns": ("spawning a task", "ns"),
             "watcher_percent": ("watcher's CPU while idle", "%")}
    for key, (what, unit) in units.items():
        if key != "spawn_ns" or crowd[0] >= 1000:
            note = f"{ratio(rounds, crowd):.3f} x one" if key == "ns" and crowd != (1, 1) else ""
            results.add(PART, name_of(crowd), what, unit, [r[crowd][key] for r in rounds], note)


def judge(results, rounds, crowd):
    times = ratio(rounds, crowd)
    results.judge(f"{name_of(crowd)}: cost per handler", f"flat (<= {FLAT} x one)",
                  f"{number(times)} x", times <= FLAT)
    percent = statistics.median(r[crowd]["watcher_percent"] for r in rounds)
    results.judge(f"{name_of(crowd)}: watcher's CPU", f"<= {WATCHER_PERCENT} %",
                  f"{number(percent)} %", percent <= WATCHER_PERCENT)
