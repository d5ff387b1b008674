# SPDX-License-Identifier: GPL-3.0-or-later

"""All that is known to be wrong with a task, in one message, and what its failure returns."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, Sequence

from .._host.runtime.similar_keys import find_similar_key
from .._sysctl.errors import TuningError
from .._sysctl.globs import stands_for
from .._sysctl.one_line import shorten
from .._sysctl.plans.messages import override_errors
from .._sysctl.plans.missing_keys import missing_error
from .._sysctl.plans.plan import Observed
from .._sysctl.plans.planning import (
    find_missing,
    make_plan,
    values_to_check,
    with_numbers_for_words,
)
from .._sysctl.plans.request import Request

MAX_NAMED = 10
"""Problems that one message names; the others are counted."""
MAX_RETURNED = 20
"""Entries of each part of the result of a failure."""


MakeRequest = Callable[..., Request]


def salvage_request(
    make_request: MakeRequest,
    options: Mapping[str, Any],
    settings: Mapping[Any, Any],
    absent: Mapping[Any, Any],
    error: TuningError,
) -> tuple[Request, list[TuningError]]:
    """Return a request without the settings that cannot be read, and an error for each of them.

    error: what all settings together gave. One that is about no single setting is raised.
    """
    make_request(options, {}, {})  # the other options must be right
    readable = {}
    errors = []
    for name, value in settings.items():
        try:
            make_request(options, {name: value})
            readable[name] = value
        except TuningError as error_of_setting:
            errors.append(error_of_setting)
    if not errors:
        raise error
    try:
        return make_request(options, readable, absent), errors
    except TuningError as error_of_the_rest:
        raise combine([*errors, error_of_the_rest]) from error


def all_problems(
    request: Request, observed: Observed, errors: Iterable[TuningError], error: TuningError | None
) -> TuningError:
    """Return one error that names all that is known to be wrong.

    errors: those that are known already. error: what making the plan gave.
    """
    request = with_numbers_for_words(request, observed)
    known_errors = [*errors, *_invalid_values(request, observed), *_missing_keys(request, observed)]
    rest = _without_wrong_settings(request, known_errors)
    try:
        plan = make_plan(rest, observed)
    except TuningError as error_of_the_rest:
        known_errors.append(error_of_the_rest)
    else:
        known_errors.extend(override_errors(plan))
    if not known_errors and error is not None:
        known_errors.append(error)
    return combine(known_errors)


def _without_wrong_settings(request: Request, errors: Iterable[TuningError]) -> Request:
    """Return a request without the settings, globs among them, that errors are about."""
    wrong_keys = {error.key for error in errors if error.key is not None}
    settings = {}
    for name, value in request.settings.items():
        if not any(stands_for(name, wrong_key) for wrong_key in wrong_keys):
            settings[name] = value
    return request._replace(settings=settings)


def _invalid_values(request: Request, observed: Observed) -> list[TuningError]:
    errors = []
    if request.present:
        for key, value in values_to_check(request.settings, observed).items():
            try:
                request.validate(key, str(value), observed.runtime.get(key))
            except TuningError as error:
                errors.append(error)
    return errors


def _missing_keys(request: Request, observed: Observed) -> list[TuningError]:
    if not request.runtime or not request.present or request.ignore_missing:
        return []
    errors = []
    for key in find_missing(request, observed):
        similar = find_similar_key(key)
        advice = f"did you mean {similar}? If not" if similar else "check the spelling"
        errors.append(missing_error(key, advice))
    return errors


def combine(errors: Sequence[TuningError]) -> TuningError:
    """Return one error with the messages of several, in one line."""
    if len(errors) == 1:
        return errors[0]
    numbered = [f"({number}) {error}" for number, error in enumerate(errors, 1)]
    shown = "; ".join(shorten(numbered, MAX_NAMED))
    combined = TuningError(f"problems ({len(errors)}): {shown}", errors[0].key)
    combined.errno = errors[0].errno
    return combined


def keys_to_leave_out(request: Request, error: TuningError) -> list[str]:
    """Return the requested keys and globs that an error is about, and without which to try again.

    None of them if the error is that the next boot would undo the plan: it is then refused whole.
    """
    if not error.rolled_back or error.key is None or error.refuses_plan:
        return []
    return [key for key in request.settings if stands_for(key, error.key)]


def describe_skipped(skipped: Sequence[Mapping[str, str]]) -> str:
    """Return the warning about keys that were left out, in one line."""
    reasons = [entry["reason"] for entry in skipped]
    shown = "; ".join(shorten(reasons, MAX_NAMED, "skipped_keys"))
    noun = "key is" if len(skipped) == 1 else "keys are"
    return f"{len(skipped)} {noun} skipped: {shown}"


def shorten_failure(result: dict[str, Any], failed_key: str | None) -> dict[str, Any]:
    """Return the result of a failure with what failed and what differs, and not too much of it."""
    settings = result.get("settings")
    if settings is None:
        return result
    different = {key: entry for key, entry in settings.items() if _differs(entry)}
    if failed_key in settings:
        different = {failed_key: settings[failed_key], **different}
    kept = dict(list(different.items())[:MAX_RETURNED])
    shortened = {**result, "settings": kept, "omitted": len(settings) - len(kept)}
    shortened["previous"] = {key: old for key, old in result["previous"].items() if key in kept}
    for name, part in shortened.items():
        if isinstance(part, list):
            shortened[name] = part[:MAX_RETURNED]
    return shortened


def _differs(entry: Mapping[str, Any]) -> bool:
    """Tell whether a setting is not as asked, in the kernel, in our file or at the next boot."""
    current_values = (
        entry["runtime"]["before"],
        entry["persistent"]["before"],
        entry["boot"]["value"],
    )
    return any(value != entry["value"] for value in current_values)
