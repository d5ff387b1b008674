# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host patterns that match one host, whatever it is called.

Inventories of programs may have names such as ``!web``, ``a,b`` or ``*``, which Ansible would take
for patterns of other hosts. This file is private to this collection.
"""

from __future__ import annotations

import re
from typing import Iterable

_PLAIN_NAME = re.compile(r"\w[\w.-]*")
"""Names that mean the same in an inventory and in a pattern."""


def exact_pattern(host: str) -> str:
    """Return a pattern for a host, for a play, for `--limit` and for a file that `--limit` reads.

    It has no character by which Ansible would split it, take it for a range, or strip it.
    """
    if _PLAIN_NAME.fullmatch(host):
        return host
    return "~" + "".join(map(_escape, host)) + r"\Z"


def exact_patterns(hosts: Iterable[str]) -> list[str]:
    return list(map(exact_pattern, hosts))


def _escape(character: str) -> str:
    """Return a regular expression for a character, of letters, digits and backslashes only."""
    if character.isalnum():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\U{code:08x}"
