# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that set keys after the sysctl loader has run: those that this host has.

A program is a line in PROGRAMS and a file of its own, which is imported only where one of the
signs of the program is there. What is certain is a stage of the boot, the rest a doubt.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable, NamedTuple

from .._sysctl.boot_files import BootFiles
from .files import HostFiles

if TYPE_CHECKING:
    from .configuration import LaterChanges


class Program(NamedTuple):
    """A program that may set keys after the loader."""

    signs: tuple[str, ...]
    """Paths of which one is there wherever the program is set up."""
    read: Callable[[HostFiles], LaterChanges]


def _read_credential(files: HostFiles) -> LaterChanges:
    from . import later_credential

    return later_credential.read(files)


def _read_drop_ins(files: HostFiles) -> LaterChanges:
    from . import later_drop_ins

    return later_drop_ins.read(files)


def _read_modules(files: HostFiles) -> LaterChanges:
    from . import later_modules

    return later_modules.read(files)


def _read_ufw(files: HostFiles) -> LaterChanges:
    from . import later_ufw

    return later_ufw.read(files)


def _read_services(files: HostFiles) -> LaterChanges:
    from . import later_services

    return later_services.read(files)


def _read_tuned(files: HostFiles) -> LaterChanges:
    from . import later_tuned

    return later_tuned.read(files)


_WANTS = "/etc/systemd/system/multi-user.target.wants"

PROGRAMS = (
    Program(
        signs=(
            "/run/credentials/@system/sysctl.extra",
            "/etc/credstore/sysctl.extra",
            "/run/credstore/sysctl.extra",
            "/usr/local/lib/credstore/sysctl.extra",
            "/usr/lib/credstore/sysctl.extra",
        ),
        read=_read_credential,
    ),
    Program(
        signs=(
            "/etc/systemd/system/systemd-sysctl.service.d",
            "/run/systemd/system/systemd-sysctl.service.d",
            "/usr/lib/systemd/system/systemd-sysctl.service.d",
        ),
        read=_read_drop_ins,
    ),
    Program(
        signs=(
            "/sys/module/nf_conntrack/initstate",
            "/sys/module/br_netfilter/initstate",
            "/sys/module/ip_vs/initstate",
            "/sys/module/sctp/initstate",
        ),
        read=_read_modules,
    ),
    Program(signs=("/etc/ufw/ufw.conf",), read=_read_ufw),
    Program(
        signs=(
            f"{_WANTS}/docker.service",
            f"{_WANTS}/libvirtd.service",
            f"{_WANTS}/lxc-net.service",
            f"{_WANTS}/firewalld.service",
            f"{_WANTS}/kubelet.service",
            f"{_WANTS}/k3s.service",
            f"{_WANTS}/k3s-agent.service",
            f"{_WANTS}/keepalived.service",
        ),
        read=_read_services,
    ),
    Program(signs=("/etc/tuned/active_profile",), read=_read_tuned),
)
"""In the order in which they set keys at boot."""


def with_later_programs(boot_files: BootFiles, files: HostFiles) -> BootFiles:
    """Return the boot files with what other programs of the host do after the loader."""
    for program in PROGRAMS:
        if any(os.path.lexists(files.host_path(sign)) for sign in program.signs):
            changes = program.read(files)
            boot_files = boot_files._replace(
                contents={**boot_files.contents, **changes.contents},
                appended=boot_files.appended + changes.appended,
                stages=boot_files.stages + changes.stages,
                doubts=boot_files.doubts + changes.doubts,
            )
    return boot_files
