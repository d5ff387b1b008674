# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel modules that are there before the sysctl loader runs.

systemd-sysctl.service is ordered after systemd-modules-load.service, and of Debian's scripts
procps comes after kmod. Both read modules-load.d (modules-load.d(5)): of files with one name the
one in the first folder counts, also where it is empty or a link to /dev/null.
"""

from __future__ import annotations

import os
import re
from typing import Iterable, Iterator

from ..._sysctl.files.loaders import COMMAND_LINE
from ..._sysctl.text import decode
from ..configuration import names_in, read_text, unmasked_paths
from ..files import HostFiles, read_file
from .loadable_modules import has_modules

FOLDERS = (
    "/etc/modules-load.d",
    "/run/modules-load.d",
    "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d",
    "/lib/modules-load.d",
)
_FILES = ("/etc/modules", "/etc/initramfs-tools/modules")


def module_name(text: str) -> str:
    """Return the name of a module as the kernel has it, also of a path of its file."""
    return text.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def modules_loaded_early(files: HostFiles, without: str = "") -> set[str]:
    """Return the modules that are loaded before the sysctl loader runs: by name, or with one.

    without: a file that does not count.
    """
    modules: set[str] = set()
    for path in (*_FILES, *unmasked_paths(files, FOLDERS, ".conf")):
        if path != without:
            modules.update(_modules_in(files, path))
    modules |= _modules_on_the_command_line(files)
    if modules:
        modules |= _modules_needed_by(modules, files)
    return modules


def _modules_needed_by(modules: Iterable[str], files: HostFiles) -> set[str]:
    """Return the modules that are loaded with others, as modules.dep(5) says."""
    names = "|".join(re.escape(name).replace("_", "[-_]") for name in modules)
    kernels = [os.uname().release] if files.root == "/" else names_in(files, "/lib/modules")
    needed: set[str] = set()
    for kernel in kernels:
        try:
            path = files.resolve(f"/lib/modules/{kernel}/modules.dep")
            text = decode(read_file(files.host_path(path)))
        except OSError:
            continue
        for match in re.finditer(rf"^\S*/(?:{names})\.ko\S*:(.*)$", text, re.MULTILINE):
            needed.update(module_name(path) for path in match[1].split())
    return needed


def _modules_in(files: HostFiles, path: str) -> Iterator[str]:
    """Yield the modules that a file names, none if it cannot be read."""
    for line in read_text(files, path).splitlines():
        words = line.split()
        if words and words[0][0] not in "#;":
            yield module_name(words[0])


def _modules_on_the_command_line(files: HostFiles) -> set[str]:
    if files.root != "/":
        return set()
    text = read_text(files, COMMAND_LINE)
    modules: set[str] = set()
    for names in re.findall(r"(?<!\S)(?:rd\.)?modules[-_]load=(\S+)", text):
        modules.update(module_name(name) for name in names.split(","))
    return modules


def is_built_in(files: HostFiles, name: str) -> bool:
    """Tell whether a kernel module is built in; of an image, whether all of its kernels have it."""
    if files.root == "/" and not has_modules():
        return True
    return name in built_in_modules(files)


def built_in_modules(files: HostFiles) -> set[str]:
    """Return the modules that the kernel has built in; of an image, all of its kernels."""
    if files.root != "/":
        of_kernels = [_built_in(files, kernel) for kernel in names_in(files, "/lib/modules")]
        return set.intersection(*of_kernels) if of_kernels else set()
    modules = _built_in(files, os.uname().release)
    for name in names_in(files, "/sys/module"):
        if not os.path.exists(f"/sys/module/{name}/initstate"):
            modules.add(name)
    return modules


def _built_in(files: HostFiles, kernel: str) -> set[str]:
    """Return the modules that a kernel has built in, as the list that comes with it says."""
    text = read_text(files, f"/lib/modules/{kernel}/modules.builtin")
    return {module_name(line) for line in text.split()}
