#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The fault matrix: ways in which a process, a thread, a loop, the bus, the journal, the disk,
memory or descriptors fail, times what must hold anyway.

    matrix.py --victim PROGRAM [--long] [ROW...]   prints the matrix; a row is known by its title
    matrix.py --list [--long]                      the titles

Every row is a program of its own, watched by loopmon, that does something to itself or has it done.
After that
  measured     a stall of its loop is seen while it lasts (overloaded() is true)
  reported     and is reported as blocked, with its end
  fed          the watchdog was fed all along, at least three times as often as it must be
  not killed   no trip, and the process lives
  hang found   a hang trips the watchdog
  undisturbed  no call of a bystander thread was cut short
  memory back  the process holds not much more memory than before
"""

import argparse
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from row import ROWS  # noqa: E402
from rows import bus, disk, journal, process, resources  # noqa: E402, F401 # they add to ROWS
from victim import WATCHDOG_SECONDS, wait_for  # noqa: E402

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
COLUMNS = ["measured", "reported", "fed", "not killed", "hang found", "undisturbed", "memory back"]
STALL_MS = 700  # between critical (300 ms) and the watchdog's lag (1 s)
MEMORY_KIB = 8 * 1024  # what a table, a symboliser's cache and a few stacks may take


class Outcome:
    """The cells of a row: "ok", "-" for what cannot be asked, or what is wrong."""

    def __init__(self, row):
        self.row = row
        self.cells = dict.fromkeys(COLUMNS, "?")

    def cell(self, column, wanted, check):
        if wanted is not True:
            self.cells[column] = "-"
            return
        try:
            check()
            self.cells[column] = "ok"
        except (AssertionError, OSError) as wrong:
            self.cells[column] = f"FAILED: {wrong}"

    def failed(self):
        return [f"{c}: {t}" for c, t in self.cells.items() if t not in ("ok", "-")]


def affirm(holds, what):
    assert holds, what


def run(row, program):
    outcome = Outcome(row)
    with row.victim(program) as victim:
        began = time.monotonic()
        try:
            victim.start()
            memory = victim.resident_kib()
            row.function(victim)
            check(outcome, row.expected, victim, began, memory)
        except Exception as wrong:  # pylint: disable=broad-except # the other rows count, too
            traceback.print_exc(file=sys.stdout)
            outcome.cells["measured"] = f"FAILED: {wrong}"
        if outcome.failed():
            print(f"--- {row.title}: what the victim wrote, and what the service manager heard")
            events = [*victim.lines, *((t, " ".join(d)) for t, d in victim.manager.datagrams)]
            for when, text in sorted(events):
                print(f"{when - began:8.3f} {text}")
    return outcome


def check(outcome, expected, victim, began, memory):
    since = time.monotonic()
    if expected.stall is True:
        victim.command("stall", "poll", STALL_MS)
    outcome.cell("measured", expected.stall, lambda: wait_for(
        lambda: victim.command("overloaded")["overloaded"], "overloaded()", STALL_MS / 1000))
    reported = expected.reported if expected.stall is True else expected.stall
    outcome.cell("reported", reported, lambda: wait_for(
        lambda: victim.said(expected.alert, since) and victim.said("recovered", since),
        "alert and its end", 4))
    if expected.stall is True:
        wait_for(lambda: not victim.command("overloaded")["overloaded"], "end of the stall")
    time.sleep(WATCHDOG_SECONDS / 2 if expected.stall is True else 0)
    outcome.cell("memory back", True, lambda: affirm(
        victim.resident_kib() < memory + MEMORY_KIB,
        f"{victim.resident_kib()} KiB, {memory} KiB before"))
    outcome.cell("not killed", True if expected.hang is True else expected.hang, lambda: affirm(
        victim.alive() and not victim.manager.triggered(), "a trip, or dead"))
    gap = victim.manager.longest_gap(began, time.monotonic())
    outcome.cell("fed", True if expected.hang is True else expected.hang, lambda: affirm(
        gap < WATCHDOG_SECONDS / 2 + expected.pauses, f"{gap:.1f} s without a ping"))
    disturbed = victim.command("disturbed")
    outcome.cell("undisturbed", expected.undisturbed, lambda: affirm(
        disturbed["disturbed"] == victim.excused and disturbed["waits"] > 0,
        f"{disturbed['disturbed']} of {disturbed['waits']} waits"))
    if expected.hang is True:
        victim.command("stall", "poll", 5000)
    outcome.cell("hang found", True, lambda: wait_for(victim.manager.triggered, "trip", 4))


def print_matrix(outcomes):
    width = max(len(o.row.title) for o in outcomes)
    print(" " * width, *(f"{c:>11}" for c in COLUMNS))
    for outcome in outcomes:
        cells = (t if t in ("ok", "-") else "FAILED" for t in outcome.cells.values())
        print(f"{outcome.row.title:{width}}", *(f"{t:>11}" for t in cells))


def skip(name, why):
    print(f"SKIPPED: {why}")
    if "LOOPMON_SKIP_LOG" in os.environ:
        with open(os.environ["LOOPMON_SKIP_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{name}: {why}\n")
    sys.exit(SKIPPED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--victim", type=os.path.abspath, help="the program")
    parser.add_argument("--long", action="store_true", help="the rows that take long, too")
    parser.add_argument("--list", action="store_true", help="print the titles, run nothing")
    parser.add_argument("row", nargs="*", help="titles; none: all")
    args = parser.parse_args()
    rows = [r for r in ROWS if (r.title in args.row if args.row else args.long or not r.long)]
    if args.list:
        print(*(r.title for r in rows), sep="\n")
        return
    if os.geteuid() != 0:
        skip("fault matrix", "needs root: chroot, mounts and other users")
    outcomes = [run(row, args.victim) for row in rows]
    print_matrix(outcomes)
    for outcome in outcomes:
        for wrong in outcome.failed():
            print(f"{outcome.row.title}: {wrong}")
    sys.exit(any(o.failed() for o in outcomes))


if __name__ == "__main__":
    main()
