# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of other programs with lines repeated, moved, cut or mixed up: none of them is a crash."""

from __future__ import annotations

import random

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    detect_loader,
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.boot_doubts import (
    doubts_of_boot,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from hosts_in_memory import load_cases

from .test_programs import KEY, SYSTEMD, WANTS

CASES = [*load_cases("later.yml"), *load_cases("doubts.yml")]
PIECES = ("=", "[", "]", '"', "'", "#", "\\", "*", "{", "}", "$(", "\t", "\0", "é", "/", "%i", ":")
VARIANTS = 25


def mangle(rng, text):
    """Change a few lines of a text."""
    lines = text.splitlines(keepends=True)
    for _number in range(rng.randint(1, 3)):
        if not lines:
            break
        index = rng.randrange(len(lines))
        line = lines[index]
        cut = rng.randint(0, len(line))
        changes = (
            [line, line],
            [],
            [line[:cut]],
            [line[cut:]],
            [line[:cut], rng.choice(PIECES), line[cut:]],
            [line.replace("=", " ", 1)],
            [line, rng.choice(lines)],
            [line.partition("=")[0] + "=\n"],
        )
        lines[index : index + 1] = rng.choice(changes)
    return "".join(lines)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_mangled_files_are_read(host_root, case):
    files = {**SYSTEMD, **case["files"]}
    for unit in case.get("wants", []):
        files[f"{WANTS}/{unit}.service"] = ""
    texts = [path for path, content in files.items() if isinstance(content, str) and content]
    files = {path: content for path, content in files.items() if content != 0}
    keys = [*case.get("asked", {}), case.get("key", KEY)]
    rng = random.Random(case["name"])
    for number in range(VARIANTS):
        mangled = dict(files)
        for path in rng.sample(texts, min(len(texts), rng.randint(1, 3))):
            mangled[path] = mangle(rng, files[path])
        root = host_root(mangled, name=f"host{number}")
        boot_files = read_boot_files(root.files)
        precedence = precedence_of(boot_files, detect_loader(root.files), keys)
        doubts = doubts_of_boot(precedence, boot_files.doubts, dict.fromkeys(keys))
        for doubt, affected_keys in doubts:
            assert doubt.why, mangled
            assert affected_keys, mangled
