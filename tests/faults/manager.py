# SPDX-License-Identifier: MIT
"""The service manager, as a watched program sees it: its notification socket."""

import os
import socket
import threading
import time


class Manager:
    """Keeps what the program sends, with the time of each datagram."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.datagrams = []
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        while True:
            datagram = self.socket.recv(65536).decode(errors="replace")
            self.datagrams.append((time.monotonic(), datagram.splitlines()))

    def times(self, line):
        return [when for when, lines in list(self.datagrams) if line in lines]

    def ready(self):
        return bool(self.times("READY=1"))

    def triggered(self):
        return bool(self.times("WATCHDOG=trigger"))

    def longest_gap(self, since, until):
        """Between two pings, in seconds; the ends of the span count as pings."""
        pings = [since] + [t for t in self.times("WATCHDOG=1") if since < t < until] + [until]
        return max(b - a for a, b in zip(pings, pings[1:]))
