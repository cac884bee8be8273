# SPDX-License-Identifier: MIT
import time

from harness.bus import MAIN_LOOP, MANAGER
from harness.journal import message, written_at
from harness.scenario import Scenario
from harness.wait import wait_for


class Stall(Scenario):
    def stall(self, seconds):
        """Blocks the loop; all that is read meanwhile, and the time before it began."""
        reading = self.bus.keep_reading(MAIN_LOOP, "t:LagUSec", "s:State")
        before = time.time()
        self.bus.inject("sleep", seconds)
        recovered = self.journal.wait_for_event("recovered", seconds + 10)
        answers = reading.finish()
        # Asked and answered while the loop was blocked for certain: injected, and not yet over. Who
        # asks the blocked loop itself would wait for the end.
        during = [a for a in answers if before < a.asked and a.answered < before + seconds]
        return before, during, recovered

    def test_short(self):
        """Inject sleep of 900 ms: LagUSec grows live, degraded, one warning, one recovered"""
        self.start()
        before, during, recovered = self.stall(0.9)
        late = [a for a in during if a.values[0] > 100_000]
        self.assertGreater(len(late), 5)
        lags = [a.values[0] for a in late]
        self.assertEqual(lags, sorted(lags), "grows from call to call")
        self.assertGreater(lags[-1], lags[0])
        self.assertEqual(late[-1].values[1], "degraded")
        self.assertNotIn("stalled", {a.values[1] for a in during})

        events = self.journal.events()
        kinds = [e["LOOPMON_EVENT"] for e in events if "LOOPMON_LOOP" in e]
        self.assertEqual(kinds, ["stall", "recovered"])
        (stall,) = self.journal.events("stall")
        self.assertEqual(stall["PRIORITY"], "4")
        self.assertLess(written_at(stall), before + 0.9, "while the loop is still blocked")
        self.assertEqual(stall["LOOPMON_LOOP"], "main")
        self.assertGreaterEqual(int(stall["LOOPMON_LAG_USEC"]), 100_000)
        self.assertEqual(stall["LOOPMON_THRESHOLD_USEC"], "100000")
        self.assertEqual(stall["LOOPMON_EPISODE"], recovered["LOOPMON_EPISODE"])
        self.assertEqual(recovered["PRIORITY"], "5")

        # Exact, since the daemon is built with handler tracking.
        self.assertGreaterEqual(self.bus.get(MAIN_LOOP, "LagMaxUSec"), 900_000)
        self.assertLessEqual(self.bus.get(MAIN_LOOP, "LagMaxUSec"), 1_000_000)
        self.assertEqual(self.bus.get(MAIN_LOOP, "State"), "nominal")
        self.assertEqual(self.bus.get(MAIN_LOOP, "NStalls"), 1)
        self.assertEqual(self.bus.get(MAIN_LOOP, "NCritical"), 0)

    def test_long(self):
        """Inject sleep of 2 s: stalled, and the record is err while the loop is still blocked"""
        self.start()
        before, during, _ = self.stall(2)
        self.assertEqual(during[-1].values[1], "stalled")
        critical = [e for e in self.journal.events("stall") if e["PRIORITY"] == "3"]
        self.assertLessEqual(len(critical), 2, "at 1 s, and perhaps again at twice that")
        self.assertEqual(len({e["LOOPMON_EPISODE"] for e in self.journal.events("stall")}), 1)
        self.assertLess(written_at(critical[0]), before + 2)
        self.assertEqual(critical[0]["LOOPMON_THRESHOLD_USEC"], "1000000")
        self.assertEqual(self.bus.get(MAIN_LOOP, "State"), "nominal")
        self.assertEqual(self.bus.get(MAIN_LOOP, "NCritical"), 1)

    def test_other_kinds(self):
        """Inject cpu and congestion make the loop late too"""
        self.start()
        for n, kind in enumerate(("cpu", "congestion"), 1):
            self.bus.inject(kind, 0.9)
            self.journal.wait_for_event("recovered", 10, n)
        self.assertEqual(self.bus.get(MAIN_LOOP, "NStalls"), 2)

    def test_everything_answers(self):
        """while the loop is blocked, every object answers to GetAll and to its methods"""
        self.start()
        self.bus.inject("sleep", 3)
        wait_for(lambda: self.bus.get(MAIN_LOOP, "State") == "stalled", 3, "the loop to stall")
        self.assertEqual(self.bus.get_all(MAIN_LOOP)["Name"], "main")
        self.assertEqual(self.bus.get_all(MANAGER)["State"], "stalled")
        self.assertEqual(self.bus.get(("/org/loopmon1/probe/dbus", "org.loopmon1.Probe"), "Name"),
                         "dbus")
        self.bus.call(MANAGER, "GetReport")
        self.bus.call(MAIN_LOOP, "ListTasks")
        self.bus.call(MAIN_LOOP, "GetHistogram", "s", "lag")
        self.assertEqual(self.bus.get(MAIN_LOOP, "State"), "stalled", "it was blocked all along")

    def test_reset(self):
        """ResetStatistics empties maxima and the histogram, counters stay"""
        self.start()
        self.stall(0.9)
        self.bus.call(MANAGER, "ResetStatistics")
        self.assertLess(self.bus.get(MAIN_LOOP, "LagMaxUSec"), 650_000)
        self.assertEqual(self.bus.get(MAIN_LOOP, "NStalls"), 1)
        (buckets,) = self.bus.result(MAIN_LOOP, "GetHistogram", "s", "lag")
        self.assertEqual([b for b in buckets if b[0] > 650_000], [])

    def test_grace(self):
        """in the grace time nothing is judged"""
        self.start('[lag]\ngrace = "30s"\n')
        self.bus.inject("sleep", 1.5)
        wait_for(lambda: self.bus.get(MAIN_LOOP, "LagMaxUSec") > 1_000_000, 10, "the stall's end")
        self.assertEqual(self.journal.events("stall"), [])
        self.assertEqual(self.bus.get(MAIN_LOOP, "NStalls"), 0)

    def test_catalog(self):
        """journalctl -x explains an alert with its own values"""
        self.start()
        self.stall(0.9)
        told = self.run_inside("journalctl", "-x", "--unit", "loopmond",
                               "--after-cursor=" + self.journal.cursor).stdout
        self.assertIn("Subject: Event loop main is late", told)
        self.assertIn("Subject: Event loop main is on time again", told)
        self.assertIn(f"journalctl _PID={self.service.pid} LOOPMON_EPISODE=1", told)
        self.assertNotRegex(told, "@_?[A-Z]")

    def test_source(self):
        """an alert says which code wrote it and reads as one line"""
        self.start()
        self.stall(0.9)
        (stall,) = self.journal.events("stall")
        self.assertRegex(stall["CODE_FILE"], r"\.cpp$")
        self.assertRegex(stall["CODE_LINE"], r"^\d+$")
        self.assertRegex(message(stall), r"^loop main .*warn 100ms.* 2 active tasks")
