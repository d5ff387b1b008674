# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The signs of the programs in later.py are those of the files that their readers read.

later.py repeats them, so that a run imports no reader that its host does not need. What only a
reader knew would have no effect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import (
    later,
    later_cloud_init,
    later_credential,
    later_dracut,
    later_drop_ins,
    later_ifupdown,
    later_interfaces,
    later_modules,
    later_readers,
    later_scripts,
    later_services,
    later_tuned,
    later_ufw,
    later_wg_quick,
)

PROGRAMS = {program.name: program for program in later.PROGRAMS}
INTERFACES = (later_ifupdown.CONFIGURATION, f"{later_ifupdown.CONFIGURATION}.d")
"""What ifupdown reads; its own file names the folder on most hosts."""


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def paths_of_scripts() -> Iterator[str]:
    """Yield the scripts and folders that the reader of scripts looks at."""
    yield from later_scripts.RC_LOCAL
    yield from later_scripts.HOOKS
    yield later_scripts.CRON_FOLDER
    yield later_scripts.UNITS
    for path in later_scripts.CRON_TABLES:
        is_of_a_user = path.endswith("/root")
        yield folder_of(path) if is_of_a_user else path


def units_of_services() -> Iterator[str]:
    """Yield the links of the units whose keys the reader of services knows."""
    for service in later_services.SERVICES:
        for unit in later_services._SAME_AS.get(service.unit, (service.unit,)):
            yield f"{later_wg_quick._WANTS}/{unit}.service"


SIGNS = {
    "cloud_init": [folder_of(later_cloud_init.CONFIGURATION[1])],
    "credential": [f"{folder}/{later_credential.NAME}" for folder in later_credential.FOLDERS],
    "dracut": [folder_of(later_dracut._CONFIGURATION[0])],
    "drop_ins": later_drop_ins.FOLDERS,
    "ifupdown": INTERFACES,
    "modules": [f"/sys/module/{module}/initstate" for module in later_modules.RACING],
    "scripts": tuple(paths_of_scripts()),
    "services": tuple(units_of_services()),
    "tuned": later_tuned.PROFILE_NAMES[:1],
    "ufw": later_ufw.CONFIGURATION[-1:],
}
"""Program -> what its reader looks at, of which one is there wherever the program is set up."""


@pytest.mark.parametrize("name", SIGNS)
def test_the_signs_are_what_the_reader_looks_at(name):
    assert set(PROGRAMS[name].signs) == set(SIGNS[name])


def test_the_signs_of_interfaces_are_what_the_reader_looks_at():
    assert set(PROGRAMS["interfaces"].signs) == {*INTERFACES, *later_interfaces.FOLDERS}


def test_each_program_has_a_reader_and_a_file():
    assert set(PROGRAMS) == set(later_readers._READERS)
    files = {path.stem for path in Path(str(later.__file__)).parent.glob("later_*.py")}
    assert files == {f"later_{name}" for name in [*PROGRAMS, "readers"]}


def test_a_stanza_that_sets_a_key_has_a_text_that_is_looked_for():
    texts = [text.decode() for text in PROGRAMS["ifupdown"].texts]
    for option in ("iface eth0 inet6", *later_ifupdown._VLAN_KEYS):
        assert any(text in option for text in texts), option


def test_what_makes_an_interface_has_a_text_that_is_looked_for():
    texts = [text.decode() for text in PROGRAMS["interfaces"].texts]
    assert texts == ["[NetDev]", *later_interfaces._MAKES_INTERFACE]
