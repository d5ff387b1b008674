# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the built collection has the files of the checkout and the changelog's version.

usage: check_build.py TARBALL
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import yaml

SHIPPED_FOLDERS = (
    "changelogs",
    "docs",
    "extensions/prometheus",
    "meta",
    "playbooks",
    "plugins",
    "roles",
)
SHIPPED_FILES = {"CHANGELOG.rst", "CONTRIBUTING.md", "LICENSE", "README.md"}
MADE_BY_GALAXY = {"FILES.json", "MANIFEST.json"}


def expected_files() -> set[str]:
    """Return the files of the checkout that users get."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
    expected = MADE_BY_GALAXY | SHIPPED_FILES
    for name in output.split("\0"):
        if name.startswith(SHIPPED_FOLDERS) and "/" in name and Path(name).is_file():
            expected.add(name)
    return expected


def read_yaml(path: str) -> dict[str, Any]:
    return dict(yaml.safe_load(Path(path).read_text(encoding="utf-8")))


def check_version() -> None:
    """Exit with a message if the version is a release that the changelog does not have.

    Between releases it is one before the next, such as 0.2.0-dev.0.
    """
    version = read_yaml("galaxy.yml")["version"]
    releases = read_yaml("changelogs/changelog.yaml")["releases"]
    if "-" not in version and version not in releases:
        sys.exit(f"galaxy.yml has version {version}, which changelogs/changelog.yaml has not")


def check_files(tarball: str) -> None:
    """Exit with a message if the tarball lacks files, or has too many."""
    with tarfile.open(tarball) as archive:
        built = {member.name for member in archive if not member.isdir()}
    expected = expected_files()
    if built != expected:
        missing = sorted(expected - built)
        unexpected = sorted(built - expected)
        sys.exit(f"{tarball}: missing {missing}, unexpected {unexpected}")
    print(f"{tarball}: {len(built)} files, as expected")


if __name__ == "__main__":
    check_version()
    check_files(sys.argv[1])
