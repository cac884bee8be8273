# SPDX-License-Identifier: MIT
"""The state directory."""

import os

from row import Row, row
from victim import wait_for


class StateRow(Row):
    """A row whose victim has a state directory, prepared by a shell before it starts."""

    def __init__(self, *rest, prepare=":", **settings):
        super().__init__(*rest, **settings)
        self.expected.prefix = ("unshare", "--mount", "--propagation", "private", "sh", "-c",
                                f'set -e; cd "$0"; {prepare}; exec "$@"', "{state}")
        self.options = (*self.options, "state={state}")


@row("disk", "the state directory vanishes", kind=StateRow)
def no_state(victim):
    os.rmdir(victim.state)


@row("disk", "the state directory is full", kind=StateRow,
     prepare="mount -t tmpfs -o size=4k none . && cd . && head -c 8k /dev/zero >full || :")
def full_state(victim):
    del victim


@row("disk", "the state directory cannot be written", kind=StateRow,
     prepare="mount -t tmpfs none . && mount -o remount,ro .")
def read_only_state(victim):
    wait_for(lambda: any("state" in line for _, line in victim.lines), "warning")


@row("disk", "the record of the last trip is corrupt", kind=StateRow,
     prepare="for i in last-trip flight-record; do head -c 100 /dev/urandom >$i.json; done")
def corrupt_state(victim):
    wait_for(lambda: victim.said("last-trip.json"), "warning")
