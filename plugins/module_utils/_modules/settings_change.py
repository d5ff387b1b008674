# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that asks for settings, those of sysctl and tcp_keepalive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence, Tuple

from .._host.boot.reading import detect_loader, read_boot_files
from .._host.files import HostFiles
from .._host.runtime.proc_sys import read_keys, read_only_keys, require_procfs
from .._lazy_module import LazyModule
from .._sysctl.errors import TuningError
from .._sysctl.kernel.values import format_value, values_equal
from .._sysctl.keys import ACTIONS, KEYS_TAKING_NAMES, is_glob, may_be_coupled, parse_key
from .._sysctl.plans.plan import Observed, Plan
from .._sysctl.plans.planning import make_plan, surplus_keys
from .._sysctl.plans.request import Request, check_combination
from .._sysctl.plans.result import build_result
from .._sysctl.text import printable, quote
from .arguments import FILE_OPTIONS
from .base import TuningModule
from .flow import HostChange

if TYPE_CHECKING:
    from .._host import transaction
    from .._host.boot import settings_undone
    from .._host.modules import observed_modules
    from .._host.runtime import (
        coupled_values,
        effects_of_writes,
        limited_values,
        proc_sys_globs,
        refusals,
        removed_keys,
        runtime_values,
    )
    from .._host.runtime.runtime_values import RuntimeValues
    from .._ledger import recording, store
    from .._sysctl.plans import messages, refused_values
    from . import (
        file_attributes,
        module_options,
        problems,
        rollout_name,
        settings_forms,
    )
else:
    coupled_values = LazyModule(__name__, ".._host.runtime.coupled_values")
    effects_of_writes = LazyModule(__name__, ".._host.runtime.effects_of_writes")
    limited_values = LazyModule(__name__, ".._host.runtime.limited_values")
    observed_modules = LazyModule(__name__, ".._host.modules.observed_modules")
    proc_sys_globs = LazyModule(__name__, ".._host.runtime.proc_sys_globs")
    refusals = LazyModule(__name__, ".._host.runtime.refusals")
    removed_keys = LazyModule(__name__, ".._host.runtime.removed_keys")
    runtime_values = LazyModule(__name__, ".._host.runtime.runtime_values")
    settings_undone = LazyModule(__name__, ".._host.boot.settings_undone")
    transaction = LazyModule(__name__, ".._host.transaction")
    recording = LazyModule(__name__, ".._ledger.recording")
    store = LazyModule(__name__, ".._ledger.store")
    messages = LazyModule(__name__, ".._sysctl.plans.messages")
    refused_values = LazyModule(__name__, ".._sysctl.plans.refused_values")
    file_attributes = LazyModule(__name__, ".file_attributes")
    module_options = LazyModule(__name__, ".module_options")
    problems = LazyModule(__name__, ".problems")
    rollout_name = LazyModule(__name__, ".rollout_name")
    settings_forms = LazyModule(__name__, ".settings_forms")


SettingsAndAbsent = Tuple[Mapping[Any, Any], Mapping[Any, Any]]


class SettingsChange(HostChange):
    """The change that a task asks for by its settings and options."""

    also_read: tuple[str, ...] = ()
    """Keys to read besides those that the task names."""

    def __init__(self, module: TuningModule) -> None:
        super().__init__(module)
        self.rollout: str | None = module.params["rollout"]
        self.skipped: list[dict[str, str]] = []
        """The keys that are left out, each with the reason."""
        self._unreadable: list[TuningError] = []
        """An error for each setting that cannot be read."""

    @property
    def _skips_errors(self) -> bool:
        return bool(self.module.params.get("on_error") == "skip")

    def requested_settings(self) -> Mapping[Any, Any] | SettingsAndAbsent:
        """Return key -> value as the user wrote them, and apart those that a list takes out."""
        settings = self.module.params["settings"]
        # Most tasks need no other forms, and what a run imports is compiled.
        if isinstance(settings, dict) and "value" not in settings:
            return settings
        return settings_forms.read_settings(settings, self.module.params["state"] == "present")

    def options(self) -> dict[str, Any]:
        """Return the options that the request is made of."""
        return dict(self.module.params)

    def open_host(self) -> HostFiles:
        settings = self.requested_settings()
        absent: Mapping[Any, Any] = {}
        options = self.options()
        if isinstance(settings, tuple):
            settings, absent = settings
        if absent and not settings:
            settings = absent
            absent = {}
            options["state"] = "absent"
        try:
            self.request = make_request(options, settings, absent)
        except TuningError as error:
            self.request, errors = problems.salvage_request(
                make_request, options, settings, absent, error
            )
            if self._skips_errors:
                self.skipped = [_skipped_entry(str(error.key), error) for error in errors]
            else:
                self._unreadable = errors
        root = self.module.params["root"]
        if self.rollout is not None:
            self.rollout = rollout_name.validate_rollout_name(self.rollout)
            if root != "/":
                raise TuningError(
                    f"rollout {self.rollout!r} cannot be recorded with root {quote(root)}: "
                    "an image has no ledger; leave out one of them"
                )
        return HostFiles(root)

    def plan(self, files: HostFiles) -> Plan:
        observed = self._observe(files)
        plan = self._make_plan(observed)
        read_only: tuple[str, ...] = ()
        if self.request.runtime or observed.boot_files.is_applied_here:
            read_only = read_only_keys(_keys_to_change(plan))
        if read_only:
            boot_files = observed.boot_files.with_read_only_keys(read_only)
            plan = self._make_plan(observed._replace(boot_files=boot_files))
        if plan.removed_keys and self.request.runtime and self.request.persistent:
            plan = removed_keys.with_earlier_values(plan)
        contradictions = plan.contradictions()
        if contradictions:
            plan = plan._replace(undone=settings_undone.find_undone(contradictions, files))
        if plan.writes_limited_keys:
            plan = _in_writable_order(plan)
        if any(may_be_coupled(write.key) for write in plan.writes):
            plan = effects_of_writes.observe_effects(plan)
        return plan

    def _make_plan(self, observed: Observed) -> Plan:
        error: TuningError | None = None
        if not self._unreadable:
            try:
                return make_plan(self.request, observed)
            except TuningError as caught:
                if self._skips_errors:
                    raise  # each of them is left out in its turn
                error = caught
        raise problems.all_problems(self.request, observed, self._unreadable, error)

    def leave_out(self, error: TuningError) -> bool:
        if not self._skips_errors:
            return False
        keys = problems.keys_to_leave_out(self.request, error)
        settings = dict(self.request.settings)
        for key in keys:
            del settings[key]
            self.skipped.append(_skipped_entry(key, error))
        self.request = self.request._replace(settings=settings)
        return bool(keys)

    def refuse(self, plan: Plan) -> None:
        if plan.observed.boot_files.traits.read_only_keys:
            self._refuse_values(refused_values.read_only_errors(plan))
        writes_all = self.request.runtime and not plan.missing
        if not writes_all or (self.module.check_mode and plan.writes):
            self._refuse_values(refused_values.out_of_range_errors(plan))
        if plan.overridden or plan.doubts:
            messages.refuse_overridden(plan)
            messages.refuse_doubts(plan)

    def _refuse_values(self, errors: Sequence[TuningError]) -> None:
        if errors and self._skips_errors:
            raise errors[0]  # each of them is left out in its turn
        if errors:
            raise problems.combine(errors)

    def _observe(self, files: HostFiles) -> Observed:
        """Read the loader, the boot files and the runtime values that the request is about."""
        request = self.request
        location = files.locate(request.path)
        boot_files = read_boot_files(files)
        content = boot_files.contents.get(location.real_path)
        if content is None:
            content = files.read(request.path, location.real_path)
        loader = detect_loader(files)
        if request.runtime:
            require_procfs()
        runtime: dict[str, str | None] = {}
        matches: dict[str, list[str]] = {}
        if files.root == "/":
            surplus = surplus_keys(request, content, loader)
            keys = [*request.settings, *self.also_read, *surplus]
            runtime, matches = _read_runtime(keys, needed=request.runtime)
            if any(key in KEYS_TAKING_NAMES for key in keys):
                names = refusals.available_names(keys, request.settings)
                boot_files = boot_files.with_available_names(names)
        existing_path = None
        if content is not None:
            existing_path = files.host_path(location.real_path)
        observed = Observed(
            loader=loader,
            boot_files=boot_files,
            path=location.path,
            real_path=location.real_path,
            is_link=location.is_link,
            content=content,
            runtime=runtime,
            matches=matches,
            attributes=self._attribute_differences(existing_path),
        )
        has_surplus = request.exclusive or bool(request.absent) or not request.present
        if request.load_modules or request.ignore_missing or has_surplus:
            return observed_modules.observe_modules(observed, request, files)
        return observed

    def _has_file_options(self) -> bool:
        return any(self.module.params.get(name) for name in FILE_OPTIONS)

    def _attribute_differences(self, path: str | None) -> tuple[tuple[str, str, str], ...]:
        """Return the attributes of our file that are not as requested, None if there is no file.

        Attributes that do not exist, such as an unknown owner, are refused for a new file too.
        """
        if not self._has_file_options():
            return ()
        differences = file_attributes.FileAttributes(self.module).differences(path or "/")
        return () if path is None else differences

    def check(self, plan: Plan, files: HostFiles) -> None:
        transaction.check_writable(plan, files)
        if self.rollout is not None:
            store.require_writable_ledger()

    def carry_out(self, plan: Plan, files: HostFiles) -> list[str]:
        attributes = {}
        if self._has_file_options():
            requested = file_attributes.FileAttributes(self.module)
            attributes[plan.observed.real_path] = requested.apply
        backup = self.module.params["backup"]
        values = _runtime_values(plan)
        if self.rollout is None:
            return transaction.carry_out(values, files, attributes, backup)
        with recording.recorded(plan, files, self.rollout):
            return transaction.carry_out(values, files, attributes, backup)

    def warnings(self, plan: Plan) -> Iterable[str]:
        has_warnings = (
            plan.overridden
            or plan.may_be_unread
            or plan.undone
            or plan.changed_lines
            or plan.doubts
            or plan.removed_keys
            or plan.masked_by_new_file
            or (plan.effects and plan.effects.irreversible)
            or plan.observed.boot_files.problems
        )
        if has_warnings:
            yield from messages.plan_warnings(plan)
        if self.skipped:
            yield problems.describe_skipped(self.skipped)

    def result(self, plan: Plan | None, backups: list[str]) -> dict[str, Any]:
        result: dict[str, Any] = {"backup_files": backups}
        if self.rollout is not None:
            result["rollout"] = self.rollout
        if self.module.params.get("load_modules"):
            result["loaded_modules"] = _modules_loaded_by(plan)
        if "on_error" in self.module.params:
            result["skipped_keys"] = self.skipped  # Ansible takes `skipped` for a skipped task
        if plan is not None:
            result.update(build_result(plan))
        return result


def _keys_to_change(plan: Plan) -> Iterable[str]:
    """Return the keys that are not as asked, now or at the next boot, or that it changes."""
    keys = dict.fromkeys(key for key, _winner in plan.overridden)
    for key, value in plan.desired.items():
        live = plan.observed.runtime.get(key)
        if live is None:
            continue
        at_boot = plan.precedence.value_at_boot(key, live)
        is_kept = at_boot is None or values_equal(key, live, at_boot)
        is_as_asked = value in (None, live) or plan.request.accepts(key, live, str(value))
        if not is_kept or not is_as_asked:
            keys[key] = None
    return keys


def _in_writable_order(plan: Plan) -> Plan:
    """Return a plan whose writes the kernel takes in their order.

    A removed key whose value it would refuse until the next boot stays as it is.
    """
    ordered, refused = limited_values.order_writes(plan)
    for key, reason in refused.items():
        if key not in plan.removed_keys:
            raise limited_values.refused_error(key, plan.desired[key], reason)
    return ordered


def _runtime_values(plan: Plan) -> RuntimeValues:
    """Return what writes the runtime values of a plan."""
    if plan.effects is None:
        return runtime_values.RuntimeValues(plan)
    return coupled_values.CoupledValues(plan)


def _modules_loaded_by(plan: Plan | None) -> list[str]:
    """Return the kernel modules that are loaded for keys that a plan writes."""
    if plan is None or not plan.writes or plan.observed.modules is None:
        return []
    return list(plan.observed.modules.to_load)


def _skipped_entry(key: str, error: TuningError) -> dict[str, str]:
    return {"key": printable(key), "reason": printable(str(error))}


def _read_runtime(
    keys: Iterable[str], needed: bool
) -> tuple[dict[str, str | None], dict[str, list[str]]]:
    """Return the runtime values of these keys, globs expanded, and the matches of each glob."""
    runtime: dict[str, str | None] = {}
    matches: dict[str, list[str]] = {}
    named = []
    for key in keys:
        if is_glob(key):
            values = read_keys(proc_sys_globs.expand_glob(key), needed=needed)
            matches[key] = list(values)
            runtime.update(values)
        else:
            named.append(key)
    runtime.update(read_keys(named, named=True, needed=needed))
    return runtime, matches


def make_request(
    options: Mapping[str, Any], settings: Mapping[Any, Any], absent: Mapping[Any, Any] | None = None
) -> Request:
    """Return what a task asks for, or raise TuningError.

    options: option -> value; one that is a field of ``Request`` and is left out has its default.
    settings: key -> value, as the user wrote them. absent: the same for keys that are taken out
    beside them.
    """
    check_combination(options)
    _check_paths(options)
    present = options["state"] == "present"
    fields = {name: options[name] for name in Request._fields if name in options}
    fields["settings"] = _parse_settings(settings, present)
    fields["present"] = present
    if options.get("modules") is not None:
        fields["key_modules"] = module_options.read_modules(options, fields["settings"])
    if absent:
        fields["absent"] = _parse_settings(absent, present=False)
        for key in fields["absent"]:
            if key in fields["settings"]:
                raise TuningError(
                    f"{key}: given both with a value and as absent; give it once", key
                )
    return Request(**fields)


def _check_paths(options: Mapping[str, Any]) -> None:
    # HostFiles refuses a root that is not absolute: to an image it is no remedy to set runtime.
    if options["root"].startswith("/") and options["root"] != "/" and options["runtime"]:
        raise TuningError(
            f"root {quote(options['root'])} is not the running system; set 'runtime: false' with it"
        )
    path = options["path"]
    if not path.startswith("/"):
        raise TuningError(
            f"path {quote(path)} is not absolute; name a file in /etc/sysctl.d, or leave out path"
        )
    name = path.rpartition("/")[2]
    if name in ("", ".", ".."):
        raise TuningError(
            f"path {quote(path)} names a folder, since it ends in '/{name}'; name a file in "
            "/etc/sysctl.d, or leave out path"
        )


def _parse_settings(settings: Mapping[Any, Any], present: bool) -> dict[str, str | None]:
    """Return normalized key -> text of the value, or refuse what is not one value for each key."""
    names: dict[str, str] = {}
    parsed: dict[str, str | None] = {}
    for name, value in settings.items():
        key = parse_key(name)
        if key in ACTIONS:
            raise TuningError(
                f"{key}: an action, not a setting: it can be neither read back nor kept; "
                f"run it as a task of its own, such as 'command: sysctl -w {key}=1'",
                key,
            )
        if key in parsed:
            raise TuningError(
                f"{key}: given twice, as {quote(names[key])} and as {quote(str(name))}; "
                "give it once",
                key,
            )
        if value is None and present:
            raise TuningError(
                f"{key}: no value; give one, or set 'state: absent' to take the key out", key
            )
        names[key] = str(name)
        parsed[key] = None if value is None else format_value(key, value)
    return parsed
