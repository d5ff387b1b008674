# SPDX-License-Identifier: GPL-3.0-or-later

"""What the writes of a plan do besides setting their keys, as far as the host shows it before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Sequence

from ..._lazy_module import LazyModule
from ..._sysctl.errors import TuningError
from ..._sysctl.kernel.couplings import (
    CHANGED,
    RANDOM,
    WHY_NO_VALUE_AGAIN,
    Influence,
    influences_on,
    interface_losing_ipv6,
    keys_changed_by,
    variable_of,
    way_back,
)
from ..._sysctl.kernel.values import parse_number, values_equal
from ..._sysctl.keys import is_glob, key_to_path, may_be_one_way, path_to_key
from ..._sysctl.plans.effects import Effects
from ..._sysctl.plans.plan import Plan, RuntimeWrite
from ..._sysctl.plans.request import Values
from ..._sysctl.secrets import quote_value
from .proc_sys import read_keys

if TYPE_CHECKING:
    from ..._sysctl import one_line
    from ..._sysctl.kernel import one_way
    from . import lost_ipv6, proc_sys_globs
else:
    one_line = LazyModule(__name__, "..._sysctl.one_line")
    one_way = LazyModule(__name__, "..._sysctl.kernel.one_way")
    lost_ipv6 = LazyModule(__name__, ".lost_ipv6")
    proc_sys_globs = LazyModule(__name__, ".proc_sys_globs")

_NO_INTERFACE = ("/all", "/default", "/lo")
_MAX_NAMED = 40
"""A host of containers has thousands of interfaces."""


def observe_effects(plan: Plan) -> Plan:
    """Return a plan with the effects of its writes, if there are any, as the host is now.

    A value that the kernel takes only after a reboot is refused.
    """
    for write in plan.writes:
        if may_be_one_way(write.key):
            _refuse_locked(write)
    with_effects = add_effects(plan)
    effects = with_effects.effects
    has_effects = effects and (effects.affected or effects.irreversible)
    return with_effects if has_effects else plan


def _refuse_locked(write: RuntimeWrite) -> None:
    """Refuse a value that the kernel takes only after a reboot, or never."""
    reason = one_way.why_never_taken(write.key, write.after)
    if reason:
        value = quote_value(write.key, write.after)
        raise TuningError(
            f"{write.key}: {value} is refused by the kernel: {reason}; give 0 or more", write.key
        )
    reason = describe_refusal_until_reboot(write.key, write.before, write.after)
    if reason:
        raise TuningError(
            f"{write.key}: {reason}; set it with 'runtime: false', then reboot", write.key
        )


def describe_refusal_until_reboot(key: str, live: str | None, value: str) -> str:
    """Return why the kernel takes a value only after a reboot, "" if it may take it now."""
    reason = one_way.why_refused_until_reboot(key, live, value)
    if not reason or values_equal(key, live, value):
        return ""
    now = quote_value(key, live)
    then = quote_value(key, value)
    return f"it is {now}, and {reason}, so it can be {then} only after a reboot"


def add_effects(plan: Plan) -> Plan:
    """Return a plan with the effects of its writes, as the host is now."""
    affected = _read_affected(plan)
    before = dict(affected)
    for key in plan.desired:
        if key in plan.observed.runtime:
            before[key] = plan.observed.runtime[key]
    first_values = list(_first_values(plan, affected))
    effects = Effects(
        affected=affected,
        way_back=tuple(way_back(before)),
        irreversible=tuple(_irreversible_writes(plan, first_values)),
        first_values=tuple(dict.fromkeys(key for _source, key in first_values)),
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
                affected.update(read_keys([key], needed=True))
            if key in plan.desired and key not in written:
                written.add(key)
                pending.append(key)
    return affected


def _changed_keys(key: str) -> Iterator[str]:
    for name in keys_changed_by(key):
        if is_glob(name):
            yield from proc_sys_globs.expand_glob(name, needed=True)
        else:
            yield name


def _first_values(plan: Plan, affected: Values) -> Iterator[tuple[str, str]]:
    """Yield each write that gives another key its first value, with that key."""
    for write in plan.writes:
        if write.key.endswith(".disable_ipv6") and parse_number(write.after) == 0:
            yield from _secrets_of_enabled(write.key, {**affected, write.key: write.before})
        if parse_number(write.after) != 3:
            continue
        for key, value in affected.items():
            has_value = value is not None or plan.desired.get(key) is not None
            if (
                not has_value
                and _gives_random(write.key, key)
                and _takes_random(key, plan, affected)
            ):
                yield write.key, key


def _secrets_of_enabled(key: str, before: Values) -> Iterator[tuple[str, str]]:
    """Yield the secrets that interfaces take when IPv6 is enabled on them: they have mode 3.

    key: the key that enables it. before: the values of ``disable_ipv6``, among others.
    """
    for name, value in before.items():
        folder, _slash, setting = key_to_path(name).rpartition("/")
        if setting != "disable_ipv6" or value in (None, "0") or folder.endswith(_NO_INTERFACE):
            continue
        mode = path_to_key(f"{folder}/addr_gen_mode")
        secret = path_to_key(f"{folder}/stable_secret")
        live = read_keys([mode, secret])
        if live.get(mode) == "3" and secret in live and live[secret] is None:
            yield key, secret


def _gives_random(key: str, secret: str) -> bool:
    """Tell whether writing a key may give another one a random value."""
    influence = Influence(variable_of(key), RANDOM, CHANGED)
    return influence in influences_on(secret)


def _takes_random(secret: str, plan: Plan, affected: Values) -> bool:
    """Tell whether the interface of a stable_secret takes a random one when its mode becomes 3.

    It does so if its mode is another one and it has IPv6, be it up or not (addrconf_dev_config,
    net/ipv6/addrconf.c).
    """
    folder = key_to_path(secret).rpartition("/")[0]
    disabled_key = path_to_key(f"{folder}/disable_ipv6")
    live = read_keys([disabled_key])
    disabled = (
        plan.desired.get(disabled_key)
        or plan.desired.get("net.ipv6.conf.all.disable_ipv6")
        or live.get(disabled_key)
    )
    mode = affected.get(path_to_key(f"{folder}/addr_gen_mode"))
    is_loopback = folder.endswith("/lo")
    return not is_loopback and mode != "3" and parse_number(disabled or "0") == 0


def _irreversible_writes(
    plan: Plan, first_values: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    modules = plan.observed.modules
    coming_keys = modules.coming_keys if modules else ()
    for write in plan.writes:
        reason = ""
        if may_be_one_way(write.key):
            reason = one_way.why_no_way_back(write.key, write.before, write.after)
        if write.before is None and write.key not in coming_keys:
            reason = WHY_NO_VALUE_AGAIN
        interface = interface_losing_ipv6(write.key, write.after)
        if interface:
            reason = lost_ipv6.describe_lost_ipv6(interface)
        given = [key for source, key in first_values if source == write.key]
        if given:
            names = ", ".join(one_line.shorten(given, _MAX_NAMED))
            reason = f"the kernel gives {names} a random value, and takes none away again"
        if reason:
            yield write.key, reason
