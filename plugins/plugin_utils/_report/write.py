# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports on disk: each whole-old or whole-new, at any instant."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Callable, Mapping

from .data import from_json, to_csv, to_json
from .html import to_html
from .model import Host, Report, ReportError


def _limit(report: Report) -> str:
    return "".join(
        f"{host.name}\n" for host in report.hosts if host.state in ("drift", "overridden")
    )


FORMATS: Mapping[str, tuple[str, Callable[[Report], str]]] = {
    "html": (".html", to_html),
    "json": (".json", to_json),
    "csv": (".csv", to_csv),
    "limit": (".limit", _limit),
}
"""Format -> end of the file's name, and what is in it."""


def paths(folder: str, name: str, formats: list[str]) -> dict[str, str]:
    """Return the files that are to be written."""
    return {kind: os.path.abspath(Path(folder, name + FORMATS[kind][0])) for kind in formats}


def write(report: Report, files: Mapping[str, str]) -> None:
    """Make all of them, then put them in place: a failure on the way leaves the ones of before."""
    made: dict[str, str] = {}
    path = ""
    try:
        for kind, path in files.items():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            made[path] = _beside(path, FORMATS[kind][1](report))
        for path in list(made):
            os.replace(made[path], path)
            del made[path]
    except OSError as error:
        raise ReportError(
            f"{path}: the report cannot be written: {error.strerror}; choose another folder"
        ) from None
    finally:
        for left in made.values():
            os.unlink(left)


def _beside(path: str, text: str) -> str:
    """Write a file under another name in the same folder, all the way to the disk."""
    number, name = tempfile.mkstemp(prefix=f".{Path(path).name}.", dir=Path(path).parent)
    try:
        with open(number, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            os.fchmod(file.fileno(), 0o644 & ~_umask())
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return name


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def read(path: str) -> list[Host]:
    """Return the hosts of a JSON report on disk."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ReportError(
            f"{path}: not UTF-8; give a JSON report that netops.tuning.audit wrote"
        ) from None
    return from_json(text, path)
