# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with a host of a fleet, and how to repair it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

PYTHON = "/usr/bin/python3"
DYING_PYTHON = "/usr/local/bin/dying-python"
SLOW_PYTHON = "/usr/local/bin/slow-python"
DYING_MARK = "root/.dying"
"""Exists once a host that uses `DYING_PYTHON` has made its change and is about to lose power."""
SCRIPTS = {
    SLOW_PYTHON: f"""\
#!/bin/sh
sleep 1
exec {PYTHON} "$@"
""",
    # The first run is the preflight. The second one makes the change, but never returns.
    DYING_PYTHON: f"""\
#!/bin/sh
if [ ! -e /root/.asked ]; then
    touch /root/.asked
    exec {PYTHON} "$@"
fi
{PYTHON} "$@" >/dev/null
touch /{DYING_MARK}
exec sleep 1000
""",
}
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Fault(NamedTuple):
    """A fault of a host."""

    command: str = ""
    """Causes it, on the host."""
    variables: Mapping[str, str] = NO_VARIABLES
    """Of Ansible, which cause it."""
    repair: str = ""
    """The command that repairs it, on the host."""


FAULTS = {
    "down": Fault(),
    "read_only": Fault(command="mount -o remount,ro /", repair="mount -o remount,rw /"),
    "overridden": Fault(
        command="echo net.ipv4.tcp_keepalive_time=1 >/etc/sysctl.d/99-z.conf",
        repair="rm /etc/sysctl.d/99-z.conf",
    ),
    "stranger": Fault(variables={"ansible_user": "stranger"}),
    "slow": Fault(variables={"ansible_python_interpreter": SLOW_PYTHON}),
    "full": Fault(
        command="mount -t tmpfs -o nr_inodes=1,mode=755 tmpfs /etc/sysctl.d",
        repair="umount /etc/sysctl.d",
    ),
    "dies": Fault(variables={"ansible_python_interpreter": DYING_PYTHON}),
}
"""By name. The power of a host that is `down` is cut; so is that of one that `dies`, later."""
