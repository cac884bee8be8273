#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scripts parse, XML and JSON are well-formed, scripts that are run are executable."""

import ast
import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("daemon", "lib", "packaging", "systemd", "tests", ".ci")


def check(path, text):
    if path.suffix == ".py":
        ast.parse(text)
    elif path.suffix == ".xml" or path.name == "org.loopmon1.conf.in":
        ET.fromstring(text)
    elif path.suffix == ".json":
        json.loads(text)
    elif path.suffix == ".sh" or path == ROOT / ".ci/run":
        subprocess.run(["bash", "-n", str(path)], check=True, capture_output=True)
    if text.startswith("#!") and not os.access(path, os.X_OK):
        raise ValueError("starts with #! and is not executable")


def main():
    failed = 0
    files = [f for folder in FOLDERS for f in (ROOT / folder).rglob("*") if f.is_file()]
    for path in [*files, ROOT / "CMakePresets.json"]:
        try:
            check(path, path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            pass  # a corpus of bad input is not text
        except (SyntaxError, ValueError, ET.ParseError, subprocess.CalledProcessError) as wrong:
            detail = getattr(wrong, "stderr", None) or wrong
            print(f"{path.relative_to(ROOT)}: {detail}")
            failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
