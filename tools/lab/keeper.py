# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper of a lab: starts its first process, waits for the caller to go or say so, and leaves the machine as it was.

usage: python -m lab.keeper FOLDER, with a pipe as standard input that only the caller holds the other end of
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
from collections.abc import Callable
from pathlib import Path

from . import cgroups, kernel, limits
from .cgroups import Cgroup
from .first import First, set_up
from .kinds import Keys

STATE, LOCK, ENTER, LOOK = "lab.json", "lock", "enter", "look"
SSH_CONFIG = """\
Host *
  User root
  IdentityFile {folder}/key
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile none
  HostKeyAlias lab
  BatchMode yes
  ConnectTimeout 60
  # A host that reboots may be gone before it hangs up; one on a busy machine may take seconds to answer.
  ServerAliveInterval 2
  ServerAliveCountMax 8
"""
ENTER_SCRIPT = """\
#!/bin/sh
# Run a command in the network of this lab. It ends with the lab.
echo 0 >{procs} && exec nsenter --net=/proc/{first}/ns/net -- "$@"
"""
LOOK_SCRIPT = """\
#!/bin/sh
# Run a command where the roots of this lab's hosts can be seen, below /run/hosts.
exec nsenter --target={first} --mount -- "$@"
"""


class InUseError(Exception):
    """Another keeper has this folder."""


def main(folder: Path) -> int:
    """Keep a lab; what goes wrong before it is there is said on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _own(folder)
    except InUseError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    kept = Kept(folder)
    try:
        kept.start()
        kept.wait()
    except Exception:
        print(json.dumps({"error": traceback.format_exc()}), flush=True)
        return 1
    finally:
        kept.end()
    return 0


def _own(folder: Path) -> None:
    """Take a folder for a lab, for as long as we live; whatever a killed keeper left in it goes."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUseError(f"there is a lab in {folder} already") from None
    for path in folder.iterdir():
        if path.name != LOCK:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_keys(folder: Path) -> Keys:
    """Make the keys of a lab, and the files by which ssh knows its hosts."""
    for name in ("key", "host_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(folder / name)],
            check=True,
        )
    host_key = folder / "host_key"
    (folder / "known_hosts").write_text(
        f"lab {(folder / 'host_key.pub').read_text()}", encoding="ascii"
    )
    (folder / "ssh_config").write_text(SSH_CONFIG.format(folder=folder), encoding="utf-8")
    return Keys(
        authorized=(folder / "key.pub").read_text(encoding="ascii"),
        host_key=host_key.read_text(encoding="ascii"),
    )


class Kept:
    """What a keeper must take away again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first = 0
        self.cgroup: Cgroup | None = None
        self.room: int | None = None
        self.heard, self.say = os.pipe()

    def start(self) -> None:
        keys = make_keys(self.folder)
        kernel.own_mounts()
        (self.folder / "cgroup").mkdir()
        base = cgroups.mount(self.folder / "cgroup")
        limits.put_back()
        with limits.machine_lock():
            cgroups.sweep(base)
            self.cgroup = Cgroup(base / cgroups.of_keeper())
            kernel.unshare(kernel.CLONE_NEWPID)
            self.first = os.fork()
            if self.first == 0:
                self._be_first(keys, self.cgroup)
            os.close(self.say)
            said = os.read(self.heard, 100)
        if said != b"ready\n":
            raise RuntimeError(
                "the lab's first process ended before its time; its reason stands above"
            )
        self._announce(self.cgroup)

    def _be_first(self, keys: Keys, cgroup: Cgroup) -> None:
        try:
            kernel.die_with_parent()
            os.close(self.heard)
            cgroup.join()
            set_up()
            First(keys, self._teller()).serve()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(1)

    def _teller(self) -> Callable[[str], None]:
        def tell(word: str) -> None:
            os.write(self.say, f"{word}\n".encode())

        return tell

    def _announce(self, cgroup: Cgroup) -> None:
        command = Cgroup(cgroup.path / "command")
        command.path.mkdir()
        procs = f"/proc/{os.getpid()}/root{command.path}/cgroup.procs"
        for name, script in ((ENTER, ENTER_SCRIPT), (LOOK, LOOK_SCRIPT)):
            path = self.folder / name
            path.write_text(
                script.format(procs=shlex.quote(procs), first=self.first), encoding="utf-8"
            )
            path.chmod(0o755)
        state = json.dumps({"keeper": os.getpid(), "first": self.first})
        (self.folder / STATE).write_text(state + "\n", encoding="ascii")
        print(state, flush=True)

    def wait(self) -> None:
        """Until the caller is gone, tells us to end, or the lab has ended by itself."""
        told, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(woken)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda _number, _frame: None)
        while True:
            ready, *_unused = select.select([0, self.heard, told], [], [])
            if self.heard not in ready or not os.read(self.heard, 100):
                return
            self.room = limits.make_room()

    def end(self) -> None:
        """Leave the machine as it was."""
        if self.cgroup:
            self.cgroup.end()
        if self.first:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.first, 0)
        if self.room is not None:
            os.close(self.room)
            limits.put_back()
        with contextlib.suppress(OSError):
            kernel.unmount(str(self.folder / "cgroup"))
        shutil.rmtree(self.folder)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
