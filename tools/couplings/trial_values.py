# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that a key is tried with."""

from __future__ import annotations

from typing import NamedTuple

VALUES_OF_KEY = {
    "kernel.core_pattern": ("core.%p", "|/bin/false %p"),
    "kernel.domainname": ("example.org",),
    "kernel.hostname": ("throw-away",),
    "kernel.printk_devkmsg": ("on", "off", "ratelimit"),
    "kernel.seccomp.actions_logged": ("log trap", ""),
    "kernel.watchdog_cpumask": ("0", ""),
    "kernel.yama.ptrace_scope": ("0", "1", "2", "3"),
    "fs.binfmt_misc.status": ("0", "1"),
    "net.core.default_qdisc": ("fq", "pfifo", "no_such_qdisc"),
    "net.core.rps_sock_flow_entries": ("0", "1", "3", "1000", "-1"),
    "net.core.rps_default_mask": ("1", "0"),
    "net.ipv4.ip_local_reserved_ports": ("8080", "8080,9090", "8080 9090", "9090,8080-8082", ""),
    "net.ipv4.ip_local_port_range": ("20000 60999", "1024 65535", "60999 20000", "1 2", "20000"),
    "net.ipv4.ping_group_range": ("0 2147483647", "1 0", "5 4"),
    "net.ipv4.tcp_available_congestion_control": (),
    "net.ipv4.tcp_allowed_congestion_control": ("reno", "cubic", "cubic reno", "no_such_module"),
    "net.ipv4.tcp_congestion_control": ("reno", "cubic", "bbr", "no_such_module"),
    "net.ipv4.tcp_fastopen_key": ("1-2-3-4",),
    "net.mptcp.path_manager": ("kernel", "userspace", "no_such_manager"),
    "net.mptcp.scheduler": ("default", "no_such_scheduler"),
}
"""Key whose values are not plain numbers, or depend on each other -> its trial values."""
VALUES_OF_LAST_PART = {
    "stable_secret": ("2001:db8::1", "text"),
    "addr_gen_mode": ("0", "1", "2", "3", "4"),
    "dirty_bytes": ("268435456", "536870912", "1"),
    "dirty_background_bytes": ("134217728", "536870912", "1"),
}
"""Last part of a key -> the values to try it with."""
LARGEST_INT = (1 << 31) - 1


def trial_values(key: str, live: str) -> list[str]:
    """Return the values to try a key with, the present one first."""
    last_part = key.rpartition(".")[2]
    if key in VALUES_OF_KEY:
        others = list(VALUES_OF_KEY[key])
    elif last_part in VALUES_OF_LAST_PART:
        others = list(VALUES_OF_LAST_PART[last_part])
    else:
        others = _numbers(live) or ["text", "0", "1"]
    values = [live] if live and not live.startswith("(") else []
    for value in others:
        if value not in values:
            values.append(value)
    return values


def is_tried_with_numbers(key: str) -> bool:
    """Tell whether a key is tried with the numbers that most keys are tried with."""
    return key not in VALUES_OF_KEY and key.rpartition(".")[2] not in VALUES_OF_LAST_PART


def _numbers(live: str) -> list[str]:
    """Return numbers near those of a value, the same count of them, nothing if it has others."""
    try:
        numbers = [int(field) for field in live.split()]
    except ValueError:
        return []
    rows = [
        [0] * len(numbers),
        [1] * len(numbers),
        [2] * len(numbers),
        [number + 1 for number in numbers],
        [number // 2 for number in numbers],
        [min(number * 2, LARGEST_INT) for number in numbers],
        [-1] * len(numbers),
    ]
    return [_text_of(row) for row in rows] if numbers else []


def _text_of(numbers: list[int]) -> str:
    """Return numbers as the value of a key."""
    return " ".join(str(number) for number in numbers)


class Condition(NamedTuple):
    """A key that is refused or accepted because of the value of another one."""

    prepared: tuple[tuple[str, str], ...]
    key: str
    values: tuple[str, ...]


CONDITIONS = (
    Condition(
        prepared=(("net.ipv4.ip_unprivileged_port_start", "30000"),),
        key="net.ipv4.ip_local_port_range",
        values=("20000 60999", "30000 60999"),
    ),
    Condition(
        prepared=(("net.ipv4.ip_local_port_range", "20000 60999"),),
        key="net.ipv4.ip_unprivileged_port_start",
        values=("20000", "20001"),
    ),
    Condition(
        prepared=(("net.ipv4.ipfrag_low_thresh", "0"),),
        key="net.ipv4.ipfrag_high_thresh",
        values=("1",),
    ),
    Condition(
        prepared=(("net.ipv4.ipfrag_high_thresh", "8388608"),),
        key="net.ipv4.ipfrag_low_thresh",
        values=("8388608", "8388609"),
    ),
    Condition(
        prepared=(("net.ipv6.ip6frag_low_thresh", "0"),),
        key="net.ipv6.ip6frag_high_thresh",
        values=("1",),
    ),
    Condition(
        prepared=(("net.netfilter.nf_conntrack_frag6_low_thresh", "0"),),
        key="net.netfilter.nf_conntrack_frag6_high_thresh",
        values=("1",),
    ),
    Condition(
        prepared=(("net.ipv6.ip6frag_high_thresh", "8388608"),),
        key="net.ipv6.ip6frag_low_thresh",
        values=("8388608", "8388609"),
    ),
    Condition(
        prepared=(("net.netfilter.nf_conntrack_frag6_high_thresh", "8388608"),),
        key="net.netfilter.nf_conntrack_frag6_low_thresh",
        values=("8388608", "8388609"),
    ),
    Condition(
        prepared=(("net.ipv4.tcp_max_reordering", "500"),),
        key="net.ipv4.tcp_reordering",
        values=("500", "501"),
    ),
    Condition(
        prepared=(("net.ipv4.tcp_reordering", "200"),),
        key="net.ipv4.tcp_max_reordering",
        values=("100",),
    ),
    Condition(
        prepared=(("kernel.sched_deadline_period_min_us", "1000"),),
        key="kernel.sched_deadline_period_max_us",
        values=("1000", "999"),
    ),
    Condition(
        prepared=(("kernel.sched_deadline_period_max_us", "2000000"),),
        key="kernel.sched_deadline_period_min_us",
        values=("2000000", "2000001"),
    ),
    Condition(
        prepared=(("kernel.sched_rt_runtime_us", "400000"),),
        key="kernel.sched_rt_period_us",
        values=("400000", "399999"),
    ),
    Condition(
        prepared=(("kernel.sched_util_clamp_min", "500"),),
        key="kernel.sched_util_clamp_max",
        values=("500", "499"),
    ),
    Condition(
        prepared=(("kernel.perf_cpu_time_max_percent", "0"),),
        key="kernel.perf_event_max_sample_rate",
        values=("100000", "1000"),
    ),
    Condition(
        prepared=(("kernel.perf_cpu_time_max_percent", "100"),),
        key="kernel.perf_event_max_sample_rate",
        values=("1000",),
    ),
    Condition(
        prepared=(("kernel.perf_cpu_time_max_percent", "1"),),
        key="kernel.perf_event_max_sample_rate",
        values=("1000",),
    ),
    Condition(
        prepared=(("net.rds.reconnect_min_delay_ms", "500"),),
        key="net.rds.reconnect_max_delay_ms",
        values=("500", "400"),
    ),
    Condition(
        prepared=(("net.rds.reconnect_max_delay_ms", "500"),),
        key="net.rds.reconnect_min_delay_ms",
        values=("500", "600"),
    ),
    Condition(
        prepared=(("net.sctp.pf_retrans", "10"),),
        key="net.sctp.ps_retrans",
        values=("10", "9"),
    ),
    Condition(
        prepared=(("net.sctp.ps_retrans", "10"),),
        key="net.sctp.pf_retrans",
        values=("10", "11"),
    ),
    Condition(
        prepared=(("net.sctp.rto_min", "2000"),),
        key="net.sctp.rto_max",
        values=("2000", "1999"),
    ),
    Condition(
        prepared=(("net.sctp.rto_max", "2000"),),
        key="net.sctp.rto_min",
        values=("2000", "2001"),
    ),
    Condition(
        prepared=(("net.ipv6.conf.veth1.stable_secret", "2001:db8::1"),),
        key="net.ipv6.conf.veth1.addr_gen_mode",
        values=("2",),
    ),
    Condition(
        prepared=(("net.ipv6.conf.default.stable_secret", "2001:db8::1"),),
        key="net.ipv6.conf.default.addr_gen_mode",
        values=("2",),
    ),
    Condition(
        prepared=(("fs.nr_open", "2097152"),),
        key="fs.file-max",
        values=("1048576",),
    ),
)
"""What is not known from writing one key at a time."""
