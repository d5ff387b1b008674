# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values that the role self_apply refuses. On real hosts: extensions/molecule/self_apply."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.netops.tuning.plugins.modules import self_apply_validate
from ansible_collections.netops.tuning.plugins.plugin_utils import _self_apply

MISSING = "self_apply_source must be given"
BLANKS = "cannot hold blanks, quotes, backslashes or braces"
PASSWORD = "self_apply_source holds a password or a token"  # noqa: S105 - it is a message
CHECKSUM = "self_apply_checksum is for a tarball, and self_apply_source_type is git. Leave it out."
VERSION = "self_apply_version is for a git repository, and self_apply_source_type is tarball."


def make_options(**given: Any) -> dict[str, Any]:
    """Return the options as the action plugin gets them: an option that is not given is None."""
    options = {
        "source": "https://git.example.com/tuning.git",
        "source_type": "git",
        "version": None,
        "checksum": None,
        "playbook": "local.yml",
        "inventory": "localhost,",
    }
    options.update(given)
    return options


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"source": "/srv/tuning"},
        {"source": "file:///srv/a%20b"},
        {"source": "git@git.example.com:tuning.git"},
        {"source": "ssh://git@git.example.com/tuning.git"},
        {"source": "ssh://git@git.example.com:2222/tuning.git"},
        {"source": "https://git.example.com/a@b/c:d@e"},
        {"version": "release/1.2"},
        {"source_type": "tarball"},
        {"source_type": "tarball", "checksum": "sha256:https://files.example.com/SHA256SUMS"},
    ],
)
def test_accepts(given: dict[str, Any]) -> None:
    assert _self_apply.find_errors(make_options(**given)) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source": None}, MISSING),
        ({"source": ""}, MISSING),
        ({"source": "file:///a b"}, f'self_apply_source is "file:///a b". It {BLANKS}'),
        ({"source": "/srv/a\tb"}, f'self_apply_source is "/srv/a\\tb". It {BLANKS}'),
        ({"version": "it's"}, f'self_apply_version is "it\'s". It {BLANKS}'),
        ({"playbook": "{{local}}.yml"}, f'self_apply_playbook is "{{{{local}}}}.yml". It {BLANKS}'),
        ({"playbook": "a\\b.yml"}, f'self_apply_playbook is "a\\\\b.yml". It {BLANKS}'),
        ({"inventory": 'a"b'}, f'self_apply_inventory is "a\\"b". It {BLANKS}'),
        ({"source": "https://a-token@git.example.com/a"}, PASSWORD),
        ({"source": "http://me:secret@git.example.com/a"}, PASSWORD),
        ({"source": "ssh://me:secret@git.example.com/a"}, PASSWORD),
        ({"source": "ftp://:secret@files.example.com/a.tar.gz"}, PASSWORD),
        ({"checksum": "sha256:0"}, CHECKSUM),
        ({"checksum": ""}, CHECKSUM),
        ({"source_type": "tarball", "version": "main"}, VERSION),
    ],
)
def test_refuses(given: dict[str, Any], message: str) -> None:
    errors = _self_apply.find_errors(make_options(**given))
    assert len(errors) == 1
    assert message in errors[0]
    assert "\n" not in errors[0]


def test_reports_every_error() -> None:
    given = make_options(source="", playbook="a b.yml", inventory="c d", checksum="sha256:0")
    errors = _self_apply.find_errors(given)
    expected = [MISSING, "self_apply_playbook is", "self_apply_inventory is", CHECKSUM]
    assert len(errors) == len(expected)
    for error, start in zip(errors, expected):
        assert error.startswith(start)


@pytest.mark.parametrize(
    "source",
    [
        "https://me:secret@git.example.com/a b",
        "https://secret@git.example.com/a b",
        "https://me:secret and more@git.example.com/a",
        "https://me:p@secret@git.example.com/a b",
        "ssh://me:secret@git.example.com/{a}",
    ],
)
def test_prints_no_password(source: str) -> None:
    errors = _self_apply.find_errors(make_options(source=source))
    assert "://***@git.example.com/" in errors[0]
    assert "secret" not in " ".join(errors)


def test_documentation_describes_the_options() -> None:
    documented = yaml.safe_load(self_apply_validate.DOCUMENTATION)["options"]
    for option in documented.values():
        del option["description"]
    assert documented == _self_apply.OPTIONS
