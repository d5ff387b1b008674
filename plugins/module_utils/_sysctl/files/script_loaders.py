# SPDX-License-Identifier: GPL-3.0-or-later

"""Init scripts that run ``sysctl -p`` once for each file, in an order of their own.

- That of Alpine's OpenRC: folder after folder, each by name: /lib, /usr/lib, /etc, then
  /etc/sysctl.conf, then /run. A file in /etc or /run masks one of its name in folders before.
- That of Void's runit: by name, whatever the folder; of several files of one name that in /run,
  /etc, /usr/local/lib or /usr/lib, in this order. /etc/sysctl.conf is the last.

Neither reads files whose name starts with a dot. The grammar is that of the host's sysctl.

Sources: main/openrc/sysctl.initd of aports, core-services/08-sysctl.sh of void-runit. Only hosts
with one of the scripts import this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, Mapping

from ..kernel.kernel_text import is_made_of_numbers, read_numbers
from ..kernel.values import value_in_text
from ..text import encode
from .loaders import BUSYBOX, LOADERS, BootFile, Loader
from .sysctl_d import Line

if TYPE_CHECKING:
    from .boot_files import BootFiles

ALPINE = "alpine"
VOID = "void"

_PROCPS = LOADERS["procps"]._replace(reads_hidden=False)
_BUSYBOX = _PROCPS._replace(program=BUSYBOX, after_dash="", writes_in_parts=True)


def script_loader(script: str, program: str) -> Loader:
    """Return the rules of a script that runs this sysctl."""
    rules = _BUSYBOX if program == BUSYBOX else _PROCPS
    return rules._replace(name=script, script=script)


def script_order(boot_files: BootFiles, loader: Loader) -> list[BootFile]:
    """Return the files in reading order, masked ones too."""
    last_file = boot_files.listing["/etc"].get("sysctl.conf")
    last = [BootFile(loader.last_file, last_file, masked_by=None)] if last_file else []
    if loader.script == ALPINE:
        order = _files_in(boot_files, loader, "/lib", ("/etc", "/run"))
        order.extend(_files_in(boot_files, loader, "/usr/lib", ("/etc", "/run")))
        order.extend(_files_in(boot_files, loader, "/etc", ("/run",)))
        order.extend(last)
        return order + _files_in(boot_files, loader, "/run", ())
    masking: tuple[str, ...] = ()
    files: list[BootFile] = []
    for folder in ("/run", "/etc", "/usr/local/lib", "/usr/lib"):
        files.extend(_files_in(boot_files, loader, folder, masking))
        masking = (*masking, folder)
    files.sort(key=lambda file: (encode(file.path.rpartition("/")[2]), file.masked_by is not None))
    return files + last


def _files_in(
    boot_files: BootFiles, loader: Loader, parent: str, masking: Iterable[str]
) -> list[BootFile]:
    """Return the files in sysctl.d of a folder by name, each with the one that masks it.

    masking: the folders whose files do so, that of highest priority first.
    """
    files = []
    names = boot_files.listing.get(f"{parent}/sysctl.d", {})
    for name in sorted(names, key=encode):
        if not name.endswith(".conf") or name.startswith("."):
            continue
        masks = [folder for folder in masking if _has_file(boot_files, loader, folder, name)]
        masked_by = f"{masks[0]}/sysctl.d/{name}" if masks else None
        files.append(BootFile(f"{parent}/sysctl.d/{name}", names[name], masked_by))
    return files


def _has_file(boot_files: BootFiles, loader: Loader, folder: str, name: str) -> bool:
    """Tell whether a folder has what masks other files of this name.

    To Alpine's script that is a file, to Void's also a link to /dev/null or to a folder.
    """
    real_path = boot_files.listing.get(f"{folder}/sysctl.d", {}).get(name)
    if real_path is None:
        return False
    if loader.script == ALPINE:
        return real_path in boot_files.contents and real_path != "/dev/null"
    path = f"{folder}/sysctl.d/{name}"
    return all(problem.path != path or problem.is_there for problem in boot_files.problems)


def script_runs(
    lines: Iterable[Line], loader: Loader, live: Mapping[str, str | None]
) -> list[list[Line]]:
    """Return the lines that sysctl comes to in each of its runs, one for each file.

    So what procps does to the keys of one file, such as letting names win over globs, does not
    reach the next one. To busybox, which has no such rules, all runs are one.
    """
    if loader.program == BUSYBOX:
        return [list(_lines_until_refused(lines, live))]
    runs: list[list[Line]] = [[]]
    for line in lines:
        if runs[-1] and line.path != runs[-1][0].path:
            runs.append([])
        runs[-1].append(line)
    return runs


def _lines_until_refused(lines: Iterable[Line], live: Mapping[str, str | None]) -> Iterator[Line]:
    """Yield the lines of files up to the one in each that the kernel refuses, that included.

    Only of keys whose runtime value is known can that be told.
    """
    refused_in = ""
    for line in lines:
        if line.path == refused_in:
            continue
        yield line
        value = live.get(line.key)
        if value is not None and _is_refused(line.key, line.value or "", value):
            refused_in = line.path


def _is_refused(key: str, text: str, live: str) -> bool:
    """Tell whether the kernel reports an error; it may have taken numbers before that."""
    if value_in_text(key, text, live) is None:
        return True
    if not is_made_of_numbers(key, live):
        return False
    _numbers, is_read_to_its_end = read_numbers(text, len(live.split()))
    return not is_read_to_its_end
