# SPDX-License-Identifier: GPL-3.0-or-later

"""What keys that leave our file go back to, where no file sets them then."""

from __future__ import annotations

from .._sysctl.default_keys import stale_keys
from .._sysctl.plan import Plan
from .._sysctl.planning import runtime_writes


def with_kernel_defaults(plan: Plan) -> Plan:
    """Return a plan in which removed keys that no file sets get the kernel's own values."""
    keys = stale_keys(plan)
    if not keys:
        return plan
    from .._host.kernel_defaults import read_kernel_defaults  # noqa: PLC0415 # few runs need it

    desired = {**plan.desired, **read_kernel_defaults(keys)}
    observed = plan.observed
    writes = runtime_writes(plan.request, desired, observed.runtime, plan.removed_keys)
    return plan._replace(desired=desired, writes=writes)
