# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the plan of a run from the request and the observed host.

What few requests or hosts need is imported where it is used: a host compiles at every run what it
imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Iterable

from ..._lazy_module import LazyModule
from ..files.loaders import Loader
from ..files.sysctl_d import Line, parse_lines
from ..kernel.values import values_equal
from ..keys import (
    NO_MODULES_AFTER,
    is_glob,
    key_to_path,
    may_be_coupled,
    may_be_limited,
)
from ..text import LONGEST_WRITE, encode
from .boot_file_editor import BootFileEditor
from .plan import Observed, Plan, RuntimeWrite
from .request import Request, Values

if TYPE_CHECKING:
    from ..files.doubts import Doubts
    from ..kernel import kernel_text, value_checks
    from . import coupled_lines
else:
    kernel_text = LazyModule(__name__, "..kernel.kernel_text")
    value_checks = LazyModule(__name__, "..kernel.value_checks")
    coupled_lines = LazyModule(__name__, ".coupled_lines")

_SHORT_VALUE = LONGEST_WRITE // 4
"""Characters. The kernel takes all of so short a value in one write: none has over four bytes."""


def surplus_keys(request: Request, content: bytes | None, loader: Loader) -> list[str]:
    """Return the keys to remove from our file.

    Those are the keys listed as absent, and with ``exclusive`` all others that are not requested.
    """
    keys: dict[str, None] = dict.fromkeys(request.absent)
    if not request.exclusive or not request.persistent:
        return list(keys)
    for line in parse_lines(content or b"", loader):
        if line.key and line.key not in request.settings and line.key not in request.kept:
            keys[line.key] = None
    return list(keys)


def make_plan(request: Request, observed: Observed) -> Plan:
    """Decide everything, or raise TuningError.

    Planning again after the plan was carried out gives a plan without changes.
    """
    request = _with_values_as_kept(request, observed)
    requested = expand_globs(request.settings, observed)
    if request.present:
        _validate_values(request, observed)
        _refuse_conflicts(request, requested, observed)
    missing = _missing_keys(request, observed)
    editor = _boot_file_editor(request, observed, requested)
    overridden = _edit(editor)
    desired = _desired_values(requested, editor)
    plan = Plan(
        request=request,
        observed=observed,
        desired=desired,
        writes=runtime_writes(request, desired, observed.runtime, editor.removed),
        files=editor.changes(),
        boot_files=editor.boot_files,
        precedence=editor.precedence,
        overridden=overridden,
        missing=missing,
        removed_keys=tuple(editor.removed),
        doubts=_doubts_about(desired, editor),
        changed_lines=_changed_lines(editor),
    )
    if observed.modules:
        from .module_file import with_module_file

        plan = with_module_file(plan, observed.modules)
    return plan


def _with_values_as_kept(request: Request, observed: Observed) -> Request:
    """Return a request whose words and bounds are numbers that the kernel keeps as they are."""
    request = with_numbers_for_words(request, observed)
    if not request.has_bound:
        return request
    from .bounds import with_kept_bounds

    return with_kept_bounds(request, observed)


def _desired_values(requested: Values, editor: BootFileEditor) -> dict[str, str | None]:
    """Return key -> the value to have: that of the task, or of the next boot if it is removed."""
    request = editor.request
    desired = dict(requested) if request.present else {}
    stated_values = {}
    for key, stated in editor.removed.items():
        at_boot = editor.value_at_boot(key)
        desired[key] = stated if at_boot is None else at_boot
        if at_boot is None and stated is not None:
            request.validate(key, stated, editor.observed.runtime.get(key))
            stated_values[key] = stated
    _refuse_conflicts(request, stated_values, editor.observed)
    if any(key in desired for key in NO_MODULES_AFTER):
        from .coupled_request import stopping_last

        return stopping_last(desired)
    return desired


def _boot_file_editor(request: Request, observed: Observed, requested: Values) -> BootFileEditor:
    surplus = surplus_keys(request, observed.content, observed.loader)
    removed: dict[str, str | None] = {} if request.present else dict(requested)
    stated = {key: request.absent.get(key) for key in surplus}
    for key, value in expand_globs(stated, observed).items():
        if key not in requested:
            removed[key] = value
    editor_class = BootFileEditor
    if request.has_bound:
        from .bounds import BoundedFileEditor

        editor_class = BoundedFileEditor
    return editor_class(
        request,
        observed,
        desired={**request.settings, **requested},
        removed=removed,
        surplus=[*surplus, *_other_names(request.settings)],
    )


def _other_names(keys: Iterable[str]) -> Collection[str]:
    """Return the other names of the variables that keys set: our file has the one requested."""
    coupled = [key for key in keys if may_be_coupled(key)]
    if not coupled:
        return ()
    from .coupled_request import other_names

    return other_names(coupled)


def _edit(editor: BootFileEditor) -> tuple[tuple[str, Line | None], ...]:
    """Edit our file, and those that override it with comment_out; return what is overridden."""
    request = editor.request
    if not request.persistent:
        return ()
    editor.edit_our_file()
    overridden = _put_in_order(editor)
    if overridden and request.on_override == "comment_out":
        from .winning_lines import comment_out_winners

        while comment_out_winners(editor, overridden):
            overridden = _put_in_order(editor)
    return tuple(overridden)


def _put_in_order(editor: BootFileEditor) -> list[tuple[str, Line | None]]:
    """Put the lines of our file in the order that they need; return what is overridden."""
    if editor.request.present and _may_need_order(editor):
        coupled_lines.put_in_order(editor)
    overridden = editor.overridden()
    if any(may_be_limited(key) for key, _winner in overridden):
        from .limited_lines import move_behind_limits

        return move_behind_limits(editor, overridden)
    return overridden


def _may_need_order(editor: BootFileEditor) -> bool:
    """Tell whether the order of the lines in our file may matter."""
    if any(may_be_coupled(key) for key in editor.request.settings):
        return True
    content = editor.boot_files.contents.get(editor.observed.real_path, b"")
    segments = [key_to_path(key).rpartition("/")[2] for key in NO_MODULES_AFTER]
    return any(encode(segment) in content for segment in segments)


def _changed_lines(editor: BootFileEditor) -> tuple[tuple[Line, Line], ...]:
    """Return the lines of ours that others of ours undo, though only the latter are requested."""
    request = editor.request
    if not request.present or not request.persistent or not _may_need_order(editor):
        return ()
    return coupled_lines.changed_lines(editor)


def _doubts_about(desired: Values, editor: BootFileEditor) -> Doubts:
    """Return each doubt about the values of the next boot, with the keys that it is about."""
    request = editor.request
    if not request.persistent or request.on_doubt == "ignore":
        return ()
    doubts_of_host = editor.boot_files.doubts
    if editor.removed:
        from ..boot.default_keys import doubts_about_removed

        doubts_of_host += doubts_about_removed(editor.removed, editor.observed.loader)
    precedence = editor.precedence
    values = {**request.settings, **desired}
    if not doubts_of_host and precedence.are_certain(values):
        return ()
    from ..boot.boot_doubts import doubts_of_boot

    return doubts_of_boot(precedence, doubts_of_host, values)


def runtime_writes(
    request: Request, desired: Values, live: Values, removed_keys: Collection[str] = ()
) -> tuple[RuntimeWrite, ...]:
    """Return the runtime values to set, in the order given.

    Removed keys have no bound: they take the value of the next boot, be it lower or higher.
    """
    if not request.runtime:
        return ()
    writes = []
    for key, value in desired.items():
        if value is None or key not in live:
            continue
        target = value if key in removed_keys else request.target(live[key], value)
        if not values_equal(key, live[key], target):
            writes.append(RuntimeWrite(key, before=live[key], after=target))
    return tuple(writes)


def expand_globs(settings: Values, observed: Observed) -> dict[str, str | None]:
    """Return the settings with each glob replaced by its matches; an explicit key wins over it."""
    expanded: dict[str, str | None] = {}
    for key, value in settings.items():
        if not is_glob(key):
            expanded[key] = value
            continue
        for match in observed.matches.get(key, ()):
            if match not in settings:
                expanded[match] = value
    return expanded


def values_to_check(settings: Values, observed: Observed) -> dict[str, str | None]:
    """Return the settings with each glob replaced by its matches, or as it is if it has none."""
    checked = expand_globs(settings, observed)
    for key, value in settings.items():
        if is_glob(key) and not observed.matches.get(key):
            checked[key] = value
    return checked


def with_numbers_for_words(request: Request, observed: Observed) -> Request:
    """Return a request with 1 and 0 in place of words such as yes, where a key takes numbers."""
    numbers = {}
    for key, value in request.settings.items():
        if value is not None and value[:1].isalpha():
            names = observed.matches.get(key, ()) if is_glob(key) else (key,)
            live = [observed.runtime[name] for name in names if name in observed.runtime]
            number = kernel_text.number_for_word(key, value, live)
            if number != value:
                numbers[key] = number
    return request._replace(settings={**request.settings, **numbers}) if numbers else request


def _validate_values(request: Request, observed: Observed) -> None:
    must_fit_one_write = request.persistent and not observed.loader.writes_in_parts
    for key, value in values_to_check(request.settings, observed).items():
        text = str(value)
        request.validate(key, text, observed.runtime.get(key))
        if must_fit_one_write and len(text) > _SHORT_VALUE:
            value_checks.refuse_cut_value(key, text)


def _refuse_conflicts(request: Request, requested: Values, observed: Observed) -> None:
    """Refuse values of keys that undo each other, and two values for one variable."""
    coupled = {key: str(value) for key, value in requested.items() if may_be_coupled(key)}
    if not coupled:
        return
    from .coupled_request import refuse_conflicts, refuse_two_values

    settings = {key: str(value) for key, value in request.settings.items()}
    refuse_two_values(settings, coupled)
    if not request.has_bound:
        refuse_conflicts(coupled, observed.runtime)


def _missing_keys(request: Request, observed: Observed) -> tuple[str, ...]:
    """Return the requested keys that this kernel does not have, or refuse them."""
    if not request.runtime:
        return ()
    missing = find_missing(request, observed)
    if missing and request.present and not request.ignore_missing:
        from .missing_keys import missing_error

        raise missing_error(missing[0], "check the spelling")
    return tuple(missing)


def find_missing(request: Request, observed: Observed) -> list[str]:
    """Return the requested keys that this kernel does not have."""
    missing = []
    for key in request.settings:
        if key not in observed.runtime and not observed.matches.get(key):
            missing.append(key)
    return missing
