# SPDX-License-Identifier: MIT
"""What happens to the process, its threads and its loops."""

import os
import signal
import time

from row import row
from victim import wait_for

OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")


@row("process", "nothing happens to it")
def nothing(victim):
    time.sleep(1)


@row("process", "stopped for 2 s and continued", pauses=2.0)
def stopped(victim):
    victim.signal(signal.SIGSTOP)
    time.sleep(2)
    victim.signal(signal.SIGCONT)
    time.sleep(0.5)
    assert not victim.said("blocked"), "a stop was reported as a stall"


@row("process", "stopped for 150 ms ten times", pauses=0.5, long=True)
def stopped_often(victim):
    for _ in range(10):
        victim.signal(signal.SIGSTOP)
        time.sleep(0.15)
        victim.signal(signal.SIGCONT)
        time.sleep(0.2)
    assert not victim.said("blocked"), "a stop was reported as a stall"


@row("process", "stopped in the middle of a handler", pauses=2.0)
def stopped_in_handler(victim):
    victim.command("stall", "poll", 60)
    victim.signal(signal.SIGSTOP)
    time.sleep(2)
    victim.signal(signal.SIGCONT)
    time.sleep(0.5)
    assert not victim.manager.triggered(), "a stop tripped"


@row("process", "forks a child that lives on")
def forked(victim):
    victim.command("fork_child", 2500)
    time.sleep(0.5)


@row("process", "forks a child in a handler")
def forked_in_handler(victim):
    victim.command("fork_in_handler")
    time.sleep(1.5)


@row("process", "enters an empty root")
def enter_empty_root(victim):
    root = os.path.join(victim.folder, "root")
    os.mkdir(root)
    victim.command("enter_empty_root", root)


@row("process", "hides /proc from itself", prefix=OWN_MOUNTS)
def hidden_proc(victim):
    victim.command("hide_proc")


@row("process", "becomes another user")
def another_user(victim):
    victim.command("become_nobody")
    victim.excused = victim.command("disturbed")["disturbed"]  # the C library's own signal for it


@row("process", "is not dumpable", long=True)
def not_dumpable(victim):
    victim.command("become_not_dumpable")


@row("thread", "the loop's thread blocks all signals")
def blocked_signals(victim):
    victim.command("block_signals")


@row("thread", "the program ignores all real-time signals")
def ignored_signals(victim):
    victim.command("take_signals")


@row("thread", "one of four is blocked, the loop goes on", options=("threads=4",))
def one_of_four(victim):
    victim.command("stall_one", "poll", 1500)
    wait_for(lambda: victim.said("poll"), "report of the handler that is blocked")
    time.sleep(1.5)
    assert not victim.manager.triggered(), "it tripped though the loop went on"
    wait_for(lambda: not victim.command("overloaded")["overloaded"], "end of the stall")


@row("loop", "is not run for 2 s")
def not_run(victim):
    victim.command("mode", "idle")
    time.sleep(2)
    assert not victim.said("blocked"), "a loop that is not run was reported"
    victim.command("mode", "run")


@row("loop", "run_for() returned 2 s ago")
def run_for(victim):
    victim.command("mode", "run_for")
    time.sleep(2)
    assert not victim.said("blocked"), "a loop that is not run was reported"
    victim.command("mode", "run")


@row("loop", "is driven by poll()")
def polled(victim):
    victim.command("mode", "poll")
    time.sleep(1)
    assert not victim.said("blocked"), "a loop that is polled was reported"


@row("loop", "stopped by a handler that never returns", hang="found by the row itself",
     stall="the loop hangs")
def stop_and_stall(victim):
    victim.command("stop_and_stall", 4000)
    wait_for(victim.manager.triggered, "trip", 3)


@row("loop", "an announcement on one thread, a deadlock of the others",
     options=("threads=2",), hang="found by the row itself", stall="the loop hangs")
def announced(victim):
    victim.command("announced_stall", 5000)
    time.sleep(0.2)
    victim.command("stall", "poll", 5000)
    wait_for(victim.manager.triggered, "trip", 3)
