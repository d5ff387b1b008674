# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the ledger of a host says: how changes become entries, and what the way back is. Files are bytes or None here."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._ledger import entries
from ansible_collections.netops.tuning.plugins.module_utils._ledger.entries import (
    FileRecord,
    FileSnapshot,
    LedgerEntry,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from hypothesis import given
from hypothesis import strategies as st

KEY, FILE = "net.ipv4.tcp_a", "/etc/sysctl.d/90-a.conf"


def held(data):
    return None if data is None else FileSnapshot(data, 0o644, 0, 0)


def change(rollout, files=None, runtime=None, undone=False):
    """Note a change of files (path -> before, after) and of keys (key -> before, after)."""
    noted = {
        path: FileRecord(held(before), (entries.digest(after),))
        for path, (before, after) in (files or {}).items()
    }
    return LedgerEntry(0, rollout, "2026-01-31T12:00:00Z", runtime or {}, noted, undone)


def of(*changes):
    """Return the ledger in which these were noted, one after the other."""
    kept = []
    for new in changes:
        kept = with_more(kept, new)
    return kept


def with_more(kept, new):
    entry, forgotten = entries.add_entry(kept, new)
    rest = [old for old in kept if old.number not in {entry.number, *forgotten}]
    return sorted([*rest, entry], key=lambda each: each.number)


def test_rollout_keeps_the_state_before_its_first_change():
    kept = of(
        change("a", {FILE: (b"1", b"2")}, {KEY: ("1", "2")}),
        change("a", {FILE: (b"2", b"3")}, {KEY: ("2", "3")}),
    )
    assert [entry.number for entry in kept] == [1]
    assert entries.files_before(kept) == {FILE: held(b"1")}
    assert entries.runtime_before(kept) == {KEY: "1"}
    assert entries.changed_by_others(kept, {FILE: b"3"}) == []


def test_later_change_of_a_rollout_adds_new_files_and_keys():
    kept = of(
        change("a", {FILE: (None, b"2")}), change("a", {"/etc/b": (b"5", None)}, {KEY: ("1", "2")})
    )
    assert len(kept) == 1
    assert entries.files_before(kept) == {FILE: None, "/etc/b": held(b"5")}
    assert entries.runtime_before(kept) == {KEY: "1"}
    assert entries.changed_by_others(kept, {FILE: b"2", "/etc/b": None}) == []


def test_restoring_a_rollout_undoes_later_ones_too():
    kept = of(
        change("a", {FILE: (None, b"2")}, {KEY: ("1", "2")}),
        change("b", {FILE: (b"2", b"3")}, {KEY: ("2", "3")}),
    )
    assert entries.rollout_names(kept) == dict.fromkeys("ab", "2026-01-31T12:00:00Z")
    to_a, to_b = entries.entries_since(kept, "a"), entries.entries_since(kept, "b")
    assert (entries.files_before(to_a), entries.runtime_before(to_a)) == ({FILE: None}, {KEY: "1"})
    assert (entries.files_before(to_b), entries.runtime_before(to_b)) == (
        {FILE: held(b"2")},
        {KEY: "2"},
    )
    for way in (to_a, to_b):
        assert entries.changed_by_others(way, {FILE: b"3"}) == []
        assert entries.changed_by_others(way, {FILE: b"4"}) == [FILE]


@pytest.mark.parametrize(
    ("now", "others"),
    [(b"2", []), (b"1", []), (b"3", [FILE]), (None, [FILE])],
    ids=["ours", "never", "edited", "gone"],
)
def test_detects_a_file_changed_by_others(now, others):
    """What was there before counts as ours: a run that was killed may not have come to the file."""
    assert entries.changed_by_others(of(change("a", {FILE: (b"1", b"2")})), {FILE: now}) == others


def test_detects_a_file_changed_between_two_changes():
    """It was edited from 2 to 9 by hand, and what was there before the second change shows that."""
    kept = of(change("a", {FILE: (b"1", b"2")}), change("a", {FILE: (b"9", b"3")}))
    assert [entry.number for entry in kept] == [1, 2]
    assert entries.files_before(kept) == {FILE: held(b"1")}
    assert entries.changed_by_others(kept, {FILE: b"3"}) == [FILE]


def test_merges_the_change_of_a_killed_run():
    """Its file was not yet replaced as the next run found it; that run finished what this one began."""
    kept = of(change("a", {FILE: (b"1", b"2")}), change("a", {FILE: (b"1", b"3")}))
    assert [entry.number for entry in kept] == [1]
    for now, others in ((b"1", []), (b"2", []), (b"3", []), (b"4", [FILE])):
        assert entries.changed_by_others(kept, {FILE: now}) == others


def test_undone_rollout_begins_anew():
    undone = [entry._replace(undone=True) for entry in of(change("a", {FILE: (b"1", b"2")}))]
    entry, forgotten = entries.add_entry(undone, change("a", {FILE: (b"7", b"8")}))
    assert (entry.number, forgotten) == (2, [1])
    assert entries.files_before([entry]) == {FILE: held(b"7")}


def test_restores_a_rollout_that_was_undone_already():
    """Back to the start of a, over b: done once, so what is there is what was there before a; c came later."""
    kept = [
        e._replace(undone=True)
        for e in of(change("a", {FILE: (b"1", b"2")}), change("b", {FILE: (b"2", b"3")}))
    ]
    assert entries.changed_by_others(kept, {FILE: b"1"}) == []
    assert entries.changed_by_others(kept, {FILE: b"3"}) == [FILE], "somebody brought b's file back"
    entry, forgotten = entries.add_entry(kept, change("c", {FILE: (b"1", b"4")}))
    assert forgotten == []
    assert entries.changed_by_others([*kept, entry], {FILE: b"4"}) == []
    assert entries.files_before(entries.entries_since([*kept, entry], "a")) == {FILE: held(b"1")}


def test_refuses_an_unknown_rollout():
    with pytest.raises(TuningError, match=r"'b'.*ledger is empty"):
        entries.entries_since([], "b")
    with pytest.raises(TuningError, match=r"'c'.*'a' \(2026-01-31T12:00:00Z\), 'b' \(2026"):
        entries.entries_since(
            of(change("a", {FILE: (b"1", b"2")}), change("b", {FILE: (b"2", b"3")})), "c"
        )


def test_forgets_the_oldest_rollouts():
    kept = of(
        *(
            change(f"r{number}", {f"/etc/{number}": (None, b"x")})
            for number in range(entries.MAX_ENTRIES + 5)
        )
    )
    assert len(kept) == entries.MAX_ENTRIES
    assert next(iter(entries.rollout_names(kept))) == "r5"


def test_forgets_rollouts_as_a_whole(monkeypatch):
    """Half of a rollout would lead back to a state that never was its start."""
    monkeypatch.setattr(entries, "MAX_ENTRIES", 3)
    first = of(
        change("a", {FILE: (b"1", b"2")}),
        change("b", {FILE: (b"2", b"3")}),
        change("a", {FILE: (b"3", b"4")}),
    )
    entry, forgotten = entries.add_entry(first, change("c", {FILE: (b"4", b"5")}))
    assert (entry.number, forgotten) == (4, [1, 3])


def test_forgets_rollouts_to_make_room_for_large_files():
    big = b"x" * (entries.MAX_BYTES // 2)
    kept = of(
        change("a", {FILE: (big, b"1")}),
        change("b", {FILE: (b"1", b"2")}),
        change("c", {FILE: (big, b"3")}),
    )
    assert list(entries.rollout_names(kept)) == ["b", "c"]


def test_refuses_a_change_larger_than_the_ledger():
    with pytest.raises(TuningError, match="4 MiB"):
        entries.add_entry([], change("a", {FILE: (b"x" * entries.MAX_BYTES, b"")}))


STATES = st.none() | st.binary(max_size=3)


@given(
    st.dictionaries(st.text(min_size=1), st.tuples(st.text(), st.text())),
    st.dictionaries(st.text(min_size=1), st.tuples(STATES, STATES)),
    st.text(min_size=1),
    st.booleans(),
)
def test_entry_survives_its_json(runtime, files, rollout, undone):
    noted = change(rollout, files, runtime, undone)._replace(number=7)
    assert entries.from_json(entries.to_json(noted), 7, "x") == noted


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
    """One file, changed by rollouts, and now and then by somebody else in between: that, and only that, is noticed."""
    now, kept, starts, tampered = b"first", [], {}, {}
    for number, (rollout, after, by_others) in enumerate(steps):
        if by_others:
            now = f"edited {number}".encode()
            tampered = dict.fromkeys(tampered, True)
        if after == now:
            continue
        starts.setdefault(rollout, now)
        tampered.setdefault(rollout, False)
        kept = with_more(kept, change(rollout, {FILE: (now, after)}))
        now = after
    for rollout, start in starts.items():
        way = entries.entries_since(kept, rollout)
        assert entries.files_before(way) == {FILE: held(start)}
        assert bool(entries.changed_by_others(way, {FILE: now})) == tampered[rollout]
