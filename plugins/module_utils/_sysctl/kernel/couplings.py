# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel settings that act on each other, as kernels were measured to behave.

1. Some variables have two names.
2. Writing a key may change others: ``EFFECTS`` has a row for each such rule.

In a pattern, ``*`` stands for any segment, and ``<interface>`` for one that is neither ``all`` nor
``default``. ``<device>`` and ``<setting>`` stand for any segment. What a placeholder
stands for is the same in both keys of a row.

`make couplings` measures these rules; tests/unit/couplings has what each kernel did.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Mapping, NamedTuple

from ..keys import key_to_path, path_to_key
from .values import parse_number

ALIASES = {
    "net.ipv4.conf.all.forwarding": "net.ipv4.ip_forward",
    "net.nf_conntrack_max": "net.netfilter.nf_conntrack_max",
    "vm.nr_hugepages_mempolicy": "vm.nr_hugepages",
    "user.max_inotify_instances": "fs.inotify.max_user_instances",
    "user.max_inotify_watches": "fs.inotify.max_user_watches",
    "user.max_fanotify_groups": "fs.fanotify.max_user_groups",
    "user.max_fanotify_marks": "fs.fanotify.max_user_marks",
}
"""Second name of a variable -> the name that we use for it."""
_ALIASES_OF: dict[str, list[str]] = {}
for _alias, _name in ALIASES.items():
    _ALIASES_OF.setdefault(_name, []).append(_alias)

OF_NO_INTERFACE = ("net.ipv6.conf.all.", "net.ipv6.conf.default.")
"""How keys of IPv6 start that are not those of one interface."""

SAME = "the value written"
OPPOSITE = "1 for 0, and 0 for any other value"
ZERO = "0"
TIMES_1000 = "the value written, in milliseconds and not seconds"
DIVIDED_BY_1000 = "the value written, in seconds and not milliseconds"
UNKNOWN = "a value that does not follow from the one written"
RANDOM = "a random one, if it has none yet and 3 is written"
ZERO_FOR_ZERO = "0, if 0 is written"
LINK_MTU = "the MTU of the link, if 0 is written and the interface is up"
ADDED = "its words and the one written"
PATH_MANAGER = "the same path manager, as a name for a number or the other way round"
_PATH_MANAGERS = {"0": "kernel", "1": "userspace", "kernel": "0", "userspace": "1"}
"""What is written -> what the other key becomes; the kernel may have more names."""
_EFFECTS_OF_ZERO = (ZERO_FOR_ZERO, LINK_MTU)

WRITTEN = "whenever the key is written"
CHANGED = "when the value of the key changes"
INHERITED = "unless the target was written itself, or its interface has an address"


class Effect(NamedTuple):
    """What writing one key does to another one."""

    key: str
    """The pattern of the key that is written."""
    target: str
    """The pattern of the key that changes."""
    value: str
    """What the target becomes: one of the names above, or a number such as ZERO."""
    when: str
    """WRITTEN, CHANGED or INHERITED."""
    source: str
    """The function of the kernel that does it."""


def _in_other_unit(family: str, name: str, other_name: str, value: str) -> tuple[Effect, Effect]:
    """Return the rules for two keys that show one variable of neighbour tables in two units."""
    source = "neigh_sysctl_table and neigh_copy_dflt_parms, net/core/neighbour.c"
    folder = f"net.{family}.neigh"
    same_device = Effect(
        key=f"{folder}.<device>.{name}",
        target=f"{folder}.<device>.{other_name}",
        value=value,
        when=WRITTEN,
        source=source,
    )
    copied = Effect(
        key=f"{folder}.default.{name}",
        target=f"{folder}.<interface>.{other_name}",
        value=value,
        when=INHERITED,
        source=source,
    )
    return same_device, copied


EFFECTS = (
    Effect(
        key="net.ipv4.ip_forward",
        target="net.ipv4.conf.*.forwarding",
        value=SAME,
        when=CHANGED,
        source="inet_forward_change, net/ipv4/devinet.c",
    ),
    Effect(
        key="net.ipv4.ip_forward",
        target="net.ipv4.conf.all.accept_redirects",
        value=OPPOSITE,
        when=CHANGED,
        source="inet_forward_change, net/ipv4/devinet.c",
    ),
    Effect(
        key="net.ipv6.conf.all.forwarding",
        target="net.ipv6.conf.*.forwarding",
        value=SAME,
        when=WRITTEN,
        source="addrconf_fixup_forwarding, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.all.disable_ipv6",
        target="net.ipv6.conf.*.disable_ipv6",
        value=SAME,
        when=WRITTEN,
        source="addrconf_disable_ipv6, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.all.disable_ipv6",
        target="net.ipv6.conf.<interface>.mtu",
        value=LINK_MTU,
        when=WRITTEN,
        source="addrconf_disable_change, addrconf_notify, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.<interface>.disable_ipv6",
        target="net.ipv6.conf.<interface>.mtu",
        value=LINK_MTU,
        when=CHANGED,
        source="dev_disable_change, addrconf_notify, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.all.ignore_routes_with_linkdown",
        target="net.ipv6.conf.*.ignore_routes_with_linkdown",
        value=SAME,
        when=WRITTEN,
        source="addrconf_fixup_linkdown, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.all.addr_gen_mode",
        target="net.ipv6.conf.*.addr_gen_mode",
        value=SAME,
        when=WRITTEN,
        source="addrconf_sysctl_addr_gen_mode, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.all.addr_gen_mode",
        target="net.ipv6.conf.<interface>.stable_secret",
        value=RANDOM,
        when=CHANGED,
        source="ipv6_gen_mode_random_init, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.<interface>.addr_gen_mode",
        target="net.ipv6.conf.<interface>.stable_secret",
        value=RANDOM,
        when=CHANGED,
        source="ipv6_gen_mode_random_init, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.<interface>.stable_secret",
        target="net.ipv6.conf.<interface>.addr_gen_mode",
        value="2",
        when=WRITTEN,
        source="addrconf_sysctl_stable_secret, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.default.stable_secret",
        target="net.ipv6.conf.<interface>.addr_gen_mode",
        value="2",
        when=WRITTEN,
        source="addrconf_sysctl_stable_secret, net/ipv6/addrconf.c",
    ),
    Effect(
        key="net.ipv6.conf.all.force_forwarding",
        target="net.ipv6.conf.<interface>.force_forwarding",
        value=SAME,
        when=CHANGED,
        source="addrconf_sysctl_force_forwarding, net/ipv6/addrconf.c, since Linux 6.17",
    ),
    Effect(
        key="net.ipv6.conf.all.forwarding",
        target="net.ipv6.conf.<interface>.force_forwarding",
        value=ZERO_FOR_ZERO,
        when=WRITTEN,
        source="addrconf_forward_change, net/ipv6/addrconf.c, since Linux 6.17",
    ),
    Effect(
        key="net.ipv4.conf.default.<setting>",
        target="net.ipv4.conf.<interface>.<setting>",
        value=SAME,
        when=INHERITED,
        source="devinet_copy_dflt_conf, net/ipv4/devinet.c",
    ),
    Effect(
        key="net.ipv4.neigh.default.<setting>",
        target="net.ipv4.neigh.<interface>.<setting>",
        value=SAME,
        when=INHERITED,
        source="neigh_copy_dflt_parms, net/core/neighbour.c",
    ),
    Effect(
        key="net.ipv6.neigh.default.<setting>",
        target="net.ipv6.neigh.<interface>.<setting>",
        value=SAME,
        when=INHERITED,
        source="neigh_copy_dflt_parms, net/core/neighbour.c",
    ),
    *_in_other_unit("ipv4", "base_reachable_time", "base_reachable_time_ms", TIMES_1000),
    *_in_other_unit("ipv4", "base_reachable_time_ms", "base_reachable_time", DIVIDED_BY_1000),
    *_in_other_unit("ipv4", "retrans_time", "retrans_time_ms", UNKNOWN),
    *_in_other_unit("ipv4", "retrans_time_ms", "retrans_time", UNKNOWN),
    *_in_other_unit("ipv4", "unres_qlen", "unres_qlen_bytes", UNKNOWN),
    *_in_other_unit("ipv4", "unres_qlen_bytes", "unres_qlen", UNKNOWN),
    *_in_other_unit("ipv6", "base_reachable_time", "base_reachable_time_ms", TIMES_1000),
    *_in_other_unit("ipv6", "base_reachable_time_ms", "base_reachable_time", DIVIDED_BY_1000),
    *_in_other_unit("ipv6", "retrans_time", "retrans_time_ms", UNKNOWN),
    *_in_other_unit("ipv6", "retrans_time_ms", "retrans_time", UNKNOWN),
    *_in_other_unit("ipv6", "unres_qlen", "unres_qlen_bytes", UNKNOWN),
    *_in_other_unit("ipv6", "unres_qlen_bytes", "unres_qlen", UNKNOWN),
    Effect(
        key="net.ipv4.route.gc_min_interval",
        target="net.ipv4.route.gc_min_interval_ms",
        value=TIMES_1000,
        when=WRITTEN,
        source="ipv4_route_table, net/ipv4/route.c",
    ),
    Effect(
        key="net.ipv4.route.gc_min_interval_ms",
        target="net.ipv4.route.gc_min_interval",
        value=DIVIDED_BY_1000,
        when=WRITTEN,
        source="ipv4_route_table, net/ipv4/route.c",
    ),
    Effect(
        key="net.ipv6.route.gc_min_interval",
        target="net.ipv6.route.gc_min_interval_ms",
        value=TIMES_1000,
        when=WRITTEN,
        source="ipv6_route_table_template, net/ipv6/route.c",
    ),
    Effect(
        key="net.ipv6.route.gc_min_interval_ms",
        target="net.ipv6.route.gc_min_interval",
        value=DIVIDED_BY_1000,
        when=WRITTEN,
        source="ipv6_route_table_template, net/ipv6/route.c",
    ),
    Effect(
        key="net.ipv4.tcp_congestion_control",
        target="net.ipv4.tcp_allowed_congestion_control",
        value=ADDED,
        when=WRITTEN,
        source="tcp_set_default_congestion_control, net/ipv4/tcp_cong.c: in the first namespace",
    ),
    Effect(
        key="net.mptcp.pm_type",
        target="net.mptcp.path_manager",
        value=PATH_MANAGER,
        when=WRITTEN,
        source="proc_pm_type, net/mptcp/ctrl.c",
    ),
    Effect(
        key="net.mptcp.path_manager",
        target="net.mptcp.pm_type",
        value=PATH_MANAGER,
        when=WRITTEN,
        source="proc_path_manager, net/mptcp/ctrl.c",
    ),
    Effect(
        key="kernel.watchdog",
        target="kernel.soft_watchdog",
        value=SAME,
        when=WRITTEN,
        source="proc_watchdog, kernel/watchdog.c",
    ),
    Effect(
        key="kernel.watchdog",
        target="kernel.nmi_watchdog",
        value=UNKNOWN,
        when=WRITTEN,
        source="proc_watchdog, kernel/watchdog.c: not where there is no such interrupt",
    ),
    Effect(
        key="kernel.soft_watchdog",
        target="kernel.watchdog",
        value=UNKNOWN,
        when=WRITTEN,
        source="proc_soft_watchdog, kernel/watchdog.c: 1 while either of both is",
    ),
    Effect(
        key="kernel.nmi_watchdog",
        target="kernel.watchdog",
        value=UNKNOWN,
        when=WRITTEN,
        source="proc_nmi_watchdog, kernel/watchdog.c: 1 while either of both is",
    ),
    Effect(
        key="vm.dirty_ratio",
        target="vm.dirty_bytes",
        value=ZERO,
        when=CHANGED,
        source="dirty_ratio_handler, mm/page-writeback.c",
    ),
    Effect(
        key="vm.dirty_bytes",
        target="vm.dirty_ratio",
        value=ZERO,
        when=CHANGED,
        source="dirty_bytes_handler, mm/page-writeback.c",
    ),
    Effect(
        key="vm.dirty_background_ratio",
        target="vm.dirty_background_bytes",
        value=ZERO,
        when=WRITTEN,
        source="dirty_background_ratio_handler, mm/page-writeback.c",
    ),
    Effect(
        key="vm.dirty_background_bytes",
        target="vm.dirty_background_ratio",
        value=ZERO,
        when=WRITTEN,
        source="dirty_background_bytes_handler, mm/page-writeback.c",
    ),
    Effect(
        key="vm.overcommit_ratio",
        target="vm.overcommit_kbytes",
        value=ZERO,
        when=WRITTEN,
        source="overcommit_ratio_handler, mm/util.c",
    ),
    Effect(
        key="vm.overcommit_kbytes",
        target="vm.overcommit_ratio",
        value=ZERO,
        when=WRITTEN,
        source="overcommit_kbytes_handler, mm/util.c",
    ),
)

_BY_KEY: dict[str, list[Effect]] = {}
_BY_TARGET: dict[str, list[Effect]] = {}
"""The rules by the last segment of a pattern: most keys of an interface are in none."""
for _effect in EFFECTS:
    _BY_KEY.setdefault(_effect.key.rpartition(".")[2], []).append(_effect)
    _BY_TARGET.setdefault(_effect.target.rpartition(".")[2], []).append(_effect)

UNCOPIED_SETTINGS = (
    "gc_interval",
    "gc_thresh1",
    "gc_thresh2",
    "gc_thresh3",
    "disable_policy",
    "disable_xfrm",
    "drop_unicast_in_l2_multicast",
    "forwarding",
    "mc_forwarding",
    "promote_secondaries",
    "route_localnet",
)
"""Settings of `default` that interfaces take only when they appear, or do not have.

Their handlers are not devinet_conf_proc (devinet_sysctl, net/ipv4/devinet.c), or they are those of
a whole neighbour table (neigh_sysctl_register, net/core/neighbour.c).
"""


START_VALUES = {
    "net.ipv4.ip_forward": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.all.ignore_routes_with_linkdown": "0",
    "net.ipv6.conf.all.addr_gen_mode": "0",
    "net.ipv6.conf.all.force_forwarding": "0",
    "net.ipv4.route.gc_min_interval": "0",
    "net.ipv4.route.gc_min_interval_ms": "500",
    "net.ipv6.route.gc_min_interval": "0",
    "net.ipv6.route.gc_min_interval_ms": "500",
    "vm.dirty_ratio": "20",
    "vm.dirty_bytes": "0",
    "vm.dirty_background_ratio": "10",
    "vm.dirty_background_bytes": "0",
    "vm.overcommit_ratio": "50",
    "vm.overcommit_kbytes": "0",
}
"""Variable that acts on others -> the value that the kernel starts with."""


WHY_NO_VALUE_AGAIN = "it has no value yet, and the kernel takes none away again"
"""Why the first value of a key that has none cannot be taken back."""


def variable_of(key: str) -> str:
    """Return the one name of the variable that a key sets."""
    return ALIASES.get(key, key)


def names_of(key: str) -> list[str]:
    """Return all names of the variable that a key sets, ours first."""
    variable = variable_of(key)
    return [variable, *_ALIASES_OF.get(variable, ())]


class Influence(NamedTuple):
    """A key whose writing changes another one."""

    key: str
    value: str
    when: str


@lru_cache(maxsize=1024)
def influences_on(key: str) -> tuple[Influence, ...]:
    """Return the keys whose writing changes a key; its other names are not among them."""
    influences = []
    for name in names_of(key):
        for effect in _rules_for(name, _BY_TARGET):
            bindings = match_pattern(effect.target, name)
            if bindings is None or bindings.get("<setting>") in UNCOPIED_SETTINGS:
                continue
            source_key = _fill(effect.key, bindings)
            if variable_of(source_key) != variable_of(key):
                influences.append(Influence(source_key, effect.value, effect.when))
    return tuple(influences)


def keys_changed_by(key: str) -> list[str]:
    """Return the keys, as globs, that writing a key may change; its other names are among them."""
    variable = variable_of(key)
    changed = [name for name in names_of(key) if name != key]
    for effect in _rules_for(variable, _BY_KEY):
        bindings = match_pattern(effect.key, variable)
        if bindings is None or bindings.get("<setting>") in UNCOPIED_SETTINGS:
            continue
        target = _fill(effect.target, bindings)
        changed.append(target.replace("<interface>", "*"))
    return changed


def has_effect(value: str, kind: str) -> bool:
    """Tell whether a key may change when one that acts on it is set to a value."""
    if kind == RANDOM:
        return parse_number(value) == 3
    return kind not in _EFFECTS_OF_ZERO or parse_number(value) == 0


def effect_of(value: str, kind: str, before: str | None) -> str | None:
    """Return what a key becomes when one that acts on it is set to a value; None: not known.

    before: the value of the key that changes, None if it is not known.
    """
    if not has_effect(value, kind):
        return before
    if kind == ADDED:
        return _with_word(before, value)
    if kind == SAME:
        return value
    if kind == ZERO_FOR_ZERO:
        return ZERO
    if kind.isdigit():
        return kind
    return _computed_value(value, kind)


def _with_word(words: str | None, added: str) -> str | None:
    if words is None or added in words.split():
        return words
    return f"{words} {added}"


def _computed_value(value: str, kind: str) -> str | None:
    number = parse_number(value)
    if kind == PATH_MANAGER:
        return _PATH_MANAGERS.get(str(number))
    if kind == OPPOSITE:
        return "1" if number == 0 else "0"
    if kind == TIMES_1000 and isinstance(number, int):
        return str(number * 1000)
    if kind == DIVIDED_BY_1000 and isinstance(number, int):
        return _whole_seconds(number)
    return None


def _whole_seconds(milliseconds: int) -> str | None:
    """Return how many seconds a time is, None if that depends on the kernel.

    The kernel counts in ticks of up to 10 ms, to which it rounds the milliseconds up.
    """
    seconds, rest = divmod(milliseconds, 1000)
    return None if milliseconds < 0 or rest > 990 else str(seconds)


def needs_secret(key: str, value: str | None) -> bool:
    """Tell whether the kernel takes a value only after a stable_secret was set.

    That is one of the same interface, or of default (check_stable_privacy, net/ipv6/addrconf.c).
    """
    is_mode = key.startswith("net.ipv6.conf.") and key.endswith(".addr_gen_mode")
    return is_mode and value == "2" and not key.startswith(OF_NO_INTERFACE)


def interface_losing_ipv6(key: str, after: str) -> str:
    """Return the interface from which a write removes all IPv6 addresses and routes.

    That is "all" if it is every interface, and "" if it is none. The source is
    addrconf_disable_ipv6, net/ipv6/addrconf.c.
    """
    if not key.startswith("net.ipv6.conf.") or not key.endswith(".disable_ipv6"):
        return ""
    interface = key_to_path(key).split("/")[3]
    if interface == "default" or parse_number(after) == 0:
        return ""
    return interface


def way_back(values: Mapping[str, str | None]) -> list[str]:
    """Return the keys of earlier values in the order in which writing them leads back.

    Keys that act on others come first. Of two that clear each other, the one that is 0 comes last:
    writing the other one makes it so, and the kernel need not take a 0. Of two that show a variable
    in two units, the finer one comes last.
    """

    def position(key: str) -> tuple[bool, bool, bool]:
        acts_on_none = not keys_changed_by(key)
        is_finer = key.endswith(("_ms", ".unres_qlen_bytes"))
        return acts_on_none, values[key] == ZERO, is_finer

    return sorted(values, key=position)


def _rules_for(key: str, index: Mapping[str, list[Effect]]) -> list[Effect]:
    """Return the rules whose pattern may match a key."""
    last_segment = key.rpartition(".")[2]
    return [*index.get(last_segment, ()), *index.get("<setting>", ())]


@lru_cache(maxsize=1024)
def _segments(key: str) -> list[str]:
    return key_to_path(key).split("/")


def _fill(pattern: str, bindings: dict[str, str]) -> str:
    """Return a pattern with the segments that its placeholders stand for."""
    segments = [bindings.get(segment, segment) for segment in _segments(pattern)]
    return path_to_key("/".join(segments))


def match_pattern(pattern: str, key: str) -> dict[str, str] | None:
    """Return the segments that stand for the placeholders of a pattern; None: no match."""
    pattern_segments = _segments(pattern)
    segments = _segments(key)
    if len(pattern_segments) != len(segments):
        return None
    bindings = {}
    for pattern_segment, segment in zip(pattern_segments, segments):
        if pattern_segment.startswith("<"):
            bindings[pattern_segment] = segment
        elif pattern_segment not in ("*", segment):
            return None
    if bindings.get("<interface>") in ("all", "default"):
        return None
    return bindings
