# SPDX-License-Identifier: MIT
"""D-Bus as a user meets it: by busctl, inside the container."""

import dataclasses
import json
import pathlib

NAME = "org.loopmon1"
MANAGER = ("/org/loopmon1", "org.loopmon1.Manager")
MAIN_LOOP = ("/org/loopmon1/loop/main", "org.loopmon1.Loop")


def probe(name):
    return ("/org/loopmon1/probe/" + name, "org.loopmon1.Probe")


@dataclasses.dataclass
class Answer:
    """One read of properties in a row of reads."""
    asked: float  # seconds since 1970
    answered: float
    values: list


class Bus:
    def __init__(self, container):
        self.container = container

    def get(self, where, prop, user=None):
        """The value of one property."""
        out = self.container.run("busctl", "--json=short", "get-property", NAME, *where, prop,
                                 user=user).stdout
        return json.loads(out)["data"]

    def get_all(self, where):
        out = self.container.run("busctl", "--json=short", "call", NAME, where[0],
                                 "org.freedesktop.DBus.Properties", "GetAll", "s", where[1]).stdout
        return {name: value["data"] for name, value in json.loads(out)["data"][0].items()}

    def call(self, where, method, *args, user=None, check=True):
        """`args` as busctl takes them: signature, then values."""
        return self.container.run("busctl", "--json=short", "call", NAME, *where, method, *args,
                                  user=user, check=check)

    def result(self, where, method, *args):
        return json.loads(self.call(where, method, *args).stdout)["data"]

    def inject(self, kind, seconds):
        self.call(MANAGER, "Inject", "st", kind, str(int(seconds * 1e6)))

    def owner(self):
        """Unique name of the daemon, or None."""
        done = self.container.run("busctl", "--json=short", "call", "org.freedesktop.DBus", "/",
                                  "org.freedesktop.DBus", "GetNameOwner", "s", NAME, check=False)
        return json.loads(done.stdout)["data"][0] if done.returncode == 0 else None

    def keep_reading(self, where, *wanted):
        """Reads TYPE:PROPERTY... repeatedly, as one client, until finish()."""
        return Reading(self.container, where, wanted)


class Reading:
    SCRIPT = pathlib.Path(__file__).with_name("read.py")
    FINISH = "/run/loopmon-e2e-finish"

    def __init__(self, container, where, wanted):
        self.container = container
        container.run("rm", "-f", self.FINISH)
        self.process = container.start("python3", "-c", self.SCRIPT.read_text(encoding="utf-8"),
                                       self.FINISH, *where, *wanted)
        self.said = self.process.stdout.readline()

    def finish(self):
        """Ends it; all that was read, in order."""
        self.container.run("touch", self.FINISH)
        out = self.process.stdout.read()
        if self.process.wait(timeout=60) != 0:
            raise AssertionError("cannot read: " + self.said + out)
        return [Answer(*one) for one in json.loads(out)]
