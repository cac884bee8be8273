#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages name every option, key and default there is, and format cleanly."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "packaging/man"


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def plain(page):
    """A page's text without its escapes."""
    return (PAGES / page).read_text(encoding="utf-8").replace("\\-", "-").replace("\\(dq", '"')


def missing_from_daemon_page():
    page = plain("loopmond.8")
    for name in re.findall(r'"(--[a-z-]+)"', read("daemon/options.cpp")):
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page):
            yield f"loopmond.8: nothing about {name}"


def missing_from_configuration_page():
    """Each key has an entry in its section with the default of the shipped file."""
    sections = re.split(r"^\.SH ", plain("loopmond.toml.5"), flags=re.MULTILINE)
    entries = {}
    for section in sections:
        title, _, text = section.partition("\n")
        for entry in re.split(r"^\.TP\n\.B ", text, flags=re.MULTILINE)[1:]:
            entries[title, entry.partition("\n")[0]] = entry
    section = ""
    for line in read("packaging/loopmond.toml").splitlines():
        if line.startswith("["):
            section = line
        found = re.match(r"(#?)(\w+) = (.*)", line)
        if not found:
            continue
        entry = entries.get((section, found[2]))
        if entry is None:
            yield f"loopmond.toml.5: nothing about {found[2]} of {section}"
        elif found[1] and f"Default: {found[3]}." not in " ".join(entry.split()):
            yield f"loopmond.toml.5: {found[2]} of {section} does not say Default: {found[3]}."


def format_warnings():
    if not shutil.which("groff"):
        return
    for page in sorted(PAGES.iterdir()):
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", str(page)],
                              capture_output=True, text=True)
        yield from done.stderr.splitlines()


def main():
    problems = [*missing_from_daemon_page(), *missing_from_configuration_page(),
                *format_warnings()]
    print("\n".join(problems) or "both pages are complete")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
