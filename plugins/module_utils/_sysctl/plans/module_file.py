# SPDX-License-Identifier: GPL-3.0-or-later

"""Our file in modules-load.d: the modules that the keys of our file of settings need.

Each module has a line, and before it a comment that names its keys. So a module leaves with the
last of its keys, also if the task that takes them out does not name it. Other lines stay.
"""

from __future__ import annotations

from typing import Collection, Mapping, NamedTuple

from ..files.sysctl_d import assigned_values, format_header
from ..text import decode, encode
from .plan import FileChange, Plan

FOLDER = "/etc/modules-load.d"
_COMMENT = "# for "


class ModuleNeeds(NamedTuple):
    """The kernel modules that a request is about, as the host has them."""

    path: str
    """Our file in modules-load.d."""
    real_path: str
    content: bytes | None
    needed: Mapping[str, tuple[str, ...]]
    """Module that must have a line -> the requested keys that it brings."""
    to_load: Mapping[str, tuple[str, ...]]
    """Module that must be loaded now -> those of its keys that are not there yet."""

    @property
    def coming_keys(self) -> set[str]:
        """Return the keys that are there once the modules are loaded."""
        coming: set[str] = set()
        for keys in self.to_load.values():
            coming.update(keys)
        return coming


def module_file_of(path: str) -> str:
    """Return our file in modules-load.d for a file of settings."""
    name = path.rpartition("/")[2]
    return f"{FOLDER}/90-ansible-{name.partition('.conf')[0]}.conf"


def with_module_file(plan: Plan, needs: ModuleNeeds) -> Plan:
    """Return a plan that keeps our file in modules-load.d as its keys need it."""
    if not plan.request.persistent:
        return plan
    our_file = plan.boot_files.contents.get(plan.observed.real_path, b"")
    assigned = assigned_values(our_file, plan.observed.loader)
    after = edit_modules(needs.content, needs.needed, assigned, plan.request.header)
    if after == needs.content:
        return plan
    change = FileChange(
        path=needs.path,
        real_path=needs.real_path,
        before=needs.content,
        after=after,
    )
    return plan._replace(files=(*plan.files, change))


def edit_modules(
    before: bytes | None, needed: Mapping[str, Collection[str]], kept: Collection[str], header: str
) -> bytes | None:
    """Return the file with a line for each needed module, None where nothing of ours stays.

    kept: the keys of our file of settings; a module none of whose keys is among them leaves.
    """
    top = format_header(header)
    missing = {module: list(keys) for module, keys in needed.items()}
    parts = [top] if before is None else []
    comment = ""
    for line in decode(before or b"").splitlines(keepends=True):
        if line.startswith(_COMMENT):
            parts.append(comment)
            comment = line
            continue
        requested = missing.pop(line.strip().replace("-", "_"), [])
        parts += _entry(comment, line, requested, kept)
        comment = ""
    text = "".join([*parts, comment])
    if missing and text and not text.endswith("\n"):
        text += "\n"
    for module, requested in missing.items():
        text += f"{_comment_for(requested, '')}{module}\n"
    if text.strip() == top.strip() and text != decode(before or b""):
        return None
    return encode(text)


def _entry(comment: str, line: str, requested: list[str], kept: Collection[str]) -> list[str]:
    """Return a line and the comment before it as they should be: nothing if no key needs them."""
    if not comment:
        return [line]
    keys = [key for key in _keys_in(comment) if key in kept or key in requested]
    keys += [key for key in requested if key not in keys]
    return [_comment_for(keys, comment), line] if keys else []


def _keys_in(comment: str) -> list[str]:
    return comment[len(_COMMENT) :].strip().split(", ")


def _comment_for(keys: Collection[str], before: str) -> str:
    """Return the comment that names keys: the one that is there, where it names the same ones."""
    if before and sorted(_keys_in(before)) == sorted(keys):
        return before
    return f"{_COMMENT}{', '.join(keys)}\n"
