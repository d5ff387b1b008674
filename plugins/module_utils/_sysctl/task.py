# GNU General Public License v3.0+ (see LICENSE)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Ansible task over the engine: the only place that knows both."""

from __future__ import annotations

import sys
from typing import Any, Callable, Mapping, NoReturn

from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values

from .base import TuningError
from .host import Files, expand, read_keys, refuse_no_kernel
from .keys import canonical, is_glob, parse
from .plan import Observed, Plan, Request, make_plan, other_keys
from .report import result
from .values import ACTIONS, SECRETS, from_user, printable


def _remove_secrets(told: dict[str, Any], secrets: set[str]) -> Any:
    """Do what Ansible does with a result, but spare looking through all of it for nothing: 1,000 keys are 9,000 texts."""
    return remove_values(told, secrets) if secrets else told


vars(basic)["remove_values"] = _remove_secrets

OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "runtime": {"type": "bool", "default": True},
    "persistent": {"type": "bool", "default": True},
    "on_override": {"type": "str", "choices": ["fail", "warn", "comment_out"], "default": "fail"},
    "unsafe": {"type": "bool", "default": False},
    "root": {"type": "path", "default": "/"},
    "backup": {"type": "bool", "default": False},
}
"""Options that every module that changes a host has."""

HEADER = "Managed by Ansible (netops.tuning): changes made here by hand are overwritten."


class TuningModule(basic.AnsibleModule):
    """An AnsibleModule that keeps values of keys that are secrets out of the log and the result."""

    def __init__(self, options: Mapping[str, Any], file_options: bool = False) -> None:
        super().__init__(argument_spec=dict(options), supports_check_mode=True, add_file_common_args=file_options)
        if not sys.platform.startswith("linux"):
            self.fail_json(msg=f"netops.tuning sets Linux kernel settings; this host runs {sys.platform}")

    def log(self, msg: str, log_args: Any = None) -> None:
        settings = self.params.get("settings") or {}
        secrets = {str(value) for key, value in settings.items() if canonical(str(key)).endswith(SECRETS) and value}
        self.no_log_values.update(secrets)
        super().log(msg, log_args=None if secrets else log_args)

    def add_path_info(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Leave the result as it is: Ansible would mix the facts of the file at ``path`` into it."""
        return kwargs


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
            found = read_keys(expand(pattern), named=False, needed=False)
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
        plan = make_plan(request, observe(module, files, request))
        warnings = _warnings(plan)
        if plan.changed:
            from .apply import carry_out, refuse_impossible

            refuse_impossible(plan, files)
            if not module.check_mode:
                backups = carry_out(plan, files, lambda path: _set_attributes(module, path), module.params["backup"])
    except OSError as error:
        fail(module, TuningError(str(error.filename or "the host"), None, error), plan)
    except TuningError as error:
        fail(module, error, plan)
    for warning in warnings:
        module.warn(printable(warning))
    module.exit_json(backup_files=backups, **result(plan), **more(plan))


def _warnings(plan: Plan) -> list[str]:
    """Refuse a plan that the next boot would undo; else return what the user should know of it."""
    if not (plan.overridden or plan.taken_out or plan.masks or plan.observed.tree.problems):
        return []
    from .words import refuse_overridden, warnings

    refuse_overridden(plan)
    return list(warnings(plan))


def fail(module: TuningModule, error: TuningError, plan: Plan | None = None) -> NoReturn:
    """End the module with a failure, and all that is known."""
    known = result(plan.undone()) if plan else {}
    key = error.key and printable(error.key)
    known.update(
        changed=not error.rolled_back, backup_files=[], failed_key=key, errno=error.errno, rolled_back=error.rolled_back
    )
    module.fail_json(msg=printable(str(error)), **known)


def _set_attributes(module: TuningModule, path: str, diff: dict[str, Any] | None = None) -> None:
    """Give a file the owner, group, mode and context asked for; a failure is an error like any other, to be undone."""

    def passed(msg: str, **_more: Any) -> NoReturn:
        raise TuningError(f"{module.params['path']}: {msg}")

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
