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
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Tuple

from .keys import glob_matches, is_glob, normalize_key, split_glob
from .loaders import FOLDERS, Loader
from .sysctl_d import Line, parse_lines
from .text import encode, printable
from .values import values_equal

COMMAND_LINE = "/proc/cmdline"
KERNEL = "kernel"
"""What reads the command line."""


NOTHING, NOT_KNOWN = "none", "unknown"
"""What a result names as the loader where none runs at boot, or where that is not known."""


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


class Stage(NamedTuple):
    """What a program applies at boot after the loader."""

    by: str
    """The program, as results call it."""
    rules: Loader
    """How it reads its files."""
    files: tuple[BootFile, ...] = ()
    """Its files, in reading order."""
    replayed_folders: tuple[str, ...] = ()
    """Folders of the loader whose files it then applies as well, that of highest priority first."""
    parse: Callable[[bytes, Loader, str, str, str], list[Line]] = parse_lines

    def lines(self, boot_files: BootFiles) -> Iterator[Line]:
        """Yield the lines of its files, as they are in the boot files, in reading order."""
        for file in self.read_order(boot_files):
            data = boot_files.contents.get(file.real_path, b"")
            yield from self.parse(data, self.rules, file.path, file.real_path, self.by)

    def read_order(self, boot_files: BootFiles) -> list[BootFile]:
        """Return the files that it reads."""
        order = list(self.files)
        if self.replayed_folders:
            replayed = read_order(boot_files, self.rules, self.replayed_folders)
            order.extend(file for file in replayed if file.masked_by is None)
        return order


class Doubt(NamedTuple):
    """A reason why the next boot may end otherwise than the files say."""

    by: str
    """Who may set the keys, or does not."""
    why: str
    path: str
    """Where that can be seen."""
    remedy: str
    keys: tuple[str, ...] = ()
    """The keys and globs that it is about; none: all keys."""
    line: int | None = None
    value: str | None = None
    """The value that the keys may get, None if that is not known."""

    settled_in: tuple[str, ...] = ()
    """Starts of paths: what the program itself reads there later is not in doubt."""

    def concerns(self, key: str, value: str | None, line: Line | None) -> bool:
        """Tell whether it is about a key, which this line sets to this value."""
        if line and line.by == self.by and line.path.startswith(self.settled_in):
            return False
        if self.value is not None and values_equal(key, value, self.value):
            return False
        if not self.keys or key in self.keys:
            return True
        return any(is_glob(keys) and glob_matches(split_glob(keys), key) for keys in self.keys)

    def result(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return it as results show it, with the keys that it is about there."""
        return {
            "affected_keys": [printable(key) for key in keys],
            "by": printable(self.by),
            "why": printable(self.why),
            "path": printable(self.path),
            "line": self.line,
            "remedy": printable(self.remedy),
        }


Doubts = Tuple[Tuple[Doubt, Tuple[str, ...]], ...]
"""Doubts, each with the keys that it is about."""


class BootFiles(NamedTuple):
    """Everything that a sysctl loader reads on a host."""

    listing: Mapping[str, Mapping[str, str]]
    """Folder -> name of a file in it -> its real path. Of /etc only sysctl.conf."""
    contents: Mapping[str, bytes]
    """Real path -> bytes, of the files that can be read."""
    command_line: str
    problems: tuple[FileProblem, ...]
    appended: tuple[BootFile, ...] = ()
    """Files that the loader reads after all others."""
    stages: tuple[Stage, ...] = ()
    """What other programs then apply, in their order."""
    doubts: tuple[Doubt, ...] = ()

    def loader_name(self, loader: Loader) -> str:
        """Return what applies the files at boot, as results name it."""
        for doubt in self.doubts:
            if doubt.by in (NOTHING, NOT_KNOWN):
                return doubt.by
        return loader.name

    def doubts_about(
        self, winner: Callable[[str], Line | None], values: Mapping[str, str | None]
    ) -> Doubts:
        """Return the doubts about keys, each with its keys.

        winner: returns the line that decides a key; values: those that keys have without one.
        """
        doubts = []
        for doubt in self.doubts:
            concerned = []
            for key, default in values.items():
                line = winner(key)
                value = line.value if line else default
                if doubt.concerns(key, value, line):
                    concerned.append(key)
            if concerned:
                doubts.append((doubt, tuple(concerned)))
        return tuple(doubts)

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


def read_order(
    boot_files: BootFiles, loader: Loader, folders: Iterable[str] = FOLDERS
) -> list[BootFile]:
    """Return the files in reading order, each masked one right after the one that masks it."""
    files_by_name = _files_by_name(boot_files, folders)
    order: list[BootFile] = []
    for name in sorted(files_by_name, key=encode):
        if name.endswith(".conf") and (loader.reads_hidden or not name.startswith(".")):
            order.extend(files_by_name[name])
    last_file = boot_files.listing["/etc"].get("sysctl.conf")
    if loader.last_file and last_file:
        order.append(BootFile(loader.last_file, last_file, masked_by=None))
    if loader.reads_credentials:
        order.extend(boot_files.appended)
    return order


def _files_by_name(boot_files: BootFiles, folders: Iterable[str]) -> dict[str, list[BootFile]]:
    """Return the files of each name, the one that masks the others first."""
    files_by_name: dict[str, list[BootFile]] = {}
    for folder in folders:
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
            yield Line(
                COMMAND_LINE, COMMAND_LINE, number=1, segment=0, key=key, value=value, by=KERNEL
            )
