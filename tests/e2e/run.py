#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs end-to-end scenarios in a container. ctest calls it: up, one run per scenario, down.

    run.py list                            scenarios and what they prove
    run.py up --build BUILD --state DIR    boots a container and installs the build into it
    run.py run --state DIR SCENARIO...     by hand, any time between up and down
    run.py shell --state DIR               to look around inside
    run.py down --state DIR

Where the machine cannot run a container, `up` and `run` exit with 77 and say why.
"""

import argparse
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True  # the source folder may be read-only, and is nobody's cache
sys.path.insert(0, str(HERE))

from harness.container import Container, Unavailable  # noqa: E402
from harness.install import install  # noqa: E402

SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def all_scenarios():
    for file in sorted((HERE / "scenarios").glob("[a-z]*.py")):
        for case in unittest.defaultTestLoader.loadTestsFromName("scenarios." + file.stem):
            yield from case


class Result(unittest.TextTestResult):
    """Shows the journal of the scenario that failed."""

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._show(test)

    def addError(self, test, err):
        super().addError(test, err)
        self._show(test)

    def _show(self, test):
        if hasattr(test, "journal"):
            self.stream.writeln("--- journal of the unit ---\n" + test.journal.text())


def list_scenarios(_):
    for test in all_scenarios():
        # A name of a test may hold neither what CMake splits lists at nor what it quotes with.
        assert not set(test.shortDescription()) & set(";\"\\$"), test
        print(f"{test.id()}\t{test.shortDescription()}")


def up(args):
    container = Container(args.state)
    container.boot()
    try:
        install(container, args.build, args.cmake)
    except BaseException:
        container.shut_down()
        raise


def run(args):
    Container(args.state).require()
    os.environ["LOOPMON_E2E_STATE"] = args.state
    suite = unittest.defaultTestLoader.loadTestsFromNames(args.scenario)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)


def shell(args):
    container = Container(args.state)
    container.require()
    command = container.command("bash", "-l")
    os.execvp(command[0], command)


def down(args):
    Container(args.state).shut_down()


def skip(name, why):
    print(f"SKIPPED: {why}")
    # tests/run.sh gathers the reasons here, since ctest's summary has names only.
    if "LOOPMON_SKIP_LOG" in os.environ:
        with open(os.environ["LOOPMON_SKIP_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{name}: {why}\n")
    sys.exit(SKIPPED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list").set_defaults(do=list_scenarios)
    for name, do in (("up", up), ("run", run), ("shell", shell), ("down", down)):
        command = commands.add_parser(name)
        command.set_defaults(do=do)
        command.add_argument("--state", required=True, help="folder for the container's state")
        command.add_argument("--name", default=name, help="what a skipped test is reported as")
        if name == "up":
            command.add_argument("--build", required=True, help="build folder to install from")
            command.add_argument("--cmake", default="cmake")
        if name == "run":
            command.add_argument("scenario", nargs="+")
    args = parser.parse_args()
    try:
        args.do(args)
    except Unavailable as why:
        skip(args.name, why)


if __name__ == "__main__":
    main()
