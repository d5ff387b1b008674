# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that no file of the checkout names one machine: the host of a package registry, or a folder in a home."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REGISTRY = r"pypi\.org|pythonhosted\.org|(deb\.debian|archive\.ubuntu|registry\.npmjs)\.(org|com)|galaxy\.ansible\.com/api"
HOME = r"(?<![\w.~$}])/(home|root|Users)/[\w.-]+/"
NAMES_A_MACHINE = re.compile(f"{REGISTRY}|{HOME}".encode())


def tracked_files() -> list[Path]:
    """Return the files that git has or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    return [Path(name) for name in names if name and Path(name).is_file()]


def main() -> int:
    """Print each line that names a machine; return 1 if there is one."""
    found = [
        f"{path}:{number}: {line.decode(errors='replace').strip()}"
        for path in tracked_files()
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if NAMES_A_MACHINE.search(line)
    ]
    print(
        "\n".join(
            ["These lines name a machine:", *found] if found else ["No file names a machine."]
        )
    )
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
