# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cost of the module if a host got only what its runs use: how much finer imports could gain.

Each row takes more out of what Ansible sends. No module can be sent so: what a run uses is known
when it has ended.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from sandbox.world import World

from .archive import files_of, with_files
from .bench import EMPTY_MODULE, Options, Row, Table, payload
from .race import RaceOptions, Ratios, Run, race
from .remote import PATH
from .settings import KEEPALIVE, tcp_settings

RECORDER = """\
import sys, trace

tracer = trace.Trace(count=0, trace=0, countfuncs=1)
try:
    tracer.runctx(compile(sys.stdin.read(), "<stdin>", "exec"), globals())
finally:
    tracer.results().write_results()
"""
"""Runs what Ansible sends, and prints a line for each function that was called."""
CALLED = re.compile(r"filename: .*\.zip/(.*), modulename: .*, funcname: (?:.*\.)?(.*)")
OURS = re.compile(r"ansible_collections/netops/tuning/plugins/module_utils/.*/\w+[a-z]\.py")
"""The files of the engine: the module itself and the files of packages are always needed."""
UsedFunctions = Mapping[str, Collection[str]]
"""File -> the names of the functions that are called."""
CASES = {"3 keys": KEEPALIVE, "50 keys": tcp_settings()}
HEADING = (
    "",
    "changed",
    "again",
    "quartiles, changed",
    "quartiles, again",
    "pairs",
    "sent, KiB",
)


def run(options: Options) -> list[Table]:
    rows: list[Row] = []
    for label, settings in CASES.items():
        with World() as world:
            rows += _rows(world, label, settings, options)
    title = (
        "CPU time of the module without what its runs do not use, relative to an Ansible module"
        " that does nothing"
    )
    return [Table(title, HEADING, rows)]


def _rows(world: World, label: str, settings: Mapping[str, int], options: Options) -> Iterator[Row]:
    argv = [options.python]
    world.write("/srv/empty", payload(EMPTY_MODULE, options.python))
    sides = [[Run(name="empty", argv=argv, stdin="/srv/empty")]]
    variants = _variants(world, settings, options)
    for name, module in variants.items():
        path = f"/srv/{name}"
        world.write(path, module)
        changed = Run(name=f"{name}, changed", argv=argv, expect='"changed": true', stdin=path)
        again = Run(name=f"{name}, again", argv=argv, expect='"changed": false', stdin=path)
        sides.append([changed.from_scratch(settings, PATH), again])
    costs = race(world, sides, RaceOptions(options.pairs))
    empty = costs["empty"].cpu
    for name, module in variants.items():
        changed_ratios = Ratios.of(costs[f"{name}, changed"].cpu, empty)
        again_ratios = Ratios.of(costs[f"{name}, again"].cpu, empty)
        yield (
            f"{label}, {name}",
            str(changed_ratios),
            str(again_ratios),
            changed_ratios.quartiles,
            again_ratios.quartiles,
            str(options.pairs),
            f"{len(module) / 1024:.0f}",
        )


def _variants(world: World, settings: Mapping[str, int], options: Options) -> dict[str, bytes]:
    """Return what is sent by description, the most first."""
    module = payload("netops.tuning.sysctl", options.python, settings=dict(settings))
    used = _used_functions(world, module, settings, options.python)
    files = files_of(module)
    without_functions = {}
    for name, source in files.items():
        is_cut = OURS.fullmatch(name) and name in used
        without_functions[name] = _cut_functions(source, used[name]) if is_cut else source
    without_files = {}
    for name, source in without_functions.items():
        if name in used or not OURS.fullmatch(name):
            without_files[name] = source
    return {
        "as sent": module,
        "no unused functions in its files": with_files(module, without_functions),
        "no unused files either": with_files(module, without_files),
    }


def _used_functions(
    world: World, module: bytes, settings: Mapping[str, int], python: str
) -> UsedFunctions:
    """Return what the two runs use that are measured."""
    used: dict[str, set[str]] = defaultdict(set)
    if world.exists(PATH):
        world.remove(PATH)
    for key in settings:
        world.set_sysctl(key, 1)
    for expected in ('"changed": true', '"changed": false'):
        finished = world.run([python, "-c", RECORDER], stdin=module.decode())
        if expected not in finished.stdout:
            raise SystemExit(finished.stdout + finished.stderr)
        for name, function in CALLED.findall(finished.stdout):
            used[name].add(function)
    return used


def _cut_functions(source: bytes, used: Collection[str]) -> bytes:
    """Put a line in place of each function that is not used."""
    lines = source.decode().splitlines()
    for function in reversed(list(_unused_functions(ast.parse(source), used))):
        first = function.lineno
        if function.decorator_list:
            first = function.decorator_list[0].lineno
        indent = " " * function.col_offset
        lines[first - 1 : function.end_lineno] = [f"{indent}def {function.name}(*_args): pass"]
    return "\n".join(lines).encode()


def _unused_functions(tree: ast.AST, used: Collection[str]) -> Iterator[ast.FunctionDef]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name not in used:
            yield node
        else:
            yield from _unused_functions(node, used)
