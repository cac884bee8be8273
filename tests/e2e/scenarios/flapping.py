# SPDX-License-Identifier: MIT
import pathlib

from harness.bus import MAIN_LOOP
from harness.journal import written_at
from harness.scenario import Scenario
from harness.wait import wait_for

FLAP = pathlib.Path(__file__).resolve().parents[1] / "harness" / "flap.py"
FINISH = "/run/loopmon-e2e-finish"
PER_MINUTE = 10
# Two hours' worth. As many as a busy machine makes in a minute; the judge's own test counts 12 000.
ALERTS = 1_200

# As fast as the daemon can judge: late after 1 ms, on time again after 1 ms.
NERVOUS = f"""
[loop]
interval = "1ms"
[lag]
warn = "1ms"
clear_after = "1ms"
[report]
alerts_per_minute = {PER_MINUTE}
"""


class Flapping(Scenario):
    def test_flapping(self):
        """1 200 alerts' worth of flapping: few records, summed up at doubling intervals, all counted"""
        self.start(NERVOUS)
        flaps = self.container.start("python3", "-c", FLAP.read_text(encoding="utf-8"),
                                     "3000", "12000", FINISH)
        try:
            wait_for(lambda: self.bus.get(MAIN_LOOP, "NStalls") >= ALERTS or flaps.poll(), 120,
                     f"{ALERTS} stalls")
        finally:
            self.run_inside("touch", FINISH)
            said, _ = flaps.communicate(timeout=30)
            self.run_inside("rm", FINISH)
        self.assertEqual(flaps.returncode, 0, said)
        # From here on nothing is late: 1 ms of jitter would be.
        self.service.configure('[lag]\nwarn = "500ms"\n')
        self.run_inside("systemctl", "reload", "loopmond")

        # The budget's minute must be over before its last alert is reported.
        def all_told():
            told = sum(int(e["LOOPMON_COUNT"]) for e in self.journal.events("suppressed"))
            return told > 0
        wait_for(all_told, 70, "the count of suppressed alerts")

        stalls = [written_at(e) for e in self.journal.events("stall")]
        # What the budget held back before the summaries began, which count all of it.
        told = sum(int(e["LOOPMON_COUNT"]) for e in self.journal.events("suppressed"))
        self.assertLessEqual(told, self.bus.get(MAIN_LOOP, "NSuppressed"))
        counts = [int(e["LOOPMON_COUNT"]) for e in self.journal.events("recurring")]
        self.assertTrue(counts, "no summary")
        self.assertEqual(counts, sorted(set(counts)))
        self.assertGreater(counts[0], PER_MINUTE)
        # Each alert that was due is printed or counted: no escalations here, one alert a stall. With
        # a warn of 1 ms work waits behind a late loop now and then, whose alerts count as well.
        accounted = self.bus.get(MAIN_LOOP, "NSuppressed") + len(stalls)
        backlogs = accounted - self.bus.get(MAIN_LOOP, "NStalls")
        self.assertGreaterEqual(backlogs, 0)
        self.assertLess(backlogs, ALERTS / 20)
        for first, after in zip(stalls, stalls[PER_MINUTE:]):
            self.assertGreaterEqual(after - first, 59.9, "more than the budget within a minute")
        minutes = (stalls[-1] - stalls[0]) / 60 + 1
        self.assertLessEqual(len(self.journal.events("suppressed")), minutes + 1)
        self.assertEqual(self.service.show("NRestarts"), "0")
