# SPDX-License-Identifier: MIT
"""What every scenario starts from. The first line of its docstring is the name of the test."""

import os
import re
import unittest

from harness.bus import Bus
from harness.container import Container
from harness.journal import Journal, message
from harness.service import Service

# Injection allowed, and judgement from the start: a scenario need not wait for the grace time.
TESTABLE = """
[debug]
injection = true
[lag]
grace = "0s"
"""

SANITIZER_REPORT = re.compile(r"(ERROR|WARNING): \w+Sanitizer|runtime error:")


class Scenario(unittest.TestCase):
    def setUp(self):
        self.container = Container(os.environ["LOOPMON_E2E_STATE"])
        self.run_inside = self.container.run
        self.bus = Bus(self.container)
        self.service = Service(self.container)
        self.service.reset()
        self.addCleanup(self.service.reset)
        self.journal = Journal(self.container)

    def start(self, toml=""):
        """Starts the service with a configuration that can be tested, and this."""
        self.service.configure(TESTABLE, "10-testable.toml")
        if toml:
            self.service.configure(toml)
        self.service.start()

    def tearDown(self):
        reports = [r for r in self.journal.records() if SANITIZER_REPORT.search(message(r))]
        self.assertFalse(reports, "a sanitizer reported an error")
