# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of ranges in the collection, made from the records of all kernels.

usage: python -m couplings.range_table
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Iterable, Set, Tuple

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot import mutual_limits
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.kernel_text import (
    ALL_OR_NOTHING,
    grammar_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.number_ranges import (
    pattern_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel.rounding import (
    rounding_of,
)

from . import record

PATH = Path(__file__).parents[2] / "plugins/module_utils/_sysctl/kernel/measured_ranges.py"
HEADER = '''\
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest and the largest number that keys take; made by `python -m couplings.range_table`.

A range such as ``0 1 | 0 255`` says that all kernels take 0 and 1, and none a number above 255:
they differ, or it depends on the machine. With a comma, each number of the key has its own range.
"""

from __future__ import annotations

'''

_LARGEST = (1 << 64) - 1
_ULONG = f"0 {_LARGEST}"
_UINT = "0 2147483647 | -2147483648 4294967295"
_PAGES = "0 0 | 0 18446744073709551615"
_LIMITED = "another key limits it further, see mutual_limits.py"
_SIZE = "the size of a structure of the kernel"
_ROUNDED = "it is rounded, see rounding.py"
_INT = "-2147483648 2147483647"
_MEMORY = "the free memory"
_POSITIVE = "1 2147483647 | 1 4294967295"
_QUEUE = "0 262143 | 0 2097151"

STATED = {
    "fs.pipe-max-size": (
        f"0 2147483648 | {_ULONG}",
        "it is rounded, and Linux 6.12 cuts it to 32 bits before that",
    ),
    "kernel.max_rcu_stall_to_panic": ("1 2147483647", "0 is its value, and cannot be written"),
    "kernel.perf_event_max_sample_rate": ("1 2147483647", _LIMITED),
    "kernel.sched_rr_timeslice_ms": (_INT, _ROUNDED),
    "kernel.sem": (f"{_INT}, {_INT}, {_INT}, 0 32768", "the fourth one, which one number limits"),
    "kernel.pid_max": ("65536 4194304 | 301 4194304", "the number of CPUs"),
    "kernel.sched_deadline_period_max_us": (_UINT, _LIMITED),
    "kernel.sched_deadline_period_min_us": (_UINT, _LIMITED),
    "kernel.sched_rt_period_us": ("1 2147483647", _LIMITED),
    "kernel.sched_rt_runtime_us": ("-1 2147483647", _LIMITED),
    "kernel.sched_util_clamp_max": ("0 1024", _LIMITED),
    "kernel.sched_util_clamp_min": ("0 1024", _LIMITED),
    "net.bridge.bridge-nf-call-arptables": (_INT, _ROUNDED),
    "net.bridge.bridge-nf-call-ip6tables": (_INT, _ROUNDED),
    "net.bridge.bridge-nf-call-iptables": (_INT, _ROUNDED),
    "net.bridge.bridge-nf-filter-pppoe-tagged": (_INT, _ROUNDED),
    "net.bridge.bridge-nf-filter-vlan-tagged": (_INT, _ROUNDED),
    "net.bridge.bridge-nf-pass-vlan-input-dev": (_INT, _ROUNDED),
    "net.core.bpf_jit_enable": (
        "0 1 | 0 2",
        "kernel.kptr_restrict, on which it depends who may write 2",
    ),
    "net.core.bpf_jit_limit": ("1 33554432 | 1 18446744073709551615", "the architecture"),
    "net.core.flow_limit_table_len": ("4096 4096 | -2147483648 2147483647", "powers of two only"),
    "net.core.max_skb_frags": ("1 17 | 1 45", "an option of the kernel's build"),
    "net.core.netdev_budget_usecs": (
        "20000 2147483647 | 0 2147483647",
        "how often the kernel's clock ticks: it takes two ticks or more",
    ),
    "net.core.rmem_default": ("8192 2147483647 | 256 2147483647", _SIZE),
    "net.core.rmem_max": ("8192 2147483647 | 256 2147483647", _SIZE),
    "net.core.rps_sock_flow_entries": ("0 1048576 | 0 536870912", _MEMORY),
    "net.core.wmem_default": ("8192 2147483647 | 256 2147483647", _SIZE),
    "net.core.wmem_max": ("8192 2147483647 | 256 2147483647", _SIZE),
    "net.ipv4.ip_local_port_range": ("1 65535", _LIMITED),
    "net.ipv4.ip_unprivileged_port_start": ("0 65535", _LIMITED),
    "net.ipv4.ipfrag_high_thresh": (_ULONG, _LIMITED),
    "net.ipv4.ipfrag_low_thresh": (_ULONG, _LIMITED),
    "net.ipv4.tcp_reordering": ("1 2147483647 | -2147483648 2147483647", _LIMITED),
    "net.ipv4.neigh.*.interval_probe_time_ms": (_POSITIVE, _ROUNDED),
    "net.ipv4.neigh.*.unres_qlen": (_QUEUE, _SIZE),
    "net.ipv4.ping_group_range": (
        "0 2147483647 | 0 4294967294",
        "one number limits the other; larger ones since e209fee4118f",
    ),
    "net.ipv4.vs.sync_ports": ("1 1 | 1 1073741824", "powers of two only"),
    "net.ipv6.conf.*.mtu": ("1280 1280 | 1280 2147483647", "the MTU of the device"),
    "net.ipv6.ip6frag_high_thresh": (_ULONG, _LIMITED),
    "net.ipv6.ip6frag_low_thresh": (_ULONG, _LIMITED),
    "net.ipv6.neigh.*.interval_probe_time_ms": (_POSITIVE, _ROUNDED),
    "net.ipv6.neigh.*.unres_qlen": (_QUEUE, _SIZE),
    "net.netfilter.nf_conntrack_buckets": ("1 4194304 | 1 2147483647", _MEMORY),
    "net.netfilter.nf_conntrack_frag6_high_thresh": (_ULONG, _LIMITED),
    "net.netfilter.nf_conntrack_frag6_low_thresh": (_ULONG, _LIMITED),
    "net.sctp.pf_retrans": ("0 65535", _LIMITED),
    "net.sctp.ps_retrans": ("0 65535", _LIMITED),
    "net.sctp.rto_max": ("1 86400000", _LIMITED),
    "net.sctp.rto_min": ("1 86400000", _LIMITED),
    "net.sctp.plpmtud_probe_interval": ("5000 2147483647 | 0 2147483647", "0 is taken too"),
    "vm.hugetlb_optimize_vmemmap": (
        f"{_INT} | -18446744073709551615 18446744073709551615",
        "it is rounded, and was a number of 64 bits before Linux 6.4",
    ),
    "vm.lowmem_reserve_ratio": (_INT, _ROUNDED),
    "vm.nr_hugepages": (_PAGES, "the free memory: it becomes fewer if that is short"),
    "vm.nr_hugepages_mempolicy": (_PAGES, "the free memory: it becomes fewer if that is short"),
    "vm.percpu_pagelist_fraction": ("8 2147483647 | 0 2147483647", "0 is taken too"),
    "vm.percpu_pagelist_high_fraction": ("8 2147483647 | 0 2147483647", "0 is taken too"),
}
"""Pattern of a key -> its range, and what it depends on that was not measured."""

_UCOUNTS = ("0 2147483647", "UCOUNT_ENTRY, kernel/ucount.c")
_TAINT_PANIC = ("0 1", "kern_panic_table, kernel/panic.c, and what is like it")
_NEXT_ID = ("0 2147483647", "ipc_kern_table, ipc/ipc_sysctl.c: -1 is its value only")
_PORTS = ("1 65535", "xs_tunables_table, net/sunrpc/xprtsock.c")
_SLOTS = ("2 128 | 2 65536", "xs_tunables_table, net/sunrpc/xprtsock.c")
_CDROM = (f"0 1 | {_INT}", "cdrom_table, drivers/cdrom/cdrom.c")
_MASK = (f"0 4294967295 | -{_LARGEST} {_LARGEST}", "proc_cap_handler, kernel/umh.c")
_MOST_BYTES = ((1 << 32) - 1) * 4096
"""Of dirty pages: newer kernels count the pages in 32 bits, and refuse more (ERANGE)."""
_LOCKD_PORT = ("0 65535", "nlm_sysctls, fs/lockd/svc.c")

SOURCED = {
    "abi.vsyscall32": (f"0 1 | {_INT}", "vdso_table, arch/x86/entry/vdso"),
    "dev.cdrom.autoclose": _CDROM,
    "dev.cdrom.autoeject": _CDROM,
    "dev.cdrom.check_media": _CDROM,
    "dev.cdrom.debug": _CDROM,
    "dev.cdrom.lock": _CDROM,
    "dev.raid.speed_limit_max": (f"0 2147483647 | {_INT}", "raid_table, drivers/md/md.c"),
    "dev.raid.speed_limit_min": (f"0 2147483647 | {_INT}", "raid_table, drivers/md/md.c"),
    "dev.tty.ldisc_autoload": ("0 1", "tty_table, drivers/tty/tty_io.c"),
    "dev.tty.legacy_tiocsti": (f"0 1 | {_INT}", "tty_table, drivers/tty/tty_io.c"),
    "fs.nfs.nlm_grace_period": ("0 240", "nlm_sysctls, fs/lockd/svc.c"),
    "fs.nfs.nlm_tcpport": _LOCKD_PORT,
    "fs.nfs.nlm_timeout": ("3 20", "nlm_sysctls, fs/lockd/svc.c"),
    "fs.nfs.nlm_udpport": _LOCKD_PORT,
    "kernel.apparmor_restrict_unprivileged_userns": (
        f"0 1 | {_INT}",
        "apparmor_sysctl_table, security/apparmor/lsm.c of Ubuntu",
    ),
    "kernel.hardlockup_panic": _TAINT_PANIC,
    "kernel.hung_task_panic": ("0 1 | 0 2147483647", "hung_task_sysctls, kernel/hung_task.c"),
    "kernel.kexec_load_disabled": ("0 1", "kexec_core_sysctls, kernel/kexec_core.c"),
    "kernel.kexec_load_limit_panic": ("0 2147483647", "kexec_limit_handler, kernel/kexec_core.c"),
    "kernel.kexec_load_limit_reboot": ("0 2147483647", "kexec_limit_handler, kernel/kexec_core.c"),
    "kernel.modules_disabled": ("0 1", "kern_table, kernel/sysctl.c"),
    "kernel.msg_next_id": _NEXT_ID,
    "kernel.panic_on_rcu_stall": _TAINT_PANIC,
    "kernel.panic_on_warn": _TAINT_PANIC,
    "kernel.sem_next_id": _NEXT_ID,
    "kernel.shm_next_id": _NEXT_ID,
    "kernel.softlockup_panic": _TAINT_PANIC,
    "kernel.usermodehelper.bset": _MASK,
    "kernel.usermodehelper.inheritable": _MASK,
    "net.vrf.strict_mode": ("0 1", "vrf_table, drivers/net/vrf.c"),
    "sunrpc.max_resvport": _PORTS,
    "sunrpc.min_resvport": _PORTS,
    "sunrpc.tcp_max_slot_table_entries": _SLOTS,
    "sunrpc.tcp_slot_table_entries": _SLOTS,
    "sunrpc.udp_slot_table_entries": _SLOTS,
    "user.max_cgroup_namespaces": _UCOUNTS,
    "user.max_ipc_namespaces": _UCOUNTS,
    "user.max_mnt_namespaces": _UCOUNTS,
    "user.max_net_namespaces": _UCOUNTS,
    "user.max_pid_namespaces": _UCOUNTS,
    "user.max_time_namespaces": _UCOUNTS,
    "user.max_user_namespaces": _UCOUNTS,
    "user.max_uts_namespaces": _UCOUNTS,
    "vm.dirty_background_bytes": (
        f"1 {_MOST_BYTES} | 0 {_LARGEST}",
        "dirty_background_bytes_handler, mm/page-writeback.c",
    ),
    "vm.dirty_bytes": (
        f"131072 {_MOST_BYTES} | 0 {_LARGEST}",
        "dirty_bytes_handler, mm/page-writeback.c: two pages or more",
    ),
    "vm.min_free_kbytes": ("0 2147483647", "page_alloc_sysctl_table, mm/page_alloc.c"),
    "vm.panic_on_oom": ("0 2", "vm_oom_kill_table, mm/oom_kill.c"),
    "vm.watermark_boost_factor": ("0 2147483647", "page_alloc_sysctl_table, mm/page_alloc.c"),
    "vm.watermark_scale_factor": (
        "1 1000 | 1 3000",
        "page_alloc_sysctl_table, mm/page_alloc.c: 3000 since 39c65a94cd96",
    ),
}
"""Pattern of a key that is not measured -> its range in the source of the kernel, and where."""

WITHOUT_RANGE = {
    "kernel.nmi_watchdog": "a virtual machine has no such interrupt",
    "kernel.watchdog_cpumask": "a list of CPUs",
    "net.ipv4.vs.sync_threshold": "one number limits the other",
    "vm.mmap_rnd_bits": "the architecture",
    "vm.mmap_rnd_compat_bits": "the architecture",
}
"""Pattern of a key of which the collection states no range -> what that depends on."""

Range = Tuple[int, int]
Variants = Set[Tuple[Range, ...]]

COUNTED_IN_TICKS = {
    8589934: (1 << 31) - 1,
    17179869: (1 << 32) - 1,
    36893488147419103: (1 << 63) - 1,
}
"""Seconds -> how many ticks they are on the machines that were measured: what a variable holds."""
TICKS_PER_SECOND = (100, 1000)
"""The fewest and the most for which kernels are built."""


def is_in_table(pattern: str) -> bool:
    """Tell whether the table has a range of a key: no other rule is about its numbers."""
    has_other_rule = (
        rounding_of(pattern) is not None
        or grammar_of(pattern) is not None
        or pattern in ALL_OR_NOTHING
        or bool(mutual_limits.keys_limiting(pattern))
    )
    return not has_other_rule and pattern not in WITHOUT_RANGE


def variants_of(records: Iterable[record.Record]) -> dict[str, Variants]:
    """Return pattern -> the ranges of its numbers, all that any kernel and interface has."""
    variants: dict[str, Variants] = {}
    for measured in records:
        for key, ranges in measured["ranges"].items():
            variant = tuple((lowest, highest) for lowest, highest in ranges)
            variants.setdefault(pattern_of(key), set()).add(variant)
    return variants


def make_table(records: Iterable[record.Record]) -> dict[str, list[str]]:
    """Return range -> the patterns of keys."""
    stated = {**STATED, **SOURCED}
    labels = {pattern: label for pattern, (label, _reason) in stated.items()}
    for pattern, variants in variants_of(records).items():
        if pattern not in labels and is_in_table(pattern) and () not in variants:
            labels[pattern] = _label(variants)
    table: dict[str, list[str]] = {}
    for pattern, label in sorted(labels.items()):
        table.setdefault(label, []).append(pattern)
    return dict(sorted(table.items(), key=lambda row: _sort_key(row[0])))


def _sort_key(label: str) -> list[int]:
    return [int(number) for number in label.replace("|", "").replace(",", "").split()]


def _label(variants: Variants) -> str:
    """Return a range as the table has it."""
    labels = []
    for ranges in zip(*sorted(variants)):
        labels.append(_label_of_number(list(ranges)))
    return labels[0] if len(set(labels)) == 1 else ", ".join(labels)


def _label_of_number(ranges: list[Range]) -> str:
    """Return the range of one number: for all kernels, and for any."""
    lowest_of_all = []
    highest_of_all = []
    for lowest, highest in ranges:
        lowest_of_all += _on_other_machines(lowest)
        highest_of_all += _on_other_machines(highest)
    certain = f"{max(lowest_of_all)} {min(highest_of_all)}"
    of_any = f"{min(lowest_of_all)} {max(highest_of_all)}"
    return certain if certain == of_any else f"{certain} | {of_any}"


def _on_other_machines(limit: int) -> list[int]:
    """Return what a limit is on machines with fewer and more ticks a second."""
    ticks = COUNTED_IN_TICKS.get(abs(limit))
    if ticks is None:
        return [limit]
    sign = -1 if limit < 0 else 1
    return [sign * (ticks // count) for count in TICKS_PER_SECOND]


def _version_of(kernel: str) -> tuple[int, ...]:
    """Return "6.12" as (6, 12)."""
    return tuple(int(number) for number in kernel.split("."))


def to_text(table: dict[str, list[str]], kernels: Iterable[str]) -> str:
    """Return the module with a table."""
    versions = sorted(_version_of(kernel) for kernel in kernels)
    lines = [
        f"OLDEST = {versions[0]}",
        f"NEWEST = {versions[-1]}",
        '"""The kernels that were measured."""',
        "",
        "RANGES = {",
    ]
    for label, patterns in table.items():
        lines.append(f'    "{label}": """')
        lines += textwrap.wrap(" ".join(patterns), 100, break_on_hyphens=False)
        lines.append('""",')
    lines += ["}", '"""Range -> the keys; ``*`` stands for any interface."""']
    return HEADER + "\n".join(lines) + "\n"


def main() -> None:
    records = [record.load(path) for path in sorted(record.FOLDER.glob("linux-*.yml"))]
    kernels = [measured["kernel"] for measured in records]
    PATH.write_text(to_text(make_table(records), kernels), encoding="utf-8")
    print(PATH)


if __name__ == "__main__":
    main()
