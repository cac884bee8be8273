# SPDX-License-Identifier: MIT
"""The bus goes, hangs, or has rude clients."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from row import Row, row
from victim import Victim, wait_for


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
    """A client that uses as little of D-Bus as it can: authenticated, Hello said."""
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
