# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of files that hold the date, so that earlier files are kept."""

from __future__ import annotations

import datetime as dt
import re

from .model import ReportError

CODES = ("%Y", "%m", "%d", "%H", "%M", "%S")
"""The codes of strftime(3) that a name may hold: those whose text is safe in a name anywhere."""


def expand(name: str, moment: dt.datetime) -> str:
    """Return a name with the codes in it replaced by the date and time."""

    def replacement(match: re.Match[str]) -> str:
        code = match.group()
        if code == "%%":
            return "%"
        if code not in CODES:
            raise ReportError(
                f"the name of the report, {name!r}, holds {code!r}; "
                f"give one of {', '.join(CODES)}, or %% for a percent sign"
            )
        return moment.strftime(code)

    return re.sub("%.?", replacement, name, flags=re.DOTALL)
