# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the built collection: its files are those of the checkout and no others, and its version is the changelog's.

usage: check_build.py TARBALL
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

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
    names = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    here = {name for name in names if name and Path(name).is_file()}
    return (
        MADE_BY_GALAXY
        | SHIPPED_FILES
        | {name for name in here if name.startswith(SHIPPED_FOLDERS) and "/" in name}
    )


def main() -> None:
    """Exit with a message for the first kind of difference."""
    version = yaml.safe_load(Path("galaxy.yml").read_text(encoding="utf-8"))["version"]
    releases = yaml.safe_load(Path("changelogs/changelog.yaml").read_text(encoding="utf-8"))[
        "releases"
    ]
    if version not in releases:
        sys.exit(f"galaxy.yml says {version}, which changelogs/changelog.yaml does not know")
    with tarfile.open(sys.argv[1]) as tarball:
        built = {member.name for member in tarball if not member.isdir()}
    if built != expected_files():
        lacking, surplus = sorted(expected_files() - built), sorted(built - expected_files())
        sys.exit(f"{sys.argv[1]}: lacks {lacking}, has {surplus} besides")
    print(f"{sys.argv[1]}: {len(built)} files, all of them meant to be there")


if __name__ == "__main__":
    main()
