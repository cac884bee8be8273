# SPDX-License-Identifier: MIT
"""A victim: the process, its commands, what it writes, what the service manager receives."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from manager import Manager

WATCHDOG_SECONDS = 3  # well over the lag of 1 s at which the victim trips
PATIENCE = 15  # seconds; it only ends a row that fails


def wait_for(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what} within {seconds} s")
        time.sleep(0.01)


class Victim:
    def __init__(self, program, *options, prefix=(), folder=None, journal=False):
        self.folder = folder or tempfile.mkdtemp(prefix="loopmon-faults.")
        os.chmod(self.folder, 0o755)
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state)
        self.manager = Manager(self.folder)
        self.lines = []
        self.excused = 0  # waits that were cut short, but not by the monitor
        environment = {**os.environ, "NOTIFY_SOCKET": self.manager.path,
                       "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000)}
        self.reader, writer = os.pipe()
        stream = os.fstat(writer)
        environment["JOURNAL_STREAM"] = f"{stream.st_dev}:{stream.st_ino}" if journal else ""
        self.process = subprocess.Popen(
            [word.format(folder=self.folder, state=self.state)
             for word in (*prefix, program, *options)],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writer,
            text=True)
        os.close(writer)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with open(self.reader, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                self.hear(line.rstrip("\n"))

    def hear(self, line):
        """Takes note of a line that the victim wrote, wherever it did."""
        self.lines.append((time.monotonic(), line))

    def start(self):
        wait_for(lambda: self.manager.ready() or not self.alive(), "READY=1")
        assert self.alive(), "it ended at once"

    def command(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the victim died of {words[0]}: {self.process.poll()}"
        answer = json.loads(line)
        assert not answer.get("error"), f"{words[0]}: {answer['error']}"
        return answer

    def said(self, text, since=0.0):
        return any(text in line for when, line in list(self.lines) if when > since)

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/smaps_rollup", encoding="utf-8") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss_Anon:"))

    def signal(self, number):
        self.process.send_signal(number)

    def alive(self):
        return self.process.poll() is None

    def end(self):
        if self.alive():
            self.signal(signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
