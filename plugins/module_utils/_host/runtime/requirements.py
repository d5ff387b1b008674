# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel must have before it takes a value: a name, a CPU, a secret, or a logger.

Imported only where a key takes such values.
"""

from __future__ import annotations

import errno
import os

from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.couplings import needs_secret
from ..._sysctl.keys import CPU_MASKS, KEYS_TAKING_NAMES, LOGGER_PREFIX
from ..._sysctl.plans.plan import Plan, RuntimeWrite
from ..._sysctl.plans.request import Values
from .cpu_masks import require_possible_cpus
from .proc_sys import read_keys
from .refusals import require_available

_KEY_OF_ALL_SECRETS = "net.ipv6.conf.default.stable_secret"
"""It has the secret of all interfaces that have none of their own."""
_LOGGERS = "/proc/net/netfilter/nf_log"
"""A line for each family: its number, its logger, and in brackets those that it can have."""
_NO_LOGGER = "NONE"


def require_what_is_needed(plan: Plan) -> None:
    """Refuse values for which the kernel lacks what they need, also those for the next boot."""
    for key, value in plan.desired.items():
        live = plan.observed.runtime.get(key)
        if value is None or live is None or value == live or key in plan.removed_keys:
            continue
        write = RuntimeWrite(key, before=live, after=value)
        require_what_write_needs(write, plan.desired, at_next_boot=write not in plan.writes)


def require_what_write_needs(write: RuntimeWrite, desired: Values, at_next_boot: bool) -> None:
    """Refuse a value for which the kernel lacks what it needs, as far as is known.

    desired: the values that the same run writes. at_next_boot: the value is not written before, so
    the kernel need not have a secret or a logger now.
    """
    if write.key in KEYS_TAKING_NAMES:
        require_available(write, at_next_boot)
    elif write.key in CPU_MASKS:
        require_possible_cpus(write)
    elif at_next_boot:
        return
    elif needs_secret(write.key, write.after):
        _require_secret(write, desired)
    elif write.key.startswith(LOGGER_PREFIX):
        _require_logger(write)


def _require_secret(write: RuntimeWrite, desired: Values) -> None:
    """Refuse a mode of addresses for which the interface has no secret."""
    own_secret = f"{write.key.rpartition('.')[0]}.stable_secret"
    keys = (own_secret, _KEY_OF_ALL_SECRETS)
    if any(desired.get(key) for key in keys):
        return
    if all(secret is None for secret in read_keys(keys).values()):
        error = TuningError(
            f"{write.key}: {write.after!r} is refused by the kernel: it needs a secret; "
            f"set {own_secret} or {_KEY_OF_ALL_SECRETS} too",
            write.key,
        )
        error.errno = errno.EINVAL
        raise error


def _require_logger(write: RuntimeWrite) -> None:
    """Refuse the name of a logger that the kernel does not have: it loads no module for one."""
    names = _loggers_of(write.key[len(LOGGER_PREFIX) :])
    if names and write.after not in (_NO_LOGGER, *names):
        error = TuningError(
            f"{write.key}: {write.after!r} is refused by the kernel, which has no such logger; "
            f"give {_NO_LOGGER}, or one of {', '.join(names)}, or load its module first",
            write.key,
        )
        error.errno = errno.ENOENT
        raise error


def _loggers_of(family: str) -> list[str]:
    """Return the loggers that a family can have, as far as that is known."""
    if not os.access(_LOGGERS, os.R_OK):
        return []
    with open(_LOGGERS, encoding="ascii", errors="replace") as file:
        for line in file:
            number, _blank, rest = line.strip().partition(" ")
            if number == family:
                return rest.partition("(")[2].rstrip(")").split(",")
    return []
