# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers that the kernel takes and does not keep as they are: it rounds or limits them.

Imported only where a key may be one of them, see ``may_be_rounded`` in ``keys.py``. What becomes of
some numbers depends on the machine: on its page size, and on how often its clock ticks. In a
pattern, ``*`` stands for any segment.

`make couplings` measures these rules; tests/unit/couplings has what each kernel did.
"""

from __future__ import annotations

import itertools
import time
from functools import lru_cache
from os import sysconf
from typing import Callable, NamedTuple

from ..globs import glob_matches, split_glob

_CLOCK_MONOTONIC_COARSE = 6
"""It goes on by one tick at a time (linux/time.h); Python has no name for it."""
_SECOND = 1_000_000_000
_BYTES_OF_POINTER = 8
_LARGEST_INT = (1 << 31) - 1


class Machine(NamedTuple):
    """What the result of rounding depends on."""

    tick: int
    """Nanoseconds between two ticks of the kernel's clock."""
    page: int
    """Bytes of a page."""

    @property
    def ticks_per_second(self) -> int:
        """The kernel's HZ."""
        return round(_SECOND / self.tick)


_TICKS = (10_000_000, 4_000_000, 3_333_333, 1_000_000)
_PAGES = (4096, 16384, 65536)
MACHINES = tuple(Machine(tick, page) for tick, page in itertools.product(_TICKS, _PAGES))
"""The machines for which kernels are built: a number that all of them keep is certain."""


@lru_cache(maxsize=1)
def this_machine() -> Machine | None:
    """Return what this machine is like, None if it is like none of MACHINES."""
    tick = round(time.clock_getres(_CLOCK_MONOTONIC_COARSE) * _SECOND)
    machine = Machine(tick, sysconf("SC_PAGESIZE"))
    return machine if machine in MACHINES else None


Round = Callable[[int, Machine], "int | None"]
"""Returns what a key holds after a number was written, None if that is not known."""


def _to_next_tick(number: int, machine: Machine) -> int | None:
    """Return milliseconds as whole ticks: msecs_to_jiffies and jiffies_to_msecs, kernel/time.

    It counts them in 32 bits: what larger numbers come to is not worth knowing.
    """
    if number > _LARGEST_INT:
        return None
    ticks = _divide_up(number * machine.ticks_per_second, 1000)
    return _divide_up(ticks * 1000, machine.ticks_per_second)


def _to_last_tick(number: int, machine: Machine) -> int | None:
    """Return milliseconds as whole ticks: __do_proc_doulongvec_minmax, kernel/sysctl.c.

    It multiplies in 64 bits: what larger numbers come to is not worth knowing.
    """
    if number > _LARGEST_INT:
        return None
    ticks = number * machine.ticks_per_second // 1000
    return ticks * 1000 // machine.ticks_per_second


def _hundredths(number: int, machine: Machine) -> int | None:
    """Return 1/100 s as whole ticks: clock_t_to_jiffies and jiffies_to_clock_t, kernel/time.

    The ticks are an int: what does not fit into it is cut.
    """
    ticks = number * machine.ticks_per_second // 100
    if not 0 <= ticks <= _LARGEST_INT:
        return None
    return ticks * machine.tick // 10_000_000


def _power_of_two(number: int, _machine: Machine) -> int:
    return 1 << (number - 1).bit_length() if number else 0


def _pages(number: int, machine: Machine) -> int:
    """Return bytes as a power of two, at least a page: round_pipe_size, fs/pipe.c."""
    return _power_of_two(max(number, machine.page), machine)


def _pages_of_pointers(number: int, machine: Machine) -> int:
    """Return how many buckets fill whole pages: nf_ct_alloc_hashtable, nf_conntrack_core.c."""
    pointers = machine.page // _BYTES_OF_POINTER
    return _divide_up(number, pointers) * pointers


def _switch(number: int, _machine: Machine) -> int:
    return 0 if number == 0 else 1


def _not_negative(number: int, _machine: Machine) -> int:
    return max(number, 0)


def _positive(number: int, _machine: Machine) -> int | None:
    return number if number > 0 else None


def _no_automatic_mode(number: int, _machine: Machine) -> int | None:
    return number if number in (0, 3) else None


def _not_known(_number: int, _machine: Machine) -> int | None:
    return None


def _stays(value: int) -> Round:
    """Return a rule for a key that has one value, whatever is written, on newer kernels only."""
    return lambda number, _machine: number if number == value else None


def _divide_up(number: int, divisor: int) -> int:
    return -(-number // divisor)


class Rounding(NamedTuple):
    """What the kernel makes of the numbers that are written to a key."""

    key: str
    """The pattern of the key."""
    round: Round
    source: str


_JIFFIES = "proc_dointvec_ms_jiffies, kernel/sysctl.c"
_CLOCK = "proc_dointvec_userhz_jiffies, kernel/sysctl.c"
_DEFENSE = "update_defense_level, net/netfilter/ipvs/ip_vs_ctl.c: 1 or 2, by the free memory"
_BRIDGE = "brnf_sysctl_call_tables, net/bridge/br_netfilter_hooks.c"

ROUNDINGS = (
    Rounding("fs.pipe-max-size", _pages, "round_pipe_size, fs/pipe.c"),
    Rounding("kernel.auto_msgmni", _stays(0), "proc_ipc_auto_msgmni, ipc/ipc_sysctl.c"),
    Rounding("kernel.random.urandom_min_reseed_secs", _stays(60), "drivers/char/random.c"),
    Rounding("kernel.random.write_wakeup_threshold", _stays(256), "drivers/char/random.c"),
    Rounding("kernel.sched_rr_timeslice_ms", _positive, "sched_rr_handler, kernel/sched/rt.c"),
    Rounding("kernel.tainted", _not_known, "proc_taint, kernel/sysctl.c"),
    Rounding("kernel.tracepoint_printk", _stays(0), "tracepoint_printk_sysctl, trace.c"),
    Rounding("net.bridge.bridge-nf-*", _switch, _BRIDGE),
    Rounding("net.core.rps_sock_flow_entries", _power_of_two, "rps_sock_flow_sysctl"),
    Rounding("net.dccp.default.sync_ratelimit", _to_next_tick, _JIFFIES),
    Rounding("net.ipv4.icmp_ratelimit", _to_next_tick, _JIFFIES),
    Rounding("net.ipv4.neigh.*.*_ms", _to_next_tick, _JIFFIES),
    Rounding("net.ipv4.neigh.*.anycast_delay", _hundredths, _CLOCK),
    Rounding("net.ipv4.neigh.*.locktime", _hundredths, _CLOCK),
    Rounding("net.ipv4.neigh.*.proxy_delay", _hundredths, _CLOCK),
    Rounding("net.ipv4.neigh.*.retrans_time", _hundredths, _CLOCK),
    Rounding("net.ipv4.route.gc_min_interval_ms", _to_next_tick, _JIFFIES),
    Rounding("net.ipv4.tcp_invalid_ratelimit", _to_next_tick, _JIFFIES),
    Rounding("net.ipv4.vs.drop_entry", _no_automatic_mode, _DEFENSE),
    Rounding("net.ipv4.vs.drop_packet", _no_automatic_mode, _DEFENSE),
    Rounding("net.ipv4.vs.secure_tcp", _no_automatic_mode, _DEFENSE),
    Rounding("net.ipv6.conf.*.mldv?_unsolicited_report_interval", _to_next_tick, _JIFFIES),
    Rounding("net.ipv6.icmp.ratelimit", _to_next_tick, _JIFFIES),
    Rounding("net.ipv6.neigh.*.*_ms", _to_next_tick, _JIFFIES),
    Rounding("net.ipv6.neigh.*.anycast_delay", _hundredths, _CLOCK),
    Rounding("net.ipv6.neigh.*.locktime", _hundredths, _CLOCK),
    Rounding("net.ipv6.neigh.*.proxy_delay", _hundredths, _CLOCK),
    Rounding("net.ipv6.route.gc_min_interval_ms", _to_next_tick, _JIFFIES),
    Rounding("net.netfilter.nf_conntrack_buckets", _pages_of_pointers, "nf_ct_alloc_hashtable"),
    Rounding("net.rds.reconnect_max_delay_ms", _to_last_tick, "net/rds/sysctl.c"),
    Rounding("net.rds.reconnect_min_delay_ms", _to_last_tick, "net/rds/sysctl.c"),
    Rounding("vm.hugetlb_optimize_vmemmap", _switch, "proc_dobool, kernel/sysctl.c"),
    Rounding("vm.lowmem_reserve_ratio", _not_negative, "mm/page_alloc.c"),
)
_OF_UNSIGNED = (_to_next_tick, _to_last_tick, _power_of_two, _pages, _pages_of_pointers)
"""The rules of keys that do not take a negative number either.

Kernels before 6.1 say that they do, and keep theirs: proc_doulongvec_minmax, kernel/sysctl.c.
"""


def kept_numbers(key: str, numbers: list[int], live: str | None) -> list[int] | None:
    """Return the numbers that a key takes from those that are written, None if that is not known.

    It keeps its own numbers in place of those that are left out at the end.
    live: the runtime value; None: the kernel may be another one than that of this machine.
    """
    rule = rounding_of(key)
    if rule and rule.round in _OF_UNSIGNED:
        if any(number < -_LARGEST_INT - 1 for number in numbers):
            return None  # the kernel may take it for a positive one
        numbers = _until_less_than(0, numbers)
    if rule is None:
        return numbers
    machine = None if live is None else this_machine()
    machines = MACHINES if machine is None else (machine,)
    first = [rule.round(number, machines[0]) for number in numbers]
    for other in machines[1:]:
        if [rule.round(number, other) for number in numbers] != first:
            return None
    rounded = [number for number in first if number is not None]
    if len(rounded) != len(numbers):
        return None
    # The minimum of these keys is a tick.
    return _until_less_than(1, rounded) if rule.round is _to_last_tick else rounded


def _until_less_than(lowest: int, numbers: list[int]) -> list[int]:
    for index, number in enumerate(numbers):
        if number < lowest:
            return numbers[:index]
    return numbers


@lru_cache(maxsize=1024)
def rounding_of(key: str) -> Rounding | None:
    """Return the rule for a key, None if it keeps what is written."""
    for rule in ROUNDINGS:
        if glob_matches(split_glob(rule.key), key):
            return rule
    return None
