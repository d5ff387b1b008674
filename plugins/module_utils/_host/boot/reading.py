# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's sysctl loader is, and all that it reads."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Iterator

from ..._sysctl.errors import describe_os_error
from ..._sysctl.files.boot_files import BootFiles, HostTraits
from ..._sysctl.files.loaders import COMMAND_LINE, FOLDERS, INIT_SCRIPTS, LOADERS, Loader
from ..._sysctl.keys import NO_MODULES_AFTER, key_to_path
from ..._sysctl.text import decode, encode
from ..files import HostFiles, read_file
from ..later.programs import with_later_programs
from ..runtime.proc_sys import proc_path

if TYPE_CHECKING:
    from ..._sysctl.files.doubts import Doubt, FileProblem

_LAST_FILE = "/etc/sysctl.conf"
_UNIT = "systemd-sysctl.service"
_WANTED_UNIT = f"/usr/lib/systemd/system/sysinit.target.wants/{_UNIT}"
UDEV_IS_RUNNING = "/run/udev/control"
_UDEV_RULES = (
    "/usr/lib/udev/rules.d/99-systemd.rules",
    "/lib/udev/rules.d/99-systemd.rules",
)
_FIRST_PID_NAMESPACE = "pid:[4026531836]"
"""PROC_PID_INIT_INO of the kernel (include/linux/proc_ns.h): that of the machine itself."""


def detect_loader(files: HostFiles) -> Loader:
    """Return the loader of a host: systemd where it is, or will be, process 1; else by scripts."""
    if files.root == "/" and os.path.isdir("/run/systemd/system"):
        return LOADERS["systemd"]
    for folder in ("/usr/lib", "/lib"):
        if os.path.exists(files.host_path(f"{folder}/systemd/systemd-sysctl")):
            init = files.host_path(files.resolve("/sbin/init"))
            if init.endswith("/systemd") or not os.path.lexists(init):
                return LOADERS["systemd"]
    if any(os.path.lexists(files.host_path(path)) for path in INIT_SCRIPTS):
        from .init_scripts import detect_script_loader

        return detect_script_loader(files)
    return LOADERS["procps"]


def read_boot_files(files: HostFiles) -> BootFiles:
    """Read all that a sysctl loader reads; what cannot be read is a problem, no error."""
    listing: dict[str, dict[str, str]] = {}
    problems: list[FileProblem] = []
    for real_folder, folder in _folders_to_list(files).items():
        listing[folder] = _list_folder(files, folder, real_folder, problems)
    last_file = files.resolve(_LAST_FILE)
    listing["/etc"] = {}
    is_regular = files.is_regular(last_file)
    is_dangling_link = is_regular is None and last_file != _LAST_FILE
    if is_regular or is_dangling_link:
        listing["/etc"]["sysctl.conf"] = last_file

    contents: dict[str, bytes] = {}
    for path, real_path in _listed_files(listing):
        try:
            contents[real_path] = _read_boot_file(files, real_path)
        except FileNotFoundError:
            reason = f"a link that leads to nothing: {real_path}"
            problems.append(_problem(path, reason, matters=False, is_there=False))
        except OSError as error:
            unreadable_for_all = error.errno in (errno.EISDIR, errno.ENXIO, errno.ELOOP)
            problem = _problem(
                path,
                describe_os_error(error),
                matters=not unreadable_for_all,
                is_there=error.errno != errno.ELOOP,
            )
            problems.append(problem)
    traits = HostTraits(has_udev=udev_applies_keys(files), missing_keys=missing_keys(files))
    boot_files = BootFiles(
        listing=listing,
        contents=contents,
        command_line=_read_command_line(files),
        problems=tuple(problems),
        doubts=_doubts_about_the_loader(files),
        traits=traits,
    )
    boot_files = with_later_programs(boot_files, files)
    return _with_early_names(boot_files, files)


def _with_early_names(boot_files: BootFiles, files: HostFiles) -> BootFiles:
    """Add the names that need no module, if a line may keep modules from being loaded."""
    marks = [encode(key_to_path(key).rpartition("/")[2]) for key in NO_MODULES_AFTER]
    text = b"\n".join([encode(boot_files.command_line), *boot_files.contents.values()])
    if not any(mark in text for mark in marks):
        return boot_files
    from ..modules.early_names import names_there_early

    names = names_there_early(files)
    return boot_files._replace(traits=boot_files.traits._replace(early_names=names))


def _problem(path: str, reason: str, matters: bool, is_there: bool = True) -> FileProblem:
    from ..._sysctl.files.doubts import FileProblem

    return FileProblem(path=path, reason=reason, matters=matters, is_there=is_there)


def udev_applies_keys(files: HostFiles) -> bool:
    """Tell whether a rule of systemd applies the files once more when an interface appears.

    In containers udev does not run, and hosts with another init do not have that rule.
    """
    has_rules = any(os.path.lexists(files.host_path(path)) for path in _UDEV_RULES)
    if files.root != "/":
        return has_rules
    return has_rules and os.path.exists(UDEV_IS_RUNNING)


def missing_keys(files: HostFiles) -> tuple[str, ...]:
    """Return how keys start that only the first network namespace has."""
    folders = ("net.ipv4.neigh.default.", "net.ipv6.neigh.default.")
    if files.root != "/" or os.path.exists(proc_path(folders[0])):
        return ()
    return folders


def _doubts_about_the_loader(files: HostFiles) -> tuple[Doubt, ...]:
    """Return a doubt if the loader does not run at boot.

    On most hosts systemd runs, and the two links below say that it starts the loader.
    """
    is_running = files.root != "/" or os.path.isdir("/run/systemd/system")
    is_unit_as_shipped = not os.path.lexists(files.host_path(f"/etc/systemd/system/{_UNIT}"))
    if is_running and is_unit_as_shipped and os.path.lexists(files.host_path(_WANTED_UNIT)):
        return ()
    from .idle_loader import find_idle_loader

    doubt = find_idle_loader(files, detect_loader(files))
    return (doubt,) if doubt else ()


def _folders_to_list(files: HostFiles) -> dict[str, str]:
    """Return real path -> path of each folder of the loaders; /lib is often a link to /usr/lib."""
    folders: dict[str, str] = {}
    for folder in FOLDERS:
        folders.setdefault(files.resolve(folder), folder)
    return folders


def _list_folder(
    files: HostFiles, folder: str, real_folder: str, problems: list[FileProblem]
) -> dict[str, str]:
    """Return name -> real path of each file of settings in a folder."""
    names: dict[str, str] = {}
    try:
        with os.scandir(files.host_path(real_folder)) as entries:
            for entry in entries:
                if entry.name.endswith(".conf"):
                    path = f"{real_folder}/{entry.name}"
                    is_regular = entry.is_file(follow_symlinks=False)
                    names[entry.name] = path if is_regular else files.resolve(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        problems.append(_problem(folder, describe_os_error(error), matters=True))
    return names


def _listed_files(listing: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield path and real path of each file."""
    for folder, names in listing.items():
        for name, real_path in names.items():
            yield f"{folder}/{name}", real_path


def _read_boot_file(files: HostFiles, real_path: str) -> bytes:
    if real_path == "/dev/null":
        return b""
    return read_file(files.host_path(real_path))


def _read_command_line(files: HostFiles) -> str:
    """Return the kernel command line of a running host; that of an image is not known.

    In a container it is that of the machine, which sets nothing there.
    """
    if files.root != "/":
        return ""
    try:
        command_line = decode(read_file(COMMAND_LINE))
        if "sysctl" in command_line and os.readlink("/proc/self/ns/pid") != _FIRST_PID_NAMESPACE:
            return ""
        return command_line
    except OSError:
        return ""
