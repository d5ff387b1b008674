# SPDX-License-Identifier: GPL-3.0-or-later

"""What not every run needs, imported at the first call.

A host compiles the code that it imports at every run; these parts are 4 % of a run that finds
everything as requested.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, ContextManager, Iterable, Mapping, Sequence

from .._host.files import HostFiles
from .._sysctl.errors import TuningError
from .._sysctl.plan import Observed, Plan
from .._sysctl.request import Request
from .base import TuningModule

if TYPE_CHECKING:
    from .._host.runtime_values import RuntimeValues
    from .._sysctl.sysctl_d import Line
    from .._sysctl.undone import Undone
    from .file_attributes import FileAttributes


def refuse_overridden(plan: Plan) -> None:
    """Refuse a plan whose values the next boot would undo, unless the user accepts that."""
    from .._sysctl import messages

    messages.refuse_overridden(plan)
    messages.refuse_doubts(plan)


def plan_warnings(plan: Plan) -> Iterable[str]:
    """Return what the user should know of a plan that goes ahead."""
    from .._sysctl import messages

    return messages.plan_warnings(plan)


def find_undone(
    contradictions: Iterable[tuple[str, str, Line]], files: HostFiles
) -> tuple[Undone, ...]:
    """Return those settings whose line was there before the host booted, and did not last."""
    from .._host import undone

    return undone.find_undone(contradictions, files)


def salvage_request(
    make_request: Callable[..., Request],
    options: Mapping[str, Any],
    settings: Mapping[Any, Any],
    absent: Mapping[Any, Any],
    error: TuningError,
) -> tuple[Request, list[TuningError]]:
    """Return a request without the settings that cannot be read, and an error for each of them."""
    from . import problems

    return problems.salvage_request(make_request, options, settings, absent, error)


def all_problems(
    request: Request, observed: Observed, errors: Iterable[TuningError], error: TuningError | None
) -> TuningError:
    """Return one error that names all that is known to be wrong."""
    from . import problems

    return problems.all_problems(request, observed, errors, error)


def bound_failure(result: dict[str, Any], failed_key: str | None) -> dict[str, Any]:
    """Return the result of a failure with what failed and what differs, and not too much of it."""
    from . import problems

    return problems.bound_failure(result, failed_key)


def keys_to_leave_out(request: Request, plan: Plan | None, error: TuningError) -> list[str]:
    """Return the requested keys that an error is about, and without which to try again."""
    from . import problems

    return problems.keys_to_leave_out(request, plan, error)


def describe_skipped(skipped: Sequence[Mapping[str, str]]) -> str:
    """Return the warning about keys that were left out."""
    from . import problems

    return problems.describe_skipped(skipped)


def read_settings(
    settings: object, present: bool
) -> tuple[dict[object, object], dict[object, object]]:
    """Return settings in another form than a dictionary: those to set, and those to take out."""
    from . import settings_forms

    return settings_forms.read_settings(settings, present)


def read_modules(options: Mapping[str, Any], keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return key -> the kernel modules that bring it, as a task gives them."""
    from . import module_options

    return module_options.read_modules(options, keys)


def observe_modules(observed: Observed, request: Request, files: HostFiles) -> Observed:
    """Return what was observed, with the kernel modules of the keys, where they matter."""
    from . import observed_modules

    return observed_modules.observe_modules(observed, request, files)


def with_kernel_defaults(plan: Plan) -> Plan:
    """Return a plan in which removed keys that no file sets get the kernel's own values."""
    from . import removed_keys

    return removed_keys.with_kernel_defaults(plan)


def file_attributes(module: TuningModule) -> FileAttributes:
    """Return the adapter that looks at file attributes and sets them."""
    from .file_attributes import FileAttributes

    return FileAttributes(module)


def validate_rollout_name(name: str) -> str:
    """Return the name of a rollout, or refuse it."""
    from . import rollout_name

    return rollout_name.validate_rollout_name(name)


def check_writable(plan: Plan, files: HostFiles) -> None:
    """Refuse what can be seen to fail before anything is written."""
    from .._host import transaction

    transaction.check_writable(plan, files)


def carry_out(
    plan: Plan, files: HostFiles, attributes: Mapping[str, Callable[[str], None]], backup: bool
) -> list[str]:
    """Carry out all of a plan or nothing, and return the paths of the backups made."""
    from .._host import transaction

    return transaction.carry_out(_runtime_values(plan), files, attributes, backup)


def _runtime_values(plan: Plan) -> RuntimeValues:
    """Return what writes the runtime values of a plan."""
    if plan.effects is None:
        from .._host import runtime_values

        return runtime_values.RuntimeValues(plan)
    from .._host import coupled_values

    return coupled_values.CoupledValues(plan)


def order_writes(plan: Plan) -> Plan:
    """Return a plan whose writes come in an order in which the kernel takes all of them."""
    from .._host import limited_values

    return limited_values.order_writes(plan)


def observe_effects(plan: Plan) -> Plan:
    """Return a plan with what its writes do besides setting their keys."""
    from .._host import effects

    return effects.observe_effects(plan)


def require_writable_ledger() -> None:
    """Refuse a ledger that can be seen not to be writable."""
    from .._ledger import store

    store.require_writable_ledger()


def recorded(plan: Plan, files: HostFiles, rollout: str) -> ContextManager[None]:
    """Record in the ledger what a plan is about to change."""
    from .._ledger import recording

    return recording.recorded(plan, files, rollout)
