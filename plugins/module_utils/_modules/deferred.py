# SPDX-License-Identifier: GPL-3.0-or-later

"""What only a run with something to change needs, imported at the first call.

A host compiles the code that it imports at every run; that of the transaction and the ledger is
3 % of a run that finds everything as asked.
"""

from __future__ import annotations

from typing import Callable, ContextManager, Mapping

from .._host.files import HostFiles
from .._sysctl.plan import Plan


def check_writable(plan: Plan, files: HostFiles) -> None:
    """Refuse what can be seen to fail before anything is written."""
    from .._host import transaction

    transaction.check_writable(plan, files)


def carry_out(
    plan: Plan, files: HostFiles, attributes: Mapping[str, Callable[[str], None]], backup: bool
) -> list[str]:
    """Carry out all of a plan or nothing, and return the paths of the backups made."""
    from .._host import transaction

    return transaction.carry_out(plan, files, attributes, backup)


def require_writable_ledger() -> None:
    """Refuse a ledger that can be seen not to be writable."""
    from .._ledger import store

    store.require_writable_ledger()


def recorded(plan: Plan, files: HostFiles, rollout: str) -> ContextManager[None]:
    """Record in the ledger what a plan is about to change."""
    from .._ledger import recording

    return recording.recorded(plan, files, rollout)
