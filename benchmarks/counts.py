# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact counts: system calls by strace, bytes of Python sent, lines of code."""

from __future__ import annotations

import ast
import base64
import io
import re
import tokenize
import zipfile
from collections import Counter

from sandbox.play import PROJECT
from sandbox.world import World

from .bench import KEEPALIVE, Options, Row, Table, payload

CALLS = {
    "programs started": "execve execveat",
    "writes": "write writev pwrite64 pwritev pwritev2 sendfile copy_file_range truncate ftruncate",
    "renames, links, unlinks": "rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir",
    "fsyncs": "fsync fdatasync sync syncfs",
    "changes of mode or owner": "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr fsetxattr lsetxattr",
}
ANSIBLES_OWN = re.compile(r"[<\"](/srv/(tmp|home)|/dev/(null|shm)|pipe:|socket:)")
"""Where Ansible unpacks the module that it sends, and how it answers."""


def system_calls(world: World, python: str, stdin: str) -> Counter[str]:
    """Count the calls that change something, but for those on Ansible's own files."""
    kinds = {call: kind for kind, calls in CALLS.items() for call in calls.split()}
    wanted = ",".join(f"?{call}" for call in kinds)
    strace = [
        "strace",
        "-f",
        "-qq",
        "-y",
        "-e",
        "signal=none",
        "-o",
        "/srv/trace",
        "-e",
        f"trace={wanted}",
    ]
    ran = world.run(["sh", "-c", f'exec "$@" <{stdin}', "sh", *strace, python])
    if ran.rc != 0:
        raise SystemExit(ran.stdout + ran.stderr)
    found: Counter[str] = Counter()
    for line in world.read("/srv/trace").splitlines():
        call = re.match(r"\d+ +(\w+)\(", line)
        if call and not ANSIBLES_OWN.search(line):
            found[kinds[call[1]]] += 1
    return found


def sent(module: str, python: str) -> dict[str, bytes]:
    """Unpack what Ansible sends: name of the file -> content."""
    packed = max(re.findall(rb"UEsD[A-Za-z0-9+/=]+", payload(module, python, settings={})), key=len)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(packed))) as files:
        return {name: files.read(name) for name in files.namelist()}


def documentation(source: str) -> set[int]:
    """Give the numbers of the lines of docstrings, and of the documentation in a fragment."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        fragment = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION"
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, (ast.Assign, ast.Expr)) and (fragment or docstring):
            found |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def code_only(source: str) -> str:
    """Leave out documentation, comments and blank lines."""
    left_out = documentation(source)
    nothing = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    )
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {
        n
        for token in tokens
        if token.type not in nothing
        for n in range(token.start[0], token.end[0] + 1)
    }
    return "".join(
        line for n, line in enumerate(source.splitlines(keepends=True), 1) if n in code - left_out
    )


def calls_table(options: Options) -> Table:
    with World() as world:
        world.write(
            "/srv/ours", payload("netops.tuning.sysctl", options.python, settings=dict(KEEPALIVE))
        )
        world.write("/srv/empty", payload("bench.bench.empty", options.python))
        empty = system_calls(world, options.python, "/srv/empty")
        for key in KEEPALIVE:
            world.set_sysctl(key, 1)
        changed = system_calls(world, options.python, "/srv/ours")
        again = system_calls(world, options.python, "/srv/ours")
    rows: list[Row] = [
        (kind, str(empty[kind]), str(again[kind]), verdict(again[kind], int(kind == "programs started")), str(changed[kind]))
        for kind in CALLS
    ]  # fmt: skip
    return Table(
        "System calls beyond Ansible's own, sysctl with 3 keys",
        ("", "empty module", "again", "target", "changed"),
        rows,
    )


def verdict(count: int, target: int) -> str:
    return f"at most {target:,}: {'met' if count <= target else 'MISSED'}"


def size_table(options: Options) -> Table:
    empty = sent("bench.bench.empty", options.python)
    rows: list[Row] = []
    for module in ("sysctl", "sysctl_info", "tcp_keepalive", "tcp_keepalive_info"):
        ours = sent(f"netops.tuning.{module}", options.python)
        sources = [raw.decode() for name, raw in ours.items() if name not in empty]
        everything, code = (
            sum(len(text.encode()) for text in map(shape, sources)) for shape in (str, code_only)
        )
        payloads = (
            payload(name, options.python)
            for name in (f"netops.tuning.{module}", "bench.bench.empty")
        )
        packed = len(next(payloads)) - len(next(payloads))
        rows.append(
            (
                f"bytes of {module}",
                f"{packed:,}",
                verdict(packed, 60 * 1024),
                f"{everything:,}",
                f"{code:,}",
            )
        )
    sources = [
        path.read_text(encoding="utf-8") for path in sorted((PROJECT / "plugins").rglob("*.py"))
    ]
    everything, code = (
        sum(text.count("\n") for text in map(shape, sources)) for shape in (str, code_only)
    )
    rows.append(("lines in plugins/", "", "", f"{everything:,}", f"{code:,}"))
    return Table(
        "Python beyond Ansible's own",
        ("", "sent, packed", "target", "unpacked", "without docstrings, comments, blank lines"),
        rows,
    )


def run(options: Options) -> list[Table]:
    return [calls_table(options), size_table(options)]
