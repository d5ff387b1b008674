# SPDX-License-Identifier: GPL-3.0-or-later

"""What writes do besides setting their keys, where keys act on each other."""

from __future__ import annotations

from typing import NamedTuple

from .request import Values


class Effects(NamedTuple):
    """What the writes of a plan do besides setting their keys."""

    affected: Values
    """Each key that they may change, written ones included -> its value before them."""
    way_back: tuple[str, ...]
    """All keys that are set or affected, in the order in which writing them leads back."""
    irreversible: tuple[tuple[str, str], ...]
    """Keys that a reboot alone brings back, each with the reason."""
    first_values: tuple[str, ...] = ()
    """Keys without a value to which they give one, which the kernel takes away no more."""
