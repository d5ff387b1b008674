# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is, and what a kind of hosts must know. The kinds there are stand in `KINDS`."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

HOSTS = Path("/run/hosts")
"""Where hosts lie, in the lab's own mounts."""
BRIDGE, NETWORK, BITS = "lab0", "10.99", 16


@dataclass(frozen=True)
class Host:
    name: str
    kind: str
    release: str
    number: int
    lower: str
    """The root that it is laid over."""

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number // 250}.{self.number % 250 + 2}"

    @property
    def card(self) -> str:
        """The hardware address, the same after each boot: the lab would go on talking to the old one for a while."""
        return f"02:00:00:00:{self.number >> 8:02x}:{self.number & 255:02x}"

    @property
    def place(self) -> Path:
        return HOSTS / self.name

    @property
    def root(self) -> Path:
        return self.place / "root"

    def told(self) -> dict[str, Any]:
        return {**asdict(self), "address": self.address}


@dataclass(frozen=True)
class Keys:
    """What hosts of a lab get, so that nobody else talks to them, and they are who they say."""

    authorized: str
    host_key: str


class Kind(Protocol):
    own_processes: bool
    """Whether its first process is to be process 1 of a namespace made for it."""
    watches_files: bool
    """Whether it takes several instances of inotify, of which the machine has few."""

    def dress(self, host: Host) -> None:
        """Write what this kind needs into the host's root, before its first boot."""

    def launch(self, host: Host) -> NoReturn:
        """Become the host's first process; we are a child of the lab's, with its network."""
        raise NotImplementedError

    def reboots(self, status: int) -> bool:
        """Tell from a wait status whether the host means to come back."""
        raise NotImplementedError

    def reboot(self, pid: int, cgroup: Path) -> None:
        """Ask the running host to come back."""


def dress(host: Host, keys: Keys) -> None:
    """Give a fresh host its name and keys."""
    private = host.root / "etc/ssh/ssh_host_ed25519_key"
    authorized = host.root / "root/.ssh/authorized_keys"
    authorized.parent.mkdir(mode=0o700, exist_ok=True)
    for path, text, mode in (
        (host.root / "etc/hostname", f"{host.name}\n", 0o644),
        (host.root / "etc/machine-id", "", 0o444),
        (authorized, keys.authorized, 0o600),
        (private, keys.host_key, 0o600),
    ):
        path.write_text(text, encoding="ascii")
        path.chmod(mode)


def give_address(host: Host) -> None:
    """Have systemd set the host's address; the file sorts before systemd's own, which would ask a network for one."""
    network = host.root / "etc/systemd/network/10-host0.network"
    network.write_text(
        f"[Match]\nName=host0 en*\n[Network]\nAddress={host.address}/{BITS}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n",
        encoding="ascii",
    )


def console(host: Host) -> None:
    """Have what the host's first process says go to a file, and nothing come in."""
    told = os.open(host.place / "console", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(told, 1)
    os.dup2(told, 2)


def interface(host: Host) -> str:
    """Name the lab's end of the host's cable, as systemd-nspawn does; of 15 letters at most."""
    return f"vb-{host.name}"


def wait_until_unplugged(host: Host, within: float = 20) -> None:
    """The kernel takes a cable away some time after the host that had its other end: the next boot must wait for that."""
    deadline = time.monotonic() + within
    with contextlib.suppress(OSError):
        while socket.if_nametoindex(interface(host)) and time.monotonic() < deadline:
            time.sleep(0.005)
