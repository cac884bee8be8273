# SPDX-License-Identifier: MIT
from harness.bus import probe
from harness.scenario import Scenario
from harness.wait import wait_for


def service(name, target):
    return (f'[[service]]\ntype = "probe"\nname = "{name}"\ntarget = "dbus:{target}"\n'
            'interval = "500ms"\ntimeout = "400ms"\nslow = "200ms"\n')


class Probes(Scenario):
    def wait_for_state(self, name, state, seconds=20):
        wait_for(lambda: self.bus.get(probe(name), "State") == state, seconds, f"{name} {state}")

    def test_never_starts(self):
        """a probe of an activatable name without owner fails and starts nothing"""
        self.run_inside("systemctl", "stop", "systemd-hostnamed.service")
        self.start(service("sleeper", "org.freedesktop.hostname1"))
        self.wait_for_state("sleeper", "failed")
        wait_for(lambda: self.bus.get(probe("sleeper"), "NFailures") >= 3, 20, "three failures")
        self.assertNotEqual(self.bus.get(probe("sleeper"), "Error"), "")
        state = self.run_inside("systemctl", "is-active", "systemd-hostnamed.service", check=False)
        self.assertEqual(state.stdout, "inactive\n")
        failed = self.journal.wait_for_event("probe-failed", 5)
        self.assertEqual(failed["LOOPMON_PROBE"], "sleeper")
        self.assertEqual(failed["PRIORITY"], "4")
        self.assertNotEqual(failed["LOOPMON_ERROR"], "")
        self.assertEqual(len(self.journal.events("probe-failed")), 1, "a change, not a state")

    def test_target_hangs(self):
        """a probed daemon that hangs is failed, and ok again when it answers"""
        hang = ["systemctl", "kill", "--kill-whom=main", "systemd-logind.service"]
        # It may have lost the bus, which other scenarios restart; that of Debian 13 stays away then.
        self.run_inside("systemctl", "restart", "systemd-logind.service")
        self.start(service("login", "org.freedesktop.login1"))
        self.wait_for_state("login", "ok")
        try:
            self.run_inside(*hang, "--signal=STOP")
            self.wait_for_state("login", "failed")
        finally:
            self.run_inside(*hang, "--signal=CONT")
        self.wait_for_state("login", "ok")
        self.journal.wait_for_event("probe-ok", 5)  # which may follow the property
        told = [e["LOOPMON_EVENT"] for e in self.journal.events()
                if e.get("LOOPMON_PROBE") == "login"]
        # Between the two, the answer that was waited for may be a slow one.
        self.assertEqual([told[0], told[-1]], ["probe-failed", "probe-ok"])
        self.assertEqual(self.bus.get(("/org/loopmon1/loop/main", "org.loopmon1.Loop"), "NStalls"),
                         0, "a hanging target does not make this loop late")
