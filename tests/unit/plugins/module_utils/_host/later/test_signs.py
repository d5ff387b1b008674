# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signs of the programs are those of the files that their readers read.

programs.py repeats them, so that a run imports no reader that its host does not need. What only a
reader knew would have no effect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.later import (
    cloud_init,
    credential,
    dracut,
    drop_ins,
    ifupdown,
    interfaces,
    modules,
    programs,
    readers,
    scripts,
    services,
    tuned,
    ufw,
    wg_quick,
)

PROGRAMS = {program.name: program for program in programs.PROGRAMS}
INTERFACES = (ifupdown.CONFIGURATION, f"{ifupdown.CONFIGURATION}.d")
"""What ifupdown reads; its own file names the folder on most hosts."""


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def paths_of_scripts() -> Iterator[str]:
    """Yield the scripts and folders that the reader of scripts looks at."""
    yield from scripts.RC_LOCAL
    yield from scripts.HOOKS
    yield scripts.CRON_FOLDER
    yield scripts.UNITS
    for path in scripts.CRON_TABLES:
        is_of_a_user = path.endswith("/root")
        yield folder_of(path) if is_of_a_user else path


def units_of_services() -> Iterator[str]:
    """Yield the links of the units whose keys the reader of services knows."""
    for service in services.SERVICES:
        for unit in services._SAME_AS.get(service.unit, (service.unit,)):
            yield f"{wg_quick._WANTS}/{unit}.service"


SIGNS = {
    "cloud_init": [folder_of(cloud_init.CONFIGURATION[1])],
    "credential": [f"{folder}/{credential.NAME}" for folder in credential.FOLDERS],
    "dracut": [folder_of(dracut._CONFIGURATION[0])],
    "drop_ins": drop_ins.FOLDERS,
    "ifupdown": INTERFACES,
    "modules": [f"/sys/module/{module}/initstate" for module in modules.RACING],
    "scripts": tuple(paths_of_scripts()),
    "services": tuple(units_of_services()),
    "tuned": tuned.PROFILE_NAMES[:1],
    "ufw": ufw.CONFIGURATION[-1:],
}
"""Program -> what its reader looks at, of which one is there wherever the program is set up."""

OTHER_FILES = {"__init__", "programs", "readers", "sections", "shell_text"}
"""Files of the package that are those of no program."""


@pytest.mark.parametrize("name", SIGNS)
def test_the_signs_are_what_the_reader_looks_at(name):
    assert set(PROGRAMS[name].signs) == set(SIGNS[name])


def test_the_signs_of_interfaces_are_what_the_reader_looks_at():
    assert set(PROGRAMS["interfaces"].signs) == {*INTERFACES, *interfaces.FOLDERS}


def test_each_program_has_a_reader_and_a_file():
    assert set(PROGRAMS) == set(readers._READERS)
    files = {path.stem for path in Path(str(programs.__file__)).parent.glob("*.py")}
    assert files - OTHER_FILES == set(PROGRAMS)


def test_a_stanza_that_sets_a_key_has_a_text_that_is_looked_for():
    texts = [text.decode() for text in PROGRAMS["ifupdown"].texts]
    for option in ("iface eth0 inet6", *ifupdown._VLAN_KEYS):
        assert any(text in option for text in texts), option


def test_what_makes_an_interface_has_a_text_that_is_looked_for():
    texts = [text.decode() for text in PROGRAMS["interfaces"].texts]
    assert texts == ["[NetDev]", *interfaces._MAKES_INTERFACE]
