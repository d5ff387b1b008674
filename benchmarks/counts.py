# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact counts: system calls (by strace), bytes of Python that Ansible sends, lines of code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from sandbox.play import PROJECT
from sandbox.world import World

from .archive import files_of
from .bench import EMPTY_MODULE, Options, Row, Table, payload
from .settings import KEEPALIVE

PROGRAMS_STARTED = "programs started"
CALLS = {
    PROGRAMS_STARTED: "execve execveat",
    "writes": (
        "write writev pwrite64 pwritev pwritev2 sendfile copy_file_range truncate ftruncate"
    ),
    "renames, links, unlinks": (
        "rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat"
        " mkdir mkdirat rmdir"
    ),
    "fsyncs": "fsync fdatasync sync syncfs",
    "changes of mode or owner": (
        "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr fsetxattr lsetxattr"
    ),
}
"""Kind -> names of system calls that change something."""
ANSIBLE_FILES = re.compile(r"[<\"](/srv/(tmp|home)|/dev/(null|shm)|pipe:|socket:)")
"""Where Ansible unpacks the module, and how it returns the result."""
MODULES = ("sysctl", "sysctl_info", "tcp_keepalive", "tcp_keepalive_info")
NO_CODE = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)


def verdict(count: int, goal: int) -> str:
    result = "met" if count <= goal else "MISSED"
    return f"at most {goal:,}: {result}"


# --- system calls ---


def system_calls(world: World, python: str, stdin: str) -> Counter[str]:
    """Count the calls that change something, by kind, except on Ansible's own files."""
    kinds: dict[str, str] = {}
    for kind, names in CALLS.items():
        kinds.update(dict.fromkeys(names.split(), kind))
    traced = ",".join(f"?{name}" for name in kinds)
    options = ["-f", "-qq", "-y", "-e", "signal=none", "-o", "/srv/trace", "-e", f"trace={traced}"]
    finished = world.run(["sh", "-c", f'exec "$@" <{stdin}', "sh", "strace", *options, python])
    if finished.rc != 0:
        raise SystemExit(finished.stdout + finished.stderr)
    counts: Counter[str] = Counter()
    for line in world.read("/srv/trace").splitlines():
        call = re.match(r"\d+ +(\w+)\(", line)
        if call and not ANSIBLE_FILES.search(line):
            counts[kinds[call[1]]] += 1
    return counts


def system_calls_table(options: Options) -> Table:
    python = options.python
    with World() as world:
        ours = payload("netops.tuning.sysctl", python, settings=dict(KEEPALIVE))
        world.write("/srv/ours", ours)
        world.write("/srv/empty", payload(EMPTY_MODULE, python))
        empty = system_calls(world, python, "/srv/empty")
        for key in KEEPALIVE:
            world.set_sysctl(key, 1)
        changed = system_calls(world, python, "/srv/ours")
        again = system_calls(world, python, "/srv/ours")
    rows: list[Row] = []
    for kind in CALLS:
        goal = 1 if kind == PROGRAMS_STARTED else 0
        counts = (str(empty[kind]), str(changed[kind]), str(again[kind]))
        rows.append((kind, *counts, verdict(again[kind], goal)))
    title = "System calls in addition to Ansible's own, netops.tuning.sysctl with 3 keys"
    return Table(title, ("", "empty module", "changed", "again", "goal, again"), rows)


# --- sizes ---


class Size(NamedTuple):
    """The size of Python sources, in bytes or lines."""

    all: int
    code: int
    """Without docstrings, comments and blank lines."""


def sent_files(module: str, python: str) -> dict[str, bytes]:
    """Unpack what Ansible sends; return file name -> content."""
    return files_of(payload(module, python, settings={}))


def documentation_lines(source: str) -> set[int]:
    """Return the numbers of the lines of docstrings and of the documentation of fragments."""
    numbers: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        documentation = False
        if isinstance(node, ast.Assign):
            documentation = ast.unparse(node.targets[0]) == "DOCUMENTATION"
        elif isinstance(node, ast.Expr):
            documentation = isinstance(node.value, ast.Constant)
        if documentation and isinstance(node, ast.stmt):
            numbers.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return numbers


def code_only(source: str) -> str:
    """Return the source without documentation, comments and blank lines."""
    numbers: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            numbers.update(range(token.start[0], token.end[0] + 1))
    numbers -= documentation_lines(source)
    lines = source.splitlines(keepends=True)
    return "".join(lines[number - 1] for number in sorted(numbers))


def bytes_of(sources: Iterable[str]) -> Size:
    size = Size(0, 0)
    for source in sources:
        code = code_only(source)
        size = Size(size.all + len(source.encode()), size.code + len(code.encode()))
    return size


def lines_of(sources: Iterable[str]) -> Size:
    size = Size(0, 0)
    for source in sources:
        code = code_only(source)
        size = Size(size.all + source.count("\n"), size.code + code.count("\n"))
    return size


def module_row(module: str, python: str) -> Row:
    name = f"netops.tuning.{module}"
    empty_files = sent_files(EMPTY_MODULE, python)
    sources = []
    for file, content in sent_files(name, python).items():
        if file not in empty_files:
            sources.append(content.decode())
    unpacked = bytes_of(sources)
    packed = len(payload(name, python)) - len(payload(EMPTY_MODULE, python))
    return (
        f"bytes of {module}",
        f"{packed:,}",
        f"{unpacked.all:,}",
        f"{unpacked.code:,}",
    )


def sizes_table(options: Options) -> Table:
    rows = [module_row(module, options.python) for module in MODULES]
    paths = sorted((PROJECT / "plugins").rglob("*.py"))
    lines = lines_of(path.read_text(encoding="utf-8") for path in paths)
    rows.append(("lines in plugins/", "", f"{lines.all:,}", f"{lines.code:,}"))
    code_heading = "without docstrings, comments, blank lines"
    return Table(
        "Python in addition to Ansible's own",
        ("", "sent, packed", "unpacked", code_heading),
        rows,
    )


def run(options: Options) -> list[Table]:
    return [system_calls_table(options), sizes_table(options)]
