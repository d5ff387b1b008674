# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of a plan that the kernel would refuse, known without writing them."""

from __future__ import annotations

import errno

from ..errors import TuningError
from ..kernel.value_checks import out_of_range_error
from ..keys import NEXT_IDS, is_glob
from ..secrets import quote_value
from .plan import Plan


def out_of_range_errors(plan: Plan) -> list[TuningError]:
    """Return the errors for the values of a plan that are outside of the ranges of their keys.

    These are the values to write, and those kept for keys that do not exist yet or with
    ``runtime: false``.
    """
    values = plan.written
    if not plan.request.has_bound:
        kept_for_later = plan.missing if plan.request.runtime else plan.desired
        for key in kept_for_later:
            value = plan.desired.get(key)
            if value is not None:
                values[key] = value
    errors = []
    for key, value in values.items():
        live = plan.observed.runtime.get(key)
        if value != live and not is_glob(key):
            error = out_of_range_error(key, value, live)
            errors += [error] if error else []
    return errors


def read_only_errors(plan: Plan) -> list[TuningError]:
    """Return the errors for the values of a plan whose keys nobody can write on its host."""
    errors = []
    for key in plan.observed.boot_files.traits.read_only_keys:
        value = plan.desired.get(key)
        if value is None or key in plan.removed_keys or key in NEXT_IDS:
            continue
        if not plan.request.accepts(key, plan.observed.runtime.get(key), value):
            error = TuningError(
                f"{key}: cannot be set to {quote_value(key, value)}, neither now nor at a boot: "
                "its mode lets nobody write it on this host; leave it out",
                key,
            )
            error.errno = errno.EACCES
            errors.append(error)
    return errors
