# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How users give variables: what counts as not set, the forms of a list, and misspelled names.

Variables come from the inventory, from ``-e key=value`` (always text) and from surveys (text, and
empty text for a question that was not answered). This file is private to this collection.
"""

from __future__ import annotations

import difflib
import json
from typing import Any, Collection, Iterable, Mapping, NamedTuple

from ..module_utils._keepalive.profiles import SYNONYMS

SIMILAR = 0.8
"""The ratio of difflib from which a name is taken for a misspelled one."""
SOMEWHAT_SIMILAR = 0.6
"""The ratio from which a name that is wrong anyway leads to a suggestion."""


class VariableError(Exception):
    """The message names the variable, the value, the reason and the remedy."""


class Names(NamedTuple):
    """The names of variables that begin with a prefix."""

    prefix: str
    endings: Collection[str]
    """What follows the prefix in each name."""
    reserved: bool = False
    """Whether nobody else's variables begin with the prefix."""

    def has_prefix(self, variable: str) -> bool:
        return variable.startswith(self.prefix)


def is_set(value: Any) -> bool:
    """Tell whether a variable has a value: null and empty text mean that it is not set."""
    if isinstance(value, str):
        return value.strip() != ""
    return value is not None


def parse_json(value: Any) -> Any:
    """Return what a text holds if it is a list or a dictionary in JSON, and any other value as is.

    Text is what the command line and surveys give.
    """
    if isinstance(value, str) and value.strip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def as_list(value: Any) -> list[Any]:
    """Return a list that a user gave as a list, as JSON text, or as text with commas."""
    value = parse_json(value)
    if not is_set(value):
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, (list, tuple)):
        value = [value]
    items = []
    for item in value:
        if is_set(item):
            items.append(item.strip() if isinstance(item, str) else item)
    return items


# --- misspelled names ---


def check_names(variables: Mapping[str, Any], names: Names) -> None:
    """Refuse variables that begin with the prefix, but are not known.

    Where other people's variables may have the same prefix, such as ``audit_rules``, only those
    are refused that are similar to one of ours.
    """
    for variable in filter(names.has_prefix, variables):
        name = variable[len(names.prefix) :]
        if name not in names.endings and not _is_result(variables[variable]):
            _check_unknown_name(name, names)


def _check_unknown_name(name: str, names: Names) -> None:
    ratio = SOMEWHAT_SIMILAR if names.reserved else SIMILAR
    suggestion = closest(name, names.endings, ratio)
    if suggestion:
        remedy = f"did you mean {names.prefix}{suggestion}?"
    elif names.reserved:
        variable_names = [names.prefix + ending for ending in sorted(names.endings)]
        remedy = f"there are {', '.join(variable_names)}"
    else:
        return
    raise VariableError(f"{names.prefix}{name}: there is no such variable; {remedy}")


def _is_result(value: Any) -> bool:
    """Tell whether a variable is the registered result of a task."""
    return isinstance(value, Mapping) and ("changed" in value or "failed" in value)


def closest(name: str, choices: Iterable[str], ratio: float) -> str | None:
    """Return the one of these names that was probably meant, if any."""
    names = list(choices)
    synonym = SYNONYMS.get(name)
    if synonym in names:
        return synonym
    matches = difflib.get_close_matches(name, names, n=1, cutoff=ratio)
    return matches[0] if matches else None
