#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the quick mode and checks that every number is there and is what it should be. What the
numbers are is not checked: a busy machine has others, and no test may depend on it.
What needs no machine is checked: the truth that lag is held against."""

import argparse
import json
import math
import pathlib
import re
import sys
import tempfile

import bench
from driver import machine, schedule

# Of each part, who and what without which it has measured nothing; parts of their names.
EXPECTED = {
    "cost": ("loopmon", "post_chain"), "lag": ("loopmon, tracked", "random, p99"),
    "alert": ("loopmon, tracked", "stalls with an alert"),
    "cause": ("", "named right"),
    "bus": ("loopmon", "GetAll of the Loop, p99"), "idle": ("loopmon", "READY=1"),
    "scale": ("1000 loops", "cost per handler"),
}
# One for each row of the contract's table, the four of "idle" and of "scale" apart, the alert with
# debug information, the causes, instructions in three.
TARGETS = 21


def wrong_truths():
    """The computed truth, beside the waits of arrivals at every ms of the schedule."""
    moment = 1_000_000  # ns in a ms
    for steps in (schedule.fixed(30), schedule.varied(30)):
        stalls, waits, now = [], [], 0
        for idle, stall in ((idle // 1000, stall // 1000) for idle, stall in steps):
            waits += [0] * idle + list(range(stall, 0, -1))
            stalls.append(((now + idle) * moment, (now + idle + stall) * moment))
            now += idle + stall
        waits.sort()
        for name, true in schedule.truth(0, now * moment, stalls).items():
            at = schedule.QUANTILES.get(name, 1)
            met = waits[max(0, math.ceil(at * len(waits)) - 1)]
            if abs(true / 1e3 - met) > 2:  # ms: the arrivals are 1 ms apart
                yield f"truth: {name} is {true / 1e3:.1f} ms, met was {met} ms"


class Broken:
    """A part that fails after its first number."""
    PART = "Broken"

    @staticmethod
    def run(_bench, results):
        results.add(Broken.PART, "nobody", "a number", "ns", [1.0])
        raise RuntimeError("as it must")


class Sound:
    """A part that does not."""
    PART = "Sound"

    @staticmethod
    def run(_bench, results):
        results.add(Sound.PART, "somebody", "a number", "ns", [2.0])


def lost_results(args):
    """A part that fails costs nothing but what it did not measure, and is named with its reason."""
    parts = dict(bench.PARTS)
    bench.PARTS.clear()
    bench.PARTS.update({"broken": Broken, "sound": Sound})
    try:
        with tempfile.TemporaryDirectory(prefix="loopmon-bench.") as folder:
            bench.run(argparse.Namespace(**{**vars(args), "output": pathlib.Path(folder),
                                            "only": None}))
            written = json.loads(pathlib.Path(folder, "results.json").read_text(encoding="utf-8"))
            shown = pathlib.Path(folder, "results.md").read_text(encoding="utf-8")
    finally:
        bench.PARTS.clear()
        bench.PARTS.update(parts)
    if [r["part"] for r in written["rows"]] != ["Broken", "Sound"]:
        yield f"a part that fails: the rows are {written['rows']}"
    if written["failures"] != {"broken": "RuntimeError: as it must"} or "as it must" not in shown:
        yield f"a part that fails: its reason is {written['failures']}"


def silent_failures():
    """A program that fails says why."""
    try:
        machine.result(["sh", "-c", "echo first >&2; echo because >&2; exit 3"])
        yield "a program that fails is not an error"
    except RuntimeError as problem:
        if not str(problem).endswith("exit 3: because"):
            yield f"a program that fails: {problem}"


def problems(results):
    for part, why in results["failures"].items():
        yield f"part {part} failed: {why}"
    if len(results["targets"]) != TARGETS:
        yield f"{len(results['targets'])} targets instead of {TARGETS}"
    for part, (subject, measure) in EXPECTED.items():
        rows = [r for r in results["rows"] if r["part"] == bench.PARTS[part].PART]
        if not any(subject in r["subject"] and measure in r["measure"] for r in rows):
            yield f"{part}: no row '{measure}' of '{subject}'"
    for row in results["rows"]:
        name = f"{row['part']}: {row['subject']}: {row['measure']}"
        if row["median"] is None:
            if not re.match("not here: .", row["note"]):
                yield f"{name}: neither a number nor a reason"
        elif not math.isfinite(row["median"]):
            yield f"{name}: {row['median']} is not a number"
        elif not row["low"] <= row["median"] <= row["high"]:
            yield f"{name}: {row['median']} is not in {row['low']}..{row['high']}"
    for target in results["targets"]:
        if target["met"] is None and not target["note"].startswith("not here: "):
            yield f"{target['what']}: neither measured nor a reason"


def main():
    args = bench.arguments(["--quick", *sys.argv[1:]])
    found = [*wrong_truths(), *silent_failures(), *lost_results(args)]
    bench.run(args)
    results = json.loads((args.output / "results.json").read_text(encoding="utf-8"))
    found += problems(results)
    print("\n".join(found) or "every number is there")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
