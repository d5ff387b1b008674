# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python plug.py NUMBER COMMAND...: run a command, and pull the plug before change NUMBER.

Changes are system calls of the command, and of all that it starts, that change files of settings or
the kernel. They are counted over all commands on a host (in /srv/counted). When the plug is out
(/srv/plug-is-out), all processes end and no command starts any more.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from faults.calls import Call
from faults.ptrace import Kill, Verdict, trace_all, wait_for_tracer

COUNTER = Path("/srv/counted")
PLUG_IS_OUT = Path("/srv/plug-is-out")


class PullPlug:
    """Kill everything before the change of this number. count: the changes so far."""

    def __init__(self, number: int, count: int) -> None:
        self.number = number
        self.count = count

    def __call__(self, call: Call) -> Verdict | None:
        is_ours = any(path.startswith(("/etc/sysctl", "/proc/sys/")) for path in call.paths)
        if not call.changes or not is_ours:
            return None
        self.count += 1
        if self.count - 1 != self.number:
            return None
        PLUG_IS_OUT.touch()
        return Kill()


def main(number: int, command: list[str]) -> int:
    if PLUG_IS_OUT.exists():
        return 1
    count = int(COUNTER.read_text(encoding="ascii")) if COUNTER.exists() else 0
    handler = PullPlug(number, count)
    child = os.fork()
    if not child:
        wait_for_tracer()
        os.execvp(command[0], command)  # noqa: S606 # no shell is wanted
    status = trace_all(child, handler)
    COUNTER.write_text(str(handler.count), encoding="ascii")
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
