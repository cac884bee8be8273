# SPDX-License-Identifier: MIT
"""What a handler costs, with and without each monitor, in interleaved rounds."""

import os
import pathlib
import shutil
import statistics
import subprocess

from driver import machine
from driver.machine import Missing
from driver.results import number

PART = "Cost per handler"
PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
WORKLOADS = ("post_chain", "turn", "burst", "timers", "strand", "yield", "echo")
# Handlers a run: about 50 ms of the leanest variant. Variants that write a line per handler get fewer.
COUNTS = {"post_chain": 1_000_000, "burst": 1_000_000, "turn": 100_000, "timers": 100_000,
          "strand": 400_000, "yield": 300_000, "echo": 5_000, "clock_gettime": 2_000_000}
SLOW = 20
CALLGRIND_COUNT = 5_000
# What, of whom, in which workload, and how many at most.
INSTRUCTION_LIMITS = (
    ("instructions added per tracked handler, post chain", "loopmon", "post_chain", 160),
    ("the same, clocks off", "loopmon, clocks off", "post_chain", 60),
    ("the same, each handler a turn of its own", "loopmon", "turn", 320),
)
# From an earlier run on a machine of this kind; the crate is in no archive of Debian.
TOKIO_METRICS_NS = 180


class Variant:
    """One program in one setting. `base`: what it is compared with, within a round. `chatty`: it
    writes a line for each handler."""

    def __init__(self, name, argv, base=None, env=None, after=(), slow=1, workloads=WORKLOADS,
                 chatty=False):
        self.name, self.base, self.slow, self.workloads = name, base, slow, workloads
        self.chatty = chatty
        self.argv, self.env, self.after = argv, env, after

    def command(self, workload, count):
        return [*self.argv, workload, max(1, count // self.slow), *self.after]


def ours(build):
    programs = build / "tests/bench/programs"
    tracked = [programs / "handler_cost_tracked"]
    return [
        Variant("asio", [programs / "handler_cost_raw"]),
        Variant("loopmon", tracked, "asio"),
        Variant("loopmon, system clock", tracked, "asio", {"LOOPMON_CLOCK": "monotonic"}),
        Variant("loopmon, clocks off", tracked, "asio", {"LOOPMON_CLOCK": "off"}),
        Variant("asio's own tracking", [programs / "handler_cost_builtin"], "asio", slow=SLOW,
                chatty=True),
    ]


def peers(build, output):
    """Variants of the peers that are here, and (name, reason) of those that are not."""
    found, absent = [], []
    for name, make in (("asyncio", asyncio), ("Node.js", node), ("libuv", libuv), ("tokio", tokio)):
        try:
            found += make(build, output)
        except Missing as reason:
            absent.append((name, str(reason)))
    absent.append(("tokio with tokio-metrics", "no Debian package has the crate"))
    return found, absent


def asyncio(_build, _output):
    program = ["/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3",
               PEERS / "asyncio_cost.py"]
    some = [w for w in WORKLOADS if w != "strand"]
    return [Variant("asyncio", program, slow=SLOW, workloads=some),
            Variant("asyncio, debug mode", program, "asyncio", after=["debug"], slow=4 * SLOW,
                    workloads=some)]


def node(_build, _output):
    if not shutil.which("node"):
        raise Missing("node (package nodejs)")
    program = ["node", PEERS / "node_cost.js"]
    some = ("post_chain", "turn", "burst", "yield", "echo")
    return [Variant("Node.js", program, slow=SLOW // 2, workloads=some),
            Variant("Node.js, async_hooks", program, "Node.js", after=["hooks"], slow=SLOW // 2,
                    workloads=some)]


def libuv(build, _output):
    program = build / "tests/bench/programs/uv_cost"
    if not program.exists():
        raise Missing("libuv's headers (package libuv1-dev)")
    some = ("post_chain", "turn", "timers")
    return [Variant("libuv", [program], workloads=some, slow=4),
            Variant("libuv, UV_METRICS_IDLE_TIME", [program], "libuv", after=["metrics"], slow=4,
                    workloads=some)]


def tokio(_build, output):
    registry = pathlib.Path("/usr/share/cargo/registry")
    if not shutil.which("cargo"):
        raise Missing("cargo (package cargo)")
    if not list(registry.glob("tokio-1*")):
        raise Missing("the crate (package librust-tokio-dev)")
    # A copy, since cargo writes a lock file beside what it builds.
    crate = output / "tokio"
    shutil.copytree(PEERS / "tokio", crate, dirs_exist_ok=True)
    built = subprocess.run(["cargo", "build", "--release", "--offline", "--quiet",
                            "--config", 'source.crates-io.replace-with="debian"',
                            "--config", f'source.debian.directory="{registry}"'],
                           cwd=crate, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        raise Missing("it does not build: " + built.stderr.strip().splitlines()[-1])
    return [Variant("tokio", [crate / "target/release/tokio_cost"], slow=4,
                    workloads=[w for w in WORKLOADS if w != "strand"])]


def run(bench, results):
    found, absent = peers(bench.build, bench.output)
    variants = ours(bench.build) + found
    rounds = []
    for n in range(bench.rounds):
        bench.say(f"round {n + 1} of {bench.rounds}")
        rounds.append(one_round(variants, bench.scale))
    report(results, variants, absent, rounds)
    judge(results, rounds)
    callgrind(bench, results)


def one_round(variants, scale):
    """ns per handler by (variant, workload); variants alternate, so that noise hits all alike."""
    raw = variants[0].argv[0]
    times = {"clock_gettime": machine.result(
        [raw, "clock_gettime", int(COUNTS["clock_gettime"] * scale)])["ns"]}
    for workload in WORKLOADS:
        for variant in variants:
            if workload in variant.workloads:
                command = variant.command(workload, int(COUNTS[workload] * scale))
                times[variant.name, workload] = machine.result(
                    command, env=variant.env, chatty=variant.chatty)["ns"]
    return times


def report(results, variants, absent, rounds):
    results.add(PART, "the machine", "one clock_gettime", "ns",
                [r["clock_gettime"] for r in rounds])
    for workload in WORKLOADS:
        for variant in (v for v in variants if workload in v.workloads):
            times = [r[variant.name, workload] for r in rounds]
            results.add(PART, variant.name, workload, "ns", times,
                        compared(rounds, variant, workload))
    for name, reason in absent:
        results.missing(PART, name, "post_chain", "ns", reason)


def compared(rounds, variant, workload):
    if not variant.base:
        return ""
    added = differences(rounds, variant.name, variant.base, workload)
    ratios = [r[variant.name, workload] / r[variant.base, workload] for r in rounds]
    return f"{statistics.median(added):+.0f} ns, {statistics.median(ratios):.3f} x {variant.base}"


def differences(rounds, variant, base, workload):
    return [r[variant, workload] - r[base, workload] for r in rounds]


def judge(results, rounds):
    clocks, added = added_cost(rounds, "loopmon")
    results.judge("added cost per tracked handler, post chain", "<= 1.5 x one clock_gettime",
                  f"{number(clocks)} x ({number(added)} ns)", clocks <= 1.5)
    by_system, slower = added_cost(rounds, "loopmon, system clock")
    results.judge("the same, by the system clock", "<= 2.5 x one clock_gettime",
                  f"{number(by_system)} x ({number(slower)} ns)", by_system <= 2.5)
    results.judge("the same, beside tokio-metrics", f"<= 1/4 of +{TOKIO_METRICS_NS} ns a poll",
                  f"+{number(added)} ns", added <= TOKIO_METRICS_NS / 4,
                  "tokio-metrics as measured earlier on such a machine")
    echo = statistics.median(r["loopmon", "echo"] / r["asio", "echo"] for r in rounds)
    results.judge("TCP echo round trip, tracked / raw", "<= 1.02", f"{echo:.3f}", echo <= 1.02)


def added_cost(rounds, variant):
    """Of a handler of the post chain: in readings of the clock, and in ns."""
    each = differences(rounds, variant, "asio", "post_chain")
    return (statistics.median(d / r["clock_gettime"] for d, r in zip(each, rounds)),
            statistics.median(each))


def callgrind(bench, results):
    """Instructions per handler: free of noise, though not of the clock that valgrind emulates."""
    measure, unit = "instructions per handler, {}", ""
    workloads = ("post_chain", "turn") if bench.quick else WORKLOADS
    counts = {}
    for workload in workloads:
        for variant in ours(bench.build)[:4]:
            if not shutil.which("valgrind"):
                results.missing(PART, variant.name, measure.format(workload), unit,
                                "valgrind (package valgrind)")
                continue
            count = instructions(variant, workload, bench.output)
            counts[variant.name, workload] = count
            added = count - counts["asio", workload]
            results.add(PART, variant.name, measure.format(workload), unit, [count],
                        f"{added:+.0f}" if added else "")
    for what, name, workload, limit in INSTRUCTION_LIMITS:
        if (name, workload) not in counts:
            results.judge(what, f"<= {limit}", "-", None, "not here: valgrind")
            continue
        added = counts[name, workload] - counts["asio", workload]
        results.judge(what, f"<= {limit}", f"{added:.0f}", added <= limit)


def instructions(variant, workload, output):
    count = CALLGRIND_COUNT // (10 if workload == "echo" else 1)
    profile = output / "callgrind.out"
    process = machine.start(
        ["valgrind", "--tool=callgrind", "--toggle-collect=*measured_workload*",
         f"--callgrind-out-file={profile}", *variant.command(workload, count)],
        env=machine.environment(variant.env), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    try:
        _, said = process.communicate(timeout=300)
    finally:
        machine.stop(process)
    profile.unlink(missing_ok=True)
    if process.returncode != 0:
        raise RuntimeError(said)
    return int(said.split("Collected :")[1].split()[0]) / count
