# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that no file names a machine: the host of a package registry, or a folder in a home."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REGISTRY = (
    r"pypi\.org|pythonhosted\.org|(deb\.debian|archive\.ubuntu|registry\.npmjs)\.(org|com)"
    r"|galaxy\.ansible\.com/api"
)
HOME = r"(?<![\w.~$}])/(home|root|Users)/[\w.-]+/"
NAMES_A_MACHINE = re.compile(f"{REGISTRY}|{HOME}".encode())


def files_of_checkout() -> list[Path]:
    """Return the files that git has or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    paths = [Path(name) for name in output.split("\0") if name]
    return [path for path in paths if path.is_file()]


def main() -> int:
    """Print each line that names a machine; return 1 if there is one."""
    lines = []
    for path in files_of_checkout():
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            if NAMES_A_MACHINE.search(line):
                text = line.decode(errors="replace").strip()
                lines.append(f"{path}:{number}: {text}")
    if not lines:
        print("No file names a machine.")
        return 0
    print("These lines name a machine:", *lines, sep="\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
