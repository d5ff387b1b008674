# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that lines of a shell script set, as far as that can be seen without running them."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple

from ..._sysctl.files.doubts import Doubt
from ..._sysctl.files.loaders import LOADERS
from ..._sysctl.files.sysctl_d import assigned_values
from ..._sysctl.keys import normalize_key
from ..._sysctl.secrets import quote_value
from ..configuration import read_configuration
from ..files import HostFiles

_COMMENT = re.compile(r"(^|\s)#.*")
_COMMAND = re.compile(r"(?:^|[\s/;&|(`\"'=!@:+-])sysctl\s+(?P<words>[^|;&)`\n]*)")
_ECHO = re.compile(
    r"(?:\b(?:echo|printf)\s+(?:-\w+\s+)*(?P<value>[^|;&>]*?)\s*)?"
    r"(?:\d?>{1,2}|\|\s*(?:sudo\s+)?tee(?:\s+-\w+)*)\s*[\"']?/proc/sys/(?P<path>[\w./*${}-]+)"
)
_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|[^\s\"']+(?:\"[^\"]*\"|'[^']*')?")
_VARIABLE = re.compile(r"\$\{[^}]*\}|\$\w+|%\w+%?")
_LAST_FILE = "/etc/sysctl.conf"


class SetKey(NamedTuple):
    """A key that a script sets."""

    number: int
    """The line, from 1."""
    key: str
    value: str | None
    """None if only the script knows."""


def keys_set(files: HostFiles, text: str) -> Iterator[SetKey]:
    """Yield the keys that a script sets."""
    for number, line in enumerate(text.splitlines(), 1):
        if "sysctl" not in line and "/proc/sys/" not in line:
            continue
        code = _COMMENT.sub("", line)
        for match in _COMMAND.finditer(code):
            yield from _keys_of_command(files, number, match.group("words"))
        for match in _ECHO.finditer(code):
            yield _set_key(number, "/" + match.group("path"), match.group("value"))


def script_doubts(
    files: HostFiles, by: str, path: str, text: str, first_line: int = 1
) -> Iterator[Doubt]:
    """Yield a doubt for each key that a script sets; it begins at this line of a file."""
    for set_key in keys_set(files, text):
        value = ""
        if set_key.value is not None:
            value = f" to {quote_value(set_key.key, set_key.value)}"
        yield Doubt(
            by=by,
            why=f"a command there sets it{value}",
            path=path,
            remedy="take it out there, and set it in a file in /etc/sysctl.d",
            keys=(set_key.key,),
            line=first_line - 1 + set_key.number,
            value=set_key.value,
        )


def _keys_of_command(files: HostFiles, number: int, text: str) -> Iterator[SetKey]:
    words = [word.replace('"', "").replace("'", "") for word in _WORD.findall(text)]
    loads = any(re.fullmatch(r"-\w*[pf]\w*|--load(=.*)?|--system", word) for word in words)
    paths = []
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--load" and equals:
            paths.append(value)
        elif word.startswith("-"):
            continue
        elif loads:
            paths.append(word)
        elif equals:
            yield _set_key(number, name, value)
    if loads:
        yield from _keys_of_files(files, number, paths or [_LAST_FILE])


def _keys_of_files(files: HostFiles, number: int, paths: list[str]) -> Iterator[SetKey]:
    """Yield the keys that the script sets from files of settings."""
    for path in paths:
        try:
            data = read_configuration(files, path)
        except OSError:
            continue
        for key, value in assigned_values(data, LOADERS["procps"]).items():
            yield SetKey(number, key, value)


def _set_key(number: int, name: str, text: str | None) -> SetKey:
    """Return a key; what only the shell can fill in is a glob in a key, and no value."""
    value = None
    if text and not re.search(r"[$`%]", text):
        value = text.strip().strip("\"'")
    return SetKey(number, normalize_key(_VARIABLE.sub("*", name)), value or None)
