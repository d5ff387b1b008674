# SPDX-License-Identifier: GPL-3.0-or-later

"""The name of a rollout, which the ledger of a host keeps."""

from __future__ import annotations

from .._sysctl.errors import TuningError
from .._sysctl.text import quote

MAX_LENGTH = 100


def validate_rollout_name(name: str) -> str:
    """Return the name without blanks around it, or refuse one that nobody could ask for again."""
    stripped = name.strip()
    if not stripped or not stripped.isprintable() or len(stripped) > MAX_LENGTH:
        raise TuningError(
            f"rollout {quote(name)} cannot be the name of a rollout; "
            f"give up to {MAX_LENGTH} printable characters"
        )
    return stripped
