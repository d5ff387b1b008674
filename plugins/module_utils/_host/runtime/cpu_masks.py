# SPDX-License-Identifier: GPL-3.0-or-later

"""Masks of CPUs that the machine cannot have.

The kernel refuses them as too large, and may have changed the key by then: bitmap_parse, lib/.
"""

from __future__ import annotations

import errno
import re

from ..._sysctl.errors import TuningError
from ..._sysctl.plans.plan import RuntimeWrite
from ..._sysctl.secrets import quote_value

POSSIBLE_CPUS = "/sys/devices/system/cpu/possible"
_BITS_OF_DIGIT = 4


def require_possible_cpus(write: RuntimeWrite) -> None:
    """Refuse a mask that the kernel does not take, as far as is known.

    The kernel prints the live mask with a digit for each four CPUs that it may have.
    """
    live_groups = str(write.before).split(",")
    groups = [group for group in write.after.split(",") if group]
    bits = _BITS_OF_DIGIT * len("".join(live_groups))
    count = _count_of_possible_cpus()
    if bits - _BITS_OF_DIGIT < count <= bits:
        bits = count
    number = int("".join(group.zfill(8) for group in groups) or "0", 16)
    if number.bit_length() <= bits and len(groups) <= len(live_groups):
        return
    error = TuningError(
        f"{write.key}: {quote_value(write.key, write.after)} is refused by the kernel: it has "
        f"more CPUs than this machine can have; give a mask up to {_mask_of(bits)}",
        write.key,
    )
    error.errno = errno.EOVERFLOW
    raise error


def _count_of_possible_cpus() -> int:
    """Return one more than the highest number of a CPU of this machine, 0 if it is not known."""
    try:
        with open(POSSIBLE_CPUS, encoding="ascii") as file:
            numbers = re.findall("[0-9]+", file.read())
    except (OSError, ValueError):
        return 0
    return max((int(number) + 1 for number in numbers), default=0)


def _mask_of(bits: int) -> str:
    """Return the mask with this many bits, in groups of eight digits as the kernel prints it."""
    groups = re.findall(".{1,8}", f"{(1 << bits) - 1:x}"[::-1])
    return ",".join(groups)[::-1]
