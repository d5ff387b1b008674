# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the kernel refuses a value that is written to a key, or does not keep it.

What an errno means here differs from what it means for a file: ENOENT is not about the key.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Collection, Iterable, Mapping

from ..._sysctl.errors import TuningError, describe_os_error
from ..._sysctl.kernel.value_checks import out_of_range_error
from ..._sysctl.kernel.values import NEGATIVE_ZERO, numbers_in, values_equal
from ..._sysctl.plans.plan import Plan, RuntimeWrite
from ..._sysctl.secrets import quote_value
from ..modules import loadable_modules
from .proc_sys import proc_path, read_key, read_only_keys, write_key

ENOTSUPP = 524
"""An errno of the kernel's own, which the C library does not know."""

_REASONS = {
    errno.EINVAL: "the kernel does not take this value here; see its documentation for the range",
    errno.ERANGE: "it is outside of the range of the key",
    errno.EOVERFLOW: "it is larger than what the key can hold",
    errno.ENOENT: "the kernel has nothing of this name, and no module that it could load for it",
    errno.ENODEV: "this kernel has no device or driver for it",
    errno.ENOSYS: "this kernel was built without it",
    errno.EOPNOTSUPP: "this kernel or its hardware does not support it",
    ENOTSUPP: "this kernel or its hardware does not support it",
    errno.EPERM: (
        "a container, a missing capability, or a key that cannot be set back before a reboot "
        "may be why"
    ),
    errno.EBUSY: "something in the kernel uses it now",
    errno.ENOMEM: "there is not enough memory for it",
}

_ALLOWED = "net.ipv4.tcp_allowed_congestion_control"
_AVAILABLE = {
    "net.ipv4.tcp_congestion_control": "net.ipv4.tcp_available_congestion_control",
    _ALLOWED: "net.ipv4.tcp_available_congestion_control",
}
"""Key that takes names -> the key that lists those that the kernel has."""

_MODULES = {
    "net.ipv4.tcp_congestion_control": "tcp_",
    "net.ipv4.tcp_allowed_congestion_control": "tcp_",
    "net.core.default_qdisc": "sch_",
}
"""Key that takes names -> how the name of the module for one starts."""

_TAKING_MEMORY = ("vm.nr_hugepages", "vm.nr_hugepages_mempolicy")
"""Keys whose number is the count of pages that the kernel takes from the free memory at once."""


def vanished_error(key: str) -> TuningError:
    """Return the error for a key that went away during the run."""
    error = TuningError(
        f"{key}: it went away during the run, as do the keys of an interface or a kernel module "
        "that is removed; run again, or leave the key out",
        key,
    )
    error.errno = errno.ENOENT
    return error


def write_error(write: RuntimeWrite, error: OSError) -> TuningError:
    """Return the error for a value that the kernel refuses."""
    is_there = os.path.exists(proc_path(write.key))
    if error.errno == errno.ENOENT and write.key not in _MODULES and not is_there:
        return vanished_error(write.key)
    refusal = None
    if error.errno == errno.EINVAL:
        refusal = out_of_range_error(write.key, write.after, write.before)
    if refusal is None:
        refusal = TuningError(
            f"{write.key}: cannot be set to {quote_value(write.key, write.after)}: "
            f"{_describe_refusal(write, error)}",
            write.key,
        )
    refusal.errno = error.errno
    return refusal


def _describe_refusal(write: RuntimeWrite, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.EPERM) and write.key in _MODULES:
        return _describe_missing_name(write, error)
    reason = _REASONS.get(error.errno or 0)
    if reason is None:
        return describe_os_error(error)
    if error.errno == ENOTSUPP:
        return reason
    if error.errno == errno.EINVAL and write.after in ("0", "1") and _is_word(write.before):
        shown = quote_value(write.key, write.before)
        reason = (
            f"its value is the word {shown}; YAML makes {write.after} of a word such as on or "
            "off: put it in quotes"
        )
    return f"{error.strerror} ({reason})"


def _is_word(value: str | None) -> bool:
    return value is not None and value.isalpha()


def _describe_missing_name(write: RuntimeWrite, error: OSError) -> str:
    """Describe that a name is not available, and what is."""
    reason = "it is not available"
    if error.errno == errno.EPERM:
        reason = "it is not available in this network namespace"
    choices = _available_names(write.key)
    if choices:
        reason += f"; {_listing_key(write.key)} has: {choices}"
    if _listing_key(write.key) == _ALLOWED:
        return f"{reason}; allow it in the first network namespace, or give another name"
    if loadable_modules.is_loading_disabled():
        return (
            f"{reason}; no module can be loaded before a reboot, since kernel.modules_disabled "
            "is 1; give another name"
        )
    module = _MODULES[write.key] + write.after
    return f"{reason}; load its module ({module}) first, or give another name"


def _available_names(key: str) -> str:
    listing_key = _listing_key(key)
    try:
        return read_key(listing_key) if listing_key else ""
    except OSError:
        return ""


def _listing_key(key: str) -> str:
    """Return the key that lists the names that a key takes here, "" if there is none.

    Only the first network namespace can allow more congestion controls, and takes all.
    """
    if key in _AVAILABLE and read_only_keys([_ALLOWED]):
        return _ALLOWED
    return _AVAILABLE.get(key, "")


def available_names(keys: Iterable[str], requested: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that the kernel has for these keys, and requested ones that it can load."""
    names: dict[str, None] = {}
    for key in keys:
        if key in _MODULES:
            names.update(dict.fromkeys(_available_names(key).split()))
            value = requested.get(key)
            if value is not None and _is_available_at_boot(key, str(value)):
                names.update(dict.fromkeys(str(value).split()))
    return tuple(names)


def _is_available_at_boot(key: str, value: str) -> bool:
    return _is_available(RuntimeWrite(key, before=None, after=value), at_next_boot=True)


def require_available(write: RuntimeWrite, at_next_boot: bool) -> None:
    """Refuse a name that the kernel neither has nor can load a module for, as far as is known.

    at_next_boot: the value is not written before, so the module need not be loaded now.
    """
    if not _is_available(write, at_next_boot):
        is_limited_here = _listing_key(write.key) == _ALLOWED
        number = errno.EPERM if is_limited_here else errno.ENOENT
        raise write_error(write, OSError(number, os.strerror(number)))


def _is_available(write: RuntimeWrite, at_next_boot: bool) -> bool:
    """Tell whether the kernel may have what a value names, or load a module for it.

    That is so for every key that takes no names.
    """
    names = _available_names(write.key).split()
    missing = [name for name in write.after.split() if name not in names]
    if not names or not missing:
        return True
    if _listing_key(write.key) == _ALLOWED:
        return False
    if not at_next_boot and loadable_modules.is_loading_disabled():
        return False
    return loadable_modules.may_be_installed(_MODULES[write.key] + missing[0])


def not_kept_error(key: str, live: str, plan: Plan, attempted: Collection[str]) -> TuningError:
    """Return the error for a key that does not have the desired value although nothing was refused.

    live: what it reads. attempted: the keys that were written.
    """
    desired = quote_value(key, plan.desired[key])
    shown = quote_value(key, live)
    if key not in attempted:
        reason = (
            f"it had {desired}, so it was not written, but reads {shown} now: another key of "
            "the task, or another program, changed it. Give the keys in another order"
        )
    elif _lacks_memory(key, live, str(plan.desired[key])):
        reason = (
            f"{desired} was written, but the free memory sufficed for {shown} only; free some, "
            "ask for fewer pages, or have them taken at boot"
        )
    elif _is_made_by_kernel(key, live, plan):
        reason = (
            f"{desired} was written, but the kernel makes {shown} of it, since it rounds or "
            f"limits the value; give {_number_to_give(live, str(plan.desired[key]), shown)}"
        )
    else:
        reason = (
            f"{desired} was written, but it reads back {shown}: another key of the task, or "
            "another program, changed it. Ask for a value that stays"
        )
    return TuningError(f"{key}: {reason}", key)


def _number_to_give(live: str, desired: str, shown: str) -> str:
    """Return what to give instead of a value of which the kernel makes another one."""
    if live.startswith("-") and not desired.startswith("-"):
        return "a smaller number"  # there were too many bits
    return "'0'" if live == NEGATIVE_ZERO else shown


def _lacks_memory(key: str, live: str, desired: str) -> bool:
    """Tell whether a key is less than asked for because the kernel has no memory for more."""
    return key in _TAKING_MEMORY and numbers_in(live) < numbers_in(desired)


def _is_made_by_kernel(key: str, live: str, plan: Plan) -> bool:
    """Tell whether a key reads at once as it does now when its value is written again."""
    before = plan.observed.runtime[key]
    value = plan.request.target(before, str(plan.desired[key]))
    try:
        write_key(key, value)
        return values_equal(key, read_key(key), live)
    except OSError:
        return False
