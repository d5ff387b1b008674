# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that a sysctl loader reads, in its order.

1. Of files with one name only the one in the folder of highest priority counts; it masks the
   others, also when it is empty or a link to /dev/null (sysctl.d(5)).
2. The remaining files are read in the order of their names, whatever the folder; then the
   loader's last file, if it has one. The kernel command line comes before all of them
   (``sysctl.KEY=VALUE``, Documentation/admin-guide/kernel-parameters).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, NamedTuple

from ..keys import NEXT_IDS
from ..text import encode
from .loaders import FOLDERS, BootFile, Loader
from .sysctl_d import Line, parse_lines

if TYPE_CHECKING:
    from .doubts import Doubt, FileProblem
    from .stages import Stage

NOTHING = "none"
"""What a result names as the loader where none runs at boot."""
NOT_KNOWN = "unknown"
"""What it names where that is not known."""


class HostTraits(NamedTuple):
    """What else of a host decides what a loader makes of its files."""

    has_udev: bool = True
    """Whether udev applies the lines of an interface once more when the interface appears."""
    missing_keys: tuple[str, ...] = ()
    """How keys start that this host lacks, since it does not have the first network namespace."""
    available_names: tuple[str, ...] = ()
    """Names that the kernel takes for keys that take names, as far as they were looked up."""
    early_names: tuple[str, ...] | None = ()
    """Names among them that need no module to be loaded during the boot; None: all of them."""
    read_only_keys: tuple[str, ...] = ()
    """Keys whose mode lets nobody write them, as far as they were looked at."""

    def can_write(self, loader: Loader, key: str) -> bool:
        """Tell whether a loader can write a key, as far as its mode says."""
        if key not in self.read_only_keys:
            return True
        return key in NEXT_IDS and not loader.needs_write_bit


USUAL_HOST = HostTraits()


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
    traits: HostTraits = USUAL_HOST

    def with_available_names(self, names: tuple[str, ...]) -> BootFiles:
        """Return the boot files of a host whose kernel takes these names."""
        return self._replace(traits=self.traits._replace(available_names=names))

    def with_read_only_keys(self, keys: tuple[str, ...]) -> BootFiles:
        """Return the boot files of a host that lets nobody write these keys."""
        return self._replace(traits=self.traits._replace(read_only_keys=keys))

    @property
    def is_applied_here(self) -> bool:
        """Whether a loader applies them when this host boots, and not another host or none."""
        return not self._why_not_applied

    def loader_name(self, loader: Loader) -> str:
        """Return what applies the files at boot, as results name it."""
        return self._why_not_applied or loader.name

    @property
    def _why_not_applied(self) -> str:
        """NOTHING or NOT_KNOWN, "" if a loader applies the files."""
        for doubt in self.doubts:
            if doubt.by in (NOTHING, NOT_KNOWN):
                return doubt.by
        return ""

    def with_file(self, path: str, real_path: str, data: bytes | None) -> BootFiles:
        """Return the boot files once a file has these bytes, or (None) is removed."""
        contents = dict(self.contents)
        if data is None:
            contents.pop(real_path, None)
        else:
            contents[real_path] = data
        changed = self._replace(contents=contents)._with_name(path, real_path, data is not None)
        if _is_read_by_another_name(path, real_path):
            return changed._with_name(real_path, real_path, data is not None)
        return changed

    def _with_name(self, path: str, real_path: str, is_there: bool) -> BootFiles:
        """Return the boot files with or without a name of a file."""
        folder, _sep, name = path.rpartition("/")
        names = dict(self.listing.get(folder, {}))
        if is_there:
            names[name] = real_path
        else:
            names.pop(name, None)
        return self._replace(listing={**self.listing, folder: names})


def _is_read_by_another_name(path: str, real_path: str) -> bool:
    """Tell whether a loader also reads the target of a link where that is.

    Where both have one name, the one masks the other, or a whole folder is the link.
    """
    folder, _sep, name = real_path.rpartition("/")
    if folder == "/etc":
        return name == "sysctl.conf"
    return folder in FOLDERS and name != path.rpartition("/")[2]


def read_order(
    boot_files: BootFiles, loader: Loader, folders: Iterable[str] = FOLDERS
) -> list[BootFile]:
    """Return the files in reading order, each masked one right after the one that masks it."""
    if loader.script:
        from .script_loaders import script_order

        return script_order(boot_files, loader)
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
    if "sysctl" in boot_files.command_line:
        from .command_line import command_line_lines

        yield from command_line_lines(boot_files.command_line)
    for file in files:
        data = boot_files.contents.get(file.real_path, b"")
        yield from parse_lines(data, loader, file.path, file.real_path)
