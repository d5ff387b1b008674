# SPDX-License-Identifier: GPL-3.0-or-later

"""What keys that leave our file go back to."""

from __future__ import annotations

from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.one_way import why_refused
from ..._sysctl.plans.plan import Plan, RuntimeWrite
from ..._sysctl.plans.planning import runtime_writes
from ..._sysctl.plans.request import Values
from ..._sysctl.plans.stale_keys import stale_keys
from .requirements import require_what_write_needs


def with_earlier_values(plan: Plan) -> Plan:
    """Return a plan in which removed keys that no file sets get the kernel's own values.

    One to which a file gives a value that the kernel does not take, or takes only once another
    line was written, stays as it is: the task does not ask for that value.
    """
    desired = {**plan.desired, **_kernel_defaults(plan), **_not_taken_now(plan)}
    if desired == plan.desired:
        return plan
    observed = plan.observed
    writes = runtime_writes(plan.request, desired, observed.runtime, plan.removed_keys)
    return plan._replace(desired=desired, writes=writes)


def _kernel_defaults(plan: Plan) -> Values:
    keys = stale_keys(plan)
    if not keys:
        return {}
    from .kernel_defaults import read_kernel_defaults  # few runs need it

    return read_kernel_defaults(keys)


def _not_taken_now(plan: Plan) -> Values:
    runtime = plan.observed.runtime
    values: dict[str, str | None] = {}
    for key in plan.removed_keys:
        value = plan.desired[key]
        is_written = value is not None and key in runtime and value != runtime[key]
        if is_written and not _is_taken_now(RuntimeWrite(key, runtime[key], str(value))):
            values[key] = None
    return values


def _is_taken_now(write: RuntimeWrite) -> bool:
    """Tell whether the kernel may take a value that it takes at the next boot, also before it."""
    if why_refused(write.key, write.before, write.after):
        return False
    try:
        require_what_write_needs(write, desired={}, at_next_boot=False)
    except TuningError:
        return False
    return True
