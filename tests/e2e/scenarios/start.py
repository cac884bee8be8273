# SPDX-License-Identifier: MIT
import re
import time

from harness.bus import MAIN_LOOP, MANAGER, NAME, probe
from harness.scenario import Scenario
from harness.wait import wait_for


class Start(Scenario):
    def time_to_start(self):
        """The best of a few is the daemon's time; a single one may be a busy machine's."""
        self.service.reset()
        began = time.monotonic()
        self.service.start()
        return time.monotonic() - began

    def test_active(self):
        """systemctl start: active within a second, and LagUSec answers"""
        self.assertLess(min(self.time_to_start() for _ in range(3)), 1)
        self.assertEqual(self.service.show("ActiveState"), "active")
        answer = self.run_inside("busctl", "get-property", NAME, *MAIN_LOOP, "LagUSec").stdout
        self.assertRegex(answer, r"^t \d+\n$")

    def test_tasks(self):
        """ActiveTasks equals the number of probes, and ListTasks names each with its origin"""
        self.service.start()
        probes = self.bus.get(MANAGER, "Probes")
        self.assertEqual(len(probes), 2, "the shipped configuration probes bus and systemd")
        wait_for(lambda: self.bus.get(MAIN_LOOP, "ActiveTasks") == 2, 5, "two active tasks")
        (tasks,) = self.bus.result(MAIN_LOOP, "ListTasks")
        self.assertEqual(len(tasks), 2)
        for _, name, spawned, age, _, _ in tasks:
            self.assertRegex(name, r"^probe:(dbus|systemd)$")
            self.assertRegex(spawned, r"\.cpp:\d+$")
            self.assertGreater(age, 0)

    def test_shipped_probes(self):
        """the shipped probes are ok and count their answers"""
        self.service.start()
        for name in ("dbus", "systemd"):
            wait_for(lambda n=name: self.bus.get(probe(n), "State") == "ok", 10, f"{name} ok")
            self.assertGreater(self.bus.get(probe(name), "LatencyUSec"), 0)
            self.assertGreaterEqual(self.bus.get(probe(name), "NProbes"), 1)
            self.assertEqual(self.bus.get(probe(name), "NFailures"), 0)

    def test_objects(self):
        """busctl tree shows manager, loop and probes, and GetReport is JSON"""
        self.service.start()
        paths = set(self.run_inside("busctl", "tree", "--list", NAME).stdout.split())
        self.assertLessEqual({MANAGER[0], MAIN_LOOP[0], probe("dbus")[0], probe("systemd")[0],
                              "/org/freedesktop/LogControl1"}, paths)
        (report,) = self.bus.result(MANAGER, "GetReport")
        self.assertRegex(report, re.compile(r"^\{.*\"main\".*\}\s*$", re.DOTALL))

    def test_idle_is_silent(self):
        """an idle daemon sends no PropertiesChanged for its samples"""
        self.start()
        self.journal.wait_for_event("config-loaded", 5)
        listening = self.container.start(
            "timeout", "4", "busctl", "--json=short", "monitor", NAME)
        heard, _ = listening.communicate(timeout=30)
        changes = [line for line in heard.splitlines()
                   if "PropertiesChanged" in line and MAIN_LOOP[0] in line]
        self.assertEqual(changes, [])
