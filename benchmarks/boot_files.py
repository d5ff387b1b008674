# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of deciding three keys in 1,000 files: all parsed, relative to searched first."""

from __future__ import annotations

import time
from collections.abc import Callable

from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    Precedence,
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files import sysctl_d
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.boot_files import (
    BootFiles,
    boot_lines,
    read_order,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS

from .bench import Options, Table
from .race import HEADING, ratio_row
from .remote import SYSCTL_FILE
from .settings import KEEPALIVE

FILES = 1000
LOADER = LOADERS["systemd"]


def run(options: Options) -> list[Table]:
    boot_files = _boot_files()
    parsed, searched = [], []
    for _pair in range(options.pairs):
        parsed.append(_seconds(lambda: _parse_all(boot_files)))
        searched.append(_seconds(lambda: _search_first(boot_files)))
    row = ratio_row(f"{FILES:,} files, all parsed", parsed, searched)
    title = "CPU time of deciding three keys at boot, relative to parsing only files that name one"
    return [Table(title, HEADING, [row])]


def _boot_files() -> BootFiles:
    listing: dict[str, dict[str, str]] = {"/etc": {}, "/etc/sysctl.d": {}}
    contents = {}
    for number in range(FILES):
        path = f"/etc/sysctl.d/{number:04}.conf"
        listing["/etc/sysctl.d"][f"{number:04}.conf"] = path
        # No two are the same, or they would be parsed once.
        contents[path] = f"# {number}\n{SYSCTL_FILE}".encode()
    return BootFiles(listing=listing, contents=contents, command_line="", problems=())


def _seconds(function: Callable[[], object]) -> float:
    sysctl_d._read_lines.cache_clear()
    before = time.process_time()
    function()
    return time.process_time() - before


def _parse_all(boot_files: BootFiles) -> None:
    files = [file for file in read_order(boot_files, LOADER) if file.masked_by is None]
    precedence = Precedence(boot_lines(boot_files, LOADER, files), LOADER)
    for key in KEEPALIVE:
        precedence.winner(key)


def _search_first(boot_files: BootFiles) -> None:
    precedence = precedence_of(boot_files, LOADER, KEEPALIVE)
    for key in KEEPALIVE:
        precedence.winner(key)
