# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines whose kernel, firmware or initramfs sets keys at boot."""

from __future__ import annotations

import base64

from lab.virtual_machine import MachineOptions

from .boot_scenarios import FIN, INTVL, PROBES, TIME, HostType, Scenario, unit, write

SWAPPINESS = "vm.swappiness"
PANIC = "kernel.panic"
FILES = "fs.file-max"
ESTABLISHED = "net.netfilter.nf_conntrack_tcp_timeout_established"
LOAD_LATE = """\
[Unit]
After=systemd-sysctl.service
[Service]
Type=oneshot
ExecStart=modprobe nf_conntrack
[Install]
WantedBy=multi-user.target"""
OURS = "/etc/sysctl.d/90-ansible.conf"


def credential(text: str) -> str:
    """Return the firmware string that holds the credential sysctl.extra (systemd.exec(5))."""
    data = base64.b64encode(text.encode()).decode()
    return f"io.systemd.credential.binary:sysctl.extra={data}"


def outside_of_the_files(release: str) -> Scenario:
    """Return a machine with settings on the kernel command line and in the firmware."""
    parameters = {INTVL: 40, FIN: 41, SWAPPINESS: 33, PANIC: 8, ESTABLISHED: 777}
    return Scenario(
        name=f"kernel command line and firmware, {release}",
        set_up=unit("late.service", LOAD_LATE) + "modprobe nf_conntrack",
        settings={INTVL: 20, TIME: 600, SWAPPINESS: 11, PROBES: 5},
        absent={FIN: 60, PANIC: 0, ESTABLISHED: 432000, FILES: 100000},
        turns=(PROBES, FIN, PANIC, FILES),
        settled=f"test -e /proc/sys/{ESTABLISHED.replace('.', '/')}",
        host=HostType("vm", release=release),
        machine=MachineOptions(
            kernel_line=" ".join(f"sysctl.{key}={value}" for key, value in parameters.items()),
            firmware=credential(f"{PROBES} = 3\n"),
        ),
    )


def make_initramfs(hostonly: str) -> str:
    """Return the commands that make an initramfs with dracut, with or without the host's files."""
    options = f"hostonly={hostonly}\nhostonly_cmdline=no"
    return write("/etc/dracut.conf.d/host.conf", options) + "dracut -f --kver $(ls /lib/modules)"


SCENARIOS = (
    outside_of_the_files("bookworm"),
    outside_of_the_files("trixie"),
    Scenario(
        name="an initramfs of dracut that has the files of this host",
        set_up=":",
        in_root=write(OURS, f"{FIN} = 44\n{SWAPPINESS} = 12\n{INTVL} = 40\n")
        + make_initramfs(hostonly="yes"),
        settings={INTVL: 20, TIME: 600},
        absent={FIN: 60, SWAPPINESS: 60},
        turns=(FIN, SWAPPINESS),
        host=HostType("vm", variant="dracut"),
    ),
    Scenario(
        name="an initramfs of dracut that has none of them",
        set_up=":",
        in_root=write(OURS, f"{FIN} = 44\n{INTVL} = 40\n") + make_initramfs(hostonly="no"),
        settings={INTVL: 20, TIME: 600},
        absent={FIN: 60},
        host=HostType("vm", variant="dracut"),
    ),
)
