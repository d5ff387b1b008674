# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's init process: process 1 of its namespaces.

It makes the lab's mounts and network, starts hosts, starts them again when they reboot, and answers
the requests of `Lab`.
"""

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

from . import inotify, roots, syscalls
from .booted import BootedKind, RunitKind, SysvinitKind
from .cgroups import Cgroup
from .host import (
    BRIDGE,
    HOSTS,
    NETWORK,
    PREFIX_LENGTH,
    Host,
    HostKind,
    LabKeys,
    redirect_to_console,
    write_identity,
)
from .light import LightKind
from .virtual_machine import VirtualMachineKind
from .waiting import wait_until

KINDS: dict[str, HostKind] = {
    "booted": BootedKind(),
    "light": LightKind(),
    "runit": RunitKind(),
    "sysvinit": SysvinitKind(),
    "vm": VirtualMachineKind(),
}
SOCKET = Path("/run/lab.socket")
CGROUPS = Path("/sys/fs/cgroup")
SSH_PORT = 22


@dataclass
class HostState:
    """A host, and whether it is running."""

    host: Host
    pid: int | None = None
    """Its first process, None if it is down."""
    boots: int = 0
    status: int | None = None
    """The exit code of its last first process."""

    @property
    def kind(self) -> HostKind:
        return KINDS[self.host.kind]

    @property
    def cgroup(self) -> Cgroup:
        return Cgroup(CGROUPS / self.host.name)

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.host.to_dict(),
            "up": self.pid is not None,
            "boots": self.boots,
            "status": self.status,
        }


def set_up_namespaces() -> None:
    """Make the lab's own mounts, its cgroup hierarchy, and a network with nothing but a bridge."""
    syscalls.unshare(
        syscalls.CLONE_NEWNET
        | syscalls.CLONE_NEWCGROUP
        | syscalls.CLONE_NEWIPC
        | syscalls.CLONE_NEWUTS
    )
    syscalls.private_mounts()
    syscalls.mount("proc", "/proc", "proc")
    syscalls.mount("sysfs", "/sys", "sysfs")
    syscalls.mount("cgroup2", str(CGROUPS), "cgroup2")
    # systemd-nspawn keeps files below /run, which only a tmpfs hides from the machine.
    syscalls.mount("tmpfs", "/run", "tmpfs", data="mode=755")
    HOSTS.mkdir()
    Path("/run/ssh").mkdir(mode=0o700)
    commands = (
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"address add {NETWORK}.0.1/{PREFIX_LENGTH} dev {BRIDGE}",
        f"link set {BRIDGE} up",
    )
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands).encode(), check=True)


class Init:
    """The hosts of a lab, and the requests that it answers about them."""

    def __init__(self, keys: LabKeys, notify_supervisor: Callable[[str], None]) -> None:
        self.keys = keys
        self.notify_supervisor = notify_supervisor
        self.states: dict[str, HostState] = {}
        self.inotify_requested = False
        self.roots_in_use: dict[str, int] = {}
        self.requests: dict[str, Callable[..., object]] = {
            "hosts": self.hosts,
            "make": self.make,
            "start": self.start,
            "cut_power": self.cut_power,
            "remove": self.remove,
            "reboot": self.reboot,
            "answering": self.answering,
        }

    # --- requests ---

    def hosts(self) -> list[dict[str, Any]]:
        return [state.to_dict() for state in self.states.values()]

    def make(self, hosts: Iterable[dict[str, Any]]) -> None:
        """Make new hosts. A host that exists is replaced by a new one."""
        for options in hosts:
            host = Host(**options)
            if host.name in self.states:
                self.remove([host.name])
            self.states[host.name] = HostState(host)
            if host.lower not in self.roots_in_use:
                self.roots_in_use[host.lower] = roots.mark_in_use(Path(host.lower))
            _mount_root(host)
            write_identity(host, self.keys)
            KINDS[host.kind].prepare(host)

    def start(self, names: Iterable[str]) -> None:
        """Start the hosts that are down."""
        states = [self._state(name) for name in names]
        self._request_inotify(states)
        for state in states:
            if state.pid is None:
                self._boot(state)

    def cut_power(self, names: Iterable[str]) -> None:
        """Kill all processes of hosts at once."""
        states = [self._state(name) for name in names]
        for state in states:
            state.pid = None
            state.cgroup.kill_and_remove()

    def remove(self, names: Iterable[str]) -> None:
        for name in list(names):
            self.cut_power([name])
            directory = self.states.pop(name).host.directory
            syscalls.unmount(str(directory / "root"))
            syscalls.unmount(str(directory))
            directory.rmdir()

    def reboot(self, names: Iterable[str]) -> None:
        states = [self._state(name) for name in names]
        for state in states:
            if state.pid is None:
                raise ValueError(f"{state.host.name} is not up")
            state.kind.reboot(state.pid, state.cgroup.path)

    def answering(
        self, names: Iterable[str], connect_timeout: float = 0.3, greeting_timeout: float = 60
    ) -> list[str]:
        """Return the hosts whose sshd greets.

        The sshd of an emulated host takes seconds to greet, and longer with each connection. So a
        connection that is accepted gets much more time than one that is not.
        """
        answering: list[str] = []
        with selectors.DefaultSelector() as waiting:
            for name in names:
                address = self._state(name).host.address
                waiting.register(_connect(address), selectors.EVENT_READ, name)
            started = time.monotonic()
            while waiting.get_map():
                finished = [key for key, _events in waiting.select(0.02)]
                elapsed = time.monotonic() - started
                for key in waiting.get_map().values():
                    timeout = connect_timeout
                    if _is_connected(key.fileobj):
                        timeout = greeting_timeout
                    if elapsed > timeout and key not in finished:
                        finished.append(key)
                for key in finished:
                    waiting.unregister(key.fileobj)
                    if _receive_greeting(key.fileobj):
                        answering.append(key.data)
                self.reap()
        return answering

    # --- hosts ---

    def _state(self, name: str) -> HostState:
        if name not in self.states:
            raise ValueError(f"no host {name!r} in this lab")
        return self.states[name]

    def _request_inotify(self, states: Iterable[HostState]) -> None:
        """Have the supervisor raise the inotify limit, if one of the hosts needs it.

        It is requested even when another lab has raised it: that lab would restore it too early.
        """
        needed = any(state.kind.needs_inotify for state in states)
        if self.inotify_requested or not needed:
            return
        self.inotify_requested = True
        self.notify_supervisor("inotify")

        def is_raised() -> bool:
            return inotify.current_limit() >= inotify.ENOUGH

        wait_until(is_raised, lambda: "the supervisor does not raise the inotify limit")

    def _boot(self, state: HostState) -> None:
        """Start the host's first process."""
        if state.kind.needs_pid_namespace:
            syscalls.unshare(syscalls.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            _become_host(state)
        if state.kind.needs_pid_namespace:
            syscalls.enter_namespace("/proc/self/ns/pid", syscalls.CLONE_NEWPID)
        state.pid = pid
        state.status = None
        state.boots += 1

    def reap(self) -> None:
        """Wait for all children that have ended: hosts, and the lab's orphans."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                for state in self.states.values():
                    if state.pid == pid:
                        self._host_ended(state, status)

    def _host_ended(self, state: HostState, status: int) -> None:
        state.pid = None
        state.status = os.waitstatus_to_exitcode(status)
        state.cgroup.kill_and_remove()
        if state.kind.wants_reboot(status):
            self._boot(state)

    # --- serving ---

    def serve(self) -> None:
        """Answer requests forever. A request is a line of JSON, and so is its answer."""
        wakeup_read, wakeup_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wakeup_write)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        selector = selectors.DefaultSelector()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(SOCKET))
            listener.listen(64)
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wakeup_read, selectors.EVENT_READ)
            self.notify_supervisor("ready")
            while True:
                for key, _events in selector.select():
                    if key.fileobj is listener:
                        self._answer(listener.accept()[0])
                    else:
                        os.read(wakeup_read, 4096)
                self.reap()

    def _answer(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                answer = self._handle(stream.readline())
                stream.write(json.dumps(answer) + "\n")
        except OSError:
            return  # the caller did not wait for the answer

    def _handle(self, line: str) -> dict[str, Any]:
        try:
            name, args = json.loads(line)
            return {"ok": self.requests[name](*args)}
        except (ValueError, OSError) as error:
            return {"error": str(error) or repr(error)}
        except Exception:
            return {"error": traceback.format_exc()}


def _become_host(state: HostState) -> None:
    """Turn this child process into the first process of a host."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        redirect_to_console(state.host)
        state.cgroup.join()
        state.kind.boot(state.host)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _mount_root(host: Host) -> None:
    """Mount the host's root: an overlay that keeps in memory what the host writes."""
    host.directory.mkdir()
    syscalls.mount("tmpfs", str(host.directory), "tmpfs", data="mode=755")
    for name in ("upper", "work", "root"):
        (host.directory / name).mkdir()
    upper = f"upperdir={host.directory}/upper,workdir={host.directory}/work"
    options = f"lowerdir={host.lower},{upper}"
    syscalls.mount("overlay", str(host.root), "overlay", data=options)


def _connect(address: str) -> socket.socket:
    """Begin to connect to the sshd of a host."""
    connection = socket.socket()
    connection.setblocking(False)
    connection.connect_ex((address, SSH_PORT))
    return connection


def _is_connected(connection: object) -> bool:
    assert isinstance(connection, socket.socket)
    with contextlib.suppress(OSError):
        return bool(connection.getpeername())
    return False


def _receive_greeting(connection: object) -> bool:
    """Return whether sshd has greeted, and hang up. The kernel connects even if sshd is stuck."""
    assert isinstance(connection, socket.socket)
    with connection, contextlib.suppress(OSError):
        return connection.recv(4) == b"SSH-"
    return False
