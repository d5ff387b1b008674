# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report: each is replaced as a whole, or not at all."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report import write
from ansible_collections.netops.tuning.plugins.plugin_utils._report.build import Answer
from ansible_collections.netops.tuning.plugins.plugin_utils._report.model import ReportError
from reports import fleets


@pytest.fixture
def report():
    return fleets.report(150)


def files(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_all_formats(tmp_path, report):
    write.write_files(report, write.file_paths(str(tmp_path / "a/b"), "audit", list(write.FORMATS)))
    written = files(tmp_path / "a/b")
    formats = {"audit.html", "audit.json", "audit.csv", "audit.limit"}
    assert set(written) == {*formats, "audit.drift.limit"}
    wrong = [host.name for host in report.hosts if host.state in ("drift", "overridden")]
    assert written["audit.limit"].split() == wrong
    assert all((tmp_path / "a/b" / name).stat().st_mode & 0o777 == 0o644 for name in written)


@pytest.mark.parametrize("hosts", [{}, {"right": Answer(fleets.info_result())}])
def test_a_limit_to_nobody_names_nobody(tmp_path, hosts):
    """To Ansible an empty limit is no limit at all: the next command would change all hosts."""
    write.write_files(fleets.report(hosts), write.file_paths(str(tmp_path), "audit", ["limit"]))
    assert files(tmp_path) == {"audit.limit": "!all\n"}


def test_a_large_group_has_a_file_of_its_own(tmp_path, report):
    folder = tmp_path / "a.d"
    paths = write.file_paths(str(folder), "audit", ["limit"])
    write.write_files(report, paths)
    (group,) = (group for group in report.groups if group.kind == "drift")
    assert files(folder)["audit.drift.limit"].split() == list(group.hosts)


def test_files_of_groups_that_are_no_more_are_removed(tmp_path, report):
    """A command in an old page must not change hosts that nobody listed this time."""
    paths = write.file_paths(str(tmp_path), "audit[1]", ["limit"])
    kept = ["audit[1].limit", "audit[1].mine.limit", "audit1.drift.limit", "audit[1].drift.html"]
    for name in (*kept, "audit[1].drift-2.limit", "audit[1].unreachable.limit"):
        (tmp_path / name).write_text("web1\n")
    write.write_files(report, paths)
    assert set(files(tmp_path)) == {*kept, "audit[1].drift.limit"}


@pytest.mark.usefixtures("umask")
def test_the_umask_is_respected(tmp_path, report):
    write.write_files(report, write.file_paths(str(tmp_path), "audit", ["csv"]))
    assert (tmp_path / "audit.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("when", ["write", "sync", "rename"])
def test_a_failure_leaves_the_previous_files(tmp_path, report, monkeypatch, when):
    paths = write.file_paths(str(tmp_path), "audit", ["html", "json"])
    write.write_files(fleets.report({}), paths)
    before = files(tmp_path)

    def fail(*_args):
        raise OSError(28, "No space left on device")

    if when == "write":
        monkeypatch.setitem(write.FORMATS, "json", write.Format(".json", fail))
    else:
        monkeypatch.setattr(os, {"sync": "fsync", "rename": "replace"}[when], fail)
    with pytest.raises(ReportError, match="No space left on device") as error:
        write.write_files(report, paths)
    assert str(tmp_path / "audit.") in str(error.value)
    assert files(tmp_path) == before


def test_a_file_in_place_of_the_folder(tmp_path, report):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="cannot be written"):
        write.write_files(report, write.file_paths(str(tmp_path / "file"), "audit", ["csv"]))


@pytest.mark.parametrize(
    ("names", "pattern", "expected"),
    [
        (["a-2026-01-02", "a-2026-01-10", "a-2025-12-31"], "a-*.json", "a-2026-01-10"),
        (["a", "a-limited"], "a*.json", "a"),
        (["a", "z-limited"], "*.json", "a"),
        (["a", "a-limited"], "a-limited.json", "a-limited"),
    ],
)
def test_the_report_to_compare_with(tmp_path, names, pattern, expected):
    for name in names:
        answers = {name: fleets.random_answer(1, name)}
        paths = write.file_paths(str(tmp_path), name, ["json"])
        write.write_files(fleets.report(answers), paths)
    earlier = write.read_earlier_report(f"{tmp_path}/{pattern}")
    assert [host.name for host in earlier.hosts] == [expected]


def test_no_report_to_compare_with(tmp_path):
    with pytest.raises(
        ReportError, match=r"audit_compare: there is no report .*/no-\*\.json; name"
    ):
        write.read_earlier_report(f"{tmp_path}/no-*.json")


def test_reports_are_found_in_the_home_of_the_user(tmp_path, monkeypatch):
    """No shell expands ~ behind the equals sign of ``-e audit_compare=~/audit.json``."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "audit.json").write_text("{}", encoding="utf-8")
    assert write.find_reports("~/audit*.json") == [f"{tmp_path}/audit.json"]


def test_reports_that_cannot_be_read(tmp_path):
    with pytest.raises(ReportError, match=r"none\.json: cannot be read: No such file"):
        write.read_report(str(tmp_path / "none.json"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ReportError, match="not UTF-8"):
        write.read_report(str(tmp_path / "binary"))
