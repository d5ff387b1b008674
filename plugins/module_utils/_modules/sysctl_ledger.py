# SPDX-License-Identifier: GPL-3.0-or-later

"""The module sysctl_ledger: the way back to before a rollout."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, NoReturn, Sequence

from .._host.boot.reading import detect_loader, read_boot_files
from .._host.files import HostFiles
from .._host.runtime.coupled_values import EarlierValues
from .._host.runtime.effects_of_writes import add_effects, describe_refusal_until_reboot
from .._host.runtime.limited_values import order_writes
from .._host.runtime.proc_sys import read_keys
from .._host.transaction import carry_out, check_writable
from .._ledger import entries as ledger
from .._ledger import store
from .._ledger.entries import FileSnapshot, LedgerEntry
from .._ledger.recording import attribute_setter, take_snapshot
from .._sysctl.errors import TuningError
from .._sysctl.files.sysctl_d import format_header
from .._sysctl.kernel.couplings import WHY_NO_VALUE_AGAIN
from .._sysctl.kernel.one_way import stays_until_reboot
from .._sysctl.kernel.values import values_equal
from .._sysctl.plans.plan import FileChange, Observed, Plan
from .._sysctl.plans.restore_plan import make_restore_plan
from .._sysctl.plans.result import build_result
from .._sysctl.secrets import quote_value
from .._sysctl.text import encode, printable
from .arguments import DEFAULT_HEADER, Options
from .base import TuningModule
from .flow import HostChange, change_host
from .rollout_name import validate_rollout_name

OPTIONS: Options = {
    "rollout": {"type": "str"},
    "state": {"type": "str", "choices": ["restored", "listed"]},
    "overwrite_changes": {"type": "bool", "default": False},
    "ignore_unknown": {"type": "bool", "default": False},
}

Snapshots = Mapping[str, "FileSnapshot | None"]


def run() -> NoReturn:
    """Run the module."""
    module = TuningModule(OPTIONS)
    if module.params["state"] == "listed":
        list_rollouts(module)
    change_host(Restoration(module))


def list_rollouts(module: TuningModule) -> NoReturn:
    """Return the rollouts in the ledger."""
    try:
        entries = store.read_entries()
    except TuningError as error:
        module.fail(error)
    module.exit_json(changed=False, rollout=None, rollouts=_describe_rollouts(entries))


def _describe_rollouts(entries: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    undone = {entry.rollout: entry.undone for entry in entries}
    rollouts = []
    for name, time in ledger.rollout_names(entries).items():
        rollouts.append({"rollout": name, "at": time, "undone": undone[name]})
    return rollouts


class Restoration(HostChange):
    """Going back to the state before the first change of a rollout.

    That is all or nothing, except for keys that the kernel does not let go back.
    """

    def __init__(self, module: TuningModule) -> None:
        super().__init__(module)
        self.rollout: str = module.params["rollout"] or ""
        self._entries: Sequence[LedgerEntry] = ()
        self._to_undo: Sequence[LedgerEntry] = ()
        self._files_before: Snapshots = {}
        self._files_now: Snapshots = {}
        self._not_restored: dict[str, str] = {}
        """Key -> why it cannot go back."""

    def open_host(self) -> HostFiles:
        if self.module.params["state"] is None:
            raise TuningError(
                "state is not set; give 'state: restored' to go back to before a rollout, "
                "or 'state: listed' to see the rollouts"
            )
        if self.module.params["rollout"] is None:
            raise TuningError("rollout is not set; name the rollout, or give 'state: listed'")
        self.rollout = validate_rollout_name(self.rollout)
        return HostFiles("/")

    def plan(self, files: HostFiles) -> Plan:
        self._entries = store.read_entries()
        rollouts = ledger.rollout_names(self._entries)
        if self.rollout in rollouts or not self.module.params["ignore_unknown"]:
            self._to_undo = ledger.entries_since(self._entries, self.rollout)
        runtime = ledger.runtime_before(self._to_undo)
        self._leave_first_values(runtime)
        live = read_keys(runtime, named=True, needed=True)
        for key in live:
            reason = describe_refusal_until_reboot(key, live[key], runtime[key])
            if reason:
                self._not_restored[key] = reason
                del runtime[key]
        self._files_before = ledger.files_before(self._to_undo)
        self._files_now = {path: take_snapshot(path, files) for path in self._files_before}
        observed = Observed(
            loader=detect_loader(files),
            boot_files=read_boot_files(files),
            runtime={key: value for key, value in live.items() if key in runtime},
        )
        plan = make_restore_plan(observed, runtime, self._file_changes())
        if plan.writes_limited_keys:
            plan, refused = order_writes(plan)
            self._not_restored.update(refused)
        return add_effects(plan)

    def _leave_first_values(self, runtime: dict[str, str]) -> None:
        """Take the keys that had no value at first out of what goes back."""
        reasons = ledger.irreversible_changes(self._to_undo)
        keys = [key for key in reasons if WHY_NO_VALUE_AGAIN in reasons[key]]
        for key, live in read_keys(keys).items():
            runtime.pop(key, None)
            if live is not None:
                self._not_restored[key] = "it had no value, and the kernel takes none away again"

    def _file_changes(self) -> Iterator[FileChange]:
        """Yield a change for each file that is not as before, in its bytes or attributes."""
        for path, before in self._files_before.items():
            now = self._files_now[path]
            if now != before:
                yield FileChange(
                    path=path,
                    real_path=path,
                    before=_data_of(now),
                    after=_data_of(before),
                )

    def refuse(self, plan: Plan) -> None:
        if self.module.params["overwrite_changes"]:
            return
        data = {path: _data_of(snapshot) for path, snapshot in self._files_now.items()}
        changed = ledger.changed_by_others(self._to_undo, data)
        if changed:
            descriptions = [_describe_changed_file(path, data[path]) for path in changed]
            raise TuningError(
                f"changed since rollout {self.rollout!r}, "
                f"which would be lost: {', '.join(descriptions)}; "
                "save what is needed of it, then set 'overwrite_changes: true' "
                "(of the playbook: -e rollback_overwrite_changes=true)"
            )

    def is_needed(self, plan: Plan) -> bool:
        # A host that is as before, by chance or by hand, still has entries to mark as undone.
        return bool(self._to_undo)

    def check(self, plan: Plan, files: HostFiles) -> None:
        check_writable(plan, files)

    def carry_out(self, plan: Plan, files: HostFiles) -> list[str]:
        attributes = {}
        for path, snapshot in self._files_before.items():
            if snapshot:
                attributes[path] = attribute_setter(snapshot)
        values = EarlierValues(plan)
        backups = carry_out(values, files, attributes, backup=False)
        self._not_restored.update(values.not_restored)
        try:
            self._entries = store.mark_undone(self._entries, self._to_undo)
        except TuningError as error:
            # The host is as it was; only the next rollout of that name would not begin anew.
            self.module.warn(f"all is put back, but {error}; run this again")
        return backups

    def warnings(self, plan: Plan) -> Iterator[str]:
        for key, reason in self._not_restored.items():
            yield f"{key}: it cannot be put back, all the rest is: {reason}"
        for write in plan.writes:
            if write.key in self._not_restored:
                continue
            if not self._is_our_value(write.key, write.before):
                value = quote_value(write.key, write.before)
                yield (
                    f"{write.key}: it was {value} meanwhile, by a reboot or by somebody else; "
                    "it is put back all the same"
                )
        yield from self._warn_of_what_is_lost(plan)
        for key in plan.missing:
            yield (
                f"{key}: this kernel does not have it now, so it cannot be put back; its files are"
            )

    def _warn_of_what_is_lost(self, plan: Plan) -> Iterator[str]:
        """Yield a warning for each change that a key made besides, and that stays.

        Restoring a rollout once more does not name it again.
        """
        to_undo = [entry for entry in self._to_undo if not entry.undone]
        for key, reasons in ledger.irreversible_changes(to_undo).items():
            is_back = key in plan.observed.runtime and key not in self._not_restored
            if is_back and not stays_until_reboot(key):
                for reason in reasons:
                    yield f"{key}: it is put back, but not what setting it has changed: {reason}"

    def _is_our_value(self, key: str, value: str | None) -> bool:
        """Tell whether one of the rollouts found or set this value."""
        for entry in self._to_undo:
            for recorded_value in entry.runtime.get(key, ()):
                if recorded_value is None or values_equal(key, value, recorded_value):
                    return True
        return False

    def result(self, plan: Plan | None, backups: list[str]) -> dict[str, Any]:
        result: dict[str, Any] = {
            "rollout": self.rollout,
            "rollouts": _describe_rollouts(self._entries),
        }
        if plan is not None:
            done = [write for write in plan.writes if write.key not in self._not_restored]
            result.update(build_result(plan._replace(writes=tuple(done))))
            result["not_restored"] = self._refusals()
            del result["path"]
            del result["overridden"]
            del result["undone"]
            del result["doubts"]
        return result

    def _refusals(self) -> list[dict[str, str]]:
        return [
            {"key": printable(key), "reason": printable(reason)}
            for key, reason in self._not_restored.items()
        ]


def _describe_changed_file(path: str, data: bytes | None) -> str:
    """Return a path, and who changed the file as far as its content tells."""
    if data is None:
        return f"{path} (gone)"
    if _is_as_we_write(data):
        return f"{path} (by a task of netops.tuning without a rollout name, as its content tells)"
    return f"{path} (by somebody else)"


def _is_as_we_write(data: bytes) -> bool:
    """Tell whether a file has our header, then settings and no other comment."""
    lines = [line for line in data.splitlines() if line.strip()]
    if not lines or lines[0] != encode(format_header(DEFAULT_HEADER)).strip():
        return False
    return not any(line.lstrip().startswith((b"#", b";")) for line in lines[1:])


def _data_of(snapshot: FileSnapshot | None) -> bytes | None:
    return None if snapshot is None else snapshot.data
