#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""asyncio_lag.py INTERVAL_SECONDS: the sampler of the article "Monitoring async Python": sleep on
the loop, and call the oversleep lag. Plays the schedule on standard input as stalling_loop does,
and prints what the sampler has learned: percentiles over its samples, in us."""

import asyncio
import json
import math
import sys
import time


def tell(what, value=None):
    print(json.dumps({what: time.monotonic_ns() if value is None else value}), flush=True)


async def sample(interval, lags):
    loop = asyncio.get_running_loop()
    while True:
        start = loop.time()
        await asyncio.sleep(interval)
        lags.append(loop.time() - start - interval)


async def play(schedule):
    for idle, stall in schedule:
        await asyncio.sleep(idle / 1e6)
        tell("began")
        time.sleep(stall / 1e6)  # the blocking call that nobody meant to make
        tell("ended")


def percentile(ordered, fraction):
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)] * 1e6


async def main():
    interval = float(sys.argv[1])
    schedule = [tuple(map(int, line.split())) for line in sys.stdin]
    lags = []
    sampler = asyncio.create_task(sample(interval, lags))
    tell("watched")
    await play(schedule)
    # A sampler that is still asleep has not seen the last stall yet.
    await asyncio.sleep(interval)
    tell("done")
    sampler.cancel()
    ordered = sorted(max(0.0, lag) for lag in lags)
    tell("lag", {"p50": percentile(ordered, 0.5), "p90": percentile(ordered, 0.9),
                 "p99": percentile(ordered, 0.99), "max": ordered[-1] * 1e6})


if __name__ == "__main__":
    asyncio.run(main())
