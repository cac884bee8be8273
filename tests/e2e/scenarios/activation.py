# SPDX-License-Identifier: MIT
from harness.bus import MAIN_LOOP, NAME
from harness.scenario import Scenario


class Activation(Scenario):
    def test_first_read_starts(self):
        """D-Bus activation: a read by anybody starts the enabled service"""
        self.run_inside("systemctl", "enable", "loopmond")
        self.assertEqual(self.service.show("ActiveState"), "inactive")
        self.assertGreaterEqual(self.bus.get(MAIN_LOOP, "LagUSec", user="nobody"), 0)
        self.assertEqual(self.service.show("ActiveState"), "active")

    def test_disabled(self):
        """D-Bus activation: a disabled service is not started"""
        refused = self.run_inside("busctl", "get-property", NAME, *MAIN_LOOP, "LagUSec",
                                  check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(self.service.show("ActiveState"), "inactive")
