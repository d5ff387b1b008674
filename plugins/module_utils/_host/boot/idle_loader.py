# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts on which the sysctl loader does not run at boot, or on which that is not known."""

from __future__ import annotations

import os

from ..._sysctl.files.boot_files import NOT_KNOWN, NOTHING
from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import INIT_SCRIPTS, Loader
from ..._sysctl.text import decode
from ..configuration import read_text, starts_by_openrc, starts_by_script
from ..files import HostFiles, read_file

UNIT = "systemd-sysctl.service"
WANTED_BY = "sysinit.target.wants"
UNIT_FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
"""The folder of highest priority first."""

_SCRIPTS = ("procps", "procps.sh")
_OLDER_SCRIPTS = ("/etc/rc.d/rc.sysinit", "/etc/rc.sysinit")
"""The scripts of older inits, which applied files themselves."""
_NATIVE_BOOT = "/etc/runit/native.boot.run"
"""With it, Debian's runit runs scripts of its own in place of those of sysvinit."""
_LEFT_OUT = "/etc/runit/no.emulate.sysv.d/procps"
"""With it, Debian's runit leaves out this script of sysvinit."""
_REMEDY_NOT_KNOWN = "see what your init runs 'sysctl --system' with"
_REMEDY_NOTHING = "set 'persistent: false', or install and enable what applies them"


def find_idle_loader(files: HostFiles, loader: Loader) -> Doubt | None:
    """Return why the loader does not run at boot, None if it does."""
    if loader.name == "systemd":
        return _idle_unit(files) or _other_process_1(files)
    if files.resolve("/sbin/init").endswith("/runit-init"):
        doubt = _scripts_of_runit(files)
        if doubt:
            return doubt
    if _script_is_enabled(files):
        return None
    if any(_exists(files, path) for path in INIT_SCRIPTS):
        from .init_scripts import find_idle_script

        return find_idle_script(files)
    return _missing_service(files)


def _nothing_applies(why: str, path: str, remedy: str) -> Doubt:
    return Doubt(by=NOTHING, why=why, path=path, remedy=remedy)


def _not_known(why: str, path: str) -> Doubt:
    return Doubt(by=NOT_KNOWN, why=why, path=path, remedy=_REMEDY_NOT_KNOWN)


def _scripts_of_runit(files: HostFiles) -> Doubt | None:
    if _exists(files, _NATIVE_BOOT):
        why = "runit boots with scripts of its own, of which it is not known what they apply"
        return _not_known(why, _NATIVE_BOOT)
    if _exists(files, _LEFT_OUT):
        why = "runit leaves out the script procps, so nothing applies the files"
        return _nothing_applies(why, _LEFT_OUT, f"remove {_LEFT_OUT}")
    return None


def _exists(files: HostFiles, path: str) -> bool:
    return os.path.lexists(files.host_path(path))


def _idle_unit(files: HostFiles) -> Doubt | None:
    for folder in UNIT_FOLDERS:
        path = f"{folder}/{UNIT}"
        if _exists(files, path):
            if _is_mask(files, path):
                why = f"{UNIT} is masked, so nothing applies the files"
                return _nothing_applies(why, path, f"run 'systemctl unmask {UNIT}'")
            break
    if any(_exists(files, f"{folder}/{WANTED_BY}/{UNIT}") for folder in UNIT_FOLDERS):
        return None
    path = f"{UNIT_FOLDERS[3]}/{WANTED_BY}/{UNIT}"
    why = f"no target starts {UNIT}, so nothing applies the files"
    return _nothing_applies(why, path, f"run 'systemctl add-wants sysinit.target {UNIT}'")


def _is_mask(files: HostFiles, path: str) -> bool:
    if files.resolve(path) == "/dev/null":
        return True
    try:
        return os.stat(files.host_path(files.resolve(path))).st_size == 0
    except OSError:
        return False


def _other_process_1(files: HostFiles) -> Doubt | None:
    """Return that process 1 is not systemd, where systemd is only installed."""
    if files.root != "/" or os.path.isdir("/run/systemd/system"):
        return None
    try:
        name = decode(read_file("/proc/1/comm")).strip()
    except OSError:
        name = "not known"
    why = f"systemd is installed, but process 1 is {name}, so nothing applies the files"
    return _nothing_applies(why, "/proc/1/comm", _REMEDY_NOTHING)


def _script_is_enabled(files: HostFiles) -> bool:
    """Tell whether an init runs a script at boot that runs ``sysctl --system`` of procps."""
    for script in _SCRIPTS:
        if starts_by_script(files, script) or starts_by_openrc(files, script):
            return True
    return any("sysctl --system" in read_text(files, path) for path in _OLDER_SCRIPTS)


def _missing_service(files: HostFiles) -> Doubt:
    if _exists(files, "/etc/init.d/procps"):
        enable = "update-rc.d procps defaults"
        if _exists(files, "/etc/runlevels"):
            enable = "rc-update add procps sysinit"
        why = "the service procps is in no runlevel, so nothing applies the files"
        return _nothing_applies(why, "/etc/init.d/procps", f"run '{enable}'")
    if not _exists(files, "/sbin/init"):
        why = "there is no init, so nothing applies the files"
        return _nothing_applies(why, "/sbin/init", _REMEDY_NOTHING)
    why = f"it is not known whether {files.resolve('/sbin/init')} applies the files at boot"
    return _not_known(why, "/sbin/init")
