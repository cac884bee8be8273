#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The catalog has one entry for each event of the code, and journalctl accepts it.

Also: what an entry substitutes must be a field that this event has, or that journald adds, else
`journalctl -x` shows a bare @NAME@ to the one who needs help.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOG = ROOT / "systemd/loopmond.catalog"
EVENTS = ROOT / "lib/src/model/event.hpp"
RENDERER = ROOT / "lib/src/report/message.cpp"
ADDED_BY_JOURNALD = {"_PID", "_SYSTEMD_UNIT"}


def entries():
    found = {}
    for entry in re.split(r"^-- ", CATALOG.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        message_id, _, text = entry.partition("\n")
        found.setdefault(message_id, []).append(text)
    return found


def events():
    """From the struct of each: its row, {"stall": ("stall", "9d5618...")}."""
    return {struct: (name, message_id) for struct, name, message_id in re.findall(
        r"struct (\w+)(?: : \w+)? \{\s*static constexpr event_info info\{\s*"
        r'"([^"]*)",\s*"([^"]*)"', EVENTS.read_text(encoding="utf-8"))}


def kinds():
    """The alternatives of the variant."""
    variant = re.search(r"using event = std::variant<([^>]*)>",
                        EVENTS.read_text(encoding="utf-8"))
    return re.findall(r"\w+", variant[1])


def fields_by_event():
    """The renderer has a function for each event, and some for what a few have in common."""
    _, *parts = re.split(r"\brecord (operator\(\)|\w+)\(",
                         RENDERER.read_text(encoding="utf-8"))
    functions = list(zip(parts[::2], parts[1::2]))
    common = {name: body for name, body in functions if name != "operator()"}
    found = {}
    for name, body in functions:
        event = re.match(r"const model::(\w+)&", body)
        if name == "operator()" and event:
            called = [text for helper, text in common.items() if re.search(rf"\b{helper}\(", body)]
            found[event[1]] = set(re.findall(r"LOOPMON_\w+", body + "".join(called)))
    return found


def main():
    problems = []
    rows = events()
    ids = {event: message_id for event, (_, message_id) in rows.items()}
    catalog = entries()
    problems += [f"no row: {event}" for event in kinds() if event not in rows]
    problems += [f"no event: {event}" for event in rows if event not in kinds()]
    problems += [f"name and struct differ: {event}" for event, (name, _) in rows.items()
                 if name != event.replace("_", "-")]
    problems += [f"no valid id: {event}" for event, i in ids.items()
                 if not re.fullmatch(r"[0-9a-f]{32}", i)]
    if len(set(ids.values())) != len(ids):
        problems.append("an id is used twice")
    problems += [f"not in the catalog: {event}" for event, i in ids.items() if i not in catalog]
    problems += [f"not in the code: {i}" for i in catalog if i not in ids.values()]
    for i, texts in catalog.items():
        if len(texts) != 1:
            problems.append(f"{len(texts)} entries for {i}")
        problems += [f"{i} has no {header}" for header in ("Subject: ", "Defined-By: loopmon")
                     if header not in texts[0]]

    written = fields_by_event()
    problems += [f"not rendered: {event}" for event in ids if event not in written]
    for event in ids.keys() & written.keys():
        used = set(re.findall(r"@(\w+)@", "".join(catalog.get(ids[event], []))))
        problems += [f"{event} has no {field}"
                     for field in sorted(used - written[event] - ADDED_BY_JOURNALD)]

    if shutil.which("journalctl"):
        problems += compile_catalog(len(ids))
    print("\n".join(problems) or f"{len(ids)} events")
    sys.exit(1 if problems else 0)


def compile_catalog(count):
    with tempfile.TemporaryDirectory() as root:
        folder = pathlib.Path(root, "usr/lib/systemd/catalog")
        folder.mkdir(parents=True)
        pathlib.Path(root, "var/lib/systemd/catalog").mkdir(parents=True)
        shutil.copy(CATALOG, folder)
        journalctl = ["journalctl", f"--root={root}"]
        made = subprocess.run([*journalctl, "--update-catalog"], capture_output=True, text=True)
        if made.returncode != 0 or made.stderr:
            return ["journalctl --update-catalog: " + made.stderr]
        listed = subprocess.run([*journalctl, "--list-catalog"], capture_output=True, text=True)
        lines = listed.stdout.splitlines()
        return [] if len(lines) == count else [f"journalctl lists {len(lines)} of {count} entries"]


if __name__ == "__main__":
    main()
