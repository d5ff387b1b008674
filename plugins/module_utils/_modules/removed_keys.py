# SPDX-License-Identifier: GPL-3.0-or-later

"""What keys that leave our file go back to."""

from __future__ import annotations

from .._host.refusals import is_available
from .._sysctl.default_keys import stale_keys
from .._sysctl.plan import Plan, RuntimeWrite
from .._sysctl.planning import runtime_writes
from .._sysctl.request import Values


def with_earlier_values(plan: Plan) -> Plan:
    """Return a plan in which removed keys that no file sets get the kernel's own values.

    One to which a file gives a name that the kernel does not have keeps its value: the task does
    not ask for that name.
    """
    desired = {**plan.desired, **_kernel_defaults(plan), **_without_a_name(plan)}
    if desired == plan.desired:
        return plan
    observed = plan.observed
    writes = runtime_writes(plan.request, desired, observed.runtime, plan.removed_keys)
    return plan._replace(desired=desired, writes=writes)


def _kernel_defaults(plan: Plan) -> Values:
    keys = stale_keys(plan)
    if not keys:
        return {}
    from .._host.kernel_defaults import read_kernel_defaults  # noqa: PLC0415 # few runs need it

    return read_kernel_defaults(keys)


def _without_a_name(plan: Plan) -> Values:
    runtime = plan.observed.runtime
    values: dict[str, str | None] = {}
    for key in plan.removed_keys:
        value = plan.desired[key]
        is_written = value is not None and key in runtime and value != runtime[key]
        if is_written and not is_available(RuntimeWrite(key, runtime[key], str(value))):
            values[key] = None
    return values
