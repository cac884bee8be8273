# SPDX-License-Identifier: MIT
"""The journal takes nothing, ends, or cannot be found any more."""

import contextlib
import os
import socket
import tempfile
import threading
import time

from row import Row, row
from rows.process import enter_empty_root
from victim import Victim, wait_for


class Journal:
    """journald as a program sees it: a socket that takes datagrams, or does not."""

    def __init__(self, folder, hear):
        self.path = os.path.join(folder, "socket")
        self.hear = hear
        self.reading = True
        self.open()

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        threading.Thread(target=self._receive, args=(self.socket,), daemon=True).start()

    def close(self):
        """As journald does when it ends; systemd keeps its socket open, others may not."""
        os.unlink(self.path)
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _receive(self, listener):
        with contextlib.suppress(OSError):
            while True:
                if not self.reading:
                    time.sleep(0.05)
                    continue
                datagram, *_ = listener.recvmsg(1 << 20)
                if not datagram:
                    return
                self.hear(datagram.decode(errors="replace"))

    def fill(self):
        """Takes nothing more, and has no room."""
        self.reading = False
        time.sleep(0.2)
        with contextlib.suppress(BlockingIOError):
            sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            sender.connect(self.path)
            self.sender = sender
            while True:
                sender.send(b"MESSAGE=flood\n")


class JournalRow(Row):
    """A row whose victim writes to a journal."""

    # In a mount namespace of its own, where the folder of the row is that of journald.
    INSIDE = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
              'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && '
              'mount --bind "$0" /run/systemd/journal && exec "$@"', "{folder}/journal")

    @contextlib.contextmanager
    def victim(self, program):
        folder = tempfile.mkdtemp(prefix="loopmon-faults.")
        os.mkdir(os.path.join(folder, "journal"))
        heard = []
        journal = Journal(os.path.join(folder, "journal"), heard.append)
        victim = Victim(program, *self.options, prefix=self.INSIDE, folder=folder, journal=True)
        victim.journal = journal
        journal.hear = victim.hear
        try:
            yield victim
        finally:
            victim.end()


@row("journal", "takes records", kind=JournalRow)
def journal_works(victim):
    victim.command("stall", "poll", 200)
    wait_for(lambda: victim.said("LOOPMON_EVENT=stall"), "record in the journal")


@row("journal", "hangs, and its queue is full", kind=JournalRow,
     reported="nobody reads what is written")
def journal_hangs(victim):
    victim.journal.fill()
    for _ in range(3):
        victim.command("stall", "poll", 200)
        time.sleep(0.6)


@row("journal", "ends, and another one begins", kind=JournalRow)
def journal_anew(victim):
    victim.journal.close()
    victim.command("stall", "poll", 200)
    time.sleep(1)
    victim.journal.open()


@row("journal", "was there before the program entered an empty root", kind=JournalRow)
def journal_of_old_root(victim):
    enter_empty_root(victim)


@row("journal", "its socket was closed by the program", kind=JournalRow)
def journal_closed(victim):
    victim.command("close_descriptors")
