# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a sysctl loader reads, in its order.

1. Of files with one name only the one in the folder of highest priority counts; it masks the
   others, also when it is empty or a link to /dev/null (sysctl.d(5)).
2. The remaining files are read in the order of their names, whatever the folder; then the
   loader's last file, if it has one. The kernel command line comes before all of them
   (``sysctl.KEY=VALUE``, Documentation/admin-guide/kernel-parameters).
"""

from __future__ import annotations

import re
from typing import Iterable, Iterator, Mapping, NamedTuple

from .keys import normalize_key
from .loaders import FOLDERS, Loader
from .sysctl_d import Line, parse_lines
from .text import encode

COMMAND_LINE = "/proc/cmdline"


class BootFile(NamedTuple):
    """A file in the reading order of a loader."""

    path: str
    """As the loader names it."""
    real_path: str
    """Where that leads, links followed."""
    masked_by: str | None
    """The file that is read in its place."""


class FileProblem(NamedTuple):
    """A file that we cannot read."""

    path: str
    reason: str
    matters: bool
    """Whether the loader may be able to read it all the same."""


class BootFiles(NamedTuple):
    """Everything that a sysctl loader reads on a host."""

    listing: Mapping[str, Mapping[str, str]]
    """Folder -> name of a file in it -> its real path. Of /etc only sysctl.conf."""
    contents: Mapping[str, bytes]
    """Real path -> bytes, of the files that can be read."""
    command_line: str
    problems: tuple[FileProblem, ...]

    def with_file(self, path: str, real_path: str, data: bytes | None) -> BootFiles:
        """Return the boot files once a file has these bytes, or (None) is removed."""
        folder, _sep, name = path.rpartition("/")
        names = dict(self.listing.get(folder, {}))
        contents = dict(self.contents)
        if data is None:
            names.pop(name, None)
            contents.pop(real_path, None)
        else:
            names[name] = real_path
            contents[real_path] = data
        return self._replace(listing={**self.listing, folder: names}, contents=contents)


def read_order(boot_files: BootFiles, loader: Loader) -> list[BootFile]:
    """Return the files in reading order, each masked one right after the one that masks it."""
    files_by_name = _files_by_name(boot_files)
    order: list[BootFile] = []
    for name in sorted(files_by_name, key=encode):
        if name.endswith(".conf") and (loader.reads_hidden or not name.startswith(".")):
            order.extend(files_by_name[name])
    last_file = boot_files.listing["/etc"].get("sysctl.conf")
    if loader.last_file and last_file:
        order.append(BootFile(loader.last_file, last_file, masked_by=None))
    return order


def _files_by_name(boot_files: BootFiles) -> dict[str, list[BootFile]]:
    """Return the files of each name, the one that masks the others first."""
    files_by_name: dict[str, list[BootFile]] = {}
    for folder in FOLDERS:
        for name, real_path in boot_files.listing.get(folder, {}).items():
            files = files_by_name.setdefault(name, [])
            masked_by = files[0].path if files else None
            files.append(BootFile(f"{folder}/{name}", real_path, masked_by))
    return files_by_name


def boot_lines(boot_files: BootFiles, loader: Loader, files: Iterable[BootFile]) -> Iterator[Line]:
    """Yield the lines of these files, after the kernel command line, in reading order."""
    yield from _command_line_lines(boot_files.command_line)
    for file in files:
        data = boot_files.contents.get(file.real_path, b"")
        yield from parse_lines(data, loader, file.path, file.real_path)


def _command_line_lines(command_line: str) -> Iterator[Line]:
    """Yield ``sysctl.KEY=VALUE`` arguments (do_sysctl_args, fs/proc/proc_sysctl.c)."""
    if "sysctl" not in command_line:
        return
    for argument in re.findall(r'(?:[^\s"]|"[^"]*")+', command_line):
        name, equals, value = argument.replace('"', "").partition("=")
        if name == "--":
            return  # the rest is for init
        if equals and name[:7] in ("sysctl.", "sysctl/"):
            key = normalize_key("/" + name[7:].replace(".", "/"))
            yield Line(COMMAND_LINE, COMMAND_LINE, number=1, segment=0, key=key, value=value)
