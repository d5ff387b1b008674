# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of the collection, which the changelog and the documentation agree with.

Between releases it is a version before the next one, such as 0.2.0-dev.0: what is installed from
this repository must not pass for a release, and a release must replace it.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from ansible_collections.netops.tuning.plugins.plugin_utils._version import VERSION

PROJECT = Path(__file__).parents[4]
DOCUMENTED_FOLDERS = ("plugins", "roles")


def read_yaml(path):
    return yaml.safe_load((PROJECT / path).read_text(encoding="utf-8"))


def numbers(version):
    """Return the three numbers of a version, without what marks it as one before a release."""
    return tuple(map(int, version.partition("-")[0].split(".")))


def last_release():
    releases = read_yaml("changelogs/changelog.yaml")["releases"]
    return max(releases, key=numbers)


def documented_versions():
    """Return the versions that options and plugins say they came with."""
    versions = set()
    for folder in DOCUMENTED_FOLDERS:
        for pattern in ("*.py", "*.yml"):
            for path in (PROJECT / folder).rglob(pattern):
                text = path.read_text(encoding="utf-8")
                versions.update(re.findall(r"version_added: \"?([\d.]+)", text))
    return versions


def test_the_version_is_that_of_galaxy_yml():
    assert read_yaml("galaxy.yml")["version"] == VERSION


def test_unreleased_changes_make_a_version_after_the_last_release():
    unreleased = list((PROJECT / "changelogs/fragments").glob("*.yml"))
    if unreleased:
        assert "-" in VERSION, "between releases the version says so"
        assert numbers(VERSION) > numbers(last_release())
    else:
        assert last_release() == VERSION


def test_the_documentation_names_releases_up_to_this_version():
    versions = documented_versions()
    assert versions
    assert max(map(numbers, versions)) <= numbers(VERSION)
    assert "0.1.0" in versions
