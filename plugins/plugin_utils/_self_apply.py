# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the variables of the role self_apply, as far as its argument spec cannot.

This file is private to this collection.
"""

from __future__ import annotations

import json
import re
from typing import Mapping

OPTIONS = {
    "source": {"type": "str"},
    "source_type": {"type": "str", "choices": ["git", "tarball"], "default": "git"},
    "version": {"type": "str"},
    "checksum": {"type": "str"},
    "playbook": {"type": "str", "required": True},
    "inventory": {"type": "str", "required": True},
}
COMMAND_LINE_OPTIONS = ("source", "version", "playbook", "inventory")
"""ansible-pull puts these into command lines and module arguments of its own, without quotes."""

FORBIDDEN_CHARACTERS = re.compile(r"[\s{}\"'\\]")
USER_OF_HTTP = re.compile(r"^https?://[^/]*@")
"""The user of an HTTP URL may be a token. A user of ssh is none."""

USER_AND_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@")
USER = re.compile(r"(?<=://)[^/]*@")


def find_errors(options: Mapping[str, str | None]) -> list[str]:
    """Return a message for each variable that the role refuses."""
    errors = []
    source = options["source"] or ""
    if not source:
        errors.append(
            "self_apply_source must be given, as the URL or path of a git repository or tarball."
        )
    for name in COMMAND_LINE_OPTIONS:
        value = options[name] or ""
        if FORBIDDEN_CHARACTERS.search(value):
            errors.append(
                f"self_apply_{name} is {json.dumps(hide_password(value))}. It cannot hold blanks,"
                " quotes, backslashes or braces, which ansible-pull does not pass on. In a URL,"
                " write them as %20 and the like."
            )
    if USER_OF_HTTP.search(source) or USER_AND_PASSWORD.search(source):
        errors.append(
            "self_apply_source holds a password or a token, which every user of the host could"
            " read. Take it out, and give it to root on the host in .netrc, with a credential"
            " helper of git, or as an ssh key."
        )
    if options["checksum"] is not None and options["source_type"] != "tarball":
        errors.append(
            "self_apply_checksum is for a tarball, and self_apply_source_type is git. Leave it out."
        )
    if options["version"] is not None and options["source_type"] != "git":
        errors.append(
            "self_apply_version is for a git repository, and self_apply_source_type is tarball."
            " Leave it out."
        )
    return errors


def hide_password(url: str) -> str:
    """Return the URL without its user and password."""
    return USER.sub("***@", url)
