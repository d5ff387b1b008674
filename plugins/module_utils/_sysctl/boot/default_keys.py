# SPDX-License-Identifier: GPL-3.0-or-later

"""Which keys have a value of the kernel's own that fresh namespaces show.

tests/unit/kernel_defaults has what kernels did: a fresh namespace begins with the kernel's own
values, except for the keys below, which begin as the first namespace is now.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Iterable

from ..files.doubts import Doubt
from ..files.loaders import Loader
from ..keys import is_glob
from ..secrets import is_secret

_OF_NAMESPACES = ("net.", "fs.mqueue.", "kernel.msg", "kernel.sem", "kernel.shm")
"""How the keys begin that belong to network or IPC namespaces (namespaces(7))."""
FOLLOW_THE_FIRST = (
    "net.ipv4.conf.*",
    "net.ipv4.ip_forward",
    "net.ipv4.neigh.*",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_max_tw_buckets",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv6.neigh.*",
    "net.netfilter.nf_hooks_lwtunnel",
)
FOLLOW_WITH_INHERIT = ("net.ipv6.conf.*",)
"""Those that do only if net.core.devconf_inherit_init_net says so."""
SET_BEFORE_THE_LOADER = {
    "net.unix.max_dgram_qlen": "512",
    "fs.file-max": "9223372036854775807",
}
"""Key -> the value that systemd gives it when it starts, if it is lower: bump_unix_max_dgram_qlen
and bump_file_max_and_nr_open in src/core/main.c."""


def may_show_default(key: str, inherits_ipv6: bool) -> bool:
    """Tell whether a fresh namespace may show the kernel's own value of a key."""
    if not key.startswith(_OF_NAMESPACES) or is_secret(key) or is_glob(key):
        return False
    others = [*FOLLOW_THE_FIRST, *SET_BEFORE_THE_LOADER]
    if inherits_ipv6:
        others.extend(FOLLOW_WITH_INHERIT)
    return not any(fnmatchcase(key, pattern) for pattern in others)


def doubts_about_removed(keys: Iterable[str], loader: Loader) -> tuple[Doubt, ...]:
    """Return a doubt for each key that leaves our file, and that systemd sets when it starts."""
    if loader.name != "systemd":
        return ()
    return tuple(_early_doubt(key) for key in SET_BEFORE_THE_LOADER if key in keys)


def _early_doubt(key: str) -> Doubt:
    value = SET_BEFORE_THE_LOADER[key]
    return Doubt(
        by="systemd",
        why=f"systemd raises it to '{value}' when it starts, before it applies the files",
        path="/sbin/init",
        remedy="set it in a file in /etc/sysctl.d",
        keys=(key,),
        value=value,
        only_unset=True,
    )
