# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts in memory: the input of a plan, and its outcome, without any I/O.

They stand in for the two rooms around the core: what reads a host, and what carries a plan out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterable, Mapping, NamedTuple, Union

import yaml
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    Precedence,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.boot_files import (
    BootFiles,
    boot_lines,
    read_order,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import (
    FOLDERS,
    LOADERS,
    Loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.globs import (
    glob_matches,
    split_glob,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import is_glob
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import Observed, Plan
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.planning import (
    make_plan,
    surplus_keys,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.request import Request

OURS = "/etc/sysctl.d/90-ansible.conf"
HEADER = "Managed by a test"

Files = Mapping[str, Union[str, bytes, Mapping[str, str]]]
"""Path -> content: text, bytes, or {"link": TARGET}."""

_CASES = Path(__file__).parents[1] / "tests/unit/cases"


class Host(NamedTuple):
    """The files that a loader finds, and the keys of the kernel with their values."""

    loader: Loader
    boot_files: BootFiles
    kernel: dict[str, Any]


def make_tree(files: Files, command_line: str = "") -> BootFiles:
    """Return files as a loader finds them; a link leads to another of them, or to nothing."""
    listing: dict[str, dict[str, str]] = {folder: {} for folder in (*FOLDERS, "/etc")}
    contents = {}
    for path, content in files.items():
        real_path = content["link"] if isinstance(content, Mapping) else path
        folder, _slash, name = path.rpartition("/")
        if folder != "/etc" or name == "sysctl.conf":
            listing.setdefault(folder, {})[name] = real_path
        if real_path == "/dev/null":
            contents[real_path] = b""
        elif isinstance(content, bytes):
            contents[real_path] = content
        elif isinstance(content, str):
            contents[real_path] = content.encode()
    return BootFiles(listing=listing, contents=contents, command_line=command_line, problems=())


def make_host(
    loader: str = "systemd", files: Any = (), kernel: Any = (), command_line: str = ""
) -> Host:
    """Return a host that boots with this loader."""
    boot_files = make_tree(dict(files), command_line)
    return Host(LOADERS[loader], boot_files, dict(kernel))


def make_request(settings: Mapping[str, Any], **options: Any) -> Request:
    """Return a request for these settings: normalized keys, values as text."""
    fields = {"path": OURS, "header": HEADER, **options}
    return Request(settings=settings, **fields)


def observe(request: Request, host: Host) -> Observed:
    """Return what a run would read on the host."""
    folder, _slash, name = request.path.rpartition("/")
    real_path = host.boot_files.listing.get(folder, {}).get(name, request.path)
    content = host.boot_files.contents.get(real_path)
    keys = [*request.settings, *surplus_keys(request, content, host.loader)]
    matches = {key: _matching_keys(key, host.kernel) for key in keys if is_glob(key)}
    wanted = set(keys).union(*matches.values())
    return Observed(
        loader=host.loader,
        boot_files=host.boot_files,
        path=request.path,
        real_path=real_path,
        is_link=real_path != request.path,
        content=content,
        runtime={key: value for key, value in host.kernel.items() if key in wanted},
        matches=matches,
    )


def _matching_keys(glob: str, keys: Iterable[str]) -> list[str]:
    segments = split_glob(glob)
    return [key for key in keys if glob_matches(segments, key)]


def plan_for(request: Request, host: Host) -> Plan:
    """Return the plan of a run on the host."""
    return make_plan(request, observe(request, host))


def carried_out(plan: Plan, host: Host) -> Host:
    """Return the host as it is once the plan is carried out."""
    boot_files = host.boot_files
    for change in plan.files:
        boot_files = boot_files.with_file(change.path, change.real_path, change.after)
    kernel = dict(host.kernel)
    for write in plan.writes:
        kernel[write.key] = write.after
    return Host(host.loader, boot_files, kernel)


def next_boot(host: Host) -> Precedence:
    """Work out the next boot from every file, without the short cut of ``precedence_of``."""
    order = read_order(host.boot_files, host.loader)
    files = [file for file in order if file.masked_by is None]
    lines = boot_lines(host.boot_files, host.loader, files)
    return Precedence([line for line in lines if line.key], host.loader, live=host.kernel)


def load_cases(name: str) -> list[dict[str, Any]]:
    """Return the cases of a data file."""
    text = (_CASES / name).read_text(encoding="utf-8")
    return list(yaml.safe_load(text))
