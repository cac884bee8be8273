# SPDX-License-Identifier: MIT
"""The installed unit, handled as an administrator does."""

from harness.wait import wait_for

UNIT = "loopmond.service"
DROP_INS = "/etc/loopmond/loopmond.toml.d"
STATE = "/var/lib/loopmond"


class Service:
    def __init__(self, container):
        self.container = container

    def reset(self):
        """As after the installation: stopped, disabled, unconfigured, without a past."""
        run = self.container.run
        run("systemd-analyze", "service-watchdogs", "yes")
        run("systemctl", "kill", "--signal=CONT", UNIT, check=False)
        run("systemctl", "disable", "--now", UNIT, check=False)
        run("systemctl", "stop", UNIT, check=False)
        run("rm", "-rf", "/etc/loopmond", STATE, f"/run/systemd/system/{UNIT}.d")
        run("systemctl", "daemon-reload")
        run("systemctl", "reset-failed", UNIT, check=False)

    def configure(self, toml, name="50-test.toml"):
        """Writes a drop-in."""
        self.put(f"{DROP_INS}/{name}", toml)

    def configure_unit(self, text):
        """Writes a drop-in of the unit."""
        self.put(f"/run/systemd/system/{UNIT}.d/50-test.conf", text)
        self.container.run("systemctl", "daemon-reload")

    def put(self, path, text):
        self.container.run("sh", "-c", 'mkdir -p "${1%/*}" && printf %s "$2" >"$1"', "sh", path,
                           text)

    def start(self):
        self.container.run("systemctl", "start", UNIT)

    def show(self, *properties):
        """Values of these unit properties, as a dictionary, or of one of them as a text."""
        wanted = [f"--property={p}" for p in properties]
        out = self.container.run("systemctl", "show", UNIT, *wanted).stdout
        values = dict(line.split("=", 1) for line in out.splitlines())
        return values if len(properties) > 1 else values[properties[0]]

    @property
    def pid(self):
        """Of the daemon, as the container sees it; 0: not running."""
        return int(self.show("MainPID"))

    def last_ping(self):
        """Of the watchdog, in seconds of the monotonic clock; 0: not armed."""
        return int(self.show("WatchdogTimestampMonotonic")) / 1e6

    def wait_for_pings(self, count, seconds):
        """Until the watchdog was fed this many times."""
        seen = {self.last_ping()}

        def enough():
            seen.add(self.last_ping())
            return len(seen) > count
        wait_for(enough, seconds, f"{count} watchdog pings")

    def wait_until(self, seconds, **wanted):
        """Until unit properties have these values."""
        wait_for(lambda: all(self.show(p) == str(v) for p, v in wanted.items()), seconds,
                 f"{wanted} of {UNIT}")

    def signal(self, name):
        """Sends a signal to the daemon itself."""
        self.container.run("systemctl", "kill", "--kill-whom=main", f"--signal={name}", UNIT)
