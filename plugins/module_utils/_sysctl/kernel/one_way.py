# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings with values that cannot be taken back before a reboot.

`make couplings` measures them; tests/unit/couplings has what each kernel did. Imported only where
``may_be_one_way`` in ``keys.py`` says so.
"""

from __future__ import annotations

from typing import NamedTuple

from ..keys import NO_MODULES_AFTER
from .values import parse_number, values_equal

ONLY_LOWER = "only lower"
"""Every number stays that is not replaced by a lower one."""
ONLY_MORE_FLAGS = "only more flags"
"""Every flag stays."""
NEVER_0_AGAIN = "never 0 again"
"""Every number but 0 may be replaced by any other but 0."""
NEVER_UNSET_AGAIN = "never -1 again"
"""Every number but -1 may be replaced by any other but -1."""
ONLY_FEWER = "only fewer"
"""A part of any value may stay."""

_NEVER_AGAIN = {NEVER_0_AGAIN: 0, NEVER_UNSET_AGAIN: -1}
"""Which values stay -> the number with which such a key starts, and which it does not take."""
_UNUSED = "the kernel takes no -1, which it has itself once the id is used"
_LOWEST = {ONLY_LOWER: -1, ONLY_MORE_FLAGS: 0}
"""Which values stay -> the smallest number that such a key can have."""


class OneWay(NamedTuple):
    """A setting that cannot be taken back before a reboot."""

    key: str
    final: str
    """The value that stays, or which kind of value does."""
    reason: str


ONE_WAY = (
    OneWay("kernel.kexec_load_disabled", "1", "the kernel takes no 0 after a 1"),
    OneWay("kernel.modules_disabled", "1", "the kernel takes no 0 after a 1"),
    OneWay("kernel.unprivileged_bpf_disabled", "1", "the kernel takes no other value after a 1"),
    OneWay("kernel.yama.ptrace_scope", "3", "the kernel takes no lower value after a 3"),
    OneWay("kernel.kexec_load_limit_panic", ONLY_LOWER, "the kernel takes only lower limits"),
    OneWay("kernel.kexec_load_limit_reboot", ONLY_LOWER, "the kernel takes only lower limits"),
    OneWay(
        "kernel.max_rcu_stall_to_panic",
        NEVER_0_AGAIN,
        "the kernel takes no 0, with which it starts",
    ),
    OneWay("kernel.msg_next_id", NEVER_UNSET_AGAIN, _UNUSED),
    OneWay("kernel.sem_next_id", NEVER_UNSET_AGAIN, _UNUSED),
    OneWay("kernel.shm_next_id", NEVER_UNSET_AGAIN, _UNUSED),
    OneWay("kernel.tainted", ONLY_MORE_FLAGS, "the kernel only adds to these flags"),
    OneWay("kernel.usermodehelper.bset", ONLY_FEWER, "the kernel only takes capabilities away"),
    OneWay(
        "kernel.usermodehelper.inheritable", ONLY_FEWER, "the kernel only takes capabilities away"
    ),
    OneWay("net.netfilter.nf_hooks_lwtunnel", "1", "the kernel takes no 0 after a 1"),
)
"""What stays until a reboot (Documentation/admin-guide/sysctl)."""
_CAP_SYS_MODULE = 1 << 16


def why_no_way_back(key: str, before: str | None, after: str) -> str:
    """Return why a value cannot be taken back before a reboot, "" if it can."""
    row = _one_way(key)
    if row is None or before == after or not _is_final(row, after):
        return ""
    if row.final in _NEVER_AGAIN and before is not None and _is_final(row, before):
        return ""
    return row.reason


def stays_until_reboot(key: str) -> bool:
    """Tell whether some values of a key cannot be taken back before a reboot."""
    return _one_way(key) is not None


def why_never_taken(key: str, value: str) -> str:
    """Return why the kernel takes a value of a one-way key at no time, "" if it may."""
    row = _one_way(key)
    lowest = _LOWEST.get(row.final) if row else None
    number = parse_number(value)
    if lowest is not None and isinstance(number, int) and number < lowest:
        return "the kernel takes no negative number"
    return ""


def why_refused(key: str, live: str | None, value: str) -> str:
    """Return why the kernel refuses a value, at any time or before a reboot, "" if it may not."""
    return why_never_taken(key, value) or why_refused_until_reboot(key, live, value)


def why_refused_until_reboot(key: str, live: str | None, value: str) -> str:
    """Return why the kernel will not take a value before a reboot, "" if it may.

    live: the value before; None: not known.
    """
    row = _one_way(key)
    if row is None or live is None or not _is_final(row, live):
        return ""
    if row.final == ONLY_FEWER:
        return row.reason if _has_more_flags(value, live) else ""
    number = parse_number(value)
    live_number = parse_number(live)
    if not isinstance(number, int) or not isinstance(live_number, int):
        return row.reason
    is_taken = {
        ONLY_LOWER: 0 <= number < live_number,
        ONLY_MORE_FLAGS: number | live_number == number,
        NEVER_0_AGAIN: number > 0,
        NEVER_UNSET_AGAIN: number >= 0,
    }
    return "" if is_taken.get(row.final, False) else row.reason


def is_mask(key: str) -> bool:
    """Tell whether a key is a mask of two numbers from which the kernel only takes flags away."""
    row = _one_way(key)
    return row is not None and row.final == ONLY_FEWER


def with_kept_flags(key: str, before: str, value: str) -> str:
    """Return what a key becomes when a value is written to it: of some, flags stay or stay away."""
    row = _one_way(key)
    if row is not None and row.final == ONLY_FEWER:
        common = _common_flags(before, value)
        return value if values_equal(key, common, before) else common
    if row is not None and row.final == ONLY_MORE_FLAGS:
        return _all_flags(before, value)
    return value


def _common_flags(before: str, value: str) -> str:
    """Return what a mask becomes when a value is written to it: the flags that both have."""
    fields = before.split()
    for index, pair in enumerate(zip(before.split(), value.split())):
        number = parse_number(pair[0])
        written = parse_number(pair[1])
        if isinstance(number, int) and isinstance(written, int):
            fields[index] = str(number & written)
    return " ".join(fields)


def _all_flags(before: str, value: str) -> str:
    """Return what flags become when a value is written to them: those that either has."""
    number = parse_number(value)
    flags = parse_number(before)
    if not isinstance(number, int) or not isinstance(flags, int) or number < 0:
        return value
    return str(number | flags)


def _has_more_flags(value: str, live: str) -> bool:
    """Tell whether a mask of several numbers has a flag that another one lacks."""
    for field, live_field in zip(value.split(), live.split()):
        number = parse_number(field)
        live_number = parse_number(live_field)
        if not isinstance(number, int) or not isinstance(live_number, int):
            continue
        if number | live_number != live_number:
            return True
    return False


def is_checked_by_number(key: str) -> bool:
    """Tell whether it depends on the number of a key with no way back what the kernel takes."""
    row = _one_way(key)
    return row is not None and not row.final.isdigit()


def _one_way(key: str) -> OneWay | None:
    for row in ONE_WAY:
        if row.key == key:
            return row
    return None


def _is_final(row: OneWay, value: str) -> bool:
    """Tell whether a key with this value has no way back."""
    number = parse_number(value)
    if row.final == ONLY_LOWER:
        return isinstance(number, int) and number >= 0
    if row.final in (ONLY_MORE_FLAGS, *_NEVER_AGAIN):
        return number != _NEVER_AGAIN.get(row.final, 0)
    if row.final == ONLY_FEWER:
        return True
    return number == parse_number(row.final)


def stops_modules(key: str, value: str) -> bool:
    """Tell whether the kernel may load no module for a name after a key has this value.

    It starts the program of kernel.modprobe with the capabilities of the two masks.
    """
    if key not in NO_MODULES_AFTER:
        return False
    if key == "kernel.modprobe":
        return value.rpartition("/")[2] != "modprobe"
    fields = value.split()
    number = parse_number(fields[0]) if fields else value
    if key == "kernel.modules_disabled":
        return number == 1
    return isinstance(number, int) and not number & _CAP_SYS_MODULE
