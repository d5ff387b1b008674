# SPDX-License-Identifier: GPL-3.0-or-later

"""The one flow of every module that changes a host: lock, plan, refuse, carry out, report."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ContextManager, Iterable, NoReturn

from .._host.files import HostFiles
from .._host.lock import host_lock
from .._lazy_module import LazyModule
from .._sysctl.errors import TuningError
from .._sysctl.plans.plan import Plan
from .base import TuningModule

if TYPE_CHECKING:
    from . import problems
else:
    problems = LazyModule(__name__, ".problems")


class HostChange:
    """A change of a host, in the steps of ``change_host``. Each step may raise TuningError."""

    planned: Plan | None = None
    """The last plan that was made."""

    def __init__(self, module: TuningModule) -> None:
        self.module = module

    def open_host(self) -> HostFiles:
        """Check the options, and return the files of the host that they name."""
        raise NotImplementedError

    def plan(self, files: HostFiles) -> Plan:
        """Observe the host and decide what to do."""
        raise NotImplementedError

    def refuse(self, plan: Plan) -> None:
        """Refuse a plan that would not do what is asked."""
        raise NotImplementedError

    def is_needed(self, plan: Plan) -> bool:
        """Tell whether there is anything to carry out."""
        return plan.changed

    def check(self, plan: Plan, files: HostFiles) -> None:
        """Refuse a plan that can be seen to fail, before anything is written."""
        raise NotImplementedError

    def carry_out(self, plan: Plan, files: HostFiles) -> list[str]:
        """Carry out all of the plan or nothing, and return the paths of the backups made."""
        raise NotImplementedError

    def warnings(self, plan: Plan) -> Iterable[str]:
        """Return what the user should know of a plan that goes ahead."""
        raise NotImplementedError

    def result(self, plan: Plan | None, backups: list[str]) -> dict[str, Any]:
        """Return the result of a plan; None: the run failed before there was one."""
        raise NotImplementedError

    def leave_out(self, _error: TuningError) -> bool:
        """Take what caused an error out of what is asked for; tell whether to try again."""
        return False

    def success_result(self, plan: Plan) -> dict[str, Any]:
        """Return what only a successful run returns besides."""
        return {}


def change_host(change: HostChange) -> NoReturn:
    """Plan a change, carry it out unless in check mode, and end the module with the result."""
    module = change.module
    try:
        files = change.open_host()
        with _lock_unless_check_mode(module, files):
            plan, backups = _plan_and_carry_out(change, files)
    except (OSError, TuningError) as error:
        unchanged = change.planned.without_changes() if change.planned else None
        result = change.result(unchanged, backups=[])
        module.fail(error, **problems.shorten_failure(result, getattr(error, "key", None)))
    for warning in change.warnings(plan):
        module.warn(warning)
    module.exit_json(**change.result(plan, backups), **change.success_result(plan))


def _plan_and_carry_out(change: HostChange, files: HostFiles) -> tuple[Plan, list[str]]:
    """Plan and carry out a change; again without what fails, if the task asks for that."""
    while True:
        change.planned = None
        try:
            plan = change.planned = change.plan(files)
            change.refuse(plan)
            backups: list[str] = []
            if change.is_needed(plan):
                change.check(plan, files)
                if not change.module.check_mode:
                    backups = change.carry_out(plan, files)
            return plan, backups
        except TuningError as error:
            if not change.leave_out(error):
                raise


def _lock_unless_check_mode(module: TuningModule, files: HostFiles) -> ContextManager[None]:
    """Hold the host lock. Check mode takes no lock."""
    if module.check_mode:
        return nullcontext()
    return host_lock(files)
