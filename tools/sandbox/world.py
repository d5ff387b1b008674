# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A throw-away host on this machine: own network, mount and pid namespaces, real kernel, real loaders, nothing outside touched."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterable, Mapping, Union

AGENT = Path(__file__).with_name("agent.py")
PLACES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/etc/sysctl.conf",
)
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = 65534


@dataclass(frozen=True)
class Link:
    """A symbolic link in a tree."""

    target: str


Content = Union[str, bytes, Link]
Tree = Mapping[str, Content]


@dataclass(frozen=True)
class Ran:
    """What a command in the world did."""

    rc: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Booted(Ran):
    """What the loader said at the next boot, and the values it left."""

    values: dict[str, str]


class World:
    """A throw-away host; `with World() as w: w.write('/etc/sysctl.d/10-a.conf', 'net.ipv4.tcp_fin_timeout = 50')`.

    loader: what the module's detection of the boot loader sees: systemd, procps, or auto (this machine's own init).
    proc_sys: what can be written below /proc/sys: net, or none.
    user: the uid of the ordinary user who makes it, in a user namespace where he is root.
    """

    def __init__(
        self, tree: Tree | None = None, *, loader: str = "systemd", interfaces: Iterable[str] = (), proc_sys: str = "net", user: int | None = None
    ) -> None:  # fmt: skip
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
        self._wrappers: dict[tuple[object, ...], str] = {}
        self.pid = self._started()
        self.place(tree or {})

    def __enter__(self) -> World:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the world; its mounts, interfaces and files end with the last of them."""
        assert self._agent.stdin
        assert self._agent.stdout
        self._agent.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._agent.wait(10)
        self._agent.kill()
        self._agent.wait()
        self._agent.stdout.close()
        self._scratch.cleanup()

    # --- files ---

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """Write a file in place, making its folder; text is UTF-8."""
        raw = content.encode() if isinstance(content, str) else content
        self._ask("write", path, raw.decode("latin-1"), mode)

    def link(self, path: str, target: str) -> None:
        self._ask("link", path, target)

    def place(self, tree: Tree) -> None:
        """Add files and links."""
        for path, content in tree.items():
            if isinstance(content, Link):
                self.link(path, content.target)
            else:
                self.write(path, content)

    def clear(self) -> None:
        """Take away every file in the sysctl places."""
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

    def files(self, *places: str, identity: bool = False) -> dict[str, list[Any]]:
        """Path -> [mode, uid, gid, kind, content] of everything below; with identity also inode and times."""
        return dict(self._ask("snapshot", list(places or PLACES), identity))

    def snapshot(self, identity: bool = False) -> dict[str, Any]:
        """All sysctl files and all values below /proc/sys/net: two equal snapshots are one and the same state."""
        return {**self.files(identity=identity), **self.net_values()}

    # --- the kernel ---

    def sysctl(self, key: str) -> str:
        """Give the runtime value of a key, blanks collapsed."""
        return " ".join(str(self._ask("get", key)).split())

    def set_sysctl(self, key: str, value: str | int) -> None:
        self._ask("set", key, str(value))

    def net_values(self) -> dict[str, str]:
        return dict(self._ask("net_values"))

    def add_interfaces(self, *names: str) -> None:
        """Make interfaces, which the next boots have too."""
        self._ask("add_bridges", list(names))
        self.interfaces += names

    def boot(self, loader: str, keys: Iterable[str] | None = None) -> Booted:
        """Boot: run the real loader (systemd or procps) on these files, in a new network namespace with the same interfaces."""
        answer = self._ask("boot", loader, self.interfaces, None if keys is None else list(keys))
        values = {key: " ".join(value.split()) for key, value in answer["values"].items()}
        return Booted(answer["rc"], answer["stdout"], answer["stderr"], values)

    def boots(self, key: str) -> dict[str, str]:
        """Give what each of the two loaders makes of a key at the next boot."""
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
    ) -> Ran:
        """Run a command in the world, as its root or as another user."""
        full = {
            "PATH": SEARCH_PATH,
            "HOME": "/srv/home",
            "TMPDIR": "/srv/tmp",
            "LC_ALL": "C.UTF-8",
            **(env or {}),
        }
        return Ran(**self._ask("run", [str(part) for part in argv], full, stdin, user, timeout))

    def enter(self, user: int | None = None) -> list[str]:
        """Give the command prefix that runs a command in the world from outside."""
        prefix = ["nsenter", f"--target={self.pid}", "--root", "--wd", "--mount", "--net", "--pid"]
        if self.user:
            first = (
                ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
                if os.geteuid() == 0
                else []
            )
            return [*first, *prefix, "--user", "--preserve-credentials"]
        return prefix if user is None else [*prefix, f"--setuid={user}", f"--setgid={user}"]

    def interpreter(
        self,
        python: str,
        *,
        user: int | None = None,
        umask: int = 0o022,
        under: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> str:
        """Make a script on the controller that is this Python inside the world: an ansible_python_interpreter."""
        more = [f"{name}={value}" for name, value in (env or {}).items()]
        wanted = (python, user, umask, tuple(under), tuple(more))
        if wanted not in self._wrappers:
            path = Path(self._scratch.name, f"python{len(self._wrappers)}")
            clean = [
                "env",
                "-i",
                f"PATH={SEARCH_PATH}",
                "HOME=/srv/home",
                "TMPDIR=/srv/tmp",
                "LC_ALL=C.UTF-8",
                *more,
            ]
            command = shlex.join([*self.enter(user), "--", *clean, *under, python])
            path.write_text(
                f'#!/bin/sh\numask {umask:03o}\nexec {command} "$@"\n', encoding="utf-8"
            )
            path.chmod(0o755)
            self._wrappers[wanted] = str(path)
        return self._wrappers[wanted]

    # --- the agent ---

    def _started(self) -> int:
        """Wait for the two lines that say: namespaces made, file system made."""
        told: dict[str, Any] = {}
        while not {"pid", "ok"} <= set(told):
            told |= self._answer()
            if "errno" in told:
                self.close()
                raise OSError(told["errno"], told["message"])
        return int(told["pid"])

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
