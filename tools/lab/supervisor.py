# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor of a lab: starts its init process, waits for the end, and cleans up.

usage: python -m lab.supervisor DIRECTORY

Its standard input is a pipe whose other end only the caller holds open, so it sees the caller end,
whatever ended it. It prints one line of JSON: the PIDs of the lab's processes, or an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import traceback
from pathlib import Path

from . import cgroups, inotify, syscalls
from .cgroups import Cgroup
from .host import LabKeys
from .init import Init, set_up_namespaces

STATE_FILE = "lab.json"
LOCK_FILE = "lock"
ENTER = "enter"
LOOK = "look"
SSH_TIMEOUT = 600
"""Seconds in which sshd must greet: hosts that are up may be slow on a busy machine."""
SSH_CONFIG = f"""\
Host *
  User root
  IdentityFile {{directory}}/key
  IdentitiesOnly yes
  UserKnownHostsFile {{directory}}/known_hosts
  GlobalKnownHostsFile none
  HostKeyAlias lab
  BatchMode yes
  ConnectTimeout {SSH_TIMEOUT}
  # Notices a host that was rebooted or cut off before it could close the connection.
  ServerAliveInterval 2
  ServerAliveCountMax 15
"""
ENTER_SCRIPT = """\
#!/bin/sh
# Run a command in the network of this lab. It ends with the lab.
echo 0 >{procs} && exec nsenter --net=/proc/{init_pid}/ns/net -- "$@"
"""
LOOK_SCRIPT = """\
#!/bin/sh
# Run a command that can see the roots of this lab's hosts, below /run/hosts.
exec nsenter --target={init_pid} --mount -- "$@"
"""


class InUseError(Exception):
    """Another supervisor has this directory."""


def main(directory: Path) -> int:
    """Run a lab until its caller ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _claim(directory)
    except InUseError as error:
        _print_error(str(error))
        return 1
    supervisor = Supervisor(directory)
    try:
        supervisor.start()
        supervisor.wait()
    except Exception:
        _print_error(traceback.format_exc())
        return 1
    finally:
        supervisor.clean_up()
    return 0


def _print_error(error: str) -> None:
    print(json.dumps({"error": error}), flush=True)


def _claim(directory: Path) -> None:
    """Lock a directory for as long as this process lives; remove what a killed lab left in it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUseError(f"there is a lab in {directory} already") from None
    for path in directory.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK_FILE:
            path.unlink()


def make_keys(directory: Path) -> LabKeys:
    """Make the keys of a lab, and the files with which ssh recognizes its hosts."""
    for name in ("key", "host_key"):
        options = ["-q", "-t", "ed25519", "-N", "", "-C", "lab"]
        subprocess.run(["ssh-keygen", *options, "-f", str(directory / name)], check=True)
    public_key = (directory / "host_key.pub").read_text(encoding="ascii")
    (directory / "known_hosts").write_text(f"lab {public_key}", encoding="ascii")
    config = SSH_CONFIG.format(directory=directory)
    (directory / "ssh_config").write_text(config, encoding="utf-8")
    return LabKeys(
        authorized=(directory / "key.pub").read_text(encoding="ascii"),
        host_key=(directory / "host_key").read_text(encoding="ascii"),
    )


class Supervisor:
    """A running lab, and what must be cleaned up after it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.init_pid = 0
        self.cgroup: Cgroup | None = None
        self.inotify_lock: int | None = None
        self.messages, self.messages_write = os.pipe()

    def start(self) -> None:
        """Start the lab's init process, and wait until it answers requests."""
        keys = make_keys(self.directory)
        syscalls.private_mounts()
        hierarchy = self.directory / "cgroup"
        hierarchy.mkdir()
        own_cgroup = cgroups.mount_hierarchy(hierarchy)
        inotify.restore_limit()
        with inotify.machine_lock():
            cgroups.remove_abandoned(own_cgroup)
            self.cgroup = Cgroup(own_cgroup / cgroups.supervisor_cgroup_name())
            syscalls.unshare(syscalls.CLONE_NEWPID)
            self.init_pid = os.fork()
            if self.init_pid == 0:
                self._become_init(keys, self.cgroup)
            os.close(self.messages_write)
            message = os.read(self.messages, 100)
        if message != b"ready\n":
            raise RuntimeError("the lab's init process failed; its error is above")
        self._write_files(self.cgroup)

    def _become_init(self, keys: LabKeys, cgroup: Cgroup) -> None:
        """Turn this child process into the lab's init process."""
        try:
            syscalls.die_with_parent()
            os.close(self.messages)
            cgroup.join()
            set_up_namespaces()
            Init(keys, self._send_message).serve()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(1)

    def _send_message(self, message: str) -> None:
        """Send a message from the init process to the supervisor."""
        os.write(self.messages_write, f"{message}\n".encode())

    def _write_files(self, cgroup: Cgroup) -> None:
        """Write the scripts and the state by which others use the lab, then print the state."""
        commands = Cgroup(cgroup.path / "command")
        commands.path.mkdir()
        procs = f"/proc/{os.getpid()}/root{commands.path}/cgroup.procs"
        for name, script in ((ENTER, ENTER_SCRIPT), (LOOK, LOOK_SCRIPT)):
            path = self.directory / name
            text = script.format(procs=shlex.quote(procs), init_pid=self.init_pid)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        state = json.dumps({"supervisor_pid": os.getpid(), "init_pid": self.init_pid})
        (self.directory / STATE_FILE).write_text(state + "\n", encoding="ascii")
        print(state, flush=True)

    def wait(self) -> None:
        """Wait until the caller ends, SIGTERM arrives, or the lab has ended by itself."""
        wakeup_read, wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakeup_write)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda _number, _frame: None)
        while True:
            ready, *_unused = select.select([0, self.messages, wakeup_read], [], [])
            if self.messages not in ready or not os.read(self.messages, 100):
                return
            # The only message after "ready".
            self.inotify_lock = inotify.raise_limit()

    def clean_up(self) -> None:
        """Leave the machine as it was."""
        if self.cgroup:
            self.cgroup.kill_and_remove()
        if self.init_pid:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.init_pid, 0)
        if self.inotify_lock is not None:
            os.close(self.inotify_lock)
            inotify.restore_limit()
        with contextlib.suppress(OSError):
            syscalls.unmount(str(self.directory / "cgroup"))
        shutil.rmtree(self.directory)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
