# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers of the programs that set keys after the sysctl loader: one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from .._lazy_module import LazyModule

if TYPE_CHECKING:
    from typing import Protocol

    from . import (
        later_cloud_init,
        later_credential,
        later_dracut,
        later_drop_ins,
        later_ifupdown,
        later_interfaces,
        later_modules,
        later_network_manager,
        later_networkd,
        later_scripts,
        later_services,
        later_tuned,
        later_ufw,
        later_wg_quick,
    )
    from .configuration import LaterChanges
    from .files import HostFiles

    class _Reader(Protocol):
        def read(self, files: HostFiles) -> LaterChanges:
            """Return what the program of this module changes after the loader."""
else:
    later_cloud_init = LazyModule(__name__, ".later_cloud_init")
    later_credential = LazyModule(__name__, ".later_credential")
    later_dracut = LazyModule(__name__, ".later_dracut")
    later_drop_ins = LazyModule(__name__, ".later_drop_ins")
    later_ifupdown = LazyModule(__name__, ".later_ifupdown")
    later_interfaces = LazyModule(__name__, ".later_interfaces")
    later_modules = LazyModule(__name__, ".later_modules")
    later_network_manager = LazyModule(__name__, ".later_network_manager")
    later_networkd = LazyModule(__name__, ".later_networkd")
    later_scripts = LazyModule(__name__, ".later_scripts")
    later_services = LazyModule(__name__, ".later_services")
    later_tuned = LazyModule(__name__, ".later_tuned")
    later_ufw = LazyModule(__name__, ".later_ufw")
    later_wg_quick = LazyModule(__name__, ".later_wg_quick")


def read_changes(name: str, files: HostFiles) -> LaterChanges:
    """Return what a program of ``PROGRAMS`` in later.py changes after the loader."""
    return _READERS[name].read(files)


_READERS: Mapping[str, _Reader] = {
    "cloud_init": later_cloud_init,
    "credential": later_credential,
    "dracut": later_dracut,
    "drop_ins": later_drop_ins,
    "ifupdown": later_ifupdown,
    "interfaces": later_interfaces,
    "modules": later_modules,
    "network_manager": later_network_manager,
    "networkd": later_networkd,
    "scripts": later_scripts,
    "services": later_services,
    "tuned": later_tuned,
    "ufw": later_ufw,
    "wg_quick": later_wg_quick,
}
"""Name of a program in later.py -> the module that reads its files."""
