# SPDX-License-Identifier: MIT
"""From the begin of a stall to its record in the journal, while the loop is still blocked.

The journal is a real systemd-journald, in a mount namespace with a /run that nobody else sees: the
way of a record is the same as in production, and the machine's own journal stays as it is."""

import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from driver import machine, schedule
from driver.machine import Missing
from driver.results import number, percentile

PART = "Alert in the journal"
TITLE = "stall found, alert in the journal, loop still blocked"
ALERTED = "stalls with an alert before they ended"
WITH_SOURCES = "tracked, with debug information and source lines in the alert"
JOURNALD = "/lib/systemd/systemd-journald"
WARN_MS = 100
STALL_US = 250_000
BUDGET_MS = 5
SET_UP = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/log/journal /run/systemd/journald.conf.d
printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\nRateLimitIntervalSec=0\\n' \
    >/run/systemd/journald.conf.d/bench.conf
exec "$0"
"""


def require():
    if os.geteuid() != 0:
        raise Missing("needs root, for a journal of its own")
    for tool in ("unshare", "nsenter", "mount", "journalctl", JOURNALD):
        if not shutil.which(tool):
            raise Missing(f"{tool} (packages systemd, util-linux)")


@contextlib.contextmanager
def journald():
    """Yields the command line prefix that runs something where this journal is."""
    daemon = machine.start(["unshare", "--mount", "sh", "-c", SET_UP, JOURNALD], machine.HELPING,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    inside = ["nsenter", f"--mount=/proc/{daemon.pid}/ns/mnt"]
    try:
        deadline = time.monotonic() + 10
        # Its own namespace is there with its socket, and not earlier.
        while not (_namespace(daemon.pid) != _namespace(os.getpid()) and subprocess.run(
                [*inside, "test", "-S", "/run/systemd/journal/socket"], check=False,
                stderr=subprocess.DEVNULL).returncode == 0):
            if daemon.poll() is not None or time.monotonic() > deadline:
                raise Missing("systemd-journald does not start in a namespace here")
            time.sleep(0.05)
        yield inside
    finally:
        machine.stop(daemon)


def _namespace(pid):
    try:
        return os.readlink(f"/proc/{pid}/ns/mnt")
    except OSError:
        return None


def records(inside):
    out = subprocess.run([*inside, "journalctl", "--directory=/run/log/journal", "--output=json",
                          "--all", "--quiet", "LOOPMON_EVENT=stall"], capture_output=True,
                         text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def packaged(build, folder):
    """The tracked program and its library as a package has them: without debug information."""
    if not shutil.which("strip"):
        raise Missing("strip (package binutils)")
    program = build / "tests/bench/programs/stalling_loop_tracked"
    library = build / "lib/libloopmon.so.0"
    for file in (program, library):
        subprocess.run(["strip", "-o", folder / file.name, file], check=True)
    return folder / program.name


def played(inside, program, steps):
    """(stalls, records) of a schedule. What it writes to standard error goes to the journal."""
    with tempfile.TemporaryFile() as stderr:
        is_ = os.fstat(stderr.fileno())
        env = {"JOURNAL_STREAM": f"{is_.st_dev}:{is_.st_ino}",
               "LD_LIBRARY_PATH": str(program.parent)}
        with schedule.Played([*inside, program, "--warn", WARN_MS], steps, env,
                             stderr=stderr) as playing:
            playing.until("done")
            time.sleep(1)  # the records of the last stall are on their way
            return playing.stalls, records(inside)


def run(bench, results):
    # The idle times differ, so that stalls begin at every phase of the watcher's own timer.
    chance = random.Random(schedule.SEED)
    steps = [(chance.randrange(300_000, 500_000), STALL_US)
             for _ in range(5 if bench.quick else 60)]
    what = f"threshold ({WARN_MS} ms) + 5 ms"
    try:
        require()
        programs = bench.build / "tests/bench/programs"
        with tempfile.TemporaryDirectory(prefix="loopmon-bench.") as folder:
            for name, program in (
                    ("tracked", packaged(bench.build, pathlib.Path(folder))),
                    (WITH_SOURCES, programs / "stalling_loop_tracked"),
                    ("sampled", programs / "stalling_loop_sampled")):
                bench.say(name)
                with journald() as inside:
                    stalls, found = played(inside, program, [(500_000, STALL_US), *steps])
                # The first one warms all that is used for the first time, journald's file too.
                delays = in_time(stalls[1:], found)
                report(results, f"loopmon, {name}", stalls[1:], delays)
                if name != "sampled":
                    judge(results, name, what, len(stalls) - 1, delays)
    except Missing as reason:
        results.missing(PART, "loopmon, tracked", ALERTED, "%", str(reason))
        results.judge(TITLE, what, "-", None,
                      f"not here: {reason}")


def in_time(stalls, found):
    """For each stall with an alert: ms from begin + threshold until it was (handed to journald,
    in the journal)."""
    out = []
    for began, ended in stalls:
        for record in found:
            written = int(record["__MONOTONIC_TIMESTAMP"]) * 1e3
            if began < written < ended:
                # The kernel's stamp is of wall time; this record knows both clocks.
                offset = (int(record["__REALTIME_TIMESTAMP"]) * 1e3) - written
                handed = int(record["_SOURCE_REALTIME_TIMESTAMP"]) * 1e3 - offset
                due = began + WARN_MS * 1e6
                out.append(((handed - due) / 1e6, (written - due) / 1e6))
                break
    return out


def report(results, name, stalls, delays):
    results.add(PART, name, ALERTED, "%", [100 * len(delays) / len(stalls)],
                f"{len(delays)} of {len(stalls)}")
    for n, what in enumerate(("handed to journald", "in the journal")):
        values = [d[n] for d in delays]
        if values:
            results.add(PART, name, f"{what}, after threshold", "ms", values)
            results.add(PART, name, f"{what}, after threshold, p99", "ms",
                        [percentile(values, 0.99)])


def judge(results, name, what, stalls, delays):
    title = TITLE if name == "tracked" else f"the same, {name.removeprefix('tracked, ')}"
    if not delays:
        results.judge(title, what, "no alert while blocked", False)
        return
    written = [d[1] for d in delays]
    median = percentile(written, 0.5)
    results.judge(title, what, f"threshold + {number(median)} ms",
                  median <= BUDGET_MS and len(delays) == stalls,
                  f"p99 {number(percentile(written, 0.99))} ms; {len(delays)} of {stalls} stalls")
