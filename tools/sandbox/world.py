# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away host on this machine.

It has network, mount and pid namespaces of its own, the real kernel and the real boot loaders.
Nothing outside of it is changed.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple, Union

AGENT = Path(__file__).with_name("agent.py")
SYSCTL_PATHS = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/etc/sysctl.conf",
)
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {
    "PATH": SEARCH_PATH,
    "HOME": "/srv/home",
    "TMPDIR": "/srv/tmp",
    "LC_ALL": "C.UTF-8",
}
"""The environment of commands in a world."""
NOBODY = 65534


class Link(NamedTuple):
    """A symbolic link in a tree."""

    target: str


Content = Union[str, bytes, Link]
Tree = Mapping[str, Content]
"""Path -> content."""


class CommandResult(NamedTuple):
    """What a command in a world returned."""

    rc: int
    stdout: str
    stderr: str


class BootResult(NamedTuple):
    """What the boot loader returned, and the values that it left."""

    rc: int
    stdout: str
    stderr: str
    values: dict[str, str]


class World:
    """A throw-away host.

    with World() as world:
        world.write("/etc/sysctl.d/10-a.conf", "net.ipv4.tcp_fin_timeout = 50")

    loader: the boot loader that the collection detects: systemd, procps, or auto (that of this
        machine).
    proc_sys: what can be written below /proc/sys: net, or none.
    user: uid of the ordinary user who makes the world, as root of a user namespace.
    """

    def __init__(
        self,
        tree: Tree | None = None,
        *,
        loader: str = "systemd",
        interfaces: Iterable[str] = (),
        proc_sys: str = "net",
        user: int | None = None,
    ) -> None:
        self.loader = loader
        self.interfaces = list(interfaces)
        self.user = user if os.geteuid() == 0 else os.geteuid()
        options = {
            "user": user,
            "proc_sys": proc_sys,
            "loader": loader,
            "interfaces": self.interfaces,
        }
        argument = base64.b64encode(json.dumps(options).encode()).decode()
        self._agent = subprocess.Popen(
            [sys.executable, "-I", "-S", str(AGENT), argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._scratch = tempfile.TemporaryDirectory(prefix="netops-world-")
        os.chmod(self._scratch.name, 0o755)
        self._interpreters: dict[str, str] = {}
        """Text of a script -> its path."""
        self.pid = self._wait_until_made()
        self.place(tree or {})

    def __enter__(self) -> World:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the world. Its mounts, interfaces and files end with the last."""
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.close()
        _wait_until_ended(self._agent.pid, 10)
        self._agent.kill()
        self._agent.wait()
        self._agent.stdout.close()
        self._scratch.cleanup()

    # --- files ---

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file in place, and make its folder. Text is UTF-8."""
        raw = content.encode() if isinstance(content, str) else content
        self._ask("write", path, raw.decode("latin-1"), mode)

    def link(self, path: str, target: str) -> None:
        self._ask("link", path, target)

    def place(self, tree: Tree) -> None:
        """Write the files and links of a tree."""
        for path, content in tree.items():
            if isinstance(content, Link):
                self.link(path, content.target)
            else:
                self.write(path, content)

    def clear(self) -> None:
        """Remove all sysctl files, the ledger, and what was put below /srv."""
        self._ask("clear")

    def read(self, path: str) -> str:
        return self.read_bytes(path).decode()

    def read_bytes(self, path: str) -> bytes:
        return str(self._ask("read", path)).encode("latin-1")

    def exists(self, path: str) -> bool:
        return bool(self._ask("exists", path))

    def mkdir(self, path: str) -> None:
        self._ask("mkdir", path)

    def remove(self, path: str) -> None:
        self._ask("remove", path)

    def rename(self, old: str, new: str) -> None:
        self._ask("rename", old, new)

    def chmod(self, path: str, mode: int) -> None:
        self._ask("chmod", path, mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        self._ask("chown", path, uid, gid)

    def files(self, *paths: str, identity: bool = False) -> dict[str, list[Any]]:
        """Describe all files below these paths (default: where sysctl files are).

        Path -> [mode, uid, gid, kind, content], with `identity`, inode and times too.
        """
        return dict(self._ask("snapshot", list(paths or SYSCTL_PATHS), identity))

    def snapshot(self, identity: bool = False) -> dict[str, Any]:
        """Return all sysctl files and all values of net: equal snapshots are the same state."""
        return {**self.files(identity=identity), **self.net_values()}

    # --- the kernel ---

    def sysctl(self, key: str) -> str:
        """Return the runtime value of a key, with single spaces."""
        return single_spaced(self._ask("get", key))

    def set_sysctl(self, key: str, value: str | int) -> None:
        self._ask("set", key, str(value))

    def net_values(self) -> dict[str, str]:
        """Return all values below /proc/sys/net."""
        return dict(self._ask("net_values"))

    def add_interfaces(self, *names: str) -> None:
        """Add network interfaces, now and at later boots."""
        self._ask("add_interfaces", list(names))
        self.interfaces += names

    def boot(self, loader: str, keys: Iterable[str] | None = None) -> BootResult:
        """Run the real loader, as the next boot would: systemd, procps, or alpine-busybox.

        It reads the files of the world, in a new network namespace with the same interfaces.
        """
        listed = None if keys is None else list(keys)
        answer = self._ask("boot", loader, self.interfaces, listed)
        return BootResult(
            rc=answer["rc"],
            stdout=answer["stdout"],
            stderr=answer["stderr"],
            values={key: single_spaced(value) for key, value in answer["values"].items()},
        )

    def boots(self, key: str) -> dict[str, str]:
        """Return the value of a key after the next boot, for each of the two loaders."""
        return {loader: self.boot(loader, [key]).values[key] for loader in ("systemd", "procps")}

    # --- processes ---

    def run(
        self,
        argv: Iterable[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        user: int | None = None,
        timeout: float = 60,
    ) -> CommandResult:
        """Run a command in the world, as its root or as another user."""
        command = [str(part) for part in argv]
        environment = {**ENVIRONMENT, **(env or {})}
        answer = self._ask("run", command, environment, stdin, user, timeout)
        return CommandResult(**answer)

    def enter(self, user: int | None = None) -> list[str]:
        """Return the command prefix that runs a command in the world from outside."""
        prefix = ["nsenter", f"--target={self.pid}", "--root", "--wd", "--mount", "--net", "--pid"]
        if self.user:
            prefix += ["--user", "--preserve-credentials"]
            if os.geteuid() != 0:
                return prefix
            uid = str(self.user)
            return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *prefix]
        if user is not None:
            prefix += [f"--setuid={user}", f"--setgid={user}"]
        return prefix

    def interpreter(
        self,
        python: str,
        *,
        user: int | None = None,
        umask: int = 0o022,
        under: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Return the path of a script of this machine that runs this Python in the world.

        It serves as an ansible_python_interpreter.
        under: a command prefix in the world, such as strace and its options.
        """
        environment = {**ENVIRONMENT, **(env or {})}
        assignments = [f"{name}={value}" for name, value in environment.items()]
        command = [*self.enter(user), "--", "env", "-i", *assignments, *under, python]
        script = f'#!/bin/sh\numask {umask:03o}\nexec {shlex.join(command)} "$@"\n'
        if script not in self._interpreters:
            path = Path(self._scratch.name, f"python{len(self._interpreters)}")
            path.write_text(script, encoding="utf-8")
            path.chmod(0o755)
            self._interpreters[script] = str(path)
        return self._interpreters[script]

    # --- the agent ---

    def _wait_until_made(self) -> int:
        """Wait until namespaces and file system are made; return the pid of process 1.

        The agent answers once for each, in any order.
        """
        answers: dict[str, Any] = {}
        while "pid" not in answers or "ok" not in answers:
            answers.update(self._answer())
            if "errno" in answers:
                self.close()
                raise OSError(answers["errno"], answers["message"])
        return int(answers["pid"])

    def _ask(self, request: str, *args: object) -> Any:
        assert self._agent.stdin
        self._agent.stdin.write(json.dumps([request, args]).encode() + b"\n")
        self._agent.stdin.flush()
        answer = self._answer()
        if "ok" in answer:
            return answer["ok"]
        if answer["errno"] is None:
            raise RuntimeError(answer["message"])
        raise OSError(answer["errno"], answer["message"])

    def _answer(self) -> dict[str, Any]:
        assert self._agent.stdout
        line = self._agent.stdout.readline()
        if not line:
            raise OSError(f"the world's first process ended with rc {self._agent.poll()}")
        return dict(json.loads(line))


def _wait_until_ended(pid: int, seconds: float) -> None:
    """Wait for a child; Popen.wait with a timeout would poll with pauses."""
    process = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    try:
        poll.poll(seconds * 1000)
    finally:
        os.close(process)


def single_spaced(value: str) -> str:
    return " ".join(value.split())
