# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers of the programs that set keys after the sysctl loader: one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from ..._lazy_module import LazyModule

if TYPE_CHECKING:
    from typing import Protocol

    from ..configuration import LaterChanges
    from ..files import HostFiles
    from . import (
        cloud_init,
        credential,
        dracut,
        drop_ins,
        ifupdown,
        interfaces,
        modules,
        network_manager,
        networkd,
        scripts,
        services,
        tuned,
        ufw,
        wg_quick,
    )

    class _Reader(Protocol):
        def read(self, files: HostFiles) -> LaterChanges:
            """Return what the program of this module changes after the loader."""
else:
    cloud_init = LazyModule(__name__, ".cloud_init")
    credential = LazyModule(__name__, ".credential")
    dracut = LazyModule(__name__, ".dracut")
    drop_ins = LazyModule(__name__, ".drop_ins")
    ifupdown = LazyModule(__name__, ".ifupdown")
    interfaces = LazyModule(__name__, ".interfaces")
    modules = LazyModule(__name__, ".modules")
    network_manager = LazyModule(__name__, ".network_manager")
    networkd = LazyModule(__name__, ".networkd")
    scripts = LazyModule(__name__, ".scripts")
    services = LazyModule(__name__, ".services")
    tuned = LazyModule(__name__, ".tuned")
    ufw = LazyModule(__name__, ".ufw")
    wg_quick = LazyModule(__name__, ".wg_quick")


def read_changes(name: str, files: HostFiles) -> LaterChanges:
    """Return what a program of ``PROGRAMS`` in programs.py changes after the loader."""
    return _READERS[name].read(files)


_READERS: Mapping[str, _Reader] = {
    "cloud_init": cloud_init,
    "credential": credential,
    "dracut": dracut,
    "drop_ins": drop_ins,
    "ifupdown": ifupdown,
    "interfaces": interfaces,
    "modules": modules,
    "network_manager": network_manager,
    "networkd": networkd,
    "scripts": scripts,
    "services": services,
    "tuned": tuned,
    "ufw": ufw,
    "wg_quick": wg_quick,
}
"""Name of a program in programs.py -> the module that reads its files."""
