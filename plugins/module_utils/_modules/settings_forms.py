# SPDX-License-Identifier: GPL-3.0-or-later

"""The other forms in which a task may give settings: a list, or text."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, NamedTuple

from ansible.module_utils.common.validation import check_type_dict

from .._sysctl.errors import TuningError
from .._sysctl.text import quote

EXAMPLE = "settings: {vm.swappiness: 10}"
LIST_EXAMPLE = "{name: vm.swappiness, value: 10}"
FIELDS = ("name", "key", "value", "state")

Settings = Dict[object, object]


class _Item(NamedTuple):
    """One item of a list of settings."""

    name: object
    value: object
    present: bool


def read_settings(settings: Any, present: bool) -> tuple[Settings, Settings]:
    """Return key -> value as the user wrote them: those to set, and those to take out.

    present: what is asked of a key whose item does not say so.
    """
    if isinstance(settings, str):
        settings = _read_text(settings)
    if settings is None:
        raise TuningError(f"settings: nothing is given; give keys and values, such as '{EXAMPLE}'")
    if isinstance(settings, Mapping):
        _refuse_lone_item(settings)
        items = [_Item(name, value, present) for name, value in settings.items()]
    elif isinstance(settings, (list, tuple)):
        items = [_read_item(number, item, present) for number, item in enumerate(settings, 1)]
    else:
        raise TuningError(
            f"settings: {quote(settings)} is neither a dictionary nor a list; give '{EXAMPLE}'"
        )
    return _sort_items(items)


def _read_text(text: str) -> Any:
    """Return what a text says: JSON, or pairs such as ``vm.swappiness=10 vm.overcommit_memory=1``.

    An empty text gives nothing, as null does.
    """
    if not text.strip():
        return None
    try:
        if text.lstrip().startswith("["):
            return json.loads(text)
        return check_type_dict(text)
    except (TypeError, ValueError):
        raise TuningError(
            f"settings: the text {quote(text)} is neither JSON nor pairs such as vm.swappiness=10; "
            f"give '{EXAMPLE}'"
        ) from None


def _refuse_lone_item(settings: Mapping[Any, Any]) -> None:
    """Refuse an item that is not in a list: its fields are the names of no keys."""
    for field in ("name", "key"):
        if "value" in settings and field in settings:
            raise TuningError(
                f"settings: {field} and value are parts of an item of a list; give "
                f"'[{LIST_EXAMPLE}]', or '{EXAMPLE}'"
            )


def _read_item(number: int, item: Any, present: bool) -> _Item:
    where = f"settings, item {number}"
    if isinstance(item, str):
        if present:
            raise TuningError(
                f"{where}: {quote(item)} has no value; give {LIST_EXAMPLE}, or set "
                "'state: absent' to take keys out"
            )
        return _Item(item, None, present)
    if not isinstance(item, Mapping):
        raise TuningError(f"{where}: {quote(item)} is not a setting; give {LIST_EXAMPLE}")
    unknown = [str(field) for field in item if field not in FIELDS]
    if unknown or ("name" in item) == ("key" in item):
        fields = ", ".join(unknown) or "both name and key, or neither"
        raise TuningError(f"{where}: it has {fields}; give {LIST_EXAMPLE}")
    field = "name" if "name" in item else "key"
    name = item[field]
    if not isinstance(name, str):
        shown = "null" if name is None else quote(name)
        raise TuningError(f"{where}: its {field} is {shown}, not a key; give {LIST_EXAMPLE}")
    state = item.get("state")
    if state not in (None, "", "present", "absent"):
        raise TuningError(f"{where}: its state is {quote(state)}; give present or absent")
    is_present = state == "present" if state else present
    return _Item(name, item.get("value"), is_present)


def _sort_items(items: list[_Item]) -> tuple[Settings, Settings]:
    to_set: Settings = {}
    to_take_out: Settings = {}
    for item in items:
        name = str(item.name)
        if name in to_set or name in to_take_out:
            raise TuningError(f"{name}: given twice; give it once", name)
        group = to_set if item.present else to_take_out
        group[name] = item.value
    return to_set, to_take_out
