# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's first process: makes its namespaces and network, then starts hosts, starts them again as they reboot, and answers requests."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import kernel, roots
from .booted import Booted
from .cgroups import Cgroup
from .kinds import BITS, BRIDGE, HOSTS, NETWORK, Host, Keys, Kind, console, dress
from .light import Light
from .limits import ENOUGH, current
from .virtual import VirtualMachine

KINDS: dict[str, Kind] = {"booted": Booted(), "light": Light(), "vm": VirtualMachine()}
SOCKET = Path("/run/lab.socket")
CGROUPS = Path("/sys/fs/cgroup")


@dataclass
class Standing:
    """A host, and how it stands with it."""

    host: Host
    pid: int | None = None
    boots: int = 0
    status: int | None = None

    @property
    def kind(self) -> Kind:
        return KINDS[self.host.kind]

    @property
    def cgroup(self) -> Cgroup:
        return Cgroup(CGROUPS / self.host.name)

    def told(self) -> dict[str, Any]:
        return {
            **self.host.told(),
            "up": self.pid is not None,
            "boots": self.boots,
            "status": self.status,
        }


def set_up() -> None:
    """Make what a lab has: mounts of its own, one hierarchy of cgroups, and a network with nothing but a bridge."""
    kernel.unshare(
        kernel.CLONE_NEWNET | kernel.CLONE_NEWCGROUP | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    )
    kernel.own_mounts()
    kernel.mount("proc", "/proc", "proc")
    kernel.mount("sysfs", "/sys", "sysfs")
    kernel.mount("cgroup2", str(CGROUPS), "cgroup2")
    # systemd-nspawn keeps its own things below /run, and only parts from them when that is a tmpfs.
    kernel.mount("tmpfs", "/run", "tmpfs", data="mode=755")
    HOSTS.mkdir()
    (Path("/run") / "ssh").mkdir(mode=0o700)
    commands = (
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"address add {NETWORK}.0.1/{BITS} dev {BRIDGE}",
        f"link set {BRIDGE} up",
    )
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands).encode(), check=True)


class First:
    def __init__(self, keys: Keys, tell: Callable[[str], None]) -> None:
        self.keys = keys
        self.tell = tell
        self.standing: dict[str, Standing] = {}
        self.has_room = False
        self.roots: dict[str, int] = {}
        self.requests: dict[str, Callable[..., object]] = {
            "make": self.make, "start": self.start, "stop": self.stop, "forget": self.forget,
            "reboot": self.reboot, "answering": self.answering, "hosts": self.hosts,
        }  # fmt: skip
        self.selector = selectors.DefaultSelector()

    # --- requests ---

    def hosts(self) -> list[dict[str, Any]]:
        return [standing.told() for standing in self.standing.values()]

    def make(self, hosts: Iterable[dict[str, Any]]) -> None:
        """Lay hosts over their roots; one that is there is made anew, as if nothing had ever been done to it."""
        for options in hosts:
            host = Host(**options)
            if host.name in self.standing:
                self.forget([host.name])
            self.standing[host.name] = Standing(host)
            if host.lower not in self.roots:
                self.roots[host.lower] = roots.in_use(Path(host.lower))
            _lay_over(host)
            dress(host, self.keys)
            KINDS[host.kind].dress(host)

    def start(self, names: Iterable[str]) -> None:
        wanted = [self._known(name) for name in names]
        self._make_room(wanted)
        for standing in wanted:
            if standing.pid is None:
                self._launch(standing)

    def stop(self, names: Iterable[str]) -> None:
        """As if the power went."""
        for standing in [self._known(name) for name in names]:
            standing.pid = None
            standing.cgroup.end()

    def forget(self, names: Iterable[str]) -> None:
        for name in list(names):
            self.stop([name])
            place = self.standing.pop(name).host.place
            kernel.unmount(str(place / "root"))
            kernel.unmount(str(place))
            place.rmdir()

    def reboot(self, names: Iterable[str]) -> None:
        for standing in [self._known(name) for name in names]:
            if standing.pid is None:
                raise ValueError(f"{standing.host.name} is not up")
            standing.kind.reboot(standing.pid, standing.cgroup.path)

    def answering(self, names: Iterable[str], connect: float = 0.3, greet: float = 15) -> list[str]:
        """Tell which hosts answer to ssh now, or in a moment; sshd of an emulated one takes seconds, and more for each call."""
        with selectors.DefaultSelector() as waiting:
            for name in names:
                call = socket.socket()
                call.setblocking(False)
                call.connect_ex((self._known(name).host.address, 22))
                waiting.register(call, selectors.EVENT_READ, name)
            found: list[str] = []
            began = time.monotonic()
            while waiting.get_map():
                heard = [key for key, _events in waiting.select(0.02)]
                passed = time.monotonic() - began
                late = [
                    key
                    for key in waiting.get_map().values()
                    if passed > (greet if _connected(key.fileobj) else connect)
                ]
                for key in {*heard, *late}:
                    waiting.unregister(key.fileobj)
                    found += [key.data] * _said_hello(key.fileobj)
                self.reap()
        return found

    # --- hosts ---

    def _known(self, name: str) -> Standing:
        if name not in self.standing:
            raise ValueError(f"no host {name!r} in this lab")
        return self.standing[name]

    def _make_room(self, wanted: Iterable[Standing]) -> None:
        """Have the keeper see to it that there is room for hosts that watch files, also when others have seen to it already."""
        if not self.has_room and any(standing.kind.watches_files for standing in wanted):
            self.has_room = True
            self.tell("room")
            deadline = time.monotonic() + 10
            while current() < ENOUGH and time.monotonic() < deadline:
                time.sleep(0.005)

    def _launch(self, standing: Standing) -> None:
        if standing.kind.own_processes:
            kernel.unshare(kernel.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.setsid()
                console(standing.host)
                standing.cgroup.join()
                standing.kind.launch(standing.host)
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(1)
        if standing.kind.own_processes:
            kernel.enter("/proc/self/ns/pid", kernel.CLONE_NEWPID)
        standing.pid, standing.status = pid, None
        standing.boots += 1

    def reap(self) -> None:
        """See who ended: a host that reboots is started again. We also are the parent of the lab's orphans."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                for standing in self.standing.values():
                    if standing.pid == pid:
                        self._ended(standing, status)

    def _ended(self, standing: Standing, status: int) -> None:
        standing.pid, standing.status = None, os.waitstatus_to_exitcode(status)
        standing.cgroup.end()
        if standing.kind.reboots(status):
            self._launch(standing)

    # --- serving ---

    def serve(self) -> None:
        """Answer requests, a line of JSON each, for as long as we live."""
        wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(SOCKET))
            listener.listen(64)
            self.selector.register(listener, selectors.EVENT_READ)
            self.selector.register(wake, selectors.EVENT_READ)
            self.tell("ready")
            while True:
                for key, _events in self.selector.select():
                    if key.fileobj is listener:
                        self._answer(listener.accept()[0])
                    else:
                        os.read(wake, 4096)
                self.reap()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile(
            "rw", encoding="utf-8"
        ) as stream:
            try:
                name, args = json.loads(stream.readline())
                answer: dict[str, Any] = {"ok": self.requests[name](*args)}
            except (ValueError, OSError) as error:
                answer = {"error": str(error) or repr(error)}
            except Exception:
                answer = {"error": traceback.format_exc()}
            stream.write(json.dumps(answer) + "\n")


def _lay_over(host: Host) -> None:
    """Mount the host's root: what it writes stays in memory, and goes at once."""
    host.place.mkdir()
    kernel.mount("tmpfs", str(host.place), "tmpfs", data="mode=755")
    for name in ("upper", "work", "root"):
        (host.place / name).mkdir()
    layers = f"lowerdir={host.lower},upperdir={host.place}/upper,workdir={host.place}/work"
    kernel.mount("overlay", str(host.root), "overlay", data=layers)


def _connected(call: object) -> bool:
    assert isinstance(call, socket.socket)
    with contextlib.suppress(OSError):
        return bool(call.getpeername())
    return False


def _said_hello(call: object) -> bool:
    """Tell whether sshd greets, and hang up: a connection alone may be taken by nobody."""
    assert isinstance(call, socket.socket)
    with call, contextlib.suppress(OSError):
        return call.recv(4) == b"SSH-"
    return False
