# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of the module tcp_keepalive in the words of its role: variables for options.

This file is private to this collection.
"""

from __future__ import annotations

import re
from typing import Sequence


def name_variables(message: str, prefix: str, options: Sequence[str]) -> str:
    """Return a message of the module that names the variables of a role.

    prefix: what the names of the variables begin with.
    """
    names = "|".join(sorted(options, key=len, reverse=True))
    unmistakable = "|".join(name for name in options if "_" in name)
    phrases = (
        rf"(?<![\w./])()({unmistakable})(?![\w/]|\.\w)",
        rf"(')({names})(?=: )",  # 'state: absent'
        rf"(argument '|value of )({names})(?='| must be)",  # of Ansible itself
        rf"^()({names})(?=: | ')",
        r"(\b(?:a|another|for|choose|leave out) )(path)(?=[ ;,.]|$)",
        r"(\bleave out )(root)$",
        r"^()(runtime)(?= and persistent are both )",
        r"(runtime and )(persistent)(?= are both )",
        r"(\b(?:a|with) )(profile)(?= (?:that|or)\b)",
        r"(\b(?:[Ss]et a|[Ll]ower) )(time)(?=\b)",
        r"(\b[Ll]ower \w+, )(probes)(?= or intvl\b)",
        r"(\b[Ll]ower \w+, \w+ or )(intvl)\b",
    )
    for phrase in phrases:
        message = re.sub(phrase, rf"\g<1>{prefix}\g<2>", message)
    return message
