# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python plug.py NUMBER COMMAND...: run a command on a host whose plug is pulled before its change of that number, over all commands.

The changes counted are those of the command and all that it starts to files of settings and to the kernel. What was counted
so far, and that the plug is out, stands in files below /srv; with the plug out no command starts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from faults.calls import Call
from faults.ptrace import Kill, Verdict, be_followed, follow_all

COUNTED, OUT = Path("/srv/counted"), Path("/srv/plug-is-out")


def main(number: int, command: list[str]) -> int:
    if OUT.exists():
        return 1
    counted = int(COUNTED.read_text(encoding="ascii")) if COUNTED.exists() else 0

    def decide(call: Call) -> Verdict | None:
        nonlocal counted
        if not call.changes or not any(
            path.startswith(("/etc/sysctl", "/proc/sys/")) for path in call.paths
        ):
            return None
        counted += 1
        if counted - 1 != number:
            return None
        OUT.touch()
        return Kill()

    child = os.fork()
    if not child:
        be_followed()
        os.execvp(command[0], command)  # noqa: S606
    end = follow_all(child, decide)
    COUNTED.write_text(str(counted), encoding="ascii")
    return os.waitstatus_to_exitcode(end) if os.WIFEXITED(end) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
