# SPDX-License-Identifier: MIT
import re

from harness.bus import MAIN_LOOP, MANAGER
from harness.journal import message
from harness.scenario import Scenario
from harness.service import DROP_INS

SIX_MISTAKES = """\
[loop]
interval = 250
treads = 1
[lag]
warn = "100 parsecs"
[watchdog]
action = "explode"
[tasks]
leak_windows = "five"
[report]
alerts_per_minute = 0
"""
BAD_FILE = DROP_INS + "/50-test.toml"
LINES = {2, 3, 5, 7, 9, 11}


class Configuration(Scenario):
    def assert_six(self, text):
        found = re.findall(rf"{re.escape(BAD_FILE)}:(\d+):\d+: error: key '", text)
        self.assertEqual({int(line) for line in found}, LINES, text)
        self.assertEqual(len(found), 6)
        self.assertIn("did you mean 'loop.threads'?", text)

    def test_bad_at_start(self):
        """six mistakes: six lines with positions in the journal, exit 6, no restart loop"""
        self.service.configure(SIX_MISTAKES)
        self.assertNotEqual(self.run_inside("systemctl", "start", "loopmond",
                                            check=False).returncode, 0)
        self.service.wait_until(10, ActiveState="failed")
        self.assertEqual(self.service.show("ExecMainStatus", "NRestarts"),
                         {"ExecMainStatus": "6", "NRestarts": "0"})
        self.assert_six("\n".join(map(message, self.journal.records())))

    def test_check(self):
        """--check-config prints the six lines and exits with 6, as an unprivileged user too"""
        self.service.configure(SIX_MISTAKES)
        daemon = self.service.show("ExecStart").split("path=")[1].split(" ")[0]
        checked = self.run_inside(daemon, "--check-config", user="nobody", check=False)
        self.assertEqual(checked.returncode, 6)
        self.assert_six(checked.stderr)
        self.service.configure("")
        self.run_inside(daemon, "--check-config", user="nobody")

    def test_bad_reload(self):
        """reload with six mistakes fails, the old configuration stays, config-rejected says why"""
        self.start('[lag]\nwarn = "70ms"\n')
        pid = self.service.pid
        self.service.configure(SIX_MISTAKES)
        self.assertNotEqual(self.run_inside("systemctl", "reload", "loopmond",
                                            check=False).returncode, 0)
        rejected = self.journal.wait_for_event("config-rejected", 10)
        self.assertEqual(rejected["PRIORITY"], "3")
        self.assert_six(rejected["LOOPMON_ERROR"])
        self.assertEqual(self.service.show("ActiveState"), "active")
        self.assertEqual(self.service.pid, pid)
        self.assertEqual(self.bus.get(MAIN_LOOP, "WarnUSec"), 70_000)
        self.service.wait_for_pings(2, 15)

    def test_good_reload(self):
        """systemctl reload returns when the new configuration is in force, probes included"""
        self.start()
        pid = self.service.pid
        self.service.configure('[lag]\nwarn = "70ms"\n[watchdog]\nlag = "3s"\n'
                               '[[service]]\ntype = "probe"\nname = "third"\n'
                               'target = "dbus:org.freedesktop.login1"\n')
        self.run_inside("systemctl", "reload", "loopmond")
        self.assertEqual(self.bus.get(MAIN_LOOP, "WarnUSec"), 70_000)
        self.assertEqual(self.bus.get(MANAGER, "WatchdogLagUSec"), 3_000_000)
        self.assertEqual(len(self.bus.get(MANAGER, "Probes")), 3)
        self.assertIn(BAD_FILE, self.bus.get(MANAGER, "ConfigFiles"))
        self.run_inside("rm", BAD_FILE)
        self.run_inside("systemctl", "reload", "loopmond")
        self.assertEqual(self.bus.get(MAIN_LOOP, "WarnUSec"), 100_000)
        self.assertEqual(len(self.bus.get(MANAGER, "Probes")), 2)
        self.assertEqual(self.service.pid, pid)
        self.service.wait_for_pings(2, 15)

    def test_hangup(self):
        """SIGHUP reloads, good and bad"""
        self.start()
        self.service.configure('[lag]\nwarn = "70ms"\n')
        self.service.signal("HUP")
        self.journal.wait_for_event("config-loaded", 10, 2)
        self.assertEqual(self.bus.get(MAIN_LOOP, "WarnUSec"), 70_000)
        self.service.configure(SIX_MISTAKES)
        self.service.signal("HUP")
        self.journal.wait_for_event("config-rejected", 10)
        self.assertEqual(self.bus.get(MAIN_LOOP, "WarnUSec"), 70_000)
        self.service.wait_until(10, ActiveState="active", SubState="running")

    def test_reload_by_dbus(self):
        """Reload answers a bad configuration with the mistakes themselves"""
        self.start()
        self.service.configure(SIX_MISTAKES)
        refused = self.bus.call(MANAGER, "Reload", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assert_six(refused.stderr)

    def test_print(self):
        """--print-config shows values with their origins and can be read back"""
        self.service.configure('[lag]\nwarn = "70ms"\n')
        daemon = self.service.show("ExecStart").split("path=")[1].split(" ")[0]
        printed = self.run_inside(daemon, "--print-config").stdout
        self.assertRegex(printed, rf'warn = "70ms" *# {re.escape(BAD_FILE)}:2')
        self.run_inside("sh", "-c", '"$1" --print-config >/tmp/printed.toml && '
                        '"$1" --config /tmp/printed.toml --check-config', "sh", daemon)
