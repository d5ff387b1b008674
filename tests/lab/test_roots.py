# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots are made whole or not at all, and once, whoever asks and whatever is killed; mmdebstrap is feigned here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab import roots
from lab_testing.machine import until

FEIGNED = """\
#!/bin/sh
for target; do :; done
echo run >>{here}/runs
mkdir "$target"
touch "$target/first"
[ ! -e {here}/hang ] || exec sleep 1000
[ ! -e {here}/fail ] || {{ echo "no such package"; exit 1; }}
touch "$target/last"
"""
MAKE = """\
import sys; from pathlib import Path; from lab import roots
roots.ROOTS = Path(sys.argv[1]); print(roots.root("trixie", kernel="kernel" in sys.argv))
"""


class Maker:
    def __init__(self, here: Path) -> None:
        self.here = here
        program = here / "bin/mmdebstrap"
        program.parent.mkdir()
        program.write_text(FEIGNED.format(here=here), encoding="utf-8")
        program.chmod(0o755)

    def start(self, *more: str) -> subprocess.Popen[str]:
        path = f"{self.here / 'bin'}:{os.environ['PATH']}"
        environment = {**os.environ, "PYTHONPATH": str(roots.PROJECT / "tools"), "PATH": path}
        command = [sys.executable, "-c", MAKE, str(self.here / "roots"), *more]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def make(self, *more: str) -> Path:
        told, _unused = self.start(*more).communicate(timeout=30)
        return Path(told.splitlines()[-1])

    def made(self) -> list[Path]:
        return list((self.here / "roots").glob("trixie-*"))

    def runs(self) -> int:
        return len((self.here / "runs").read_text(encoding="utf-8").splitlines())


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


def running(text: str) -> bool:
    commands = [Path("/proc", pid, "cmdline") for pid in filter(str.isdigit, os.listdir("/proc"))]
    return any(text.encode() in path.read_bytes() for path in commands if path.exists())


def test_a_root_is_made_once(maker: Maker) -> None:
    first = maker.make()
    assert sorted(os.listdir(first)) == ["first", "last"]
    assert maker.make() == first
    assert maker.runs() == 1


def test_a_root_with_a_kernel_is_another_one(maker: Maker) -> None:
    """Neither takes the other for an older state of itself."""
    without, with_kernel = maker.make(), maker.make("kernel")
    assert maker.make() == without != with_kernel == maker.make("kernel")
    assert maker.runs() == 2


def test_two_who_ask_at_once_get_the_same(maker: Maker) -> None:
    one, other = maker.start(), maker.start()
    told = [process.communicate(timeout=30)[0].splitlines()[-1] for process in (one, other)]
    assert told[0] == told[1]
    assert maker.runs() == 1


def test_a_killed_build_leaves_nothing_that_is_taken_for_a_root(maker: Maker) -> None:
    (maker.here / "hang").touch()
    process = maker.start()
    until((maker.here / "runs").exists)
    process.kill()
    process.communicate()
    until(lambda: not running(str(maker.here / "roots")))
    assert not maker.made()
    (maker.here / "hang").unlink()
    assert sorted(os.listdir(maker.make())) == ["first", "last"]


def test_a_build_that_fails_says_why_and_leaves_nothing(maker: Maker) -> None:
    (maker.here / "fail").touch()
    told, _unused = maker.start().communicate(timeout=30)
    assert "no such package" in told
    assert [
        path.name for path in (maker.here / "roots").iterdir() if not path.name.endswith(".lock")
    ] == []


def test_an_older_root_goes_unless_it_is_in_use(maker: Maker) -> None:
    (maker.here / "roots").mkdir()
    for name in ("trixie-unused", "trixie-used", "bullseye-other"):
        (maker.here / "roots" / name).mkdir()
    fd = roots.in_use(maker.here / "roots" / "trixie-used")
    newest = maker.make()
    os.close(fd)
    assert sorted(path.name for path in maker.made()) == sorted([newest.name, "trixie-used"])
    assert (maker.here / "roots" / "bullseye-other").exists()


@pytest.mark.parametrize("name", ["bookworm", "12", "debian12"])
def test_a_release_has_several_names(name: str) -> None:
    assert roots.release_of(name) == "bookworm"
    with pytest.raises(ValueError, match="trixie"):
        roots.release_of("sid")
