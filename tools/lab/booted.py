# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Booted hosts: systemd-nspawn containers with systemd, sysvinit or runit as process 1.

The machine itself need not run systemd.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NoReturn

from .host import BRIDGE, PREFIX_LENGTH, Host, wait_for_interface_removal, write_network_config

REBOOT_STATUS = 133
"""The exit status of systemd-nspawn with --keep-unit when the host reboots."""


class BootedKind:
    """Hosts in systemd-nspawn."""

    needs_pid_namespace = False
    needs_inotify = True

    def prepare(self, host: Host) -> None:
        write_network_config(host)

    def boot(self, host: Host) -> NoReturn:
        wait_for_interface_removal(host)
        command = [
            "systemd-nspawn",
            "--quiet",
            "--boot",
            "--settings=no",
            f"--machine={host.name}",
            f"--directory={host.root}",
            # These two because the machine may have no systemd.
            "--register=no",
            "--keep-unit",
            f"--network-bridge={BRIDGE}",
            "--console=read-only",
            "--kill-signal=SIGRTMIN+3",
            "--link-journal=no",
            "--resolv-conf=off",
            "--timezone=off",
        ]
        os.execvp(command[0], command)  # noqa: S606 # no shell is wanted

    def wants_reboot(self, status: int) -> bool:
        return os.waitstatus_to_exitcode(status) == REBOOT_STATUS

    def reboot(self, pid: int, cgroup: Path) -> None:
        """Send the host's systemd the signal that Ctrl-Alt-Del sends (systemd(1))."""
        del pid
        processes = (cgroup / "payload/init.scope/cgroup.procs").read_text(encoding="ascii")
        systemd = processes.split()[0]
        os.kill(int(systemd), signal.SIGINT)


class SysvinitKind(BootedKind):
    """Hosts with sysvinit in systemd-nspawn."""

    def prepare(self, host: Host) -> None:
        path = host.root / "etc/lab-address"
        path.write_text(f"{host.address}/{PREFIX_LENGTH}\n", encoding="ascii")

    def reboot(self, pid: int, cgroup: Path) -> None:
        """Send the host's init the signal that Ctrl-Alt-Del sends (init(8))."""
        del pid
        os.kill(_init_pid(cgroup), signal.SIGINT)


class RunitKind(SysvinitKind):
    """Hosts with runit in systemd-nspawn."""

    def reboot(self, pid: int, cgroup: Path) -> None:
        """Do what `runit-init 6` does (runit(8)); Debian's Ctrl-Alt-Del does not reboot."""
        del pid
        init = _init_pid(cgroup)
        for name in ("runit.stopit", "runit.reboot"):
            os.chmod(f"/proc/{init}/root/run/{name}", 0o100)
        os.kill(init, signal.SIGCONT)


def _init_pid(cgroup: Path) -> int:
    """Return the PID of process 1 of a host without systemd, as seen from outside."""
    processes = (cgroup / "payload/cgroup.procs").read_text(encoding="ascii")
    return min(int(number) for number in processes.split())
