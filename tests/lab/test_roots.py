# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root is built once, completely or not at all, even if a build is killed.

A script takes the place of mmdebstrap.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lab import roots
from lab.waiting import wait_until
from lab_testing.machine import running_processes

FAKE_MMDEBSTRAP = """\
#!/bin/sh
for target; do :; done
echo run >>{directory}/runs
mkdir "$target"
touch "$target/first"
[ ! -e {directory}/hang ] || exec sleep 1000
[ ! -e {directory}/fail ] || {{ echo "no such package"; exit 1; }}
touch "$target/last"
"""
MAKE_ROOT = """\
import sys
from pathlib import Path
from lab import roots
roots.ROOTS = Path(sys.argv[1])
print(roots.make_root("trixie", *sys.argv[2:]))
"""
TIMEOUT = 300


class Builder:
    """Builds roots in other processes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.roots = directory / "roots"
        self._runs = directory / "runs"
        program = directory / "bin/mmdebstrap"
        program.parent.mkdir()
        program.write_text(FAKE_MMDEBSTRAP.format(directory=directory), encoding="utf-8")
        program.chmod(0o755)

    def start(self, *options: str) -> subprocess.Popen[str]:
        path = f"{self.directory / 'bin'}:{os.environ['PATH']}"
        environment = {**os.environ, "PYTHONPATH": str(roots.PROJECT / "tools"), "PATH": path}
        command = [sys.executable, "-c", MAKE_ROOT, str(self.roots), *options]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def build(self, *options: str) -> Path:
        return Path(output_of(self.start(*options)).splitlines()[-1])

    def finished_roots(self) -> list[Path]:
        return list(self.roots.glob("trixie-*"))

    def has_run(self) -> bool:
        return self._runs.exists()

    def runs(self) -> int:
        return len(self._runs.read_text(encoding="utf-8").splitlines())


def output_of(process: subprocess.Popen[str]) -> str:
    output, _unused = process.communicate(timeout=TIMEOUT)
    return output


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def test_a_root_is_built_once(builder: Builder) -> None:
    first = builder.build()
    assert sorted(os.listdir(first)) == ["first", "last"]
    assert builder.build() == first
    assert builder.runs() == 1


def test_a_root_with_a_kernel_is_another_root(builder: Builder) -> None:
    """Neither is removed as an older version of the other."""
    without_kernel = builder.build()
    with_kernel = builder.build("kernel")
    assert without_kernel != with_kernel
    assert builder.build() == without_kernel
    assert builder.build("kernel") == with_kernel
    assert builder.runs() == 2


def test_two_builds_at_once_return_the_same_root(builder: Builder) -> None:
    processes = builder.start(), builder.start()
    paths = [output_of(process).splitlines()[-1] for process in processes]
    assert paths[0] == paths[1]
    assert builder.runs() == 1


def test_a_killed_build_leaves_no_root_and_no_process(builder: Builder) -> None:
    (builder.directory / "hang").touch()
    process = builder.start()
    wait_until(builder.has_run, lambda: "the build does not begin")
    process.kill()
    process.communicate()

    def has_ended() -> bool:
        commands = running_processes().values()
        return not any(str(builder.roots) in command for command in commands)

    wait_until(has_ended, lambda: "the build goes on")
    assert not builder.finished_roots()
    (builder.directory / "hang").unlink()
    assert sorted(os.listdir(builder.build())) == ["first", "last"]


def test_a_failed_build_shows_the_error_and_leaves_nothing(builder: Builder) -> None:
    (builder.directory / "fail").touch()
    assert "no such package" in output_of(builder.start())
    names = [path.name for path in builder.roots.iterdir()]
    assert [name for name in names if not name.endswith(".lock")] == []


def test_an_older_root_is_removed_unless_it_is_in_use(builder: Builder) -> None:
    builder.roots.mkdir()
    for name in ("trixie-unused", "trixie-used", "bullseye-other"):
        (builder.roots / name).mkdir()
    fd = roots.mark_in_use(builder.roots / "trixie-used")
    newest = builder.build()
    os.close(fd)
    names = sorted(path.name for path in builder.finished_roots())
    assert names == sorted([newest.name, "trixie-used"])
    assert (builder.roots / "bullseye-other").exists()


@pytest.mark.parametrize("name", ["bookworm", "12", "debian12"])
def test_a_release_has_several_names(name: str) -> None:
    assert roots.release_of(name) == "bookworm"
    with pytest.raises(ValueError, match="trixie"):
        roots.release_of("sid")
