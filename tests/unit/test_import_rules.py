# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rooms of the engine: which may import which, and which may touch the host."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
MODULE_UTILS = PLUGINS / "module_utils"
MODULES = sorted((PLUGINS / "modules").glob("*.py"))
BOOTSTRAP = [MODULE_UTILS / "_bootstrap.py", MODULE_UTILS / "_zipimport_cache.py"]
ROOT_FILES = sorted(MODULE_UTILS.glob("_*.py"))

LAZY_MODULE = "_lazy_module.py"
"""The file that any room may use: it imports other files when they are first used."""

ROOMS = {
    "_sysctl": set(),
    "_host": {"_sysctl"},
    "_keepalive": {"_sysctl", "_host"},
    "_ledger": {"_sysctl", "_host"},
    "_modules": {"_sysctl", "_host", "_keepalive", "_ledger"},
}
"""Room -> the other rooms that it may import."""

PARTS_OF_THE_CORE = (
    "_sysctl",
    "_sysctl/kernel",
    "_sysctl/files",
    "_sysctl/boot",
    "_sysctl/plans",
)
"""The packages of the pure core: each imports only those listed before it, soon or late."""

PURE_IMPORTS = {
    "__future__",
    "base64",
    "errno",
    "fnmatch",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "os",
    "re",
    "socket",
    "struct",
    "time",
    "typing",
}
"""What a pure file may import of Python's library; of three only what PURE_NAMES lists."""
PURE_NAMES = {
    "os": {"geteuid", "sysconf", "uname"},
    "socket": {"AF_INET6", "inet_pton"},
    "time": {"clock_getres"},
}

PURE_FILES = {
    "_sysctl": None,
    "_keepalive": {"inet_diag", "profiles"},
    "_ledger": {"entries"},
}
"""Room -> its files without I/O; None: all of them."""
WRITING_FILES = {
    "_host/child_process.py": "its child process answers through a pipe",
    "_host/runtime/lost_ipv6.py": "it asks for the hardware address of an interface with an ioctl",
    "_host/runtime/coupled_values.py": "it writes keys that act on others, and takes that back",
    "_host/file_change.py": "it changes, adds and removes files, whole or not at all",
    "_host/runtime/kernel_defaults.py": "it reads the keys of fresh namespaces, which it enters",
    "_host/modules/kernel_modules.py": "it has the kernel load modules",
    "_host/libc.py": "it calls any function of the C library",
    "_host/lock.py": "it creates the file that is locked",
    "_host/runtime/proc_sys.py": "it writes keys",
    "_host/runtime/refusals.py": "it writes a key again, to see whether the kernel rounds a value",
    "_host/boot/rehearsal.py": "it writes keys and runs a loader in namespaces of its own",
    "_host/runtime/runtime_values.py": "it writes the keys of a plan, and takes that back",
    "_host/boot/stand_ins.py": "it adds interfaces to a namespace of its own",
    "_host/transaction.py": "it carries out plans",
    "_host/modules/unload_modules.py": "it has the kernel unload modules",
    "_keepalive/namespaces.py": "its child process enters namespaces, and answers through a pipe",
    "_ledger/recording.py": "it changes entries of the ledger, and sets the attributes of files",
    "_ledger/store.py": "it writes the files of the ledger",
}
"""File that may write or change something -> what.

Every other file that may read the host changes nothing.
"""
READING_NAMES = {
    "_host/runtime/kernel_defaults.py": {"read_kernel_defaults"},
    "_host/modules/kernel_modules.py": {"observe_modules"},
    "_host/runtime/lost_ipv6.py": {"describe_lost_ipv6"},
    "_host/runtime/proc_sys.py": {
        *("PROC_SYS", "proc_path", "require_procfs", "read_key", "read_keys"),
    },
    "_host/runtime/refusals.py": {"require_available"},
}
"""Writing file -> its names that only read, which any file may use."""
WRITING_NAMES = {
    "fcntl": {"ioctl"},
    "os": {
        *("O_APPEND", "O_CREAT", "O_RDWR", "O_TRUNC", "O_WRONLY"),
        *("pwrite", "pwritev", "sendfile", "truncate", "ftruncate", "write", "writev"),
        *("link", "mkdir", "makedirs", "mkfifo", "mknod", "symlink"),
        *("remove", "removedirs", "rename", "renames", "replace", "rmdir", "unlink"),
        *("chmod", "chown", "fchmod", "fchown", "lchown", "utime", "removexattr", "setxattr"),
    },
    "socket": {"if_nametoindex"},
}
"""Package of Python's library -> its names by which something is changed.

if_nametoindex has the kernel look for a module of the name of the interface.
"""
WRITING_PACKAGES = {"ctypes", "io", "mmap", "pathlib", "shutil", "subprocess", "tempfile"}
"""Packages of Python's library that a file that only reads does not need."""


class EngineFile(NamedTuple):
    package: str
    """The folder of a room, or one below it."""
    path: Path

    @property
    def room(self) -> str:
        return self.package.partition("/")[0]

    @property
    def name(self) -> str:
        return f"{self.package}/{self.path.name}"

    @property
    def tree(self) -> ast.Module:
        return parse(self.path)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def engine_files() -> Iterator[EngineFile]:
    for room in ROOMS:
        for path in sorted((MODULE_UTILS / room).rglob("*.py")):
            yield EngineFile(path.parent.relative_to(MODULE_UTILS).as_posix(), path)


def files_in(table: dict[str, set[str] | None]) -> list[EngineFile]:
    listed = []
    for file in engine_files():
        names = table.get(file.room, set())
        if names is None or file.path.stem in names:
            listed.append(file)
    return listed


def file_id(file: EngineFile) -> str:
    return file.name


ENGINE = list(engine_files())
ENGINE_NAMES = {file.name for file in ENGINE}


def library_imports(tree: ast.Module) -> set[str]:
    """Return the top-level packages that a file imports from outside of the engine."""
    packages = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            packages.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            packages.add(str(node.module).partition(".")[0])
    return packages


def engine_file_name(file: EngineFile, relative_name: str) -> str:
    """Return "room/file.py" for the relative name of a module, as a file would import it."""
    module = relative_name.lstrip(".")
    level = len(relative_name) - len(module)
    folders = file.package.split("/")
    parents = folders[: len(folders) + 1 - level]
    return "/".join([*parents, *module.split(".")]) + ".py"


def relative_imports(tree: ast.AST) -> Iterator[tuple[str, ast.alias]]:
    """Yield the relative name of a module, and a name that is imported from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                yield "." * node.level + (node.module or ""), alias


def as_module(file: EngineFile, module: str, alias: ast.alias) -> str:
    """Return the engine file that an imported name would be if it were a module itself."""
    separator = "" if module.endswith(".") else "."
    return engine_file_name(file, module + separator + alias.name)


def file_with(file: EngineFile, module: str, alias: ast.alias) -> str:
    """Return the engine file that has an imported name, or that it is."""
    whole = as_module(file, module, alias)
    return whole if whole in ENGINE_NAMES else engine_file_name(file, module)


def all_imports(file: EngineFile) -> set[str]:
    """Return the engine files that a file imports, also for type checkers only."""
    names = {file_with(file, module, alias) for module, alias in relative_imports(file.tree)}
    return names - {LAZY_MODULE}


def room_imports(file: EngineFile) -> set[str]:
    """Return the other rooms that a file imports, ``from .._room.file import name``."""
    rooms = {name.partition("/")[0] for name in all_imports(file)}
    return rooms - {file.room}


def names_used_of(tree: ast.Module, package: str) -> set[str]:
    """Return the names of a package that a file uses, as its attributes or imported from it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == package:
                names.add(node.attr)
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            names.update(alias.name for alias in node.names)
    return names


def calls(tree: ast.Module) -> set[str]:
    """Return the names of the functions that a file calls by a plain name."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
    return names


def attributes(tree: ast.Module) -> set[str]:
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_every_room_is_in_the_table():
    rooms = {path.name for path in MODULE_UTILS.iterdir() if path.is_dir()} - {"__pycache__"}
    assert rooms == set(ROOMS)


@pytest.mark.parametrize("file", ENGINE, ids=file_id)
def test_a_room_imports_only_the_rooms_below_it(file):
    assert room_imports(file) <= ROOMS[file.room]


def test_every_part_of_the_core_is_in_the_table():
    packages = {file.package for file in ENGINE if file.room == "_sysctl"}
    assert packages == set(PARTS_OF_THE_CORE)


@pytest.mark.parametrize("file", [file for file in ENGINE if file.room == "_sysctl"], ids=file_id)
def test_a_part_of_the_core_imports_only_the_parts_below_it(file):
    allowed = PARTS_OF_THE_CORE[: PARTS_OF_THE_CORE.index(file.package) + 1]
    packages = {other.rpartition("/")[0] for other in all_imports(file)}
    assert packages <= set(allowed)


def test_the_table_of_pure_files_names_files_that_exist():
    named = {room: names for room, names in PURE_FILES.items() if names is not None}
    for room, names in named.items():
        stems = {path.stem for path in (MODULE_UTILS / room).glob("*.py")}
        assert names <= stems


@pytest.mark.parametrize("file", files_in(PURE_FILES), ids=file_id)
def test_a_pure_file_does_no_input_or_output(file):
    tree = file.tree
    assert library_imports(tree) <= PURE_IMPORTS
    for package, names in PURE_NAMES.items():
        assert names_used_of(tree, package) <= names
    assert not calls(tree) & {"open", "print", "input", "exec", "eval", "__import__"}


def is_for_type_checkers(node: ast.stmt) -> bool:
    """Tell whether a statement is ``if TYPE_CHECKING:``, which nothing runs."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def lazy_modules(file: EngineFile) -> dict[str, str]:
    """Return variable -> the engine file that it imports when it is first used."""
    modules = {}
    for node in ast.walk(file.tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        if isinstance(node.value.func, ast.Name) and node.value.func.id == "LazyModule":
            importer, relative_name = node.value.args
            assert isinstance(importer, ast.Name)
            assert importer.id == "__name__"
            (target,) = node.targets
            assert isinstance(target, ast.Name)
            modules[target.id] = engine_file_name(file, ast.literal_eval(relative_name))
    return modules


def modules_for_type_checkers(file: EngineFile) -> dict[str, str]:
    """Return name -> the engine file whose module a file imports under ``if TYPE_CHECKING``."""
    modules = {}
    for statement in file.tree.body:
        if not is_for_type_checkers(statement):
            continue
        for module, alias in relative_imports(statement):
            modules[alias.name] = as_module(file, module, alias)
    return {name: other for name, other in modules.items() if other in ENGINE_NAMES}


@pytest.mark.parametrize("file", ENGINE, ids=file_id)
def test_what_is_imported_when_used_is_also_imported_for_type_checkers(file):
    if lazy_modules(file):
        assert lazy_modules(file) == modules_for_type_checkers(file)


def local_imports(file: EngineFile) -> set[str]:
    """Return the files that a file imports when it runs, soon or late, as "room/file.py"."""
    names = set(lazy_modules(file).values())
    tree = file.tree
    tree.body = [node for node in tree.body if not is_for_type_checkers(node)]
    for module, alias in relative_imports(tree):
        names.add(file_with(file, module, alias))
    return names - {LAZY_MODULE}


@pytest.mark.parametrize("file", files_in(PURE_FILES), ids=file_id)
def test_a_pure_file_imports_only_pure_files(file):
    pure = {other.name for other in files_in(PURE_FILES)}
    assert local_imports(file) <= pure


@pytest.mark.parametrize("file", [file for file in ENGINE if file.room == "_modules"], ids=file_id)
def test_the_modules_open_no_file(file):
    tree = file.tree
    unneeded = {"io", "os", "pathlib", "shutil", "stat", "tempfile", "glob"}
    assert not library_imports(tree) & unneeded
    assert "open" not in calls(tree)


@pytest.mark.parametrize("file", [file for file in ENGINE if file.room != "_modules"], ids=file_id)
def test_only_the_modules_know_ansible(file):
    assert "ansible" not in library_imports(file.tree)


def is_opened_to_write(call: ast.Call) -> bool:
    """Tell whether a call of open() may be one to write: its mode says so, or is computed."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    modes += call.args[1:2]
    for mode in modes:
        try:
            text = ast.literal_eval(mode)
        except ValueError:
            return True
        if set(text) & set("wax+"):
            return True
    return False


def opens_to_write(tree: ast.Module) -> bool:
    """Tell whether a file calls open() or os.fdopen() to write; os.open() has flags instead."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            is_open = isinstance(function, ast.Name) and function.id == "open"
            is_fdopen = isinstance(function, ast.Attribute) and function.attr == "fdopen"
            if (is_open or is_fdopen) and is_opened_to_write(node):
                return True
    return False


def imported_names(file: EngineFile) -> Iterator[tuple[str, str]]:
    """Yield each name that a file imports from the engine, and the file that has it.

    Of a module that is imported whole, these are the names that are used of it.
    """
    for module, alias in relative_imports(file.tree):
        other = file_with(file, module, alias)
        if other == as_module(file, module, alias):
            for name in names_used_of(file.tree, alias.asname or alias.name):
                yield other, name
        else:
            yield other, alias.name


def signs_of_writing(file: EngineFile) -> set[str]:
    """Return what a file uses that can change the host."""
    tree = file.tree
    signs = library_imports(tree) & WRITING_PACKAGES
    for package, names in WRITING_NAMES.items():
        for name in names_used_of(tree, package) & names:
            signs.add(f"{package}.{name}")
    if opens_to_write(tree):
        signs.add("open")
    for other, name in imported_names(file):
        if other in WRITING_FILES and name not in READING_NAMES.get(other, ()):
            signs.add(f"{other}: {name}")
    return signs


READS_THE_HOST = [file for file in ENGINE if file.room in ("_host", "_keepalive", "_ledger")]


@pytest.mark.parametrize("file", READS_THE_HOST, ids=file_id)
def test_only_the_files_of_a_table_write(file):
    signs = signs_of_writing(file)
    if file.name in WRITING_FILES:
        assert signs, "it only reads: take it out of the table"
    else:
        assert not signs


def test_the_table_of_writing_files_names_files_that_exist():
    assert set(WRITING_FILES) <= {file.name for file in READS_THE_HOST}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.rename('/etc/a', '/etc/b')\n",
        "from os import unlink\n",
        "import os\nfd = os.open('/etc/a', os.O_RDONLY | os.O_CREAT)\n",
        "import os\nfile = os.fdopen(fd, 'w')\n",
        "file = open('/etc/a', 'wb')\n",
        "file = open('/etc/a', mode='r+')\n",
        "file = open('/etc/a', mode)\n",
        "import subprocess\n",
        "from pathlib import Path\n",
        "from .runtime.proc_sys import read_key, write_key\n",
        "from .runtime import proc_sys\nproc_sys.write_key('a', '1')\n",
        "from .._host.runtime.proc_sys import write_key\n",
        "from .._host.runtime import proc_sys\nproc_sys.write_key('a', '1')\n",
        "def late():\n    from .file_change import change_file\n",
    ],
)
def test_what_writes_is_noticed(source, tmp_path):
    path = tmp_path / "files.py"
    path.write_text(source)
    assert signs_of_writing(EngineFile("_host", path))


@pytest.mark.parametrize(
    "source",
    [
        "import os\nfd = os.open('/etc/a', os.O_RDONLY | os.O_CLOEXEC)\n",
        "file = open('/etc/a', 'rb')\n",
        "file = open('/etc/a', encoding='utf-8')\n",
        "text = line.replace('a', 'b')\n",
        "from .runtime.proc_sys import read_key\n",
        "from .runtime import proc_sys\nfolder = proc_sys.PROC_SYS\n",
        "from .files import HostFiles\n",
    ],
)
def test_what_reads_is_no_writing(source, tmp_path):
    path = tmp_path / "files.py"
    path.write_text(source)
    assert not signs_of_writing(EngineFile("_host", path))


@pytest.mark.parametrize(
    ("source", "room"),
    [
        ("from ..._modules.flow import change_host\n", "_modules"),
        ("from ..._modules import flow\n", "_modules"),
        ("from ..files import HostFiles\n", None),
        ("from .readers import read_changes\n", None),
        ("from ..._lazy_module import LazyModule\n", None),
    ],
)
def test_a_package_below_a_room_belongs_to_it(source, room, tmp_path):
    path = tmp_path / "programs.py"
    path.write_text(source)
    assert room_imports(EngineFile("_host/later", path)) == ({room} if room else set())


def test_what_writes_is_noticed_in_a_package_below_a_room(tmp_path):
    path = tmp_path / "programs.py"
    path.write_text("from ..runtime.proc_sys import write_key\n")
    assert signs_of_writing(EngineFile("_host/later", path)) == {
        "_host/runtime/proc_sys.py: write_key"
    }


def test_info_modules_import_nothing_that_changes_the_host():
    by_name = {file.name: file for file in ENGINE}
    pending = {"_modules/sysctl_info.py", "_modules/tcp_keepalive_info.py"}
    reached = set()
    while pending:
        name = pending.pop()
        reached.add(name)
        pending |= {other for other in local_imports(by_name[name]) if other in by_name} - reached
    changing = {"_host/transaction.py", "_host/file_change.py", "_modules/flow.py"}
    assert not reached & changing


def test_imports_have_no_cycle():
    graph = {file.name: local_imports(file) for file in ENGINE}
    while graph:
        leaves = {name for name, others in graph.items() if not others & set(graph)}
        assert leaves, f"a cycle among {sorted(graph)}"
        graph = {name: others for name, others in graph.items() if name not in leaves}


ENGINE_FILES = [file.path for file in ENGINE]
TARGET_FILES = [*ENGINE_FILES, *MODULES, *ROOT_FILES]


REHEARSAL = MODULE_UTILS / "_host/boot/rehearsal.py"
"""The one exception: it runs the sysctl loader of the host, and only where a task asks for it."""


@pytest.mark.parametrize("path", TARGET_FILES, ids=lambda path: path.name)
def test_nothing_runs_a_program(path):
    tree = parse(path)
    if path == REHEARSAL:
        return
    assert not library_imports(tree) & {"subprocess", "pty", "multiprocessing"}
    programs = {"run_command", "system", "popen", "execv", "execve", "posix_spawn"}
    assert not attributes(tree) & programs


def test_the_file_that_runs_the_loader_is_imported_by_one_function_only():
    importing = [file.name for file in ENGINE if "_host/boot/rehearsal.py" in local_imports(file)]
    assert importing == ["_modules/boot_rehearsal.py"]
    importing_that = [
        file for file in ENGINE if "_modules/boot_rehearsal.py" in local_imports(file)
    ]
    assert [file.name for file in importing_that] == ["_modules/sysctl_info.py"]
    for node in importing_that[0].tree.body:
        if isinstance(node, ast.ImportFrom):
            assert "boot_rehearsal" not in {alias.name for alias in node.names}


@pytest.mark.parametrize("path", TARGET_FILES, ids=lambda path: path.name)
def test_only_what_enters_namespaces_forks_and_little_else_calls_the_c_library(path):
    tree = parse(path)
    assert ("fork" in attributes(tree)) == (path.stem in ("namespaces", "child_process"))
    # A rehearsal passes numbers of the size of a pointer.
    assert ("ctypes" in library_imports(tree)) == (path.stem in ("libc", "rehearsal"))
    calls_c_library = path.stem in ("namespaces", "rehearsal", "kernel_defaults", "unload_modules")
    assert ("libc import " in path.read_text(encoding="utf-8")) == calls_c_library


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_the_engine_only_once_the_python_is_known_to_do(path):
    tree = parse(path)
    at_once = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert all(
        isinstance(node, ast.ImportFrom) and str(node.module).endswith("._bootstrap")
        for node in at_once
    )


@pytest.mark.parametrize(
    "path", sorted(PLUGINS.rglob("*.py")), ids=lambda path: str(path.relative_to(PLUGINS))
)
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


@pytest.mark.parametrize("path", [*MODULES, *BOOTSTRAP], ids=lambda path: path.stem)
def test_what_old_pythons_read_is_also_python_2_7(path):
    for node in ast.walk(parse(path)):
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
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
        ):
            assert not node.keywords
            assert len(node.args) == 1
        if isinstance(node, ast.ImportFrom):
            assert node.module != "__future__" or {alias.name for alias in node.names} <= {
                "print_function",
                "absolute_import",
                "division",
            }
    assert path.read_text(encoding="utf-8").isascii()
