# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import what: decisions are pure, few files look at the host, one changes it, and only tasks know Ansible."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
ENGINE = {path.stem: path for path in (PLUGINS / "module_utils/_sysctl").glob("*.py")}
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
START = PLUGINS / "module_utils/_start.py"

LOOKS_AT_THE_HOST = {"host", "sockets", "processes", "namespaces"}
TOUCHES_THE_HOST = LOOKS_AT_THE_HOST | {"apply", "file_change", "ledger_files", "lock"}
KNOWS_ANSIBLE = {"module", "task", "info", "keepalive_info", "ledger_task"}
PURE = set(ENGINE) - TOUCHES_THE_HOST - KNOWS_ANSIBLE - {"__init__", "base"}
MEANT_TO_BE_PURE = {"keys", "values", "sysctl_d", "loaders", "boot", "plan", "report", "inet_diag"}
HARMLESS = {
    "__future__",
    "typing",
    "re",
    "fnmatch",
    "socket",
    "errno",
    "functools",
    "dataclasses",
    "struct",
    "base64",
    "hashlib",
    "json",
}
"""What a pure file may import: of socket only a parser of addresses."""


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(tree: ast.Module) -> set[str]:
    """Return what a file imports, anywhere in it: of ours with dots before it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            found.update({f".{node.module}"} if node.module else {f".{alias.name}" for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


def calls(tree: ast.Module) -> set[str]:
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def ours(names: set[str]) -> set[str]:
    return {name[1:] for name in names if name.startswith(".")}


def reached(name: str) -> set[str]:
    """Return the files of the engine that a file needs, and those that they need."""
    found: set[str] = set()
    todo = {name}
    while todo:
        found |= todo
        todo = set().union(*(ours(imports(tree_of(ENGINE[each]))) for each in todo)) - found
    return found


def test_all_files_have_their_place():
    assert MEANT_TO_BE_PURE <= PURE
    assert set(ENGINE) >= TOUCHES_THE_HOST | KNOWS_ANSIBLE | {"base"}


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_decides_is_pure(name):
    tree = tree_of(ENGINE[name])
    assert {each for each in imports(tree) if not each.startswith(".")} <= HARMLESS
    assert not calls(tree) & {"open", "print", "input", "exec", "eval", "__import__"}
    assert reached(name) <= PURE | {"base"}
    taken = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "socket"
        for alias in node.names
    }
    assert taken <= {"AF_INET6", "inet_pton"}


def test_the_base_asks_who_runs_it_and_no_more():
    tree = tree_of(ENGINE["base"])
    assert {each for each in imports(tree) if not each.startswith(".")} <= HARMLESS | {"os"}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    }
    assert used <= {"geteuid"}
    assert ours(imports(tree)) == set()


@pytest.mark.parametrize("name", sorted(set(ENGINE) - TOUCHES_THE_HOST - {"base"}))
def test_nothing_else_opens_a_file(name):
    tree = tree_of(ENGINE[name])
    assert not imports(tree) & {"os", "io", "pathlib", "shutil", "stat", "tempfile", "glob", "subprocess"}
    assert "open" not in calls(tree)


@pytest.mark.parametrize("name", sorted(set(ENGINE) - KNOWS_ANSIBLE))
def test_nothing_else_knows_ansible(name):
    assert not imports(tree_of(ENGINE[name])) & {"ansible", *(f".{each}" for each in KNOWS_ANSIBLE)}


def test_looking_does_not_know_changing():
    assert not any("apply" in reached(name) for name in LOOKS_AT_THE_HOST)
    assert not {"plan", "apply"} & (reached("info") | reached("keepalive_info"))


def attributes(tree: ast.Module) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_nothing_runs_a_program():
    for path in (*ENGINE.values(), *MODULES, START):
        tree = tree_of(path)
        assert not imports(tree) & {"subprocess", "pty", "multiprocessing"}, path
        assert not attributes(tree) & {"run_command", "system", "popen", "execv", "execve", "posix_spawn"}, path


def test_only_who_enters_namespaces_makes_a_child_and_calls_the_c_library():
    for path in (*ENGINE.values(), *MODULES, START):
        tree = tree_of(path)
        assert (path.stem == "namespaces") == ("fork" in attributes(tree)) == ("ctypes" in imports(tree)), path


@pytest.mark.parametrize("name", sorted(LOOKS_AT_THE_HOST - {"host"}))
def test_looking_opens_nothing_to_write(name):
    tree = tree_of(ENGINE[name])
    assert not attributes(tree) & {"O_WRONLY", "O_RDWR", "O_CREAT", "unlink", "rename", "mkdir", "chmod"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open":
            assert len(node.args) == 1
            assert not any(keyword.arg == "mode" for keyword in node.keywords)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_the_engine_only_once_the_python_is_known_to_do(path):
    tree = tree_of(path)
    at_once = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert all(isinstance(node, ast.ImportFrom) and str(node.module).endswith("._start") for node in at_once)


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("*.py")), ids=lambda path: str(path.relative_to(PLUGINS)))
def test_every_file_is_python_3_7(path):
    text = path.read_text(encoding="utf-8")
    if sys.version_info >= (3, 8):
        ast.parse(text, str(path), feature_version=(3, 7))
    compile(text, str(path), "exec", dont_inherit=True)


NOT_IN_2_7 = (
    ast.JoinedStr,
    ast.AnnAssign,
    ast.AsyncFunctionDef,
    ast.Await,
    ast.Nonlocal,
    ast.YieldFrom,
    ast.Starred,
)


@pytest.mark.parametrize("path", [*MODULES, START], ids=lambda path: path.stem)
def test_what_old_pythons_read_is_also_python_2_7(path):
    for node in ast.walk(tree_of(path)):
        assert not isinstance(node, NOT_IN_2_7), f"line {node.lineno}"
        if isinstance(node, ast.FunctionDef):
            args = [*node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            assert not node.args.kwonlyargs
            assert not node.returns
            assert not any(arg.annotation for arg in args if arg)
        if isinstance(node, ast.ClassDef):
            assert not node.keywords
        if isinstance(node, ast.Raise):
            assert not node.cause
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            assert not node.keywords
            assert len(node.args) == 1
        if isinstance(node, ast.ImportFrom):
            assert node.module != "__future__" or {alias.name for alias in node.names} <= {
                "print_function",
                "absolute_import",
                "division",
            }
    assert path.read_text(encoding="utf-8").isascii()
