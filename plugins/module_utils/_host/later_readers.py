# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers of the programs that set keys after the sysctl loader: one file each.

Each import is written out, since Ansible sends to a host what it finds imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Mapping

if TYPE_CHECKING:
    from .configuration import LaterChanges
    from .files import HostFiles


def _cloud_init(files: HostFiles) -> LaterChanges:
    from . import later_cloud_init

    return later_cloud_init.read(files)


def _credential(files: HostFiles) -> LaterChanges:
    from . import later_credential

    return later_credential.read(files)


def _dracut(files: HostFiles) -> LaterChanges:
    from . import later_dracut

    return later_dracut.read(files)


def _drop_ins(files: HostFiles) -> LaterChanges:
    from . import later_drop_ins

    return later_drop_ins.read(files)


def _ifupdown(files: HostFiles) -> LaterChanges:
    from . import later_ifupdown

    return later_ifupdown.read(files)


def _interfaces(files: HostFiles) -> LaterChanges:
    from . import later_interfaces

    return later_interfaces.read(files)


def _modules(files: HostFiles) -> LaterChanges:
    from . import later_modules

    return later_modules.read(files)


def _network_manager(files: HostFiles) -> LaterChanges:
    from . import later_network_manager

    return later_network_manager.read(files)


def _networkd(files: HostFiles) -> LaterChanges:
    from . import later_networkd

    return later_networkd.read(files)


def _scripts(files: HostFiles) -> LaterChanges:
    from . import later_scripts

    return later_scripts.read(files)


def _services(files: HostFiles) -> LaterChanges:
    from . import later_services

    return later_services.read(files)


def _tuned(files: HostFiles) -> LaterChanges:
    from . import later_tuned

    return later_tuned.read(files)


def _ufw(files: HostFiles) -> LaterChanges:
    from . import later_ufw

    return later_ufw.read(files)


def _wg_quick(files: HostFiles) -> LaterChanges:
    from . import later_wg_quick

    return later_wg_quick.read(files)


READERS: Mapping[str, Callable[[HostFiles], LaterChanges]] = {
    "cloud_init": _cloud_init,
    "credential": _credential,
    "dracut": _dracut,
    "drop_ins": _drop_ins,
    "ifupdown": _ifupdown,
    "interfaces": _interfaces,
    "modules": _modules,
    "network_manager": _network_manager,
    "networkd": _networkd,
    "scripts": _scripts,
    "services": _services,
    "tuned": _tuned,
    "ufw": _ufw,
    "wg_quick": _wg_quick,
}
"""Name of a program in later.py -> what returns its changes."""
