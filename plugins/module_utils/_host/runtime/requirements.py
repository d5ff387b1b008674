# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel must have before it takes a value: a secret for addresses, or a logger.

Imported only where such a value is written.
"""

from __future__ import annotations

import errno
import os

from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.couplings import needs_secret
from ..._sysctl.keys import LOGGER_PREFIX
from ..._sysctl.plans.plan import RuntimeWrite
from ..._sysctl.plans.request import Values
from .proc_sys import read_keys

_KEY_OF_ALL_SECRETS = "net.ipv6.conf.default.stable_secret"
"""It has the secret of all interfaces that have none of their own."""
_LOGGERS = "/proc/net/netfilter/nf_log"
"""A line for each family: its number, its logger, and in brackets those that it can have."""
_NO_LOGGER = "NONE"


def require_what_is_needed(write: RuntimeWrite, desired: Values) -> None:
    """Refuse a value for which the kernel lacks what it needs.

    desired: the values that the same run writes.
    """
    if needs_secret(write.key, write.after):
        if not any(desired.get(key) for key in _keys_of_secrets(write.key)):
            _require_secret(write)
    elif write.key.startswith(LOGGER_PREFIX):
        _require_logger(write)


def has_secret(key: str) -> bool:
    """Tell whether there is a secret for the interface of an addr_gen_mode."""
    secrets = read_keys(_keys_of_secrets(key))
    return any(secret is not None for secret in secrets.values())


def _keys_of_secrets(key: str) -> tuple[str, str]:
    return f"{key.rpartition('.')[0]}.stable_secret", _KEY_OF_ALL_SECRETS


def _require_secret(write: RuntimeWrite) -> None:
    if not has_secret(write.key):
        own_secret, secret_of_all = _keys_of_secrets(write.key)
        error = TuningError(
            f"{write.key}: {write.after!r} is refused by the kernel: it needs a secret; "
            f"set {own_secret} or {secret_of_all} too",
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
