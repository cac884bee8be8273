# SPDX-License-Identifier: MIT
"""A booted systemd with the build installed, on top of this very machine.

The container's root is an overlay: the machine's own root below, a tmpfs above. So there is nothing
to download, what the build was linked against is there, and nothing is written to the machine.
Needs root, systemd-nspawn, nsenter, and a kernel that allows overlay mounts and namespaces.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

BOOT_SECONDS = 90  # takes 3 s; a loaded machine or an emulated one takes longer
STOP_SECONDS = 20


class Unavailable(Exception):
    """This machine cannot run such a container; the text says why."""


def require_machine():
    if os.geteuid() != 0:
        raise Unavailable("needs root")
    for tool in ("systemd-nspawn", "nsenter", "mount", "busctl"):
        if not shutil.which(tool):
            raise Unavailable(f"needs {tool} (packages systemd-container, util-linux, systemd)")
    if not any(os.path.exists(d + "/systemd/systemd") for d in ("/lib", "/usr/lib")):
        raise Unavailable("needs systemd installed on this machine")


class Container:
    """One container, known by the folder in which its state is kept between processes."""

    def __init__(self, state_dir):
        self.state_file = pathlib.Path(state_dir) / "container.json"
        self.log_file = pathlib.Path(state_dir) / "console.log"
        self.state = json.loads(self.state_file.read_text()) if self.state_file.exists() else {}

    # -- life ---------------------------------------------------------------------------------

    def boot(self):
        """Boots; `root` is the root to install into. Raises Unavailable where it cannot begin."""
        self.shut_down()
        self.state_file.parent.mkdir(parents=True, exist_ok=True)
        try:
            require_machine()
            self._mount()
            self._start()
        except Unavailable as problem:
            self.shut_down()
            self._save(unavailable=str(problem))
            raise
        except BaseException:
            self.shut_down()
            raise

    def _mount(self):
        base = pathlib.Path(tempfile.mkdtemp(prefix="loopmon-e2e."))
        self._save(base=str(base))
        self._mount_or_unavailable("-t", "tmpfs", "tmpfs", base)
        for name in ("upper", "work", "root"):
            (base / name).mkdir()
        layers = f"lowerdir=/,upperdir={base}/upper,workdir={base}/work"
        self._mount_or_unavailable("-t", "overlay", "overlay", "-o", layers, base / "root")
        # A machine id and a journal of its own: else it would read the machine's.
        self.write("/etc/machine-id", os.urandom(16).hex() + "\n")
        self.write("/etc/systemd/journald.conf.d/volatile.conf", "[Journal]\nStorage=volatile\n")
        shutil.rmtree(self.root / "etc/loopmond", ignore_errors=True)

    @staticmethod
    def _mount_or_unavailable(*args):
        done = subprocess.run(["mount", *map(str, args)], capture_output=True, text=True)
        if done.returncode != 0:
            raise Unavailable("cannot mount: " + done.stderr.strip())

    def _start(self):
        # Not the folder's: mkdtemp may end it with what a machine's name must not end with.
        name = f"loopmon-e2e-{os.getpid()}"
        command = ["systemd-nspawn", "--boot", "--directory", str(self.root), "--machine", name,
                   "--register=no", "--keep-unit", "--private-network", "--link-journal=no"]
        with open(self.log_file, "wb") as log:
            nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      start_new_session=True)
        self._save(nspawn=nspawn.pid, nspawn_started=_start_time(nspawn.pid))
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            if nspawn.poll() is not None:
                problem = "systemd-nspawn ended: " + self._last_words()
                # A machine that tests for others is known to be able to.
                raise (RuntimeError if os.environ.get("CI") else Unavailable)(problem)
            leader = _only_child(nspawn.pid)
            if leader:
                self._save(leader=leader)
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                # The machine's own units may fail in a container: "degraded" is as good.
                if state in ("running", "degraded"):
                    return
            time.sleep(0.2)
        # Everything that it needs was there, so this is a failure and not a reason to skip.
        raise TimeoutError(f"no boot within {BOOT_SECONDS} s: " + self._last_words())

    def _last_words(self):
        lines = self.log_file.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "(no output)"

    def shut_down(self):
        """Ends the container and unmounts its root. Does nothing if there is none."""
        pid = self.state.get("nspawn")
        if pid and _start_time(pid) == self.state.get("nspawn_started"):
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while _start_time(pid) == self.state["nspawn_started"]:
                if time.monotonic() > deadline:
                    os.kill(pid, signal.SIGKILL)
                _reap(pid)
                time.sleep(0.1)
        if "base" in self.state:
            base = self.state["base"]
            for mounted in (base + "/root", base):
                subprocess.run(["umount", "--lazy", mounted], capture_output=True)
            os.rmdir(base)
        self.state_file.unlink(missing_ok=True)
        self.state = {}

    def _save(self, **news):
        self.state.update(news)
        self.state_file.write_text(json.dumps(self.state))

    # -- use ----------------------------------------------------------------------------------

    def require(self):
        """Raises Unavailable if this container did not boot."""
        if "unavailable" in self.state:
            raise Unavailable(self.state["unavailable"])
        if "leader" not in self.state:
            raise Unavailable("the container is not running (is the set-up test deselected?)")

    @property
    def root(self):
        """Its root, as seen from outside."""
        return pathlib.Path(self.state["base"]) / "root"

    def command(self, *argv, user=None):
        """The command line that runs `argv` inside."""
        enter = ["nsenter", "-t", str(self.state["leader"]), "-m", "-u", "-i", "-n", "-p", "-C"]
        if user:
            enter += ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups"]
        return [*enter, *map(str, argv)]

    def run(self, *argv, check=True, timeout=60, user=None):
        """Runs `argv` inside; with `check`, fails with its output if it does."""
        done = subprocess.run(self.command(*argv, user=user), capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL, env=_ENVIRONMENT)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def start(self, *argv):
        """Starts `argv` inside and returns its Popen; its output is a pipe."""
        return subprocess.Popen(self.command(*argv), stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env=_ENVIRONMENT)

    def write(self, path, text):
        """Writes a file before the boot. Afterwards, run commands: /run and /tmp are its own."""
        outside = self.root / path.lstrip("/")
        outside.parent.mkdir(parents=True, exist_ok=True)
        outside.write_text(text)


_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}


def _start_time(pid):
    """Tells a process from a later one with the same id; None: no such process, or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return None if fields[0] == "Z" else int(fields[19])
    except OSError:
        return None


def _only_child(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as children:
        pids = children.read().split()
    return int(pids[0]) if pids else None


def _reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass  # started by an earlier process
