# SPDX-License-Identifier: MIT
"""D-Bus as a user meets it: by busctl, inside the container."""

import dataclasses
import json

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
    error: str

    @property
    def took(self):
        return self.answered - self.asked


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

    def keep_reading(self, where, *props):
        """Reads these properties again and again, each read a client of its own, until finish()."""
        return Reading(self.container, where, props)


class Reading:
    # A shell inside reads, so that a read costs a busctl and not the entering of a container too.
    SCRIPT = """
        path=$1; interface=$2; shift 2
        while [ ! -e /run/loopmon-e2e-finish ]; do
            asked=$EPOCHREALTIME
            values=$(busctl --json=short get-property org.loopmon1 "$path" "$interface" "$@" 2>&1)
            echo "$asked $EPOCHREALTIME" $values
        done"""

    def __init__(self, container, where, props):
        self.container = container
        container.run("rm", "-f", "/run/loopmon-e2e-finish")
        self.process = container.start("bash", "-c", self.SCRIPT, "bash", *where, *props)

    def finish(self):
        """Ends it; all that was read, in order."""
        self.container.run("touch", "/run/loopmon-e2e-finish")
        out, _ = self.process.communicate(timeout=60)
        return [self._parse(line) for line in out.splitlines()]

    @staticmethod
    def _parse(line):
        asked, answered, rest = line.split(" ", 2)
        values, error = [], ""
        try:
            decoder = json.JSONDecoder()
            while rest:
                value, end = decoder.raw_decode(rest)
                values.append(value["data"])
                rest = rest[end:].lstrip()
        except ValueError:
            error = rest
        return Answer(float(asked), float(answered), values, error)
