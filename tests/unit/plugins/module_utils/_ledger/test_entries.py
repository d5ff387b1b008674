# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ledger of a host: how changes become entries, and what a rollout has to restore.

Files are bytes here, or None.
"""

from __future__ import annotations

import json

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._ledger import entries
from ansible_collections.netops.tuning.plugins.module_utils._ledger.entries import (
    FileRecord,
    FileSnapshot,
    LedgerEntry,
    RuntimeRecord,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from hypothesis import given
from hypothesis import strategies as st

KEY, FILE = "net.ipv4.tcp_a", "/etc/sysctl.d/90-a.conf"


def snapshot_of(data):
    if data is None:
        return None
    return FileSnapshot(data, mode=0o644, owner=0, group=0)


def change(rollout, files=None, runtime=None, undone=False):
    """Make an entry, not yet numbered, of files (path -> before, after) and keys (likewise)."""
    records = {}
    for path, (before, after) in (files or {}).items():
        records[path] = FileRecord(snapshot_of(before), after=(entries.digest(after),))
    values = {}
    for key, (before, after) in (runtime or {}).items():
        values[key] = RuntimeRecord(before, after)
    return LedgerEntry(
        number=0,
        rollout=rollout,
        at="2026-01-31T12:00:00Z",
        runtime=values,
        files=records,
        undone=undone,
    )


def ledger_of(*changes):
    """Return the entries of a ledger to which these changes were added one after the other."""
    ledger = []
    for new in changes:
        ledger = with_added(ledger, new)
    return ledger


def with_added(ledger, new):
    added, forgotten = entries.add_entry(ledger, new)
    replaced = {added.number, *forgotten}
    others = [entry for entry in ledger if entry.number not in replaced]
    return sorted([*others, added], key=lambda entry: entry.number)


def test_rollout_keeps_the_state_before_its_first_change():
    ledger = ledger_of(
        change("a", {FILE: (b"1", b"2")}, {KEY: ("1", "2")}),
        change("a", {FILE: (b"2", b"3")}, {KEY: ("2", "3")}),
    )
    assert [entry.number for entry in ledger] == [1]
    assert entries.files_before(ledger) == {FILE: snapshot_of(b"1")}
    assert entries.runtime_before(ledger) == {KEY: "1"}
    assert entries.changed_by_others(ledger, {FILE: b"3"}) == []


@pytest.mark.parametrize("rollouts", ["aa", "ab"])
def test_goes_back_to_the_first_value_under_any_name_of_a_variable(rollouts):
    first, second = rollouts
    ledger = ledger_of(
        change(first, runtime={"net.ipv4.conf.all.forwarding": ("0", "1")}),
        change(second, runtime={"net.ipv4.ip_forward": ("1", "0")}),
    )
    before = {"net.ipv4.conf.all.forwarding": "0", "net.ipv4.ip_forward": "0"}
    assert entries.runtime_before(ledger) == before


def test_later_change_of_a_rollout_adds_new_files_and_keys():
    ledger = ledger_of(
        change("a", {FILE: (None, b"2")}), change("a", {"/etc/b": (b"5", None)}, {KEY: ("1", "2")})
    )
    assert len(ledger) == 1
    assert entries.files_before(ledger) == {FILE: None, "/etc/b": snapshot_of(b"5")}
    assert entries.runtime_before(ledger) == {KEY: "1"}
    assert entries.changed_by_others(ledger, {FILE: b"2", "/etc/b": None}) == []


def test_restoring_a_rollout_undoes_later_ones_too():
    ledger = ledger_of(
        change("a", {FILE: (None, b"2")}, {KEY: ("1", "2")}),
        change("b", {FILE: (b"2", b"3")}, {KEY: ("2", "3")}),
    )
    assert entries.rollout_names(ledger) == dict.fromkeys("ab", "2026-01-31T12:00:00Z")
    since_a = entries.entries_since(ledger, "a")
    since_b = entries.entries_since(ledger, "b")
    assert entries.files_before(since_a) == {FILE: None}
    assert entries.runtime_before(since_a) == {KEY: "1"}
    assert entries.files_before(since_b) == {FILE: snapshot_of(b"2")}
    assert entries.runtime_before(since_b) == {KEY: "2"}
    for to_undo in (since_a, since_b):
        assert entries.changed_by_others(to_undo, {FILE: b"3"}) == []
        assert entries.changed_by_others(to_undo, {FILE: b"4"}) == [FILE]


@pytest.mark.parametrize(
    ("now", "others"),
    [(b"2", []), (b"1", []), (b"3", [FILE]), (None, [FILE])],
    ids=["ours", "never", "edited", "gone"],
)
def test_detects_a_file_changed_by_others(now, others):
    """The state before counts as ours: a killed run may not have come to the file."""
    assert (
        entries.changed_by_others(ledger_of(change("a", {FILE: (b"1", b"2")})), {FILE: now})
        == others
    )


def test_detects_a_file_changed_between_two_changes():
    """Somebody edited it from 2 to 9: the second change did not find what the first left."""
    ledger = ledger_of(change("a", {FILE: (b"1", b"2")}), change("a", {FILE: (b"9", b"3")}))
    assert [entry.number for entry in ledger] == [1, 2]
    assert entries.files_before(ledger) == {FILE: snapshot_of(b"1")}
    assert entries.changed_by_others(ledger, {FILE: b"3"}) == [FILE]


def test_merges_the_change_of_a_killed_run():
    """The killed run had not yet replaced the file; the next run finished the change."""
    ledger = ledger_of(change("a", {FILE: (b"1", b"2")}), change("a", {FILE: (b"1", b"3")}))
    assert [entry.number for entry in ledger] == [1]
    for now, others in ((b"1", []), (b"2", []), (b"3", []), (b"4", [FILE])):
        assert entries.changed_by_others(ledger, {FILE: now}) == others


def test_undone_rollout_begins_anew():
    ledger = undone(ledger_of(change("a", {FILE: (b"1", b"2")})))
    added, forgotten = entries.add_entry(ledger, change("a", {FILE: (b"7", b"8")}))
    assert (added.number, forgotten) == (2, [1])
    assert entries.files_before([added]) == {FILE: snapshot_of(b"7")}


def undone(ledger):
    return [entry._replace(undone=True) for entry in ledger]


def test_restores_a_rollout_that_was_undone_already():
    """Rollouts a and b were undone, so the file is as before a; c came later."""
    rollouts = ledger_of(change("a", {FILE: (b"1", b"2")}), change("b", {FILE: (b"2", b"3")}))
    ledger = undone(rollouts)
    assert entries.changed_by_others(ledger, {FILE: b"1"}) == []
    assert entries.changed_by_others(ledger, {FILE: b"3"}) == [FILE], (
        "somebody brought b's file back"
    )
    added, forgotten = entries.add_entry(ledger, change("c", {FILE: (b"1", b"4")}))
    assert forgotten == []
    ledger = [*ledger, added]
    assert entries.changed_by_others(ledger, {FILE: b"4"}) == []
    since_a = entries.entries_since(ledger, "a")
    assert entries.files_before(since_a) == {FILE: snapshot_of(b"1")}


def test_refuses_an_unknown_rollout():
    with pytest.raises(TuningError, match=r"'b'.*ledger is empty"):
        entries.entries_since([], "b")
    ledger = ledger_of(change("a", {FILE: (b"1", b"2")}), change("b", {FILE: (b"2", b"3")}))
    with pytest.raises(TuningError, match=r"'c'.*'a' \(2026-01-31T12:00:00Z\), 'b' \(2026"):
        entries.entries_since(ledger, "c")


def test_forgets_the_oldest_rollouts():
    changes = []
    for number in range(entries.MAX_ENTRIES + 5):
        changes.append(change(f"r{number}", {f"/etc/{number}": (None, b"x")}))
    ledger = ledger_of(*changes)
    assert len(ledger) == entries.MAX_ENTRIES
    assert next(iter(entries.rollout_names(ledger))) == "r5"


def test_forgets_rollouts_as_a_whole(monkeypatch):
    """A part of a rollout would lead back to a state that never was its start."""
    monkeypatch.setattr(entries, "MAX_ENTRIES", 3)
    ledger = ledger_of(
        change("a", {FILE: (b"1", b"2")}),
        change("b", {FILE: (b"2", b"3")}),
        change("a", {FILE: (b"3", b"4")}),
    )
    added, forgotten = entries.add_entry(ledger, change("c", {FILE: (b"4", b"5")}))
    assert (added.number, forgotten) == (4, [1, 3])


def test_forgets_rollouts_to_make_room_for_large_files():
    big = b"x" * (entries.MAX_BYTES // 2)
    ledger = ledger_of(
        change("a", {FILE: (big, b"1")}),
        change("b", {FILE: (b"1", b"2")}),
        change("c", {FILE: (big, b"3")}),
    )
    assert list(entries.rollout_names(ledger)) == ["b", "c"]


def test_refuses_a_change_larger_than_the_ledger():
    with pytest.raises(TuningError, match="4 MiB"):
        entries.add_entry([], change("a", {FILE: (b"x" * entries.MAX_BYTES, b"")}))


STATES = st.none() | st.binary(max_size=3)


@given(
    st.dictionaries(st.text(min_size=1), st.tuples(st.text(), st.none() | st.text())),
    st.dictionaries(st.text(min_size=1), st.tuples(STATES, STATES)),
    st.text(min_size=1),
    st.booleans(),
)
def test_entry_survives_its_json(runtime, files, rollout, undone):
    entry = change(rollout, files, runtime, undone)._replace(number=7)
    assert entries.from_json(entries.to_json(entry), 7, "x") == entry


def irreversible_change(rollout, **reasons):
    return change(rollout)._replace(irreversible=reasons)


def test_keeps_what_cannot_be_taken_back():
    ledger = ledger_of(
        irreversible_change("a", k=("x",), m=("z",)),
        irreversible_change("a", k=("x", "y")),
        irreversible_change("b", k=("x", "w")),
    )
    assert [entry.irreversible for entry in ledger] == [
        {"k": ("x", "y"), "m": ("z",)},
        {"k": ("x", "w")},
    ]
    assert entries.irreversible_changes(ledger) == {"k": ["x", "y", "w"], "m": ["z"]}
    for entry in ledger:
        assert entries.from_json(entries.to_json(entry), entry.number, "x") == entry


def test_reads_an_entry_of_before_such_reasons_were_kept():
    entry = change("a", runtime={KEY: ("1", "2")})
    document = json.loads(entries.to_json(entry))
    del document["irreversible"]
    assert entries.from_json(json.dumps(document).encode(), 0, "x") == entry


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"rollout": 1}', "\0", '{"runtime": [], "files": {}}']
)
def test_refuses_a_malformed_entry(text):
    with pytest.raises(TuningError, match=r"/x/000001\.json"):
        entries.from_json(text.encode(), 1, "/x/000001.json")


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.binary(max_size=1), st.booleans()), max_size=8)
)
def test_finds_the_start_of_a_rollout_and_every_change_by_others(steps):
    """One file is changed by rollouts, and now and then by somebody else in between."""
    now = b"first"
    ledger = []
    starts = {}
    changed_by_others = {}
    for number, (rollout, after, edited_before) in enumerate(steps):
        if edited_before:
            now = f"edited {number}".encode()
            changed_by_others = dict.fromkeys(changed_by_others, True)
        if after == now:
            continue
        starts.setdefault(rollout, now)
        changed_by_others.setdefault(rollout, False)
        ledger = with_added(ledger, change(rollout, {FILE: (now, after)}))
        now = after
    for rollout, start in starts.items():
        to_undo = entries.entries_since(ledger, rollout)
        assert entries.files_before(to_undo) == {FILE: snapshot_of(start)}
        detected = entries.changed_by_others(to_undo, {FILE: now})
        assert bool(detected) == changed_by_others[rollout]
