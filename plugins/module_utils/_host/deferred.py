# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run needs only where the kernel does not do as it is asked, imported at the first call.

A host compiles the code that it imports at every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection

from .._sysctl.errors import TuningError
from .._sysctl.plan import Plan, RuntimeWrite

if TYPE_CHECKING:
    from .._sysctl.module_file import ModuleNeeds
    from .file_change import UndoStep


def write_error(write: RuntimeWrite, error: OSError) -> TuningError:
    """Return the error for a value that the kernel refuses."""
    from . import refusals

    return refusals.write_error(write, error)


def require_available(write: RuntimeWrite) -> None:
    """Refuse a name that the kernel neither has nor can load a module for, as far as is known."""
    from . import refusals

    refusals.require_available(write)


def require_loadable(needs: ModuleNeeds) -> None:
    """Refuse a kernel module that can be seen not to be loadable now."""
    from . import kernel_modules

    kernel_modules.require_loadable(needs)


def load_modules(needs: ModuleNeeds, journal: list[UndoStep]) -> None:
    """Have the kernel load modules."""
    from . import kernel_modules

    kernel_modules.load_modules(needs, journal)


def not_kept_error(key: str, live: str, plan: Plan, attempted: Collection[str]) -> TuningError:
    """Return the error for a key that has not the desired value although nothing was refused."""
    from . import refusals

    return refusals.not_kept_error(key, live, plan, attempted)
