# SPDX-License-Identifier: GPL-3.0-or-later

"""What other programs apply at boot after the sysctl loader, stage by stage.

Most hosts have no such program, and do not import this.
"""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple

from .boot_files import BootFiles, read_order
from .command_line import KERNEL
from .loaders import BUSYBOX, LOADERS, BootFile, Loader
from .sysctl_d import Line, parse_lines


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


_LOADER_PROGRAMS = [loader.program for loader in LOADERS.values()]
_FIRST_STAGES = ("", KERNEL, BUSYBOX, *_LOADER_PROGRAMS)


def is_read_later(by: str) -> bool:
    """Tell whether a program reads its lines after the sysctl loader; ``by`` as results name it."""
    return by not in _FIRST_STAGES
