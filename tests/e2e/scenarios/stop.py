# SPDX-License-Identifier: MIT
from harness.bus import MAIN_LOOP
from harness.journal import Journal
from harness.scenario import Scenario
from harness.wait import wait_for

# Once it has stopped, systemd forgets a unit and its exit status; so the unit prints them itself.
TELL_EXIT = """[Service]
ExecStopPost=/bin/echo result ${SERVICE_RESULT}, ${EXIT_CODE} ${EXIT_STATUS}
"""
CLEAN = "^result success, exited 0$"


class Stop(Scenario):
    def setUp(self):
        super().setUp()
        self.service.configure_unit(TELL_EXIT)

    def test_stuck(self):
        """systemctl stop ends it in time while the loop is stuck, with success"""
        self.start('[watchdog]\naction = "off"\n')
        self.bus.inject("sleep", 60)
        wait_for(lambda: self.bus.get(MAIN_LOOP, "State") == "stalled", 10, "the loop to stall")
        # A stop that takes longer than TimeoutStopSec= has the result "timeout".
        self.run_inside("systemctl", "stop", "loopmond")
        self.journal.wait_for_message(CLEAN, 5)

    def test_idle(self):
        """SIGTERM and SIGINT end an idle daemon with exit status 0"""
        for signal in ("TERM", "INT"):
            with self.subTest(signal):
                journal = Journal(self.container)
                self.service.start()
                self.service.signal(signal)
                journal.wait_for_message(CLEAN, 10)

    def test_not_restarted_by_watchdog(self):
        """a clean stop is never taken for a watchdog failure"""
        self.start()
        self.service.wait_for_pings(1, 10)
        self.run_inside("systemctl", "stop", "loopmond")
        self.journal.wait_for_message(CLEAN, 5)
        self.assertNotIn("Watchdog", self.journal.text())
