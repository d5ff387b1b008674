# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report. Each is replaced atomically: a reader sees the old or the new one."""

from __future__ import annotations

import glob
import os
import re
import tempfile
from pathlib import Path
from typing import Callable, Container, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.netops.tuning.plugins.plugin_utils._exact_patterns import exact_patterns

from .compare import EarlierReport
from .data import report_from_json, to_csv, to_json
from .groups import KINDS
from .html import to_html
from .model import Report, ReportError
from .todo import group_limit_path

LIMITED = "-limited"
"""The end of the default name of a report that `--limit` restricts to a part of the fleet."""
NOBODY = "!all"
"""A host pattern that matches no host. An empty file would be no limit at all to Ansible."""


def _to_limit(report: Report) -> str:
    """Return a pattern of each host on which the role would change something."""
    return _limit_lines([host.name for host in report.hosts if host.role_would_change_it])


def _limit_lines(names: Sequence[str]) -> str:
    return "".join(f"{pattern}\n" for pattern in exact_patterns(names) or [NOBODY])


class Format(NamedTuple):
    """A format of the report."""

    extension: str
    render: Callable[[Report], str]


FORMATS = {
    "html": Format(".html", to_html),
    "json": Format(".json", to_json),
    "csv": Format(".csv", to_csv),
    "limit": Format(".limit", _to_limit),
}


def file_paths(folder: str, name: str, formats: Iterable[str]) -> dict[str, str]:
    """Return the absolute path of the file of each format."""
    paths = {}
    for kind in formats:
        path = Path(folder, name + FORMATS[kind].extension)
        paths[kind] = os.path.abspath(path)
    return paths


def write_files(report: Report, paths: Mapping[str, str]) -> None:
    """Write all files, then put them in place: a failure while writing leaves the previous ones."""
    temporary_paths: dict[str, str] = {}
    path = ""
    try:
        for path, text in _contents(report, paths):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            temporary_paths[path] = _write_temporary(path, text)
        written = set(temporary_paths)
        for path in list(temporary_paths):
            os.replace(temporary_paths[path], path)
            del temporary_paths[path]
        if "limit" in paths:
            _remove_limits_of_earlier_groups(paths["limit"], written)
    except OSError as error:
        raise ReportError(
            f"{path}: the report cannot be written: {error.strerror}; choose another folder"
        ) from None
    finally:
        for temporary_path in temporary_paths.values():
            os.unlink(temporary_path)


def _contents(report: Report, paths: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each file."""
    for kind, path in paths.items():
        yield path, FORMATS[kind].render(report)
    if "limit" in paths:
        for group in report.groups:
            if group.limit_name:
                path = group_limit_path(paths["limit"], group.limit_name)
                yield path, _limit_lines(group.hosts)


def _remove_limits_of_earlier_groups(limit_path: str, written: Container[str]) -> None:
    """Remove the files of groups that an earlier report of this name had, and this one has not."""
    stem, extension = os.path.splitext(limit_path)
    kinds = "|".join(KINDS)
    name = re.compile(re.escape(stem) + rf"\.({kinds})(-\d+)?" + re.escape(extension))
    for path in glob.glob(f"{glob.escape(stem)}.*{extension}"):
        if name.fullmatch(path) and path not in written:
            os.unlink(path)


def _write_temporary(path: str, text: str) -> str:
    """Write a text to a temporary file next to `path`, synced to the disk; return its path."""
    target = Path(path)
    descriptor, temporary_path = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fchmod(file.fileno(), 0o644 & ~_umask())
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(temporary_path)
        raise
    return temporary_path


def _umask() -> int:
    """Return the umask, which can only be read by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def read_earlier_report(pattern: str) -> EarlierReport:
    """Return the report to compare with: of several, the last by name, which may hold the date.

    A report of a part of the fleet only counts if there is no other: all other hosts would be new.
    """
    paths = find_reports(pattern)
    if not paths:
        raise ReportError(
            f"audit_compare: there is no report {pattern}; "
            "name a JSON report that the audit wrote, or leave audit_compare out the first time"
        )
    of_all_hosts = [path for path in paths if not path.endswith(f"{LIMITED}.json")]
    return read_report((of_all_hosts or paths)[-1])


def find_reports(pattern: str) -> list[str]:
    """Return the files that a pattern matches; ~ is the home of the user, as in other options."""
    return sorted(glob.glob(os.path.expanduser(pattern)))


def read_report(path: str) -> EarlierReport:
    """Return the hosts of a JSON report on disk, and when it was made."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(
            f"{path}: cannot be read: {error.strerror}; name a JSON report that the audit wrote"
        ) from None
    except UnicodeDecodeError:
        raise ReportError(
            f"{path}: not UTF-8; give a JSON report that netops.tuning.audit wrote"
        ) from None
    return report_from_json(text, path)
