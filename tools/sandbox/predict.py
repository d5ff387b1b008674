# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection expects of a tree of sysctl files at the next boot, and of one write.

Only here do tests call the collection's own code for this.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Iterable, Mapping

from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.files import HostFiles
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.boot_files import (
    BootFiles,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import (
    LOADERS,
    Loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.script_loaders import (
    script_loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import Line
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.couplings import (
    variable_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.value_checks import (
    refuse_rounded_value,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.values import (
    validate_value,
    value_after_write,
)

from .world import Link, Tree, single_spaced

_FOLDER = "/etc/sysctl.d"
_REFUSED = "refused by the kernel"


def loader_named(name: str) -> Loader:
    """Return a loader: systemd, procps, or the script and the sysctl of one, with a dash."""
    script, dash, program = name.partition("-")
    return script_loader(script, program) if dash else LOADERS[name]


def write_tree(root: Path, tree: Tree) -> None:
    """Write a tree below a folder, as it would be below /."""
    for path, content in tree.items():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            os.symlink(content.target, target)
        elif isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_bytes(content.encode())


def winners(
    tree: Tree, loader: str, keys: Iterable[str], live: Mapping[str, str | None] | None = None
) -> dict[str, Line | None]:
    """Return the line that decides each key, None if no line does.

    live: key -> its value before the boot, if known.
    """
    listed = list(keys)
    with tempfile.TemporaryDirectory(prefix="netops-predict-") as folder:
        write_tree(Path(folder), tree)
        Path(folder, "srv").mkdir(exist_ok=True)  # as in a world, where links lead to it
        boot_files = read_boot_files(HostFiles(folder))
    precedence = precedence_of(boot_files, loader_named(loader), listed, live=live)
    return {key: precedence.winner(key) for key in listed}


def predict(tree: Tree, loader: str, default: Mapping[str, str]) -> dict[str, str]:
    """Return the values after a boot. default: key -> its value after a boot without files."""
    values = dict(default)
    for key, line in winners(tree, loader, default, default).items():
        if line and line.value is not None:
            values[key] = single_spaced(value_after_write(key, line.value, default[key]))
    return values


def expected_after_line(key: str, text: str, values: Mapping[str, str]) -> str | None:
    """Return what a key holds once a loader has written a line, None if that is not certain.

    values: key -> its value before, of this kernel.
    """
    path = f"{_FOLDER}/lines.conf"
    # The first line gives the numbers that the second one may leave out.
    lines = f"{key} = {single_spaced(values[key])}\n{key} = {text}\n"
    boot_files = BootFiles(
        listing={"/etc": {}, _FOLDER: {"lines.conf": path}},
        contents={path: lines.encode("latin-1")},
        command_line="",
        problems=(),
    )
    start_values = {variable_of(name): single_spaced(value) for name, value in values.items()}
    precedence = precedence_of(boot_files, LOADERS["procps"], [key], start_values, values)
    decision = precedence.decision(key)
    if not decision.is_certain:
        return None
    if decision.winner is None or decision.winner.value is None:
        return values[key]
    return value_after_write(key, decision.winner.value, values[key])


def refusal_of_task(key: str, text: str, live: str) -> str:
    """Return the error of a task that says that the kernel refuses a value, "" if there is none."""
    try:
        validate_value(key, text, live, unsafe=True)
        refuse_rounded_value(key, text, live)
    except TuningError as error:
        return str(error) if _REFUSED in str(error) else ""
    return ""
