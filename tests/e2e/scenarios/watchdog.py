# SPDX-License-Identifier: MIT
import sys
import time

from harness.bus import MAIN_LOOP, MANAGER
from harness.journal import message
from harness.scenario import Scenario
from harness.wait import wait_for

# Attaches to all threads of a process and lets them run, as gdb after `continue`; then stops them
# for longer than WatchdogSec, as at a breakpoint, and detaches. Run inside, says how far it is.
DEBUGGER = """
import ctypes, os, sys, time
SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
threads = [int(t) for t in os.listdir(f"/proc/{sys.argv[1]}/task")]
def trace(request):
    for thread in threads:
        if libc.ptrace(request, thread, None, None) != 0:
            sys.exit(f"ptrace({request:#x}, {thread}): {os.strerror(ctypes.get_errno())}")
trace(SEIZE)
print("attached", flush=True)
time.sleep(8)
trace(INTERRUPT)
for thread in threads:
    os.waitpid(thread, WALL)
print("stopped", flush=True)
time.sleep(14)
trace(DETACH)
print("detached", flush=True)
"""

LAG_5S = '[watchdog]\nlag = "5s"\n'


class Watchdog(Scenario):
    def assert_order(self, *steps):
        """The journal has these records in this order; a step is a test of a record."""
        records = iter(self.journal.records())
        for n, step in enumerate(steps):
            self.assertTrue(any(step(r) for r in records), f"step {n + 1} is missing or too early")

    @staticmethod
    def event(name):
        return lambda r: r.get("LOOPMON_EVENT") == name

    @staticmethod
    def systemd_says(text):
        return lambda r: r.get("_PID") == "1" and text in message(r)

    def restarted(self, old_pid, seconds):
        self.journal.wait_for_event("previous-trip", seconds)
        self.service.wait_until(10, ActiveState="active")
        self.assertEqual(self.service.show("NRestarts"), "1")
        self.assertNotEqual(self.service.pid, old_pid)
        (trip,) = self.journal.events("trip")
        (previous,) = self.journal.events("previous-trip")
        self.assertEqual(trip["PRIORITY"], "2")
        self.assertEqual(trip["_PID"], str(old_pid))
        self.assertEqual(previous["_PID"], str(self.service.pid))
        self.assertEqual(previous["PRIORITY"], "4")
        self.assertEqual(self.bus.get(MANAGER, "NTrips"), 1)
        self.assertIn("main", self.bus.get(MANAGER, "LastTripReason"))
        self.assertGreater(self.bus.get(MANAGER, "LastTripTimestamp"), 0)

    def test_trigger(self):
        """Inject 8 s, lag 5s: trip, Watchdog request, restart 1, previous-trip, NTrips 1"""
        self.start(LAG_5S)
        self.assertEqual(self.bus.get(MANAGER, "WatchdogState"), "armed")
        pid = self.service.pid
        self.bus.inject("sleep", 8)
        self.restarted(pid, 20)
        self.assert_order(self.event("trip"),
                          self.systemd_says("Watchdog request (last status: "),
                          self.systemd_says("restart counter is at 1"),
                          self.event("previous-trip"))

    def test_withhold(self):
        """action = withhold: systemd's Watchdog timeout, restart 1, previous-trip, NTrips 1"""
        self.start(LAG_5S + 'action = "withhold"\n')
        pid = self.service.pid
        # Longer than lag, the ping period and WatchdogSec together.
        self.bus.inject("sleep", 30)
        self.restarted(pid, 40)
        self.assert_order(self.event("trip"),
                          self.systemd_says("Watchdog timeout (limit 10s)"),
                          self.systemd_says("restart counter is at 1"),
                          self.event("previous-trip"))

    def test_off(self):
        """action = off: a stall longer than WatchdogSec is alerted, and nobody is killed"""
        self.start('[watchdog]\naction = "off"\n')
        pid = self.service.pid
        self.bus.inject("sleep", 14)
        self.journal.wait_for_event("recovered", 30)
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.journal.events("trip"), [])

    def test_not_enforced(self):
        """systemd-analyze service-watchdogs no: survives its trip, says still-alive"""
        self.start(LAG_5S)
        self.run_inside("systemd-analyze", "service-watchdogs", "no")
        pid = self.service.pid
        self.bus.inject("sleep", 9)
        self.journal.wait_for_event("recovered", 30)
        (alive,) = self.journal.events("still-alive")
        self.assertEqual(alive["PRIORITY"], "3")
        self.assertEqual(len(self.journal.events("trip")), 1)
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.service.show("NRestarts"), "0")
        # And it is of use again.
        wait_for(lambda: self.bus.get(MANAGER, "WatchdogState") == "armed", 10, "armed again")
        self.service.wait_for_pings(2, 15)

    def test_fed(self):
        """the watchdog is fed while stalls stay below its lag"""
        self.start(LAG_5S)
        pid = self.service.pid
        for n in range(1, 5):
            self.bus.inject("sleep", 3)
            self.journal.wait_for_event("recovered", 20, n)
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.service.show("NRestarts"), "0")

    def test_paused(self):
        """with lag = 2s, SIGSTOP for 5 s and SIGCONT: no trip, no stall, one paused record"""
        self.start('[watchdog]\nlag = "2s"\n')
        pid = self.service.pid
        self.service.wait_for_pings(1, 10)
        self.service.signal("STOP")
        time.sleep(5)
        self.service.signal("CONT")
        paused = self.journal.wait_for_event("paused", 10)
        self.assertGreaterEqual(int(paused["LOOPMON_DURATION_USEC"]), 4_500_000)
        self.service.wait_for_pings(2, 15)
        self.assertEqual(len(self.journal.events("paused")), 1)
        self.assertEqual(self.journal.events("trip"), [])
        self.assertEqual(self.journal.events("stall"), [])
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.bus.get(MAIN_LOOP, "State"), "nominal")

    def test_debugger(self):
        """a debugger that stops the process for longer than WatchdogSec: no kill, but of a hang after it"""
        self.start(LAG_5S + 'action = "withhold"\n')
        pid = self.service.pid
        self.service.wait_for_pings(1, 10)
        debugger = self.container.start(sys.executable, "-c", DEBUGGER, pid)
        self.addCleanup(debugger.kill)
        self.service.wait_until(8, WatchdogUSec="1h")
        said, _ = debugger.communicate(timeout=60)
        self.assertEqual(said.split(), ["attached", "stopped", "detached"])
        self.service.wait_until(10, WatchdogUSec="10s")
        self.journal.wait_for_event("paused", 10)
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.journal.events("trip"), [])
        notes = [r["PRIORITY"] for r in self.journal.records() if "debugger" in message(r)]
        self.assertEqual(notes, ["5"])
        self.bus.inject("sleep", 30)
        self.restarted(pid, 40)
        self.assert_order(self.event("trip"), self.systemd_says("Watchdog timeout (limit 10s)"))
