# SPDX-License-Identifier: MIT
from harness.bus import MAIN_LOOP, MANAGER
from harness.scenario import Scenario


class Access(Scenario):
    def test_unprivileged(self):
        """an unprivileged user reads everything and changes nothing"""
        self.start()
        self.assertGreaterEqual(self.bus.get(MAIN_LOOP, "LagUSec", user="nobody"), 0)
        self.bus.call(MANAGER, "GetReport", user="nobody")
        self.bus.call(MAIN_LOOP, "ListTasks", user="nobody")
        self.bus.call(MAIN_LOOP, "GetHistogram", "s", "lag", user="nobody")
        for method in (["Inject", "st", "sleep", "10000"], ["Reload"], ["ResetStatistics"]):
            with self.subTest(method[0]):
                refused = self.bus.call(MANAGER, *method, user="nobody", check=False)
                self.assertNotEqual(refused.returncode, 0)
                self.assertIn("Access denied", refused.stderr)

    def test_injection_is_off(self):
        """Inject is refused to root too unless the configuration allows it"""
        self.service.start()
        refused = self.bus.call(MANAGER, "Inject", "st", "sleep", "10000", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("injection", refused.stderr)

    def test_unknown_injection(self):
        """Inject of an unknown kind and a histogram of an unknown kind are errors"""
        self.start()
        for where, *call in ((MANAGER, "Inject", "st", "nap", "10000"),
                             (MAIN_LOOP, "GetHistogram", "s", "cue")):
            with self.subTest(call[0]):
                self.assertNotEqual(self.bus.call(where, *call, check=False).returncode, 0)

    def test_log_level(self):
        """systemctl service-log-level shows and changes the level"""
        self.service.start()
        level = ["systemctl", "service-log-level", "loopmond"]
        self.assertEqual(self.run_inside(*level).stdout, "info\n")
        self.run_inside(*level, "debug")
        self.assertEqual(self.run_inside(*level).stdout, "debug\n")
