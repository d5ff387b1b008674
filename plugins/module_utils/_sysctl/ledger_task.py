# SPDX-License-Identifier: GPL-3.0-or-later

"""The Ansible task of the ledger: a change that is noted before it is made, and the way back to the start of a rollout."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterator, Mapping, NamedTuple, NoReturn, Sequence

from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from . import keepalive, ledger, ledger_files
from .apply import carry_out, refuse_impossible
from .base import TuningError
from .boot import rules_for
from .host import Files, read_keys
from .ledger import Change, Held
from .ledger_files import give
from .module import TuningModule
from .options import SYSCTL
from .plan import FileChange, Observed, Plan, Request, Write, make_plan
from .report import result
from .task import alone, attributes_for, observe, request_from, warnings_of
from .values import printable, quoted, same

LONGEST = 100


class Via(NamedTuple):
    """What a module that changes a host knows, but for the change itself."""

    options: Mapping[str, Any]
    settings: Callable[[dict[str, Any]], Mapping[Any, Any]]
    told: Callable[[Plan], dict[str, Any]]


VIA = {
    "tcp_keepalive": Via(keepalive.OPTIONS, keepalive.settings, keepalive.told),
    "sysctl": Via({**SYSCTL, **FILE_COMMON_ARGUMENTS}, lambda params: params["settings"], lambda _plan: {}),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "rollout": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["applied", "restored"], "required": True},
    "via": {"type": "str", "choices": list(VIA), "default": "tcp_keepalive"},
    "options": {"type": "dict", "default": {}},
    "overwrite_changes": {"type": "bool", "default": False},
    "ignore_unknown": {"type": "bool", "default": False},
}


def run(module: TuningModule) -> NoReturn:
    """Do what the options ask for, and end the module with what it came to."""
    try:
        rollout = _name(module.params["rollout"])
        (_apply if module.params["state"] == "applied" else _restore)(module, rollout)
    except (OSError, TuningError) as error:
        module.fail(error)


def _name(given: str) -> str:
    name = given.strip()
    if not name or not name.isprintable() or len(name) > LONGEST:
        raise TuningError(f"rollout {given!r} is no name to ask for again; give up to {LONGEST} printable characters")
    return name


# --- to change, and to note it ---


def _apply(module: TuningModule, rollout: str) -> NoReturn:
    """Do what another module would do with these options; note first what is about to change."""
    via = VIA[module.params["via"]]
    _options(module, via)
    plan: Plan | None = None
    backups: list[str] = []
    files = Files(module.params["root"])
    try:
        if files.root != "/":
            raise TuningError(f"root {files.root}: an image has no ledger; leave root out, or use the module itself")
        request = request_from(module.params, via.settings(module.params))
        with alone(module, files):
            plan = make_plan(request, observe(module, files, request))
            warnings = warnings_of(plan)
            if plan.changed:
                keys = refuse_impossible(plan, files, module.check_mode)
                ledger_files.refuse_impossible()
                if not module.check_mode:
                    with _noted(plan, files, rollout):
                        backups = carry_out(plan, files, attributes_for(plan, module), module.params["backup"], keys)
    except (OSError, TuningError) as error:
        module.fail(error, rollout=rollout, backup_files=[], **(result(plan.undone()) if plan else {}))
    for warning in warnings:
        module.warn(printable(warning))
    module.exit_json(rollout=rollout, backup_files=backups, **result(plan), **via.told(plan))


def _options(module: TuningModule, via: Via) -> None:
    """Take the options of the other module in the place of our own, or refuse them."""
    checked = ArgumentSpecValidator(dict(via.options)).validate(module.params["options"])
    if checked.error_messages:
        raise TuningError(f"options: {'; '.join(checked.error_messages)}")
    module.params = checked.validated_parameters


@contextmanager
def _noted(plan: Plan, files: Files, rollout: str) -> Iterator[None]:
    """Note what a plan is about to change, to the disk; take the note back if the change was taken back."""
    changes = ledger_files.read_all()
    entry, forgotten = ledger.add(changes, ledger_files.note(plan, files, rollout))
    ledger_files.write(entry)
    try:
        yield
    except TuningError as error:
        if error.rolled_back:
            with suppress(OSError, TuningError):  # the error is what counts; the entry names a change that is not there
                ledger_files.take_back(entry, changes)
        raise
    ledger_files.remove(forgotten)


# --- to go back ---


def _restore(module: TuningModule, rollout: str) -> NoReturn:
    """Put the host back to what it was before the first change of a rollout: all of it or nothing."""
    files = Files("/")
    plan: Plan | None = None
    changes: Sequence[Change] = []
    try:
        with alone(module, files):
            changes = ledger_files.read_all()
            if module.params["ignore_unknown"] and rollout not in ledger.names(changes):
                module.exit_json(changed=False, **_told(rollout, changes))
            since = ledger.since(changes, rollout)
            before = ledger.files_before(since)
            now = {real: ledger_files.held(real, files) for real in before}
            plan = _way_back(files, ledger.runtime_before(since), before, now)
            if not module.params["overwrite_changes"]:
                _refuse_loss(rollout, since, now)
            keys = refuse_impossible(plan, files, module.check_mode)
            if not module.check_mode:
                carry_out(plan, files, {real: give(held) for real, held in before.items() if held}, False, keys)
                changes = _marked(module, changes, since)
    except (OSError, TuningError) as error:
        module.fail(error, **(_result(plan.undone()) if plan else {}), **_told(rollout, changes))
    for warning in _warnings(plan, since):
        module.warn(printable(warning))
    module.exit_json(**_result(plan), **_told(rollout, changes))


def _marked(module: TuningModule, changes: Sequence[Change], since: Sequence[Change]) -> Sequence[Change]:
    try:
        return ledger_files.mark_undone(changes, since)
    except TuningError as error:  # the host is as it was; only the next rollout of that name would not begin anew
        module.warn(printable(f"all is put back, but {error}; run this again"))
        return changes


def _way_back(
    files: Files, runtime: Mapping[str, str], before: Mapping[str, Held | None], now: Mapping[str, Held | None]
) -> Plan:
    """Plan to go back to these values and files."""
    loader, tree = files.loader(), files.tree()
    live = read_keys(runtime, named=True, needed=True)
    observed = Observed(loader, tree, "", "", False, None, live, {})
    changes = tuple(
        FileChange(real, real, _data(now[real]), _data(held)) for real, held in before.items() if held != now[real]
    )
    for change in changes:
        tree = tree.with_file(change.path, change.real, change.after)
    writes = tuple(
        Write(key, live[key], value)
        for key, value in runtime.items()
        if key in live and not same(key, live[key], value)
    )
    missing = tuple(key for key in runtime if key not in live)
    rules = rules_for(tree, loader, runtime)
    return Plan(Request(runtime, "", ""), observed, runtime, writes, changes, tree, rules, (), missing, ())


def _data(held: Held | None) -> bytes | None:
    return held and held.data


def _refuse_loss(rollout: str, since: Sequence[Change], now: Mapping[str, Held | None]) -> None:
    others = ledger.touched_by_others(since, {real: _data(held) for real, held in now.items()})
    if others:
        raise TuningError(
            f"changed by somebody else since rollout {rollout!r}, which would be lost: {', '.join(others)}; "
            "save what is needed of it, then set 'overwrite_changes: true'"
        )


def _result(plan: Plan) -> dict[str, Any]:
    told = result(plan)
    for name in ("path", "overridden"):
        del told[name]
    return told


def _told(rollout: str, changes: Sequence[Change]) -> dict[str, Any]:
    undone = {change.rollout: change.undone for change in changes}
    known = [{"rollout": name, "at": at, "undone": undone[name]} for name, at in ledger.names(changes).items()]
    return {"rollout": rollout, "rollouts": known}


def _warnings(plan: Plan, since: Sequence[Change]) -> Iterator[str]:
    ours: dict[str, list[str]] = {}
    for change in since:
        for key, values in change.runtime.items():
            ours.setdefault(key, []).extend(values)
    for write in plan.writes:
        if not any(same(write.key, write.before, value) for value in ours[write.key]):
            value = quoted(write.key, write.before)
            yield f"{write.key}: it was {value} meanwhile, by a reboot or by somebody else; it is put back all the same"
    for key in plan.missing:
        yield f"{key}: this kernel does not have it now, so it cannot be put back; its files are"
