# SPDX-License-Identifier: GPL-3.0-or-later

"""Explain options that Ansible refuses: each by its name as typed, with the one that was meant."""

from __future__ import annotations

import difflib
import math
import re
from typing import Any, Mapping

from .._keepalive.profiles import SYNONYMS
from .._sysctl.one_line import shorten
from .._sysctl.text import quote

OPTIONS_OF_POSIX = {
    "name": "settings: {KEY: VALUE}",
    "key": "settings: {KEY: VALUE}",
    "value": "settings: {KEY: VALUE}",
    "sysctl_file": "path",
    "sysctl_set": "runtime, which is true by default",
    "reload": "runtime: only the keys of the task are written, so there is nothing to reload",
    "ignoreerrors": "on_error: skip, or ignore_missing for keys that the kernel lacks",
}
"""Option of ansible.posix.sysctl, or one like it -> what to give instead."""

OTHER_NAMES = {
    **SYNONYMS,
    "name": "keys",
    "key": "keys",
    "sysctl": "settings",
}
"""What people call an option -> its name."""

EXAMPLES = {
    "settings": "give keys and values, such as 'settings: {vm.swappiness: 10}'",
    "rollout": "give the name of the rollout, such as 'rollout: keepalive 2026-11'",
}

TYPES = {
    "bool": ("true or false", "true"),
    "int": ("an integer", "60"),
    "list": ("a list", "[net.ipv4.tcp_*]"),
}
"""Type of an option, as Ansible calls it -> what it is, and an example."""

_OTHER_TYPE = re.compile(
    r"argument '(?P<name>\w+)' is of type .+? and we were unable to convert to (?P<type>\w+)"
)
"""The type that a value has is "<class 'dict'>" in older versions, "dict" in newer ones."""

MAX_NAMED = 10


def explain_options(msg: str, params: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """Return the message about options that Ansible refuses, in one line.

    msg: Ansible's message. params: option -> value. spec: the argument spec.
    """
    unknown = [name for name in params if name not in spec and not name.startswith("_ansible_")]
    if unknown:
        explained = [_explain_unknown(name, spec) for name in sorted(unknown)]
        return "; ".join(shorten(explained, MAX_NAMED))
    required = [name for name in spec if spec[name].get("required")]
    missing = [name for name in required if params.get(name) is None]
    if missing and "missing required" in msg:
        return "; ".join(_explain_missing(name, spec[name]) for name in missing)
    name, type_name = _option_of_other_type(msg, params, spec)
    if type_name in TYPES:
        what, example = TYPES[type_name]
        value = quote(params.get(name))
        return f"{name}: {value} is not {what}; give one, such as '{name}: {example}'"
    return " ".join(msg.split())


def _option_of_other_type(
    msg: str, params: Mapping[str, Any], spec: Mapping[str, Any]
) -> tuple[str, str]:
    """Return the name and the type of the option whose value has another type, "" if none has."""
    wrong = _OTHER_TYPE.match(msg)
    if wrong:
        return wrong.group("name"), wrong.group("type")
    for name, option in spec.items():
        # Ansible's message about infinity names no option.
        if option.get("type") == "int" and _is_infinite(params.get(name)):
            return name, "int"
    return "", ""


def _is_infinite(value: object) -> bool:
    try:
        return math.isinf(float(str(value)))
    except ValueError:
        return False


def _explain_unknown(name: str, spec: Mapping[str, Any]) -> str:
    if "settings" in spec and name in OPTIONS_OF_POSIX:
        return f"{name}: an option of ansible.posix.sysctl; here it is {OPTIONS_OF_POSIX[name]}"
    meant = OTHER_NAMES.get(name, "")
    close = difflib.get_close_matches(name, spec, n=1)
    if meant not in spec and close:
        meant = close[0]
    if meant in spec:
        return f"{name}: there is no such option; did you mean {meant}?"
    return f"{name}: there is no such option; there are {', '.join(sorted(spec))}"


def _explain_missing(name: str, option: Mapping[str, Any]) -> str:
    choices = list(option.get("choices") or [])
    remedy = f"give '{name}: {choices[0]}'" if len(choices) == 1 else f"give {name}"
    return f"{name} is missing; {EXAMPLES.get(name, remedy)}"
