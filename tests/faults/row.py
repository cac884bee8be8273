# SPDX-License-Identifier: MIT
"""A row of the matrix: something is done to a victim. What must hold then is in matrix.py."""

import contextlib

from victim import Victim

ROWS = []


def row(of, name, *, kind=None, long=False, options=(), prepare=None, **expected):
    """Registers a function of a victim as a row; `expected` says what differs from Expected."""
    def register(function):
        settings = {} if prepare is None else {"prepare": prepare}
        ROWS.append((kind or Row)(of, name, long, options, function, Expected(**expected),
                                  **settings))
        return function
    return register


class Expected:
    """What holds of a row. A text in place of True is the reason why it cannot be asked."""

    def __init__(self, *, reported=True, hang=True, stall=True, undisturbed=True, pauses=0.0,
                 prefix=(), alert="cause blocked"):
        self.reported = reported  # alerts appear on standard error
        self.hang = hang  # a hang is found and trips
        self.stall = stall  # a stall of the loop is seen
        self.undisturbed = undisturbed
        self.pauses = pauses  # seconds for which nothing at all can be sent
        self.prefix = prefix  # of the command
        self.alert = alert  # what the alert says


class Row:
    def __init__(self, of, name, long, options, function, expected):
        self.of, self.name, self.long, self.options = of, name, long, options
        self.function, self.expected = function, expected

    @property
    def title(self):
        return f"{self.of}: {self.name}"

    @contextlib.contextmanager
    def victim(self, program):
        victim = Victim(program, *self.options, prefix=self.expected.prefix)
        try:
            yield victim
        finally:
            victim.end()
