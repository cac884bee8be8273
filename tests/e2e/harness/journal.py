# SPDX-License-Identifier: MIT
"""The journal of one unit from one moment on, as dictionaries."""

import json
import re

from harness.wait import wait_for


class Journal:
    """Everything that the unit, or systemd about it, has written since this object was made."""

    def __init__(self, container, unit="loopmond.service"):
        self.container = container
        self.unit = unit
        container.run("journalctl", "--sync")
        shown = container.run("journalctl", "--lines=1", "--quiet", "--show-cursor").stdout
        self.cursor = re.search(r"^-- cursor: (.*)$", shown, re.MULTILINE).group(1)

    def records(self):
        out = self.container.run("journalctl", "--unit", self.unit, "--output=json", "--all",
                                 f"--after-cursor={self.cursor}", "--quiet").stdout
        return [json.loads(line) for line in out.splitlines()]

    def events(self, name=None):
        """Records with a LOOPMON_EVENT, or those of one."""
        return [r for r in self.records()
                if "LOOPMON_EVENT" in r and name in (None, r["LOOPMON_EVENT"])]

    def wait_for_event(self, name, seconds, count=1):
        """The first `count` records of that event (one: itself) as soon as they are there."""
        def find():
            found = self.events(name)
            return found[:count] if len(found) >= count else None
        found = wait_for(find, seconds, f"{count} journal record(s) of event {name}")
        return found if count > 1 else found[0]

    def wait_for_message(self, pattern, seconds):
        """The first record whose text has the pattern."""
        def find():
            return next((r for r in self.records() if re.search(pattern, message(r))), None)
        return wait_for(find, seconds, f"a journal record that matches {pattern!r}")

    def text(self):
        """For people."""
        return "\n".join(f"{written_at(r):.3f} {r.get('SYSLOG_IDENTIFIER', '?')}"
                         f"[{r.get('_PID', '?')}] <{r.get('PRIORITY', '?')}> {message(r)}"
                         for r in self.records())


def message(record):
    text = record.get("MESSAGE") or ""
    # journalctl gives what is not plain text as a list of bytes.
    return bytes(text).decode(errors="replace") if isinstance(text, list) else text


def written_at(record):
    """When journald got it, in seconds since 1970."""
    return int(record["__REALTIME_TIMESTAMP"]) / 1e6
