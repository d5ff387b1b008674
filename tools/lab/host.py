# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is, and the methods that each kind of hosts must have."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, Protocol

from .waiting import wait_until

HOSTS = Path("/run/hosts")
"""The directories of the hosts, in the lab's own mounts."""
BRIDGE = "lab0"
NETWORK = "10.99"
PREFIX_LENGTH = 16


class Host(NamedTuple):
    """A host of a lab, running or not."""

    name: str
    kind: str
    release: str
    number: int
    lower: str
    """The root file system below the host's overlay."""

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number // 250}.{self.number % 250 + 2}"

    @property
    def mac_address(self) -> str:
        """The same after each boot: the lab would go on using the old one for a while."""
        return f"02:00:00:00:{self.number >> 8:02x}:{self.number & 255:02x}"

    @property
    def directory(self) -> Path:
        return HOSTS / self.name

    @property
    def root(self) -> Path:
        return self.directory / "root"

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "address": self.address}


class LabKeys(NamedTuple):
    """The SSH keys of a lab's hosts: only the lab can log in, and it recognizes its hosts."""

    authorized: str
    host_key: str


class HostKind(Protocol):
    """What the lab's init process calls to boot and reboot hosts of a kind."""

    needs_pid_namespace: bool
    """Whether the host's first process must be process 1 of a new PID namespace."""
    needs_inotify: bool
    """Whether it uses many inotify instances, of which the machine has few."""

    def prepare(self, host: Host) -> None:
        """Write what this kind needs into the host's root, before its first boot."""

    def boot(self, host: Host) -> NoReturn:
        """Become the host's first process. Called in a child of the lab's init process."""
        raise NotImplementedError

    def wants_reboot(self, status: int) -> bool:
        """Return whether the wait status of the first process means that the host reboots."""
        raise NotImplementedError

    def reboot(self, pid: int, cgroup: Path) -> None:
        """Ask the running host to reboot."""


def write_identity(host: Host, keys: LabKeys) -> None:
    """Give a new host its name and its keys."""
    etc = host.root / "etc"
    authorized_keys = host.root / "root/.ssh/authorized_keys"
    authorized_keys.parent.mkdir(mode=0o700, exist_ok=True)
    files = (
        (etc / "hostname", f"{host.name}\n", 0o644),
        (etc / "machine-id", "", 0o444),
        (authorized_keys, keys.authorized, 0o600),
        (etc / "ssh/ssh_host_ed25519_key", keys.host_key, 0o600),
    )
    for path, text, mode in files:
        path.write_text(text, encoding="ascii")
        path.chmod(mode)


def write_network_config(host: Host) -> None:
    """Have systemd-networkd set the host's address.

    The file sorts before the one that comes with systemd, which would use DHCP.
    """
    lines = (
        "[Match]",
        "Name=host0 en*",
        "[Network]",
        f"Address={host.address}/{PREFIX_LENGTH}",
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
    )
    network = host.root / "etc/systemd/network/10-host0.network"
    network.write_text("\n".join(lines) + "\n", encoding="ascii")


def redirect_to_console(host: Host) -> None:
    """Write the output of this process to the host's console file, and give it no input."""
    console = os.open(host.directory / "console", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(console, 1)
    os.dup2(console, 2)


def interface_name(host: Host) -> str:
    """Name the lab's end of the host's cable as systemd-nspawn does; at most 15 characters."""
    return f"vb-{host.name}"


def wait_for_interface_removal(host: Host) -> None:
    """Wait until the cable of the host's last boot is gone.

    The kernel removes it some time after the namespace that had its other end.
    """
    name = interface_name(host)

    def is_removed() -> bool:
        return name not in [present for _index, present in socket.if_nameindex()]

    wait_until(is_removed, lambda: f"{name} is not removed")
