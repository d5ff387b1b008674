# SPDX-License-Identifier: GPL-3.0-or-later

"""An Ansible task that changes a host: from its options to a plan, and from what came of it to its result."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any, Callable, ContextManager, Mapping, NoReturn

from .base import TuningError
from .host import Files, expand, read_keys, refuse_no_kernel
from .keys import is_glob, parse
from .module import TuningModule
from .plan import Observed, Plan, Request, make_plan, other_keys
from .report import result
from .values import ACTIONS, from_user, printable


def request_from(params: Mapping[str, Any], settings: Mapping[Any, Any]) -> Request:
    """Return what a task asks for, or refuse it."""
    present = params["state"] == "present"
    if not params["runtime"] and not params["persistent"]:
        raise TuningError("runtime and persistent are both false, so there is nothing to do; leave one of them true")
    if params["root"] != "/" and params["runtime"]:
        raise TuningError(f"root {params['root']} is not the running system; set 'runtime: false' with it")
    if not params["path"].startswith("/"):
        raise TuningError(f"path {params['path']!r} is not absolute; give one such as /etc/sysctl.d/90-ansible.conf")
    if params["exclusive"] and not present:
        raise TuningError("exclusive goes with 'state: present' alone: with 'absent' settings names what goes")
    names = ("path", "header", "exclusive", "runtime", "persistent", "on_override", "ignore_missing", "unsafe")
    return Request(settings=_settings(settings, present), present=present, **{name: params[name] for name in names})


def _settings(given: Mapping[Any, Any], present: bool) -> dict[str, str | None]:
    """Return canonical keys and texts of values, or refuse what is not one clear value for each key."""
    spelled: dict[str, str] = {}
    settings: dict[str, str | None] = {}
    for name, value in given.items():
        key = parse(name)
        if key in ACTIONS:
            raise TuningError(
                f"{key}: an action, not a setting: it can be neither read back nor kept; run it as a task of its own",
                key,
            )
        if key in settings:
            raise TuningError(f"{key}: given twice, as {spelled[key]!r} and as {str(name)!r}; give it once", key)
        if value is None and present:
            raise TuningError(f"{key}: no value; give one, or set 'state: absent' to take the key out", key)
        spelled[key] = str(name)
        settings[key] = None if value is None else from_user(key, value)
    return settings


def observe(module: TuningModule, files: Files, request: Request) -> Observed:
    """Read the loader, the boot files and the runtime values that a request is about."""
    path, real, is_link = files.place(request.path)
    loader, tree = files.loader(), files.tree()
    before = tree.contents[real] if real in tree.contents else files.read(request.path, real)
    asked = [*request.settings, *other_keys(request, before, loader)]
    runtime: dict[str, str | None] = {}
    matches: dict[str, list[str]] = {}
    if request.runtime:
        refuse_no_kernel()
    if files.root == "/":
        for pattern in filter(is_glob, asked):
            found = read_keys(expand(pattern), named=False, needed=request.runtime)
            matches[pattern] = list(found)
            runtime.update(found)
        runtime.update(read_keys((key for key in asked if not is_glob(key)), named=True, needed=request.runtime))
    attributes = _attributes(module, "/" if before is None else files.outside(real))
    return Observed(loader, tree, path, real, is_link, before, runtime, matches, () if before is None else attributes)


def run(
    module: TuningModule,
    settings: Callable[[dict[str, Any]], Mapping[Any, Any]],
    more: Callable[[Plan], dict[str, Any]] = lambda _plan: {},
) -> NoReturn:
    """Plan what the options ask for, carry it out unless in check mode, and end the module with what it came to."""
    plan: Plan | None = None
    backups: list[str] = []
    try:
        request = request_from(module.params, settings(module.params))
        files = Files(module.params["root"])
        with alone(module, files):
            plan = make_plan(request, observe(module, files, request))
            warnings = warnings_of(plan)
            if plan.changed:
                from .apply import carry_out, refuse_impossible

                keys = refuse_impossible(plan, files, module.check_mode)
                if not module.check_mode:
                    backups = carry_out(plan, files, attributes_for(plan, module), module.params["backup"], keys)
    except (OSError, TuningError) as error:
        module.fail(error, backup_files=[], **(result(plan.undone()) if plan else {}))
    for warning in warnings:
        module.warn(printable(warning))
    module.exit_json(backup_files=backups, **result(plan), **more(plan))


def alone(module: TuningModule, files: Files) -> ContextManager[None]:
    """Keep other runs off the host; one that changes nothing needs not."""
    if module.check_mode:
        return nullcontext()
    from .lock import held

    return held(files)


def warnings_of(plan: Plan) -> list[str]:
    """Refuse a plan that the next boot would undo; else return what the user should know of it."""
    if not (plan.overridden or plan.taken_out or plan.masks or plan.observed.tree.problems):
        return []
    from .words import refuse_overridden, warnings

    refuse_overridden(plan)
    return list(warnings(plan))


def attributes_for(plan: Plan, module: TuningModule) -> dict[str, Callable[[str], None]]:
    """Return what gives our file, by its name, the attributes asked for."""
    return {plan.observed.real: lambda path: _set_attributes(module, path)}


def _set_attributes(module: TuningModule, path: str, diff: dict[str, Any] | None = None) -> None:
    """Give a file the owner, group, mode and context asked for; a failure is an error like any other, to be undone."""

    def passed(msg: str, **_more: Any) -> NoReturn:
        error = sys.exc_info()[1]
        raise TuningError(f"{module.params['path']}: {msg}", None, error if isinstance(error, OSError) else None)

    module.fail_json, own = passed, module.fail_json  # type: ignore[method-assign]
    try:
        module.set_fs_attributes_if_different(module.load_file_common_arguments(module.params, path), False, diff)
    finally:
        module.fail_json = own  # type: ignore[method-assign]


def _attributes(module: TuningModule, path: str) -> tuple[tuple[str, str, str], ...]:
    """Return what of mode, owner, group and context is not as asked; refuse what is asked and does not exist."""
    names = ("mode", "owner", "group", "seuser", "serole", "setype", "selevel", "attributes")
    if not any(module.params.get(name) for name in names):
        return ()
    diff: dict[str, Any] = {"before": {}, "after": {}}
    module.check_mode, real = True, module.check_mode
    try:
        _set_attributes(module, path, diff)
    finally:
        module.check_mode = real
    return tuple(
        (name, str(diff["before"].get(name)), str(new)) for name, new in diff["after"].items() if name != "path"
    )
