# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel modules that requested keys need: which, whether they can be loaded, and loading them.

No program is started here: the kernel is asked for a network interface of the module's name. For
one that it does not have, it runs modprobe itself (dev_load, net/core/dev_ioctl.c), so everything
that modprobe.d says holds.
"""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from typing import Iterator

from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.module_keys import modules_of
from ..._sysctl.keys import is_glob
from ..._sysctl.plans.module_file import ModuleNeeds, module_file_of
from ..._sysctl.plans.plan import Observed
from ..._sysctl.plans.request import Request
from ..configuration import read_text, unmasked_paths
from ..file_change import UndoStep
from ..files import HostFiles
from ..runtime.proc_sys import proc_path
from .early_modules import is_built_in, module_name, modules_loaded_early
from .loadable_modules import has_modules, is_loading_disabled, may_be_installed, modules_folder

_LONGEST_NAME = 15
"""Of a network interface: IFNAMSIZ of the kernel, without the final NUL."""
_MODPROBE_FOLDERS = (
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
)
_LOADER_UNIT = "/etc/systemd/system/systemd-modules-load.service"


def observe_modules(observed: Observed, request: Request, files: HostFiles) -> Observed:
    """Return what was observed, with the modules that the requested keys need."""
    path = module_file_of(request.path)
    location = files.locate(path)
    modules = _modules_of_request(request)
    early = modules_loaded_early(files, without=location.path) if modules else set()
    needed = {}
    to_load = {}
    for module, keys in modules.items():
        if is_built_in(files, module):
            continue
        if module not in early and request.persistent:
            _refuse_never_loaded(files, module, keys[0])
            needed[module] = tuple(keys)
        missing = [key for key in keys if key not in observed.runtime and not is_glob(key)]
        if missing and request.runtime:
            to_load[module] = tuple(missing)
    needs = ModuleNeeds(
        path=location.path,
        real_path=location.real_path,
        content=files.read(path, location.real_path),
        needed=needed,
        to_load=to_load,
    )
    boot_files = observed.boot_files
    doubts = tuple(doubt for doubt in boot_files.doubts if doubt.by not in needed)
    return observed._replace(
        modules=needs,
        runtime={**observed.runtime, **dict.fromkeys(needs.coming_keys)},
        boot_files=boot_files._replace(doubts=doubts),
    )


def _modules_of_request(request: Request) -> dict[str, list[str]]:
    """Return module -> the requested keys that it brings."""
    modules: dict[str, list[str]] = {}
    if not request.load_modules or not request.present:
        return modules
    for key in request.key_modules:
        if key not in request.settings:
            raise TuningError(
                f"modules: {key} is not among the settings; give it there, or take it out here", key
            )
    for key in request.settings:
        for module in request.key_modules.get(key) or modules_of(key):
            modules.setdefault(module, []).append(key)
    return modules


def _refuse_never_loaded(files: HostFiles, module: str, key: str) -> None:
    """Refuse a module that is not loaded at boot although a file in modules-load.d names it."""
    if files.resolve(_LOADER_UNIT) == "/dev/null":
        raise TuningError(
            f"{key}: its module {module} would not be loaded at boot: {_LOADER_UNIT} is masked; "
            "unmask it, or leave out load_modules",
            key,
        )
    for path, number, words in _modprobe_lines(files):
        is_denied = words[0] == "blacklist"
        is_replaced = words[0] == "install" and words[2:3] != [] and _does_nothing(words[2])
        if (is_denied or is_replaced) and module_name(words[1]) == module:
            raise TuningError(
                f"{key}: its module {module} is not loaded at boot, as {path} line {number} says; "
                "take that line out, or leave out load_modules",
                key,
            )


def _does_nothing(program: str) -> bool:
    return program.rpartition("/")[2] in ("true", "false", ":")


def _modprobe_lines(files: HostFiles) -> Iterator[tuple[str, int, list[str]]]:
    """Yield path, number and words of each line of modprobe.d that is about a module."""
    for path in unmasked_paths(files, _MODPROBE_FOLDERS, ".conf"):
        for number, line in enumerate(read_text(files, path).splitlines(), 1):
            words = line.split()
            if len(words) > 1:
                yield path, number, words


def require_loadable(needs: ModuleNeeds) -> None:
    """Refuse a module that can be seen not to be loaded now, before anything is written."""
    for module, keys in needs.to_load.items():
        reason = _why_not_loadable(module)
        if reason:
            raise _loading_error(module, keys[0], reason)
    if needs.to_load and os.geteuid() != 0:
        key = min(needs.coming_keys)
        refused = OSError(errno.EPERM, os.strerror(errno.EPERM))
        raise TuningError(f"{key}: its module cannot be loaded", key, refused)


def _why_not_loadable(module: str) -> str:
    if is_loading_disabled():
        return "kernel.modules_disabled is 1, which only a reboot takes back"
    if len(module) > _LONGEST_NAME:
        return "its name is too long for the way in which it is asked for here"
    if not has_modules():
        return "this kernel was built without modules"
    if may_be_installed(module):
        return ""
    return f"{modules_folder()} does not have it, so install the package that does"


def _loading_error(module: str, key: str, reason: str) -> TuningError:
    return TuningError(
        f"{key}: its module {module} cannot be loaded: {reason}. "
        f"Run 'modprobe {module}' first, or see what it says",
        key,
    )


def load_modules(needs: ModuleNeeds, journal: list[UndoStep]) -> None:
    """Have the kernel load modules; the journal holds how to unload all that come with them."""
    before = loaded_modules()
    named = ", ".join(needs.to_load)
    journal.append(UndoStep(f"kernel modules ({named})", lambda: _unload_since(before)))
    for module, keys in needs.to_load.items():
        with suppress(OSError):  # there is no such interface, even after the module was loaded
            socket.if_nametoindex(module)
        for key in keys:
            if not os.path.exists(proc_path(key)):
                raise _loading_error(module, key, "the kernel was asked for it, without effect")


def loaded_modules() -> list[str]:
    """Return the modules that are loaded, the newest first."""
    with open("/proc/modules", encoding="ascii") as file:
        return [line.split(" ")[0] for line in file]


def _unload_since(before: list[str]) -> None:
    new = [module for module in loaded_modules() if module not in before]
    if new:
        from .unload_modules import unload_modules

        unload_modules(new)
