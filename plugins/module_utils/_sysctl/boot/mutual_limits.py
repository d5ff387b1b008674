# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of which one limits the other: the kernel refuses a value because of another key.

1. Of two keys in ``ORDERED``, the kernel takes neither a lower one above the upper one nor the
   reverse. Of a range, its first number counts. Some upper keys may be below the lower one.
2. A key in ``BLOCKED`` is refused whatever the value, while another one has one of these values.

Imported only where a key may be one of them, see ``may_be_limited`` in ``keys.py``. `make
couplings` measures these rules; tests/unit/couplings has what each kernel did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, NamedTuple

from ..files.sysctl_d import Line
from ..kernel.kernel_text import taken_value
from ..kernel.number_ranges import kernel_version
from ..kernel.values import numbers_in, values_equal
from .decision import Decision, refused_decision

if TYPE_CHECKING:
    from .precedence import Precedence

Values = Mapping[str, str]


class Ordered(NamedTuple):
    """Two keys of which one must not be above the other."""

    lower: str
    upper: str
    source: str
    is_one_sided: bool = False
    """Whether the upper one may become less than the lower one."""
    since: tuple[int, int] = (0, 0)
    """The oldest kernel that is known to do so."""

    def limited(self, kernel: tuple[int, ...] | None = None) -> tuple[str, ...]:
        """Return the keys of which a kernel refuses a value because of the other one.

        kernel: its version; None: that of the running one.
        """
        if (kernel or kernel_version()) < self.since:
            return ()
        return (self.lower,) if self.is_one_sided else (self.lower, self.upper)


class Blocked(NamedTuple):
    """A key that cannot be written while another one has one of these values."""

    key: str
    other: str
    values: tuple[str, ...]
    source: str


_FRAGMENTS = "ip4_frags_ns_ctl_table, net/ipv4/ip_fragment.c, and what is like it"

ORDERED = (
    Ordered(
        lower="kernel.sched_deadline_period_min_us",
        upper="kernel.sched_deadline_period_max_us",
        source="sched_dl_sysctls, kernel/sched/deadline.c",
        since=(6, 1),
    ),
    Ordered(
        lower="kernel.sched_rt_runtime_us",
        upper="kernel.sched_rt_period_us",
        source="sched_rt_global_validate, kernel/sched/rt.c",
    ),
    Ordered(
        lower="kernel.sched_util_clamp_min",
        upper="kernel.sched_util_clamp_max",
        source="sysctl_sched_uclamp_handler, kernel/sched/core.c",
    ),
    Ordered(
        lower="net.ipv4.ip_unprivileged_port_start",
        upper="net.ipv4.ip_local_port_range",
        source="ipv4_local_port_range and ipv4_privileged_ports, net/ipv4/sysctl_net_ipv4.c",
    ),
    Ordered(
        lower="net.ipv4.ipfrag_low_thresh",
        upper="net.ipv4.ipfrag_high_thresh",
        source=_FRAGMENTS,
    ),
    Ordered(
        lower="net.ipv6.ip6frag_low_thresh",
        upper="net.ipv6.ip6frag_high_thresh",
        source=_FRAGMENTS,
    ),
    Ordered(
        lower="net.ipv4.tcp_reordering",
        upper="net.ipv4.tcp_max_reordering",
        source="ipv4_net_table, net/ipv4/sysctl_net_ipv4.c",
        is_one_sided=True,
        since=(6, 1),
    ),
    Ordered(
        lower="net.netfilter.nf_conntrack_frag6_low_thresh",
        upper="net.netfilter.nf_conntrack_frag6_high_thresh",
        source=_FRAGMENTS,
    ),
    Ordered(
        lower="net.rds.reconnect_min_delay_ms",
        upper="net.rds.reconnect_max_delay_ms",
        source="rds_sysctl_rds_table, net/rds/sysctl.c",
    ),
    Ordered(
        lower="net.sctp.pf_retrans",
        upper="net.sctp.ps_retrans",
        source="sctp_net_table, net/sctp/sysctl.c",
    ),
    Ordered(
        lower="net.sctp.rto_min",
        upper="net.sctp.rto_max",
        source="proc_sctp_do_rto_min and proc_sctp_do_rto_max, net/sctp/sysctl.c",
    ),
)
BLOCKED = (
    Blocked(
        key="kernel.perf_event_max_sample_rate",
        other="kernel.perf_cpu_time_max_percent",
        values=("0", "100"),
        source="perf_event_max_sample_rate_handler, kernel/events/core.c",
    ),
)
START_VALUES = {
    "kernel.perf_cpu_time_max_percent": "25",
    "kernel.sched_deadline_period_max_us": "4194304",
    "kernel.sched_deadline_period_min_us": "100",
    "kernel.sched_rt_period_us": "1000000",
    "kernel.sched_rt_runtime_us": "950000",
    "kernel.sched_util_clamp_max": "1024",
    "kernel.sched_util_clamp_min": "1024",
    "net.ipv4.ip_local_port_range": "32768 60999",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.ipfrag_high_thresh": "4194304",
    "net.ipv4.ipfrag_low_thresh": "3145728",
    "net.ipv4.tcp_max_reordering": "300",
    "net.ipv4.tcp_reordering": "3",
    "net.ipv6.ip6frag_high_thresh": "4194304",
    "net.ipv6.ip6frag_low_thresh": "3145728",
    "net.netfilter.nf_conntrack_frag6_high_thresh": "4194304",
    "net.netfilter.nf_conntrack_frag6_low_thresh": "3145728",
    "net.rds.reconnect_max_delay_ms": "1000",
    "net.rds.reconnect_min_delay_ms": "4",
    "net.sctp.pf_retrans": "0",
    "net.sctp.ps_retrans": "65535",
    "net.sctp.rto_max": "60000",
    "net.sctp.rto_min": "1000",
}
"""Key -> the value that the kernel starts with."""
_ONE_NUMBER = "0"


def keys_limiting(key: str) -> list[str]:
    """Return the keys on whose values it depends what a key takes."""
    others = []
    for pair in ORDERED:
        if key in pair.limited():
            others.append(pair.lower if key == pair.upper else pair.upper)
    return others + blocking_keys(key)


def blocking_keys(key: str) -> list[str]:
    """Return the keys with whose values a key cannot be written at all."""
    return [rule.other for rule in BLOCKED if rule.key == key]


def why_out_of_order(
    key: str, value: str, values: Values, kernel: tuple[int, ...] | None = None
) -> str:
    """Return why a kernel refuses a value while other keys have these, "" if it does not.

    kernel: its version; None: that of the running one.
    """
    numbers = numbers_in(value)
    for pair in ORDERED:
        if not numbers or key not in pair.limited(kernel):
            continue
        other = pair.lower if key == pair.upper else pair.upper
        limit = numbers_in(values.get(other, ""))
        if not limit:
            continue
        if key == pair.lower and numbers[0] > limit[0]:
            return f"it must not be above {other}, which is {values[other]}"
        if key == pair.upper and numbers[0] < limit[0]:
            return f"it must not be below {other}, which is {values[other]}"
    for rule in BLOCKED:
        if rule.key == key and values.get(rule.other) in rule.values:
            return f"it cannot be written while {rule.other} is {values[rule.other]}"
    return ""


def limited_decision(key: str, precedence: Precedence) -> Decision:
    """Return how the lines of a loader decide a key which others limit.

    All writes of the loader to these keys are simulated, in its order.
    """
    names = [key, *keys_limiting(key)]
    values = _values_before(names, precedence)
    winner: Line | None = None
    refusals = []
    for name, line in _writes(names, precedence):
        before = values.get(name, _ONE_NUMBER)
        value = taken_value(name, line.value or "", before)
        if value is None:
            continue
        reason = why_out_of_order(name, value, values)
        if not reason:
            values[name] = value
            if name == key:
                is_text = values_equal(key, value, line.value)
                winner = line if is_text else line._replace(value=value)
        elif name == key:
            refusals.append((line, reason))
    assigned = precedence.lines.assignments.get(key)
    if winner is None and assigned is not None:
        return refused_decision(assigned, refusals)
    winner = winner or precedence.lines.excluded.get(key)
    return Decision(winner, refusals=tuple(refusals))


def _values_before(names: Iterable[str], precedence: Precedence) -> dict[str, str]:
    """Return key -> its value before the lines are written."""
    values = {}
    for name in names:
        start = (precedence.start_values or {}).get(name) or START_VALUES.get(name)
        if start is not None:
            values[name] = start
        line = precedence.earlier.winner(name) if precedence.earlier else None
        if line and line.value:
            values[name] = line.value
    return values


def _writes(names: list[str], precedence: Precedence) -> Iterator[tuple[str, Line]]:
    """Yield what a loader writes to keys, in its order: each key with the line."""
    lines = precedence.lines
    for line in lines.written_to(names):
        for name in lines.keys_written_by(line, names):
            yield name, line


def in_writable_order(
    values: Mapping[str, str | None], live: Mapping[str, str | None]
) -> tuple[list[str], dict[str, str]]:
    """Return the keys in an order in which the kernel takes their values, and those it refuses.

    The latter are key -> reason. A key stays where it is if it can.
    values: what is written, in the order of the task. live: what these keys, and those that limit
    them, have now.
    """
    now = {key: value for key, value in live.items() if value is not None}
    pending = [key for key, value in values.items() if value is not None]
    pending.sort(key=_may_come_later)
    ordered: list[str] = []
    while pending:
        key = _first_writable(pending, values, now)
        if key is None:
            refused = {key: _why_not_yet(key, values, now) for key in pending}
            return [*ordered, *pending], refused
        pending.remove(key)
        ordered.append(key)
        now[key] = str(values[key])
    return ordered, {}


def _may_come_later(key: str) -> bool:
    """Tell whether no write of another key that the kernel takes at any time limits a key."""
    is_limited = any(pair.is_one_sided and key == pair.lower for pair in ORDERED)
    return not is_limited and not blocking_keys(key)


def _first_writable(
    pending: Iterable[str], values: Mapping[str, str | None], now: Values
) -> str | None:
    """Return the first key whose value the kernel takes now, None if it takes none of them."""
    for key in pending:
        if not _why_not_yet(key, values, now):
            return key
    return None


def _why_not_yet(key: str, values: Mapping[str, str | None], now: Values) -> str:
    value = str(values[key])
    is_there = values_equal(key, now.get(key), value)
    return "" if is_there else why_out_of_order(key, value, now)
