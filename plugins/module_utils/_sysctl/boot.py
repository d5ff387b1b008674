# SPDX-License-Identifier: GPL-3.0-or-later

"""What the next boot will set: which files a loader reads, in which order, and which line wins.

1. Of files with one name only the one in the folder of highest priority counts; it masks the others, also when it
   is empty or a link to nothing (sysctl.d(5)).
2. What is left is read in the order of the names, whatever the folder; then the loader's last file, if it has one.
   The kernel command line comes before all of them (``sysctl.KEY=VALUE``, kernel-parameters).
3. The last assignment of a key wins. An explicit one wins over every glob, wherever either stands.
4. A line ``-key`` keeps globs off that key.
"""

from __future__ import annotations

import re
from typing import Collection, Container, Iterable, Iterator, Mapping

from .base import dataclass, replace
from .keys import canonical, fits, glob_parts, is_glob, to_path
from .loaders import FOLDERS, Loader
from .sysctl_d import Line, encode, parse

COMMAND_LINE = "/proc/cmdline"


@dataclass(frozen=True)
class Source:
    """A file in the order in which a loader comes to it: as it names it, links followed, and what masks it."""

    path: str
    real: str
    masked_by: str | None


@dataclass(frozen=True)
class Tree:
    """All that a boot loader of sysctls finds on a host."""

    listing: Mapping[str, Mapping[str, str]]
    """Folder -> name of a file in it -> the file that leads to, links followed. Of /etc only sysctl.conf."""
    contents: Mapping[str, bytes]
    """File, links followed -> its bytes. What cannot be read is not in here."""
    command_line: str
    problems: tuple[tuple[str, str, bool], ...]
    """(file, why it cannot be read, whether the loader may well read it all the same)."""

    def with_file(self, path: str, real: str, data: bytes | None) -> Tree:
        """Return the tree as it is once a file holds these bytes, or (None) is gone."""
        folder, _unused, name = path.rpartition("/")
        names = {**self.listing.get(folder, {}), name: real}
        contents = {**self.contents, real: data or b""}
        if data is None:
            del names[name], contents[real]
        return replace(self, listing={**self.listing, folder: names}, contents=contents)


def read_order(tree: Tree, loader: Loader, only: Container[str] | None = None) -> list[Source]:
    """Return the files in reading order, each masked one right after the one that masks it.

    ``only``: leave names out, and the last file, that lead to none of these files.
    """
    listed = [(folder, tree.listing.get(folder, {})) for folder in FOLDERS]
    found = {name for _folder, names in listed for name, real in names.items() if only is None or real in only}
    order = []
    for name in sorted(found, key=encode):
        if name.endswith(".conf") and (loader.hidden or name[0] != "."):
            (folder, real), *masked = [(folder, names[name]) for folder, names in listed if name in names]
            first = f"{folder}/{name}"
            order.append(Source(first, real, None))
            order.extend(Source(f"{folder}/{name}", real, first) for folder, real in masked)
    last = tree.listing["/etc"].get("sysctl.conf")
    if loader.last_file and last and (only is None or last in only):
        order.append(Source(loader.last_file, last, None))
    return order


def lines(tree: Tree, loader: Loader, sources: Iterable[Source]) -> Iterator[Line]:
    """Yield what these files say, in the order in which the kernel gets to see it."""
    yield from _of_command_line(tree.command_line)
    for source in sources:
        yield from parse(tree.contents.get(source.real, b""), loader, source.path, source.real)


def _of_command_line(text: str) -> Iterator[Line]:
    words = re.findall(r'(?:[^\s"]|"[^"]*")+', text) if "sysctl" in text else []
    for word in words:
        name, equals, value = word.replace('"', "").partition("=")
        if name == "--":
            return
        if equals and name[:7] in ("sysctl.", "sysctl/"):
            key = canonical("/" + name[7:].replace(".", "/"))
            yield Line(COMMAND_LINE, COMMAND_LINE, 1, 0, key, value)


class Rules:
    """What is left when a loader has read these lines, in this order."""

    def __init__(self, found: Iterable[Line], loader: Loader) -> None:
        self.explicit: dict[str, Line] = {}
        self.globs: dict[str, Line] = {}
        self.excluded: dict[str, Line] = {}
        for line in found:
            kept = self.globs if is_glob(line.key) else self.explicit
            before = kept.get(line.key)
            if line.value is None:
                self.excluded[line.key] = line
                if loader.takes_back:
                    kept.pop(line.key, None)
            elif not line.value and before and not loader.takes_back:
                continue
            elif kept is self.explicit:
                kept[line.key] = line
            elif not before or before.value != line.value or not loader.equal_stays:
                kept.pop(line.key, None)
                kept[line.key] = line
        applied = [line for line in reversed(list(self.globs.values())) if line.value]
        self._winners: dict[str, Line | None] = {}
        self._patterns = [(glob_parts(line.key), line) for line in applied]

    def winner(self, key: str) -> Line | None:
        """Return the line that decides a key at boot. Value None: that line keeps every other off the key."""
        if key not in self._winners:
            self._winners[key] = self.globs.get(key) if is_glob(key) else self._winner(key)
        return self._winners[key]

    def _winner(self, key: str) -> Line | None:
        decided = self.explicit.get(key) or self.excluded.get(key)
        return decided or next((line for parts, line in self._patterns if fits(parts, key)), None)


def rules_for(tree: Tree, loader: Loader, keys: Collection[str]) -> Rules:
    """Work out what the next boot does to these keys.

    A line that decides a key names its last part or holds a glob; a look at the bytes spares parsing the other files.
    """
    leaves = {to_path(key).rpartition("/")[2] for key in keys} if len(keys) < 100 else ()
    read = None
    if leaves:
        marks = {b"*", b"?", b"[", *map(encode, leaves), *(encode(to_path(leaf)) for leaf in leaves)}
        read = set(_holding(marks, list(tree.contents.items())))
    sources = [source for source in read_order(tree, loader, read) if source.masked_by is None]
    return Rules(lines(tree, loader, sources), loader)


def _holding(marks: Iterable[bytes], files: list[tuple[str, bytes]]) -> Iterator[str]:
    """Yield the files that hold one of these marks, as few do: so look through many of them at once."""
    for start in range(0, len(files), 32):
        block = files[start : start + 32]
        together = b"\n".join([data for _real, data in block])
        held = [mark for mark in marks if mark in together]
        if held:
            yield from (real for real, data in block if any(mark in data for mark in held))
