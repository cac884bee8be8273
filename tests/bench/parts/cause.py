# SPDX-License-Identifier: MIT
"""Stalls of every kind, provoked for real, and how many are named for what they are: the table of
tests/cause, with a hundred of each kind instead of ten."""

import os
import re
import subprocess

from driver import machine

PART = "Causes of provoked stalls"
LEAST_PERCENT = 99
ROW = re.compile(r"^(?P<what>\S.*?)(?P<named>( +\d+){8}) +(?P<right>\d+) +(?P<void>\d+)$")


def run(bench, results):
    repetitions = 2 if bench.quick else 100
    environment = machine.environment({"LOOPMON_REPETITIONS": str(repetitions)})
    environment.pop("LOOPMON_SKIP_LOG", None)  # this is not a test
    # Not on the CPU of what is measured: rivals for it are part of what is provoked.
    process = machine.start([bench.build / "tests/cause_test"], os.sched_getaffinity(0),
                            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    try:
        out, _ = process.communicate()
    finally:
        machine.stop(process)
    worst, worst_of = 100.0, "all kinds"
    kinds = [row for row in map(ROW.match, out.splitlines()) if row]
    for row in kinds:
        right, done = int(row["right"]), sum(map(int, row["named"].split()))
        share = 100 * right / done if done else 0.0
        results.add(PART, row["what"], "named right", "%", [share],
                    f"{right} of {done}; {row['void']} did not come off")
        if share < worst:
            worst, worst_of = share, row["what"]
    for what in re.findall(r"SKIPPED: (.+)", out):
        results.missing(PART, what.split(":")[0], "named right", "%", what.split(":", 1)[1].strip())
    results.judge("causes of provoked stalls named right, the worst kind", ">= 99 %",
                  f"{worst:.0f} %", bool(kinds) and worst >= LEAST_PERCENT,
                  f"{worst_of}; {len(kinds)} kinds")
