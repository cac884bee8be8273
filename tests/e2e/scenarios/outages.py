# SPDX-License-Identifier: MIT
import time

from harness.bus import MAIN_LOOP, MANAGER
from harness.journal import written_at
from harness.scenario import Scenario
from harness.wait import wait_for

LONGER_THAN_WATCHDOG = 13  # seconds; the unit has WatchdogSec=10s

# Fills the journal's socket to the brim, as a machine does whose journald hangs: from then on every
# sender that waits for room blocks. One sender runs out of its own buffer before, hence several.
FLOOD = """
import itertools, socket
senders = []
while True:
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    journal.connect("/run/systemd/journal/socket")
    senders.append(journal)
    try:
        for sent in itertools.count():
            journal.send(b"MESSAGE=flood\\nPRIORITY=7\\nSYSLOG_IDENTIFIER=flood\\n")
    except BlockingIOError:
        if sent == 0:
            break
"""


class Outages(Scenario):
    def setUp(self):
        super().setUp()
        self.start()
        self.pid = self.service.pid

    def assert_unharmed(self):
        self.service.wait_for_pings(2, 15)
        self.assertEqual(self.service.pid, self.pid)
        self.assertEqual(self.service.show("NRestarts"), "0")
        self.assertEqual(self.journal.events("trip"), [])

    def test_bus_restarted(self):
        """dbus-daemon restarted: bus-lost, bus-regained, name owned again, watchdog fed"""
        self.run_inside("systemctl", "restart", "dbus.service")
        self.journal.wait_for_event("bus-lost", 10)
        self.journal.wait_for_event("bus-regained", 60)
        wait_for(self.bus.owner, 10, "the bus name to be owned again")
        self.assertGreaterEqual(self.bus.get(MAIN_LOOP, "LagUSec"), 0)
        self.assertEqual(len(self.bus.get(MANAGER, "Probes")), 2)
        self.assert_unharmed()
        self.assertEqual(len(self.journal.events("bus-lost")), 1)
        self.assertEqual(len(self.journal.events("bus-regained")), 1)

    def test_bus_gone(self):
        """dbus-daemon gone for longer than WatchdogSec: watchdog fed, probes heal"""
        try:
            self.run_inside("systemctl", "stop", "dbus.socket", "dbus.service")
            self.journal.wait_for_event("bus-lost", 10)
            self.service.wait_for_pings(4, LONGER_THAN_WATCHDOG + 10)
        finally:
            self.run_inside("systemctl", "start", "dbus.socket", "dbus.service")
        self.journal.wait_for_event("bus-regained", 60)
        wait_for(lambda: self.bus.get(("/org/loopmon1/probe/dbus", "org.loopmon1.Probe"),
                                      "State") == "ok", 60, "the probe to heal")
        self.assert_unharmed()

    def test_start_without_bus(self):
        """without a bus the daemon starts, alerts, and is on the bus when there is one"""
        self.run_inside("systemctl", "stop", "loopmond")
        try:
            self.run_inside("systemctl", "stop", "dbus.socket", "dbus.service")
            # Without the wish for a bus, which would start it.
            self.run_inside("systemctl", "start", "--job-mode=ignore-dependencies", "loopmond")
            self.assertEqual(self.service.show("ActiveState"), "active")
            self.service.wait_for_pings(2, 15)
        finally:
            self.run_inside("systemctl", "start", "dbus.socket", "dbus.service")
        wait_for(self.bus.owner, 60, "the bus name to be owned")

    def test_journald_restarted(self):
        """journald restarted: the daemon lives on and its next alert is there"""
        self.run_inside("systemctl", "restart", "systemd-journald.service")
        self.bus.inject("sleep", 0.9)
        self.journal.wait_for_event("recovered", 15)
        self.assertEqual(len(self.journal.events("stall")), 1)
        self.assert_unharmed()

    def test_journald_hangs(self):
        """journald hangs with a full queue: watchdog fed, the alert comes when it is back"""
        hang = ["systemctl", "kill", "--kill-whom=main", "systemd-journald.service"]
        try:
            self.run_inside(*hang, "--signal=STOP")
            self.run_inside("python3", "-c", FLOOD)
            self.bus.inject("sleep", 2)
            wait_for(lambda: self.bus.get(MAIN_LOOP, "State") == "stalled", 5, "the stall")
            self.service.wait_for_pings(4, LONGER_THAN_WATCHDOG + 10)
            self.assertEqual(self.service.pid, self.pid)
            back = time.time()
        finally:
            self.run_inside(*hang, "--signal=CONT")
        stall = self.journal.wait_for_event("stall", 20)
        self.assertGreater(written_at(stall), back)
        self.assert_unharmed()
