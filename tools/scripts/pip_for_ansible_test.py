# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let ansible-test install pip from the ensurepip of its Python, without a download.

usage: pip_for_ansible_test.py HOME

ansible-test downloads a get-pip script of a fixed version unless its cache in the home folder has
it. This puts a stand-in there, which takes the same arguments and installs the same version of pip
from the package index.
"""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

STAND_IN = """\
import subprocess
import sys

pip = [sys.executable, "-m", "pip"]
ensurepip = [sys.executable, "-m", "ensurepip"]
get_pip_options = ("--no-setuptools", "--no-wheel")
args = [arg for arg in sys.argv[1:] if arg not in get_pip_options]
subprocess.check_call(ensurepip + ["--default-pip"], stdout=subprocess.DEVNULL)
subprocess.check_call(pip + ["install", "--quiet"] + args)
"""


def pip_versions() -> set[str]:
    """Return the versions of pip that the installed ansible-test may ask for."""
    spec = find_spec("ansible_test._internal")
    if spec is None or spec.origin is None:
        sys.exit(f"ansible-test is not installed for {sys.executable}")
    source = Path(spec.origin).with_name("python_requirements.py").read_text(encoding="utf-8")
    return set(re.findall(r"\bpip='([0-9.]+)'", source))


def main() -> None:
    """Write one stand-in for each version."""
    cache = Path(sys.argv[1], ".ansible", "test", "cache")
    cache.mkdir(parents=True, exist_ok=True)
    for version in pip_versions():
        (cache / f"get_pip_{version.replace('.', '_')}.py").write_text(STAND_IN, encoding="utf-8")


if __name__ == "__main__":
    main()
