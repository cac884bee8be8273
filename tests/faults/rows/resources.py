# SPDX-License-Identifier: MIT
"""Memory and descriptors run out."""

import time

from row import row


@row("memory", "every third allocation of the monitor fails",
     reported="an alert may need memory")
def third_allocation(victim):
    victim.command("fail_allocations", 3)
    victim.command("stall", "poll", 200)
    time.sleep(1)
    assert victim.command("allocations_failed")["failed"] > 0


@row("memory", "every allocation of the monitor fails", reported="alerts need memory")
def every_allocation(victim):
    victim.command("fail_allocations", 1)
    time.sleep(1)
    victim.command("stall", "poll", 200)
    time.sleep(0.5)
    assert victim.command("allocations_failed")["failed"] > 0


@row("memory", "no address space is left", long=True, reported="an alert may need memory")
def address_space(victim):
    victim.command("exhaust_address_space")


@row("descriptors", "all but the program's own are closed")
def closed(victim):
    victim.command("close_descriptors")


@row("descriptors", "all but the program's own are something else now")
def reused(victim):
    victim.command("take_descriptors")


# With none for /proc, either: the alert cannot know the cause, and takes no stack for that reason.
@row("descriptors", "none is left", alert="blocked for")
def exhausted(victim):
    victim.command("exhaust_descriptors")
