# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the module tcp_keepalive, read from the variables of its role.

A variable is named PREFIX + OPTION: with the prefix ``tcp_keepalive_`` the option ``time`` comes
from the variable ``tcp_keepalive_time``. The audit reads variables of its own, whose prefix is
``audit_``, on top of those of the role.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import (
    DEFAULT_PROFILE,
    KEYS,
    PROFILES,
    choose_values,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.keepalive_arguments import (
    FROM_VARIABLES,
    TCP_KEEPALIVE_OPTIONS,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import quote

from ._variables import Names, is_set

ROLE_PREFIX = "tcp_keepalive_"
AUDIT_PREFIX = "audit_"

MODULE_OPTIONS = tuple(name for name in TCP_KEEPALIVE_OPTIONS if name != FROM_VARIABLES)
"""Every option of the module that a variable may give."""

DEFAULT_ORIGIN = "the role's default"
"""Where a value comes from that no variable has a part in."""

VALUE_OPTIONS = ("profile", *KEYS)
"""The options that decide the three values."""

AUDIT_OPTIONS = (*VALUE_OPTIONS, "idle_limit", "path")
"""The options that a variable of the audit may give."""

ROLE_NAMES = Names(prefix=ROLE_PREFIX, endings=frozenset({*MODULE_OPTIONS, "hosts"}), reserved=True)
"""The variables of the role, and of its playbook."""

Variables = Mapping[str, Any]
Template = Callable[[Variables], Variables]
"""Resolves the templates in variables."""


def options_from_variables(
    prefix: str, names: Iterable[str], variables: Variables, template: Template
) -> dict[str, Any]:
    """Return the options among `names` that variables give; null, "" and `omit` give none."""
    present = {}
    for name in names:
        value = variables.get(prefix + name)
        if is_set(value):
            present[prefix + name] = value
    # Before ansible-core 2.19 `omit` is a string, which the template leaves in place.
    omit = variables.get("omit")
    options = {}
    for variable, value in template(present).items():
        if is_set(value) and value != omit:
            options[variable[len(prefix) :]] = value
    return options


def with_profile_of_role(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the role gives the module: it always manages all three values."""
    return {"profile": DEFAULT_PROFILE, **options}


def role_default(option: str) -> Any:
    """Return the default of an option in the role; it is the module's but for the profile."""
    if option == "profile":
        return DEFAULT_PROFILE
    return TCP_KEEPALIVE_OPTIONS[option].get("default")


class Desired(NamedTuple):
    """The desired state of a host, by its variables."""

    values: Mapping[str, int]
    origins: Mapping[str, str]
    """Where each value comes from, in words."""
    is_default: bool
    """Whether no variable has a part in the values."""
    path: str
    """The file that the role writes."""
    idle_limit: int | None
    arguments: Mapping[str, Any]
    """Variables to give the role, where those of the inventory do not make it set these values."""


class Choice(NamedTuple):
    """The three values, and where each comes from."""

    values: Mapping[str, int]
    origins: Mapping[str, str]


class Source(NamedTuple):
    """The options that variables with a prefix give."""

    prefix: str
    options: Mapping[str, Any]
    given: Collection[str]
    """The variables of the command line."""

    def origin(self, option: str) -> str:
        """Return the variable of an option, and its scope."""
        variable = self.prefix + option
        # The file would help more, and ansible-core notes it from 2.19 on, as the tag Origin. But
        # that is in ansible._internal: up to 2.21, the public ansible.module_utils.datatag only
        # has functions for deprecations and for the names of types.
        scope = "-e" if variable in self.given else "inventory"
        return f"{variable} ({scope})"

    def choose(self) -> Choice:
        """Return the values that the role would set with these options."""
        origins = {}
        for name in KEYS:
            origins[name] = self._origin_of_value(name)
        return Choice(values=_values(self.options, self.prefix), origins=origins)

    def _origin_of_value(self, name: str) -> str:
        if self.options.get("state") == "absent":
            return f"the kernel's default, by {self.origin('state')}"
        if name in self.options:
            return self.origin(name)
        if "profile" in self.options:
            return f"profile {self.options['profile']} of {self.origin('profile')}"
        return DEFAULT_ORIGIN

    def is_given(self, *options: str) -> bool:
        """Tell whether the command line gives one of these options."""
        return any(self.prefix + option in self.given for option in options)


def desired_state(variables: Variables, template: Template, given: Collection[str] = ()) -> Desired:
    """Return what the audit compares a host with. Its own variables win over those of the role.

    given: the names of variables that the command line gives (-e).
    """
    role_options = options_from_variables(
        ROLE_PREFIX, ("state", *AUDIT_OPTIONS), variables, template
    )
    audit_options = options_from_variables(AUDIT_PREFIX, AUDIT_OPTIONS, variables, template)
    role = Source(prefix=ROLE_PREFIX, options=role_options, given=given)
    audit = Source(prefix=AUDIT_PREFIX, options=audit_options, given=given)
    choice = _choose(role, audit)
    options = {**role_options, **audit_options}
    source_of_limit = audit if "idle_limit" in audit_options else role
    return Desired(
        values=choice.values,
        origins=choice.origins,
        is_default=set(choice.origins.values()) == {DEFAULT_ORIGIN},
        path=str(options.get("path") or TCP_KEEPALIVE_OPTIONS["path"]["default"]),
        idle_limit=_integer(f"{source_of_limit.prefix}idle_limit", options.get("idle_limit")),
        arguments=_role_arguments(role, audit, choice.values),
    )


def _choose(role: Source, audit: Source) -> Choice:
    """Return the values of the role with those of the audit on top; a profile replaces them all."""
    role_choice = role.choose()
    if not set(VALUE_OPTIONS) & set(audit.options):
        return role_choice
    if "profile" in audit.options:
        return audit.choose()
    origins = dict(role_choice.origins)
    for name in KEYS:
        if name in audit.options:
            origins[name] = audit.origin(name)
    combined = audit._replace(options={**role_choice.values, **audit.options})
    return Choice(values=combined.choose().values, origins=origins)


def _role_arguments(role: Source, audit: Source, values: Mapping[str, int]) -> dict[str, Any]:
    """Return the variables without which the role would not do what the audit compares with.

    Those of the command line are among them: later commands are not given them again.
    """
    arguments: dict[str, Any] = {}
    if values != role.choose().values:
        arguments = explicit_arguments(values)
    elif role.is_given("state", *VALUE_OPTIONS):
        if role.options.get("state") == "absent":
            arguments[f"{ROLE_PREFIX}state"] = "absent"
        else:
            arguments = explicit_arguments(values)
    path = audit.options.get("path")
    if path is None and role.is_given("path"):
        path = role.options.get("path")
    if path is not None and (path != role.options.get("path") or role.is_given("path")):
        arguments[f"{ROLE_PREFIX}path"] = path
    return arguments


def explicit_arguments(values: Mapping[str, int]) -> dict[str, Any]:
    """Return variables with which the role sets these values, whatever else is set."""
    arguments: dict[str, Any] = {f"{ROLE_PREFIX}state": "present"}
    for name, value in values.items():
        arguments[ROLE_PREFIX + name] = value
    return arguments


def _values(options: Mapping[str, Any], prefix: str) -> dict[str, int]:
    """Return the three values that the role would choose. The report checks the limits itself."""
    profile = options.get("profile") or DEFAULT_PROFILE
    if profile not in PROFILES:
        profiles = ", ".join(PROFILES)
        raise TuningError(f"{prefix}profile: there is no {profile!r}; choose one of {profiles}")
    params = {
        "state": options.get("state") or "present",
        "profile": profile,
    }
    for name in KEYS:
        params[name] = _integer(prefix + name, options.get(name))
    return choose_values(params)


def _integer(name: str, value: Any) -> int | None:
    if value is None:
        return None
    try:
        # To Python true is a number, and 1.5 can be made one; to users they are none.
        if isinstance(value, (bool, float)):
            raise TypeError
        return int(value)
    except (TypeError, ValueError):
        raise TuningError(
            f"{name}: {quote(value)} is not a number; give seconds, or how many probes"
        ) from None
