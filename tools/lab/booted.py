# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A booted host: systemd as process 1 and all that it starts, in systemd-nspawn, without a systemd of the machine."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import NoReturn

from .kinds import BRIDGE, Host, give_address, wait_until_unplugged

MEANS_REBOOT = 133
"""The exit status of systemd-nspawn with --keep-unit when the host reboots: nobody but us can start it again."""


class Booted:
    own_processes = False
    watches_files = True

    def dress(self, host: Host) -> None:
        give_address(host)

    def launch(self, host: Host) -> NoReturn:
        wait_until_unplugged(host)
        os.execvp(  # noqa: S606
            "systemd-nspawn",
            [
                "systemd-nspawn", "--quiet", "--boot", "--settings=no", f"--machine={host.name}", f"--directory={host.root}",
                "--register=no", "--keep-unit",  # there need be no systemd on the machine
                f"--network-bridge={BRIDGE}", "--console=read-only", "--kill-signal=SIGRTMIN+3",
                "--link-journal=no", "--resolv-conf=off", "--timezone=off",
            ],
        )  # fmt: skip

    def reboots(self, status: int) -> bool:
        return os.waitstatus_to_exitcode(status) == MEANS_REBOOT

    def reboot(self, pid: int, cgroup: Path) -> None:
        """As Ctrl-Alt-Del would."""
        del pid
        first = (cgroup / "payload/init.scope/cgroup.procs").read_text(encoding="ascii").split()[0]
        os.kill(int(first), signal.SIGINT)
