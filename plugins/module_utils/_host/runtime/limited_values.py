# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which keys that limit each other are written.

Imported only where a plan writes such a key.
"""

from __future__ import annotations

from typing import Sequence

from ..._sysctl.boot.mutual_limits import in_writable_order, keys_limiting
from ..._sysctl.errors import TuningError
from ..._sysctl.plans.plan import Plan
from ..._sysctl.plans.request import Values
from ..._sysctl.secrets import quote_value
from .proc_sys import read_keys


def order_writes(plan: Plan) -> tuple[Plan, dict[str, str]]:
    """Return a plan whose writes come in an order in which the kernel takes all of them.

    A value that it takes in no order is left out: key -> reason.
    """
    live = dict(plan.observed.runtime)
    for write in plan.writes:
        others = [key for key in keys_limiting(write.key) if key not in live]
        live.update(read_keys(others))
    values = plan.written
    order, refused = in_writable_order(values, live)
    writes = {write.key: write for write in plan.writes}
    if order == list(writes) and not refused:
        return plan, {}
    desired = _in_order(plan.desired, order)
    desired.update(dict.fromkeys(refused))
    taken = [writes[key] for key in order if key not in refused]
    return plan._replace(desired=desired, writes=tuple(taken)), refused


def refused_error(key: str, value: str | None, reason: str) -> TuningError:
    """Return the error for a requested value that the kernel takes in no order."""
    return TuningError(
        f"{key}: {quote_value(key, value)} is refused by the kernel: {reason}; "
        "give values that fit together",
        key,
    )


def _in_order(desired: Values, order: Sequence[str]) -> dict[str, str | None]:
    """Return the desired values with some keys in this order, all others at their places."""
    remaining = list(order)
    ordered: dict[str, str | None] = {}
    for key in desired:
        next_key = remaining.pop(0) if key in order else key
        ordered[next_key] = desired[next_key]
    return ordered
