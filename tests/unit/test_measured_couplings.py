# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of keys that act on each other says what kernels did, in the records in couplings/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import couplings as table
from couplings import comparison, record
from couplings.measure import Experiment, Observation, further_experiments

FOLDER = Path(__file__).with_name("couplings")
RECORDS = sorted(FOLDER.glob("linux-*.yml"))
NOT_MEASURED = FOLDER / "not_measured.yml"
"""Row of the table that no recorded kernel shows -> the reason why it is there all the same."""


CONTRADICTIONS = {
    "couplings": comparison.contradictions,
    "roundings": comparison.rounding_contradictions,
    "limits": comparison.limit_contradictions,
    "ranges": comparison.range_contradictions,
}
"""Table of the engine -> what returns where a record says otherwise."""
NOT_SHOWN = {
    "couplings": comparison.rows_not_shown,
    "roundings": comparison.roundings_not_shown,
    "limits": comparison.limits_not_shown,
    "ranges": comparison.ranges_not_shown,
}
"""Table of the engine -> what returns the rows that no record shows."""


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rules", CONTRADICTIONS)
def test_the_table_explains_all_that_a_kernel_did(rules: str, path: Path) -> None:
    assert CONTRADICTIONS[rules](record.load(path)) == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_the_record_is_as_the_tool_writes_it(path: Path) -> None:
    loaded = record.load(path)
    assert record.path_of(loaded["kernel"]) == path
    assert record.to_text(loaded) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("rules", NOT_SHOWN)
def test_every_row_of_a_table_is_shown_by_a_kernel_or_has_a_reason(rules: str) -> None:
    reasons = yaml.safe_load(NOT_MEASURED.read_text(encoding="utf-8"))[rules]
    not_shown = NOT_SHOWN[rules](record.load(path) for path in RECORDS)
    assert not_shown == sorted(reasons)
    assert all(reasons.values())


def keys_in(measured: dict[str, Any]) -> set[str]:
    keys = {row["key"] for row in [*measured["effects"], *measured["not_back"]]}
    return keys.union(measured["without_effect"], measured["refused"], measured["read_back"])


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_keys_that_are_measured_once_more_replace_their_rows(path: Path) -> None:
    loaded = record.load(path)
    assert record.with_rows_of(loaded, loaded, keys_in(loaded)) == loaded
    empty = {section: type(rows)() for section, rows in loaded.items()}
    empty["devices"] = ["veth7"]
    without = record.with_rows_of(loaded, empty, ["vm.dirty_ratio", "net.core.bpf_jit_limit"])
    assert without["devices"] == sorted([*loaded["devices"], "veth7"])
    removed = keys_in(loaded) - keys_in(without)
    assert removed == keys_in(loaded) & {"vm.dirty_ratio", "net.core.bpf_jit_limit"}


def row(key: str, was: str, wrote: str, **changed: list[str]) -> dict[str, object]:
    """Return a row of effects in which dots stand for double underscores."""
    targets = {name.replace("__", "."): pair for name, pair in changed.items()}
    return {"key": key, "prepared": {}, "was": was, "wrote": wrote, "changed": targets}


def record_of(**sections: object) -> dict[str, object]:
    empty = {"devices": [], "effects": [], "without_effect": [], "lost": [], "refused": {}}
    return {"kernel": "6.0", **empty, **sections}


@pytest.mark.parametrize(
    ("measured", "problem"),
    [
        (
            record_of(effects=[row("vm.swappiness", "60", "1", vm__dirty_ratio=["20", "0"])]),
            "makes vm.dirty_ratio '0', and the table says '20'",
        ),
        (
            record_of(
                effects=[
                    row("vm.dirty_bytes", "0", "268435456", vm__dirty_ratio=["20", "0"]),
                    row("vm.dirty_bytes", "0", "536870912"),
                ]
            ),
            "makes vm.dirty_ratio '20', and the table says '0'",
        ),
        (
            record_of(without_effect=["vm.dirty_ratio"], refused={"vm.dirty_bytes": {}}),
            "vm.dirty_ratio changes nothing, and the table says vm.dirty_bytes",
        ),
        (
            record_of(
                lost=[
                    {"key": "vm.swappiness", "was": "60", "wrote": "1", "lost": ["vm.swappiness"]}
                ]
            ),
            "vm.swappiness: 1 after 60 loses vm.swappiness",
        ),
        (
            record_of(
                effects=[row("net.ipv6.conf.all.forwarding", "0", "1")],
                without_effect=["net.ipv6.conf.default.forwarding"],
            ),
            "net.ipv6.conf.all.forwarding never changes net.ipv6.conf.default.forwarding",
        ),
    ],
)
def test_a_difference_is_found(measured: dict[str, object], problem: str) -> None:
    (text,) = comparison.contradictions(measured)
    assert problem in text


def test_a_key_that_a_kernel_lacks_is_no_difference() -> None:
    assert comparison.contradictions(record_of(without_effect=["net.mptcp.pm_type"])) == []


def test_a_row_that_no_kernel_shows_is_found() -> None:
    effects = [row("vm.dirty_bytes", "0", "268435456", vm__dirty_ratio=["20", "0"])]
    not_shown = comparison.rows_not_shown([record_of(effects=effects)])
    assert "vm.dirty_ratio -> vm.dirty_bytes" in not_shown
    assert "vm.dirty_bytes -> vm.dirty_ratio" not in not_shown
    assert set(table.ALIASES) <= {name.partition(" = ")[0] for name in not_shown}


# --- the measurement ---

SWITCH = "net.ipv6.conf.veth1.disable_ipv6"


def observation(wrote: str, changed: tuple[str, ...], stays: tuple[str, ...]) -> Observation:
    """Return what a write did that made these keys 1, and what the old value left so."""
    pair = ["0", "1"]
    keys = {"changed": dict.fromkeys(changed, pair), "stays": dict.fromkeys(stays, pair)}
    return {"key": SWITCH, "was": "0", "wrote": wrote, **keys}


@pytest.mark.parametrize(
    ("changed", "stays", "is_measured"),
    [
        ((), ("net.ipv6.conf.veth1.mtu",), True),
        ((), (), False),
        ((), (SWITCH, "IPv6 addresses"), False),
        (("vm.dirty_ratio",), ("vm.dirty_ratio",), False),
    ],
)
def test_a_way_back_that_changes_another_key_is_measured(
    changed: tuple[str, ...], stays: tuple[str, ...], is_measured: bool
) -> None:
    observations = [observation("0", (), ()), observation("2", changed, stays)]
    way_back = Experiment(SWITCH, ["0"], {SWITCH: "2"})
    assert (way_back in further_experiments(observations)) is is_measured
