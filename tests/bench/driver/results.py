# SPDX-License-Identifier: MIT
"""Rows of numbers and of targets, and how both become Markdown and JSON."""

import dataclasses
import json
import math
import statistics


def percentile(values, fraction):
    """The smallest value that at least this fraction do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(fraction * len(ordered)) - 1)]


@dataclasses.dataclass
class Row:
    part: str
    subject: str  # who
    measure: str  # what
    unit: str
    median: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    note: str = ""


@dataclasses.dataclass
class Target:
    what: str
    target: str
    value: str
    met: bool | None  # None: it could not be measured
    note: str = ""


class Results:
    def __init__(self, head):
        self.head = head
        self.rows = []
        self.targets = []
        self.failures = {}  # why, by part; what it had measured before is in the rows

    def add(self, part, subject, measure, unit, values, note=""):
        """One row; `values` are those of all rounds. Returns their median."""
        median = statistics.median(values)
        self.rows.append(Row(part, subject, measure, unit, median, min(values), max(values),
                             len(values), note))
        return median

    def missing(self, part, subject, measure, unit, reason):
        self.rows.append(Row(part, subject, measure, unit, note=f"not here: {reason}"))

    def judge(self, what, target, value, met, note=""):
        self.targets.append(Target(what, target, value, met, note))

    def json(self):
        return json.dumps({"head": self.head, "rows": [vars(r) for r in self.rows],
                           "targets": [vars(t) for t in self.targets],
                           "failures": self.failures}, indent=1) + "\n"

    def markdown(self):
        out = ["# Numbers", "", ", ".join(f"{k} {v}" for k, v in self.head.items()), "",
               "Median over the rounds, and the range; ratios and differences are taken within a "
               "round.", "", "## Targets", "", self.targets_markdown()]
        for part in dict.fromkeys(r.part for r in self.rows):
            rows = [[r.measure, r.subject, _cell(r), _range(r), r.note]
                    for r in self.rows if r.part == part]
            out += ["", f"## {part}", "",
                    table(["what", "who", "median", "range (n)", "note"], rows)]
        return "\n".join(out) + "\n"

    def targets_markdown(self):
        words = {True: "met", False: "**missed**", None: "not measured"}
        out = table(["what", "target", "value", "", "note"],
                    [[t.what, t.target, t.value, words[t.met], t.note] for t in self.targets])
        return "\n".join([out, *(f"\n**Part {part} failed**: {why}"
                                 for part, why in self.failures.items())])


def table(head, rows):
    """Markdown whose columns line up in a terminal, too."""
    rows = [[str(c).replace("|", "/") for c in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * w for w in widths], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths)) + " |"
                     for line in lines)


def number(value):
    """Three digits that mean something."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}" if abs(value) >= 0.001 \
        else f"{value:.1g}"


def _cell(row):
    return "-" if row.median is None else f"{number(row.median)} {row.unit}".strip()


def _range(row):
    return "" if row.n < 2 else f"{number(row.low)}..{number(row.high)} ({row.n})"
