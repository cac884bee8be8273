# SPDX-License-Identifier: MIT
"""The rows of the matrix: each does one thing to a victim. What must hold is in matrix.py."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import time

from victim import Victim, wait_for

ROWS = []


def row(of, name, *, kind=None, long=False, options=(), prepare=None, **expected):
    """Registers a function of a victim as a row; `expected` says what differs from Expected."""
    def register(function):
        settings = {} if prepare is None else {"prepare": prepare}
        ROWS.append((kind or Row)(of, name, long, options, function, Expected(**expected),
                                  **settings))
        return function
    return register


class Expected:
    """What holds of a row. A text in place of True is the reason why it cannot be asked."""

    def __init__(self, *, reported=True, hang=True, stall=True, undisturbed=True, pauses=0.0,
                 prefix=(), alert="cause blocked"):
        self.reported = reported  # alerts appear on standard error
        self.hang = hang  # a hang is found and trips
        self.stall = stall  # a stall of the loop is seen
        self.undisturbed = undisturbed
        self.pauses = pauses  # seconds for which nothing at all can be sent
        self.prefix = prefix  # of the command
        self.alert = alert  # what the alert says


class Row:
    def __init__(self, of, name, long, options, function, expected):
        self.of, self.name, self.long, self.options = of, name, long, options
        self.function, self.expected = function, expected

    @property
    def title(self):
        return f"{self.of}: {self.name}"

    @contextlib.contextmanager
    def victim(self, program):
        victim = Victim(program, *self.options, prefix=self.expected.prefix)
        try:
            yield victim
        finally:
            victim.end()


OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")


# -- the process

@row("process", "nothing happens to it")
def nothing(victim):
    time.sleep(1)


@row("process", "stopped for 2 s and continued", pauses=2.0)
def stopped(victim):
    victim.signal(signal.SIGSTOP)
    time.sleep(2)
    victim.signal(signal.SIGCONT)
    time.sleep(0.5)
    assert not victim.said("blocked"), "a stop was reported as a stall"


@row("process", "stopped for 150 ms ten times", pauses=0.5, long=True)
def stopped_often(victim):
    for _ in range(10):
        victim.signal(signal.SIGSTOP)
        time.sleep(0.15)
        victim.signal(signal.SIGCONT)
        time.sleep(0.2)
    assert not victim.said("blocked"), "a stop was reported as a stall"


@row("process", "stopped in the middle of a handler", pauses=2.0)
def stopped_in_handler(victim):
    victim.command("stall", "poll", 60)
    victim.signal(signal.SIGSTOP)
    time.sleep(2)
    victim.signal(signal.SIGCONT)
    time.sleep(0.5)
    assert not victim.manager.triggered(), "a stop tripped"


@row("process", "forks a child that lives on")
def forked(victim):
    victim.command("fork_child", 2500)
    time.sleep(0.5)


@row("process", "forks a child in a handler")
def forked_in_handler(victim):
    victim.command("fork_in_handler")
    time.sleep(1.5)


@row("process", "enters an empty root")
def empty_root(victim):
    root = os.path.join(victim.folder, "root")
    os.mkdir(root)
    victim.command("enter_empty_root", root)


@row("process", "hides /proc from itself", prefix=OWN_MOUNTS)
def hidden_proc(victim):
    victim.command("hide_proc")


@row("process", "becomes another user")
def another_user(victim):
    victim.command("become_nobody")
    victim.excused = victim.command("disturbed")["disturbed"]  # the C library's own signal for it


@row("process", "is not dumpable", long=True)
def not_dumpable(victim):
    victim.command("become_not_dumpable")


# -- threads and signals

@row("thread", "the loop's thread blocks all signals")
def blocked_signals(victim):
    victim.command("block_signals")


@row("thread", "the program ignores all real-time signals")
def ignored_signals(victim):
    victim.command("take_signals")


@row("thread", "one of four is blocked, the loop goes on", options=("threads=4",))
def one_of_four(victim):
    victim.command("stall_one", "poll", 1500)
    wait_for(lambda: victim.said("poll"), "report of the handler that is blocked")
    time.sleep(1.5)
    assert not victim.manager.triggered(), "it tripped though the loop went on"
    wait_for(lambda: not victim.command("overloaded")["overloaded"], "end of the stall")


# -- the loop

@row("loop", "is not run for 2 s")
def not_run(victim):
    victim.command("mode", "idle")
    time.sleep(2)
    assert not victim.said("blocked"), "a loop that is not run was reported"
    victim.command("mode", "run")


@row("loop", "run_for() returned 2 s ago")
def run_for(victim):
    victim.command("mode", "run_for")
    time.sleep(2)
    assert not victim.said("blocked"), "a loop that is not run was reported"
    victim.command("mode", "run")


@row("loop", "is driven by poll()")
def polled(victim):
    victim.command("mode", "poll")
    time.sleep(1)
    assert not victim.said("blocked"), "a loop that is polled was reported"


@row("loop", "stopped by a handler that never returns", hang="found by the row itself",
     stall="the loop hangs")
def stop_and_stall(victim):
    victim.command("stop_and_stall", 4000)
    wait_for(victim.manager.triggered, "trip", 3)


@row("loop", "an announcement on one thread, a deadlock of the others",
     options=("threads=2",), hang="found by the row itself", stall="the loop hangs")
def announced(victim):
    victim.command("announced_stall", 5000)
    time.sleep(0.2)
    victim.command("stall", "poll", 5000)
    wait_for(victim.manager.triggered, "trip", 3)


# -- the bus

class Bus:
    """A dbus-daemon of the row's own."""

    CONFIGURATION = """<!DOCTYPE busconfig PUBLIC
     "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
     "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
    <busconfig><listen>{address}</listen><auth>EXTERNAL</auth>
    <policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
    <allow send_type="signal"/><allow send_requested_reply="true"/>
    <allow receive_requested_reply="true"/></policy></busconfig>"""

    def __init__(self, folder):
        self.address = f"unix:path={folder}/bus"
        self.file = pathlib.Path(folder, "bus.conf")
        self.file.write_text(self.CONFIGURATION.format(address=self.address), encoding="utf-8")
        self.start()

    def start(self):
        pathlib.Path(self.file.parent, "bus").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--nopidfile", "--nosyslog", "--print-address",
             f"--config-file={self.file}"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()

    def call(self, *words, check=True):
        return subprocess.run(["busctl", f"--address={self.address}", "--timeout=2", *words],
                              capture_output=True, text=True, check=check).stdout

    def end(self):
        self.process.kill()
        self.process.wait()


class BusRow(Row):
    """A row whose victim is on a bus; its function takes the bus, too."""

    @contextlib.contextmanager
    def victim(self, program):
        with tempfile.TemporaryDirectory(prefix="loopmon-faults.") as folder:
            bus = Bus(folder)
            victim = Victim(program, f"bus={bus.address}", *self.options)
            victim.bus = bus
            try:
                yield victim
            finally:
                victim.end()
                bus.end()


VICTIM = "org.loopmon1.app.victim"
MANAGER = (VICTIM, "/org/loopmon1", "org.loopmon1.Manager")


@row("bus", "is killed, and is back after 1 s", kind=BusRow)
def bus_killed(victim):
    victim.bus.end()
    time.sleep(1)
    victim.bus.start()


@row("bus", "hangs, with a privileged call of a stranger on its way", kind=BusRow)
def bus_hangs(victim):
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", "--"]
    os.chmod(victim.bus.file.parent, 0o755)
    os.chmod(victim.bus.file.parent / "bus", 0o777)
    calls = [subprocess.Popen([*nobody, "busctl", f"--address={victim.bus.address}", "call",
                               *MANAGER, "ResetStatistics"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) for _ in range(5)]
    time.sleep(0.02)
    victim.bus.process.send_signal(signal.SIGSTOP)
    time.sleep(4)
    victim.bus.process.send_signal(signal.SIGCONT)
    for call in calls:
        call.wait()


def connect(bus):
    """A client that speaks as little D-Bus as it can: authenticated, Hello said."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(bus.address.removeprefix("unix:path="))
    uid = str(os.getuid()).encode().hex()
    client.sendall(f"\0AUTH EXTERNAL {uid}\r\nBEGIN\r\n".encode())
    client.recv(512)
    client.sendall(message(1, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "Hello"))
    return client


def message(serial, destination, path, interface, member):
    """A method call without arguments, little-endian (D-Bus specification, "Message Format")."""
    def field(code, kind, text):
        raw = text.encode()
        return bytes([code, 1]) + kind.encode() + b"\0" + len(raw).to_bytes(4, "little") + \
            raw + b"\0"
    fields = b""
    for code, kind, text in ((1, "o", path), (2, "s", interface), (3, "s", member),
                             (6, "s", destination)):
        fields += b"\0" * (-len(fields) % 8) + field(code, kind, text)
    head = b"l\x01\0\x01" + (0).to_bytes(4, "little") + serial.to_bytes(4, "little") + \
        len(fields).to_bytes(4, "little") + fields
    return head + b"\0" * (-len(head) % 8)


@row("bus", "50 clients ask for reports 128 times and never read", kind=BusRow)
def never_read(victim):
    clients = [connect(victim.bus) for _ in range(50)]
    for client in clients:
        for serial in range(2, 130):
            client.sendall(message(serial, *MANAGER[:2], MANAGER[2], "GetReport"))
    began = time.monotonic()
    victim.bus.call("get-property", *MANAGER, "State")
    assert time.monotonic() - began < 2, "an honest client waited"
    time.sleep(1)
    for client in clients:
        client.close()


@row("bus", "a stranger's long texts", kind=BusRow, long=True)
def long_text(victim):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as words:
        words.write("x" * 100_000)
        words.flush()
        for _ in range(20):
            subprocess.run(f'busctl --address="{victim.bus.address}" call {VICTIM} '
                           f'/org/loopmon1/loop/main org.loopmon1.Loop GetHistogram s '
                           f'"$(cat {words.name})"', shell=True, capture_output=True, check=False)


# -- the journal

class Journal:
    """journald as far as a program can tell: a socket that takes datagrams, or does not."""

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
    empty_root(victim)


@row("journal", "its socket was closed by the program", kind=JournalRow)
def journal_closed(victim):
    victim.command("close_descriptors")


# -- the disk

class StateRow(Row):
    """A row whose victim has a state directory, prepared by a shell before it starts."""

    def __init__(self, *rest, prepare=":", **settings):
        super().__init__(*rest, **settings)
        self.expected.prefix = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
                                f'set -e; cd "$0"; {prepare}; exec "$@"', "{state}")
        self.options = (*self.options, "state={state}")


@row("disk", "the state directory vanishes", kind=StateRow)
def no_state(victim):
    os.rmdir(victim.state)


@row("disk", "the state directory is full", kind=StateRow,
     prepare="mount -t tmpfs -o size=4k none . && cd . && head -c 8k /dev/zero >full || :")
def full_state(victim):
    del victim


@row("disk", "the state directory cannot be written", kind=StateRow,
     prepare="mount -t tmpfs none . && mount -o remount,ro .")
def read_only_state(victim):
    wait_for(lambda: any("state" in line for _, line in victim.lines), "warning")


@row("disk", "the record of the last trip is corrupt", kind=StateRow,
     prepare="for i in last-trip flight-record; do head -c 100 /dev/urandom >$i.json; done")
def corrupt_state(victim):
    wait_for(lambda: victim.said("last-trip.json"), "warning")


# -- memory, descriptors

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


@row("bus", "all descriptors but the program's own are closed", kind=BusRow)
def bus_closed(victim):
    victim.command("close_descriptors")
    wait_for(lambda: victim.said("closed its descriptors"), "report of the loss")
    wait_for(lambda: victim.bus.call("get-property", *MANAGER, "State", check=False),
             "answer on a new connection")


@row("bus", "all descriptors but the program's own are something else now", kind=BusRow)
def bus_reused(victim):
    victim.command("take_descriptors")
    wait_for(lambda: victim.bus.call("get-property", *MANAGER, "State", check=False),
             "answer on a new connection")
