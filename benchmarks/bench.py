# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: options, tables, and the modules as Ansible sends them."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible.executor import module_common
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.release import __version__ as ansible_version
from ansible.template import Templar
from sandbox.play import PROJECT, collections_path

EMPTY_MODULE = "bench.bench.empty"
BARE_MODULE = "bench.bench.bare"
MODULES = Path(__file__).with_name("modules")


class Options(NamedTuple):
    """The options of the command line."""

    pairs: int
    python: str
    instructions: bool
    hosts: int


# --- tables ---

Row = Sequence[str]


class Table(NamedTuple):
    """Rows below a heading."""

    title: str
    heading: Row
    rows: Sequence[Row]


def format_table(table: Table, *, markdown: bool) -> str:
    """Return the table as text with aligned columns."""
    lines = [table.heading, *table.rows]
    widths = [0] * len(table.heading)
    for line in lines:
        for column, cell in enumerate(line):
            widths[column] = max(widths[column], len(cell))
    padded = []
    for line in lines:
        padded.append([cell.ljust(width) for cell, width in zip(line, widths)])
    if not markdown:
        texts = ["  ".join(cells).rstrip() for cells in padded]
        return "\n".join([table.title, *texts, ""])
    padded.insert(1, ["-" * width for width in widths])
    texts = [f"| {' | '.join(cells)} |" for cells in padded]
    return "\n".join([f"**{table.title}**", "", *texts, ""])


# --- what Ansible sends ---


@functools.lru_cache(maxsize=None)
def collections() -> str:
    """Return the search path for collections: the benchmarks' own, ours and the peers'.

    The benchmarks' collection has the modules in `modules/`.
    """
    own = Path(os.environ["ANSIBLE_HOME"], "collections")
    shutil.copytree(MODULES, own / "ansible_collections/bench/bench/plugins/modules")
    paths = [str(own), collections_path()]
    for peers in (PROJECT / ".venv/peers/lib").glob("python3*/site-packages"):
        paths.append(str(peers))
    return ":".join(paths)


@functools.lru_cache(maxsize=None)
def load_collections() -> None:
    init_plugin_loader(collections().split(":"))


def payload(module: str, python: str, **args: Any) -> bytes:
    """Build what Ansible pipes into the Python of a managed host."""
    load_collections()
    path = module_loader.find_plugin_with_context(module, mod_type=".py").plugin_resolved_path
    if not path:
        raise SystemExit(f"{module} is not below {collections()}")
    module_args = dict(args)
    for name, value in _internal_arguments(module).items():
        module_args[f"_ansible_{name}"] = value
    built = module_common.modify_module(
        module_name=module,
        module_path=path,
        module_args=module_args,
        templar=Templar(loader=DataLoader()),
        task_vars={"ansible_python_interpreter": python, "ansible_facts": {}},
        module_compression="ZIP_DEFLATED",
    )
    return bytes(built.b_module_data)


def _internal_arguments(module: str) -> dict[str, Any]:
    """Return what Ansible adds to the arguments of every module."""
    return {
        "check_mode": False,
        "no_log": False,
        "debug": False,
        "diff": False,
        "verbosity": 0,
        "version": ansible_version,
        "module_name": module,
        "syslog_facility": "LOG_USER",
        "selinux_special_fs": [],
        "socket": None,
        "shell_executable": "/bin/sh",
        "keep_remote_files": False,
        "tmpdir": None,
        "remote_tmp": "/srv/home/.ansible/tmp",
        "ignore_unknown_opts": False,
        "target_log_info": "",
        "tracebacks_for": [],
    }
