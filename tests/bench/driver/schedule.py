# SPDX-License-Identifier: MIT
"""Schedules of stalls, a program that plays one, and what work that arrives in it truly meets.

Work that arrives t before the end of a stall waits for t, and not at all outside of stalls. So over
a time T with stalls of lengths d, the share of moments at which it would wait longer than x is
sum(max(0, d - x)) / T; the percentiles are where that falls to 1 - q."""

import json
import random
import subprocess

from driver import machine

SEED = 20
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


def fixed(seconds):
    """500 ms out of every 3 s, as (idle, stall) in us."""
    return [(2_500_000, 500_000)] * max(1, round(seconds / 3))


def varied(seconds):
    """Stalls of 1 ms to 600 ms, as many short as long on a log scale, at random moments."""
    chance = random.Random(SEED)  # the same for all who are compared
    steps, left = [], seconds * 1e6
    while left > 0:
        step = (int(chance.expovariate(1 / 250e3)), int(1e3 * 600 ** chance.random()))
        steps.append(step)
        left -= sum(step)
    return steps


class Played:
    """A program that plays a schedule and prints the times; see programs/stalling_loop.cpp."""

    def __init__(self, argv, schedule, env=None, **popen):
        self.process = machine.start(argv, env=machine.environment(env), stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True,
                                     **{"stderr": subprocess.DEVNULL, **popen})
        self.process.stdin.write("".join(f"{idle} {stall}\n" for idle, stall in schedule))
        self.process.stdin.close()
        self.stalls = []  # (began, ended), ns of CLOCK_MONOTONIC
        self.told = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        machine.stop(self.process)

    def until(self, what):
        """Reads on until this is printed; returns the rest of that line."""
        for line in self.process.stdout:
            (name, value), = json.loads(line).items()
            self.told[name] = value
            if name == "ended":
                self.stalls.append((self.told["began"], value))
            if name == what:
                return value
        raise RuntimeError(f"{self.process.args[0]} ended before it was '{what}'")


def truth(began, ended, stalls):
    """p50, p90, p99 and max of the delay that work arriving in this time would have met, in us."""
    lengths = sorted((e - b for b, e in stalls), reverse=True)
    out = {name: _quantile(lengths, ended - began, 1 - q) / 1e3 for name, q in QUANTILES.items()}
    return {**out, "max": (lengths[0] if lengths else 0) / 1e3}


def _quantile(lengths, whole, share):
    """The delay that this share of the moments exceed; `lengths` from the longest on."""
    total = 0
    for count, length in enumerate(lengths, 1):
        total += length
        following = lengths[count] if count < len(lengths) else 0
        # Between two lengths the share falls in a line: (total - count * x) / whole.
        x = (total - share * whole) / count
        if x >= following:
            return max(0.0, x)
    return 0.0
