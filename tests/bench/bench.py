#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmark on a build that has LOOPMON_BENCH=ON; tests/bench/run.sh makes one and calls
this. Writes results.md and results.json after each part, and prints the targets. A part that fails
costs its own numbers only: it is named with its reason, and the exit status is 1."""

import argparse
import pathlib
import sys
import time
import traceback

sys.dont_write_bytecode = True  # the source folder may be read-only, and is nobody's cache
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from driver import machine  # noqa: E402
from driver.results import Results  # noqa: E402
from parts import alert, bus, cause, cost, idle, lag, scale  # noqa: E402

PARTS = {"cost": cost, "lag": lag, "alert": alert, "cause": cause, "bus": bus, "idle": idle,
         "scale": scale}


class Bench:
    """The options of the parts."""

    def __init__(self, args):
        self.build = args.build.resolve()
        self.output = args.output.resolve()
        self.quick = args.quick
        self.rounds = 2 if args.quick else 9
        self.scale = 0.1 if args.quick else 1  # of the counts
        self.part = ""

    def say(self, text):
        print(f"    {self.part}: {text}", file=sys.stderr, flush=True)


def run(args):
    bench = Bench(args)
    bench.output.mkdir(parents=True, exist_ok=True)
    results = Results({**machine.describe(), "mode": "quick" if args.quick else "full"})
    for name in args.only or PARTS:
        bench.part = name
        began = time.monotonic()
        try:
            PARTS[name].run(bench, results)
        except Exception as problem:  # pylint: disable=broad-except
            traceback.print_exc()
            results.failures[name] = f"{type(problem).__name__}: {problem}".replace("\n", "; ")
            bench.say(f"FAILED: {results.failures[name]}")
        bench.say(f"took {time.monotonic() - began:.0f} s")
        write(bench.output, results)
    return results


def write(folder, results):
    (folder / "results.json").write_text(results.json(), encoding="utf-8")
    (folder / "results.md").write_text(results.markdown(), encoding="utf-8")


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help="build folder")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder for results")
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that it works")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    return parser.parse_args(argv)


if __name__ == "__main__":
    done = run(arguments())
    print(done.targets_markdown())
    sys.exit(1 if done.failures else 0)
