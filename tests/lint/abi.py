#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library's ABI is tests/data/abi.txt: what loopmon.h declares and what the library exports. A
name leaves the list only with a new SOVERSION. The library links no Boost and includes none.

abi.py ROOT LIBRARY    the source tree; libloopmon.so or libloopmon.a
"""

import pathlib
import re
import subprocess
import sys


def declared(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    return set(re.findall(r"LOOPMON_API\s+[^;(]*?\b(loopmon_\w+)\s*\(", text))


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported(library):
    """Of a shared library all names; of a static one those that look like the interface."""
    shared = ".so" in library.name
    names = run("nm", "--defined-only", "--extern-only", *["--dynamic"] * shared, library)
    found = set(re.findall(r"^[0-9a-f]+ [A-Z] (\S+)$", names, flags=re.M))
    return found if shared else {name for name in found if name.startswith("loopmon_")}


def main():
    root, library = (pathlib.Path(argument) for argument in sys.argv[1:])
    listed = set((root / "tests/data/abi.txt").read_text().split())
    problems = []
    for where, names in (("loopmon.h", declared(root / "lib/include/loopmon/loopmon.h")),
                         (library.name, exported(library))):
        problems += [f"{where} has {name}, tests/data/abi.txt lacks it" for name in names - listed]
        problems += [f"{where} lacks {name} of tests/data/abi.txt" for name in listed - names]
    if ".so" in library.name:
        problems += [f"{library.name} needs {needed}"
                     for needed in re.findall(r"\(NEEDED\).*\[(.*boost.*)\]",
                                              run("readelf", "--dynamic", library))]
    for source in sorted((root / "lib/src").rglob("*.?pp")):
        problems += [f"{source.relative_to(root)}: includes {name}"
                     for name in re.findall(r"#include <(boost/\S+)>", source.read_text())]
    print("\n".join(problems) or f"{len(listed)} functions")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
