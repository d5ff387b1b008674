# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures which keys of fresh namespaces have values of the kernel's own; writes the record.

usage: PYTHONPATH=tools python -m couplings.kernel_defaults RELEASE

It boots a virtual machine of the lab with the kernel of a Debian release, and writes
``tests/unit/kernel_defaults/linux-N.yml``. It takes some minutes, and needs root.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from lab.lab import Lab, open_lab
from lab.roots import release_of

from .record import short_name
from .virtual_machine import REMOTE, copy_package

UNIT = "measurement"
RESULT = "/run/measured.json"
TRIES = 60
FOLDER = Path(__file__).parents[2] / "tests/unit/kernel_defaults"
HEADER = """\
# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The keys of fresh namespaces, made by tools/couplings/kernel_defaults.py. `follows`: those that
# are not as before once the first namespaces have other values. `other_value_at_boot`: those that
# the first namespaces have other values of after a boot: theirs, and the fresh one. `also_with_N`,
# `not_with_N`: what differs in `follows` if net.core.devconf_inherit_init_net is N.
---
"""


def measure_release(release: str) -> dict[str, Any]:
    """Return what the kernel of a Debian release did."""
    with tempfile.TemporaryDirectory() as folder, open_lab(Path(folder, "lab")) as lab:
        (host,) = lab.up("vm", [release_of(release)], 1)
        copy_package(lab, host)
        script = f"cd {REMOTE} && python3 -m couplings.first_namespace >{RESULT}"
        lab.run(host, "systemd-run", "--quiet", f"--unit={UNIT}", "sh", "-c", script)
        return dict(json.loads(_await_result(lab, host)))


def _await_result(lab: Lab, host: str) -> str:
    """Return the result once it is there. While keys are written, the network may not work."""
    wait = f"timeout 60 sh -c 'while systemctl -q is-active {UNIT}; do sleep 1; done'; cat {RESULT}"
    for _try in range(TRIES):
        finished = subprocess.run(lab.ssh(host, wait), capture_output=True, text=True, check=False)
        if finished.returncode == 0 and finished.stdout:
            return finished.stdout
    raise TimeoutError("the measurement did not end")


class _Dumper(yaml.SafeDumper):
    """Indents the items of a list, as yamllint wants it."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        super().increase_indent(flow, indentless=False)


def to_yaml(measured: dict[str, Any]) -> str:
    """Return what was measured as YAML."""
    return str(yaml.dump(measured, Dumper=_Dumper, sort_keys=False, width=100))


def main() -> None:
    measured = measure_release(sys.argv[1])
    path = FOLDER / f"linux-{short_name(measured['kernel'])}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + to_yaml(measured), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
