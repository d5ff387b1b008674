# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts held in memory: what a plan is made from, and what it comes to. A model of the engine's two ends, with no I/O."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, NamedTuple, Union

import yaml
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot_files import (
    BootFiles,
    boot_lines,
    read_order,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import (
    glob_matches,
    is_glob,
    split_glob,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.loaders import (
    FOLDERS,
    LOADERS,
    Loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plan import (
    Observed,
    Plan,
    make_plan,
    surplus_keys,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.precedence import Precedence
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.request import Request

OURS = "/etc/sysctl.d/90-ansible.conf"
HEADER = "Managed by a test"
Files = Mapping[str, Union[str, bytes, Mapping[str, str]]]


class Host(NamedTuple):
    """Files as a loader finds them, and the keys that the kernel has."""

    loader: Loader
    boot_files: BootFiles
    kernel: dict[str, Any]


def make_tree(files: Files, command_line: str = "") -> BootFiles:
    """Make a tree of path -> content; a content {"link": TARGET} is a link to another of the files."""
    listing: dict[str, dict[str, str]] = {folder: {} for folder in (*FOLDERS, "/etc")}
    contents = {}
    for path, content in files.items():
        real = content["link"] if isinstance(content, Mapping) else path
        folder, _unused, name = path.rpartition("/")
        if folder != "/etc" or name == "sysctl.conf":
            listing.setdefault(folder, {})[name] = real
        if real == "/dev/null":
            contents[real] = b""
        elif not isinstance(content, Mapping):
            contents[real] = content.encode() if isinstance(content, str) else content
    return BootFiles(listing, contents, command_line, ())


def make_host(
    loader: str = "systemd", files: Any = (), kernel: Any = (), command_line: str = ""
) -> Host:
    return Host(LOADERS[loader], make_tree(dict(files), command_line), dict(kernel))


def ask(settings: Mapping[str, Any], **options: Any) -> Request:
    """Make a request for canonical keys and texts of values."""
    return Request(**{"settings": settings, "path": OURS, "header": HEADER, **options})


def observe(request: Request, host: Host) -> Observed:
    """Find of the host in memory what a run would find of a real one."""
    folder, _unused, name = request.path.rpartition("/")
    real = host.boot_files.listing.get(folder, {}).get(name, request.path)
    before = host.boot_files.contents.get(real)
    asked = [*request.settings, *surplus_keys(request, before, host.loader)]
    matches = {
        glob: [key for key in host.kernel if glob_matches(split_glob(glob), key)]
        for glob in asked
        if is_glob(glob)
    }
    named = {key for key in asked if key in host.kernel}.union(*matches.values())
    runtime = {key: host.kernel[key] for key in host.kernel if key in named}
    return Observed(
        host.loader,
        host.boot_files,
        request.path,
        real,
        real != request.path,
        before,
        runtime,
        matches,
    )


def plan_for(request: Request, host: Host) -> Plan:
    return make_plan(request, observe(request, host))


def carried_out(plan: Plan, host: Host) -> Host:
    """Return the host once the plan's writes and files are carried out, one by one."""
    tree = host.boot_files
    for change in plan.files:
        tree = tree.with_file(change.path, change.real_path, change.after)
    return Host(
        host.loader, tree, {**host.kernel, **{write.key: write.after for write in plan.writes}}
    )


def boot_rules(host: Host) -> Precedence:
    """Work out the next boot from every file, with no short cut."""
    sources = [
        source for source in read_order(host.boot_files, host.loader) if source.masked_by is None
    ]
    return Precedence(
        (line for line in boot_lines(host.boot_files, host.loader, sources) if line.key),
        host.loader,
    )


def cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a data file."""
    return list(
        yaml.safe_load(
            (Path(__file__).parents[1] / "tests/unit/cases" / name).read_text(encoding="utf-8")
        )
    )
