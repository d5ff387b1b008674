# SPDX-License-Identifier: GPL-3.0-or-later

"""The option that names the kernel modules of keys."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping

from .._sysctl.errors import TuningError
from .._sysctl.kernel.module_keys import modules_of
from .._sysctl.keys import parse_key
from .._sysctl.text import quote

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_EXAMPLE = "modules: {net.example.key: example}"


def read_modules(options: Mapping[str, Any], keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return normalized key -> the kernel modules that bring it, or refuse what is none.

    keys: those of the task. Of a list, each module is for all keys of which no module is known.
    """
    modules = options["modules"]
    if not options["load_modules"]:
        raise TuningError("modules says which ones to load; set 'load_modules: true' with it")
    if isinstance(modules, str):
        modules = modules.split(",")
    if isinstance(modules, Mapping):
        by_key = {}
        for name, value in modules.items():
            by_key[parse_key(name)] = _names_in(value)
        return by_key
    names = _names_in(modules)
    return {key: names for key in keys if not modules_of(key)}


def _names_in(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, (list, tuple)) else [value]
    names = []
    for name in values:
        text = name.strip() if isinstance(name, str) else ""
        if not _NAME.fullmatch(text):
            raise TuningError(
                f"modules: {quote(name)} is not the name of a kernel module; "
                f"give names, or '{_EXAMPLE}'"
            )
        names.append(text.replace("-", "_"))
    return tuple(names)
