# SPDX-License-Identifier: GPL-3.0-or-later

"""What the writes of a plan do besides setting their keys, as far as the host shows it before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

from .._lazy_module import LazyModule
from .._sysctl.couplings import (
    interface_losing_ipv6,
    keys_changed_by,
    variable_of,
    way_back,
    why_irreversible,
    why_irrevocable,
)
from .._sysctl.effects import Effects
from .._sysctl.errors import TuningError
from .._sysctl.keys import is_glob
from .._sysctl.plan import Plan
from .._sysctl.request import Values
from .._sysctl.secrets import quote_value
from .._sysctl.values import values_equal
from .proc_sys import read_keys
from .proc_sys_globs import expand_glob

if TYPE_CHECKING:
    from . import lost_ipv6
else:
    lost_ipv6 = LazyModule(__name__, ".lost_ipv6")


def observe_effects(plan: Plan) -> Plan:
    """Return a plan with the effects of its writes, if there are any, as the host is now.

    A value that the kernel takes only after a reboot is refused.
    """
    for write in plan.writes:
        reason = why_locked(write.key, write.before, write.after)
        if reason:
            raise TuningError(
                f"{write.key}: {reason}; set it with 'runtime: false', then reboot", write.key
            )
    with_effects = add_effects(plan)
    effects = with_effects.effects
    has_effects = effects and (effects.affected or effects.irreversible)
    return with_effects if has_effects else plan


def why_locked(key: str, live: str | None, value: str) -> str:
    """Return why the kernel takes a value only after a reboot, "" if it may take it now."""
    reason = why_irrevocable(key, live, value)
    if not reason or values_equal(key, live, value):
        return ""
    now, then = quote_value(key, live), quote_value(key, value)
    return f"it is {now}, and {reason}, so it can be {then} only after a reboot"


def add_effects(plan: Plan) -> Plan:
    """Return a plan with the effects of its writes, as the host is now."""
    affected = _read_affected(plan)
    before = dict(affected)
    for key in plan.desired:
        if key in plan.observed.runtime:
            before[key] = plan.observed.runtime[key]
    effects = Effects(
        affected=affected,
        way_back=tuple(way_back(before)),
        irreversible=tuple(_irreversible_writes(plan)),
    )
    return plan._replace(effects=effects)


def _read_affected(plan: Plan) -> Values:
    """Read all keys that the writes of a plan may change, by one name for each variable.

    Those written later are among them: after an error they may not have been. A requested key that
    is turned is written again, so what that changes is among them.
    """
    runtime = plan.observed.runtime
    affected: dict[str, str | None] = {}
    pending = [write.key for write in plan.writes]
    written = set(pending)
    variables = {variable_of(key) for key in pending}
    while pending:
        for key in _changed_keys(pending.pop()):
            is_other_name = variable_of(key) in variables and key not in written
            if key in affected or is_other_name:
                continue
            if key in runtime:
                affected[key] = runtime[key]
            else:
                affected.update(read_keys([key], named=False, needed=True))
            if key in plan.desired and key not in written:
                written.add(key)
                pending.append(key)
    return affected


def _changed_keys(key: str) -> Iterator[str]:
    for name in keys_changed_by(key):
        if is_glob(name):
            yield from expand_glob(name, needed=True)
        else:
            yield name


def _irreversible_writes(plan: Plan) -> Iterator[tuple[str, str]]:
    for write in plan.writes:
        reason = why_irreversible(write.key, write.before, write.after)
        if write.before is None:
            reason = "it has no value yet, and the kernel takes none away again"
        interface = interface_losing_ipv6(write.key, write.after)
        if interface:
            reason = lost_ipv6.describe_lost_ipv6(interface)
        if reason:
            yield write.key, reason
