# SPDX-License-Identifier: MIT
import time


def wait_for(condition, seconds, what):
    """The first true value of `condition()`; fails with `what` was awaited after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what} without success")
        time.sleep(0.05)
