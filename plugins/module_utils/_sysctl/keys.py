# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of kernel settings: their spellings, and the canonical form.

Dots or slashes separate the segments of a key (sysctl.d(5)). If the first separator is a slash,
the key is a path below /proc/sys. If it is a dot, dots and slashes are swapped, so that a segment
can contain a dot: ``net.ipv4.conf.eth0/100.rp_filter`` and ``net/ipv4/conf/eth0.100/rp_filter``
are the same key. The canonical form is the first of these, as sysctl(8) prints it.
"""

from __future__ import annotations

import re

from .errors import TuningError
from .text import quote

ACTIONS = (
    "net.ipv4.route.flush",
    "net.ipv6.route.flush",
    "vm.compact_memory",
    "vm.drop_caches",
    "vm.stat_refresh",
)
"""Keys that start an action when they are written, and keep no value.

vm.stat_refresh does so when it is read, too (Documentation/admin-guide/sysctl).
"""

WITHOUT_VALUE = ("net.ipv6.conf.all.stable_secret",)
"""Keys that the kernel neither shows nor takes a value of (EIO)."""

RANGE_LISTS = {
    "kernel.watchdog_cpumask": (1 << 16) - 1,
    "net.ipv4.ip_local_reserved_ports": (1 << 16) - 1,
    "net.ipv6.icmp.ratemask": 255,
}
"""Keys that take ranges, with commas between them, in any order, and print them merged.

Each with the highest number in them; that of a list of CPUs depends on the kernel's build.
"""

_SWAP = str.maketrans("./", "/.")

_ONE_WAY_PREFIXES = (
    "kernel.kexec_load_",
    "kernel.max_rcu_stall_to_panic",
    "kernel.modules_disabled",
    "kernel.msg_next_id",
    "kernel.sem_next_id",
    "kernel.shm_next_id",
    "kernel.tainted",
    "kernel.unprivileged_bpf_disabled",
    "kernel.usermodehelper.",
    "kernel.yama.",
    "net.netfilter.nf_hooks_lwtunnel",
)
"""How the keys begin of which ``one_way.py`` knows something."""

_COUPLED_PREFIXES = (
    *_ONE_WAY_PREFIXES,
    "fs.fanotify.max_user_",
    "fs.inotify.max_user_",
    "kernel.nmi_watchdog",
    "kernel.soft_watchdog",
    "kernel.watchdog",
    "net.ipv4.conf.",
    "net.ipv4.ip_forward",
    "net.ipv4.neigh.",
    "net.ipv4.route.gc_min_interval",
    "net.ipv4.tcp_allowed_congestion_control",
    "net.ipv4.tcp_congestion_control",
    "net.ipv6.conf.",
    "net.ipv6.neigh.",
    "net.ipv6.route.gc_min_interval",
    "net.mptcp.",
    "net.netfilter.nf_conntrack_max",
    "net.nf_conntrack_max",
    "user.max_",
    "vm.dirty_",
    "vm.memfd_noexec",
    "vm.nr_hugepages",
    "vm.overcommit_",
)
"""How the keys begin of which ``couplings.py`` knows something."""

_LIMITED_PREFIXES = (
    "kernel.perf_event_max_sample_rate",
    "kernel.sched_deadline_period_m",
    "kernel.sched_rt_",
    "kernel.sched_util_clamp_m",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ipfrag_",
    "net.ipv4.tcp_max_reordering",
    "net.ipv4.tcp_reordering",
    "net.ipv6.ip6frag_",
    "net.netfilter.nf_conntrack_frag6_",
    "net.rds.reconnect_",
    "net.sctp.p",
    "net.sctp.rto_m",
)
"""How the keys begin of which ``mutual_limits.py`` knows something."""

_ROUNDED_ENDS = (
    "-input-dev",
    "-tagged",
    ".auto_msgmni",
    ".drop_entry",
    ".drop_packet",
    ".lowmem_reserve_ratio",
    ".pipe-max-size",
    ".secure_tcp",
    ".tainted",
    ".tracepoint_printk",
    ".write_wakeup_threshold",
    "_conntrack_buckets",
    "_flow_entries",
    "_min_reseed_secs",
    "_ms",
    "_report_interval",
    "_vmemmap",
    "anycast_delay",
    "locktime",
    "proxy_delay",
    "ratelimit",
    "retrans_time",
    "tables",
)
"""How the keys end of which ``rounding.py`` knows something."""


LOGGER_PREFIX = "net.netfilter.nf_log."
"""How the keys begin that take the name of a logger."""

_GRAMMAR_ENDS = (
    *RANGE_LISTS,
    ".actions_logged",
    ".core_pattern",
    ".domainname",
    ".ftrace_dump_on_oops",
    ".hostname",
    ".hotplug",
    ".modprobe",
    ".path_manager",
    ".poweroff_cmd",
    ".scheduler",
    "binfmt_misc.status",
    "congestion_control",
    "cookie_hmac_alg",
    "default_qdisc",
    "flow_limit_cpu_bitmap",
    "numa_zonelist_order",
    "printk_devkmsg",
    "rps_default_mask",
    "stable_secret",
    "tcp_fastopen_key",
)
"""How the keys end that ``kernel_text.py`` reads by a grammar of their own."""

KEYS_TAKING_NAMES = (
    "net.core.default_qdisc",
    "net.ipv4.tcp_allowed_congestion_control",
    "net.ipv4.tcp_congestion_control",
)
"""Keys that take names of parts of the kernel, which may be modules."""

CPU_MASKS = ("net.core.flow_limit_cpu_bitmap", "net.core.rps_default_mask")
"""Keys that take a mask of CPUs in hexadecimal digits."""

NO_MODULES_AFTER = (
    "kernel.modprobe",
    "kernel.usermodehelper.inheritable",
    "kernel.usermodehelper.bset",
    "kernel.modules_disabled",
)
"""Keys after which the kernel may load no module, and so refuse a name that needs one."""

NEXT_IDS = ("kernel.msg_next_id", "kernel.sem_next_id", "kernel.shm_next_id")
"""Keys that the kernel lets root write although no mode bit says so (ipc_permissions)."""


def is_glob(key: str) -> bool:
    """Tell whether a key contains a glob character, as both loaders see it."""
    return "*" in key or "?" in key or "[" in key


def as_glob(key: str) -> str:
    """Return the glob that matches only this key: an interface may have a name such as ``v[0]``."""
    return re.sub(r"[*?[]", r"[\g<0>]", key.replace("\\", r"\\")) if is_glob(key) else key


def may_be_coupled(key: str) -> bool:
    """Tell whether ``couplings.py`` may know something of a key, without importing it.

    A host compiles what it imports at every run, and most keys act on no other.
    """
    return key.startswith(_COUPLED_PREFIXES) or is_glob(key)


def may_be_one_way(key: str) -> bool:
    """Tell whether ``one_way.py`` may know something of a key, without importing it."""
    return key.startswith(_ONE_WAY_PREFIXES)


def may_be_limited(key: str) -> bool:
    """Tell whether ``mutual_limits.py`` may know something of a key, without importing it."""
    return key.startswith(_LIMITED_PREFIXES)


def may_have_grammar(key: str) -> bool:
    """Tell whether the kernel may read a key by a grammar of its own, even a plain number."""
    return key.endswith(_GRAMMAR_ENDS) or key.startswith(LOGGER_PREFIX)


def may_have_requirements(key: str) -> bool:
    """Tell whether ``requirements.py`` may know something of a key, without importing it."""
    if key in KEYS_TAKING_NAMES or key in CPU_MASKS:
        return True
    return key.endswith(".addr_gen_mode") or key.startswith(LOGGER_PREFIX)


def may_be_rounded(key: str) -> bool:
    """Tell whether ``rounding.py`` may know something of a key, without importing it."""
    return key.endswith(_ROUNDED_ENDS)


def key_to_path(key: str) -> str:
    """Return the path below /proc/sys of a normalized key."""
    return _swap_separators(key)


def path_to_key(path: str) -> str:
    """Return the normalized key of a path below /proc/sys."""
    return _swap_separators(path)


def _swap_separators(name: str) -> str:
    """Swap dots and slashes; most names have only one of them."""
    if "/" in name and "." in name:
        return name.translate(_SWAP)
    if "/" in name:
        return name.replace("/", ".")
    return name.replace(".", "/")


def normalize_key(name: str) -> str:
    """Return the canonical form of a key in a file, whatever its spelling."""
    if "/" not in name and ".." not in name and name.strip(".") == name:
        return name
    segments = [segment for segment in _split_key(name) if segment not in ("", ".")]
    return path_to_key("/".join(segments))


def spelled_path(name: str) -> str:
    """Return the path of a key in a file with empty parts and '..', "" if it has none of them."""
    segments = _split_key(name)
    return "" if {"", ".", ".."}.isdisjoint(segments) else "/".join(segments)


def _split_key(name: str) -> list[str]:
    """Return the segments of a key in either spelling."""
    separator = re.search("[./]", name)
    path = name
    if separator and separator.group() == ".":
        path = key_to_path(name)
    return path.split("/")


def parse_key(name: object) -> str:
    """Return the canonical form of a key that a user wrote, or refuse it."""
    key = str(name)
    if key.replace(".", "").isidentifier() and normalize_key(key) == key:
        return key
    reason = _explain_bad_key(key)
    if reason:
        raise TuningError(
            f"key {quote(key)}: {reason}; "
            "name it as in sysctl.d(5), such as net.ipv4.tcp_keepalive_time",
            key,
        )
    return normalize_key(key)


def _explain_bad_key(key: str) -> str:
    """Return why a key is refused, "" if it is not."""
    if not key:
        return "it is empty"
    if key[0] in "/-#;":
        return f"it starts with {key[0]!r}"
    if " " in key or "=" in key or not key.isprintable():
        return "it holds a blank, an equals sign or a control character"
    segments = _split_key(key)
    if not {"", ".", ".."}.isdisjoint(segments) or "." in segments[0]:
        return "it has an empty part, '.' or '..' in it"
    return ""
