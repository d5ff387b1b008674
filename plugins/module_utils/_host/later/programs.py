# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that set keys after the sysctl loader has run: those that this host has.

A program is a line in PROGRAMS, a reader in readers.py and a file of its own, which is imported
only where one of the signs of the program is there. What is certain is a stage of the boot, the
rest a doubt.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ..._sysctl.files.boot_files import BootFiles
from ..files import HostFiles

_LONGEST_SCRIPT = 1 << 16
"""Bytes. What comes after them is not looked at."""


class Program(NamedTuple):
    """A program that may set keys after the loader."""

    name: str
    """That of its reader in readers.py."""
    signs: tuple[str, ...]
    """Paths of which one is there wherever the program is set up."""
    texts: tuple[bytes, ...] = ()
    """Of the signs, which are files or folders of files, one must contain one of these."""
    matters_with_udev: bool = True


_WANTS = "/etc/systemd/system/multi-user.target.wants"

PROGRAMS = (
    Program(
        name="credential",
        signs=(
            "/run/credentials/@system/sysctl.extra",
            "/etc/credstore/sysctl.extra",
            "/run/credstore/sysctl.extra",
            "/usr/local/lib/credstore/sysctl.extra",
            "/usr/lib/credstore/sysctl.extra",
        ),
    ),
    Program(
        name="drop_ins",
        signs=(
            "/etc/systemd/system/systemd-sysctl.service.d",
            "/run/systemd/system/systemd-sysctl.service.d",
            "/usr/lib/systemd/system/systemd-sysctl.service.d",
        ),
    ),
    Program(name="dracut", signs=("/usr/lib/dracut",)),
    Program(
        name="modules",
        signs=(
            "/sys/module/nf_conntrack/initstate",
            "/sys/module/br_netfilter/initstate",
            "/sys/module/ip_vs/initstate",
            "/sys/module/sctp/initstate",
        ),
    ),
    Program(name="networkd", signs=(f"{_WANTS}/systemd-networkd.service",)),
    Program(name="network_manager", signs=(f"{_WANTS}/NetworkManager.service",)),
    Program(
        signs=("/etc/network/interfaces", "/etc/network/interfaces.d"),
        name="ifupdown",
        texts=(b"inet6", b"sysctl", b"/proc/sys/", b"ip-"),
    ),
    Program(
        name="interfaces",
        signs=(
            "/etc/systemd/network",
            "/run/systemd/network",
            "/usr/local/lib/systemd/network",
            "/etc/network/interfaces",
            "/etc/network/interfaces.d",
        ),
        texts=(b"[NetDev]", b"bridge", b"bond", b"vlan", b"ip link add"),
        matters_with_udev=False,
    ),
    Program(name="ufw", signs=("/etc/ufw/ufw.conf",)),
    Program(
        name="services",
        signs=(
            f"{_WANTS}/docker.service",
            f"{_WANTS}/libvirtd.service",
            f"{_WANTS}/virtnetworkd.service",
            f"{_WANTS}/lxc-net.service",
            f"{_WANTS}/firewalld.service",
            f"{_WANTS}/kubelet.service",
            f"{_WANTS}/k3s.service",
            f"{_WANTS}/k3s-agent.service",
            f"{_WANTS}/keepalived.service",
        ),
    ),
    Program(name="wg_quick", signs=("/etc/wireguard",)),
    Program(name="tuned", signs=("/etc/tuned/active_profile",)),
    Program(name="cloud_init", signs=("/var/lib/cloud/instance",)),
    Program(
        name="scripts",
        signs=(
            "/etc/rc.local",
            "/etc/rc.d/rc.local",
            "/etc/crontab",
            "/etc/cron.d",
            "/var/spool/cron",
            "/var/spool/cron/crontabs",
            "/etc/network/if-pre-up.d",
            "/etc/network/if-up.d",
            "/etc/NetworkManager/dispatcher.d",
            "/etc/local.d",
            "/etc/systemd/system",
        ),
        texts=(b"sysctl", b"/proc/sys/", b"@reboot"),
    ),
)
"""In the order in which they set keys at boot."""


def with_later_programs(boot_files: BootFiles, files: HostFiles) -> BootFiles:
    """Return the boot files with what other programs of the host do after the loader."""
    for program in PROGRAMS:
        matters = program.matters_with_udev or not boot_files.traits.has_udev
        if matters and _is_set_up(files, program):
            from .readers import read_changes  # most hosts have none of the programs

            changes = read_changes(program.name, files)
            boot_files = boot_files._replace(
                contents={**boot_files.contents, **changes.contents},
                appended=boot_files.appended + changes.appended,
                stages=boot_files.stages + changes.stages,
                doubts=boot_files.doubts + changes.doubts,
            )
    return boot_files


def _is_set_up(files: HostFiles, program: Program) -> bool:
    there = [sign for sign in program.signs if os.path.lexists(files.host_path(sign))]
    if not program.texts:
        return bool(there)
    return any(_contains(files, sign, program.texts) for sign in there)


def _contains(files: HostFiles, sign: str, texts: tuple[bytes, ...]) -> bool:
    """Tell whether a file, or one of those in a folder, contains one of these texts."""
    path = files.host_path(files.resolve(sign))
    try:
        if os.path.isfile(path):
            return _file_contains(path, texts)
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and _file_contains(entry.path, texts):
                    return True
    except OSError:  # nobody but root may read it, or it is neither a file nor a folder
        pass
    return False


def _file_contains(path: str, texts: tuple[bytes, ...]) -> bool:
    with open(path, "rb") as file:
        data = file.read(_LONGEST_SCRIPT)
    return any(text in data for text in texts)
