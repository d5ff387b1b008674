# SPDX-License-Identifier: GPL-3.0-or-later

"""The init script that applies files of settings, recognized by what it does.

Imported where OpenRC or runit has such a script.
"""

from __future__ import annotations

import os
import re

from ..._sysctl.files.boot_files import NOT_KNOWN, NOTHING
from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import BUSYBOX, INIT_SCRIPTS, LOADERS, Loader
from ..._sysctl.files.script_loaders import ALPINE, VOID, script_loader
from ..configuration import names_in, read_text, starts_by_openrc
from ..files import HostFiles

OPENRC, RUNIT = INIT_SCRIPTS

_ALL_FILES = "system"
"""Stands for a script that runs ``sysctl --system``."""
_FOLDERS = {
    ("/lib", "/usr/lib", "/etc", "/run"): ALPINE,
    ("/run", "/etc", "/usr/local/lib", "/usr/lib"): VOID,
}
"""The folders that a script names, in order -> the script."""
_PROGRAMS = ("/bin/sysctl", "/sbin/sysctl", "/usr/bin/sysctl", "/usr/sbin/sysctl")
_REMEDY = "see which files your init script applies"


def detect_script_loader(files: HostFiles) -> Loader:
    """Return the loader of a host with such a script; procps where it is not known."""
    path = _script_path(files)
    script = _recognize(files, path)
    program = _find_program(files)
    if script in (ALPINE, VOID) and program:
        return script_loader(script, program)
    return LOADERS["procps"]


def find_idle_script(files: HostFiles) -> Doubt | None:
    """Return why the script does not apply the files at boot, None if it does."""
    path = _script_path(files)
    script = _recognize(files, path)
    program = _find_program(files)
    if path == OPENRC and not starts_by_openrc(files, "sysctl"):
        why = "the service sysctl is in no runlevel, so nothing applies the files"
        return Doubt(by=NOTHING, why=why, path=path, remedy="run 'rc-update add sysctl boot'")
    if not script:
        why = "it is not known which files this script applies, and in which order"
        return Doubt(by=NOT_KNOWN, why=why, path=path, remedy=_REMEDY)
    if not program:
        why = "it is not known which sysctl this script runs"
        return Doubt(by=NOT_KNOWN, why=why, path=path, remedy=_REMEDY)
    if script == _ALL_FILES and program == BUSYBOX:
        why = "it runs 'sysctl --system', which busybox refuses, so nothing applies the files"
        return Doubt(by=NOTHING, why=why, path=path, remedy="install the sysctl of procps")
    return None


def _script_path(files: HostFiles) -> str:
    """Return the path of the script; of runit, that of the folder if none of its parts is one."""
    names = names_in(files, RUNIT)
    for name in names:
        if name.endswith(".sh") and "sysctl" in name:
            return f"{RUNIT}/{name}"
    return RUNIT if names else OPENRC


def _recognize(files: HostFiles, path: str) -> str:
    """Return which script it is, "" for one that is not known."""
    code = re.sub(r"(?m)^\s*#.*$", "", read_text(files, path))
    if re.search(r"\bsysctl\b[^\n]*\s--system\b", code):
        return _ALL_FILES
    folders = tuple(re.findall(r"(/[\w/]*?)/sysctl\.d/\*\.conf", code))
    script = _FOLDERS.get(folders, "")
    masks = "-f /etc/sysctl.d/" in code if script == ALPINE else "ln -s" in code
    return script if masks and "/etc/sysctl.conf" in code else ""


def _find_program(files: HostFiles) -> str:
    """Return whose sysctl the host has, "" if that is not known."""
    for path in _PROGRAMS:
        if not os.path.lexists(files.host_path(path)):
            continue
        name = files.resolve(path).rpartition("/")[2]
        if name.startswith(BUSYBOX):
            return BUSYBOX
        return LOADERS["procps"].program if name == "sysctl" else ""
    return ""
