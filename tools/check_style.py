# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print how dense the code is, and fail where a function is too dense to be read.

usage: check_style.py

The table is for information: about 7 nodes of the syntax tree in a line of code can be read at the
first attempt, 11 cannot. Reach it by names and intermediate values, never by line breaks.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Iterable, NamedTuple

FOLDERS = ("plugins", "roles", "extensions", "tests", "tools", "benchmarks")
"""All that has Python. The checks hold in each."""
COUNTED_FOLDERS = ("plugins/module_utils", "plugins/plugin_utils", *FOLDERS)
"""The rows of the table."""
LONGEST_LINE = 100
LONGEST_FUNCTION = 40
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
HEADINGS = (
    "folder",
    "code lines",
    "nodes a line",
    f"lines over {LONGEST_LINE}",
    "comprehensions per 100",
    "ternaries per 100",
    f"functions over {LONGEST_FUNCTION}",
)


class Counts(NamedTuple):
    """What is counted in source text. Code lines are those without docstrings, comments, blanks."""

    code_lines: int = 0
    nodes: int = 0
    long_lines: int = 0
    comprehensions: int = 0
    ternaries: int = 0
    long_functions: int = 0

    def plus(self, other: Counts) -> Counts:
        """Return the sums of both."""
        return Counts(
            code_lines=self.code_lines + other.code_lines,
            nodes=self.nodes + other.nodes,
            long_lines=self.long_lines + other.long_lines,
            comprehensions=self.comprehensions + other.comprehensions,
            ternaries=self.ternaries + other.ternaries,
            long_functions=self.long_functions + other.long_functions,
        )


class Problem(NamedTuple):
    """A place in the code that the style forbids."""

    line: int
    message: str


def count(source: str) -> Counts:
    """Count one file."""
    tree = ast.parse(source)
    lines = _code_lines(source, tree)
    nodes = list(ast.walk(tree))
    return Counts(
        code_lines=len(lines),
        nodes=len(nodes),
        long_lines=sum(len(line) > LONGEST_LINE for line in lines),
        comprehensions=sum(isinstance(node, COMPREHENSIONS) for node in nodes),
        ternaries=sum(isinstance(node, ast.IfExp) for node in nodes),
        long_functions=len(_long_functions(tree)),
    )


def problems(source: str) -> list[Problem]:
    """Return what the style forbids in one file, in the order of its lines."""
    tree = ast.parse(source)
    refused = set()
    for name, line, length in _long_functions(tree):
        refused.add(Problem(line, f"{name}() has {length} lines, at most {LONGEST_FUNCTION}"))
    for node in ast.walk(tree):
        if isinstance(node, COMPREHENSIONS):
            if len(node.generators) > 1:
                refused.add(Problem(node.lineno, "a comprehension with two loops"))
            for line in _lines_within(node, COMPREHENSIONS):
                refused.add(Problem(line, "a comprehension within a comprehension"))
        elif isinstance(node, ast.JoinedStr):
            for line in _lines_within(node, (ast.IfExp,)):
                refused.add(Problem(line, "a ternary within an f-string"))
    return sorted(refused)


def table(rows: Iterable[tuple[str, Counts]]) -> str:
    """Return the counts of each folder as a Markdown table."""
    lines = [_row(HEADINGS), _row(["---"] * len(HEADINGS))]
    for folder, counts in rows:
        hundreds = counts.code_lines / 100
        cells = [
            folder,
            str(counts.code_lines),
            f"{counts.nodes / counts.code_lines:.1f}",
            f"{counts.long_lines / hundreds:.1f} %",
            f"{counts.comprehensions / hundreds:.1f}",
            f"{counts.ternaries / hundreds:.1f}",
            str(counts.long_functions),
        ]
        lines.append(_row(cells))
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code_lines(source: str, tree: ast.AST) -> list[str]:
    """Return the lines without docstrings, the strings below attributes, comments and blanks."""
    in_docstring: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and _is_string(node.value):
            last = node.end_lineno or node.lineno
            in_docstring.update(range(node.lineno, last + 1))
    lines = []
    for number, line in enumerate(source.splitlines(), start=1):
        text = line.strip()
        if text and not text.startswith("#") and number not in in_docstring:
            lines.append(line)
    return lines


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _long_functions(tree: ast.AST) -> list[tuple[str, int, int]]:
    """Return the name, first line and length of each function that is too long."""
    functions = []
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            last = node.end_lineno or node.lineno
            length = last - node.lineno + 1
            if length > LONGEST_FUNCTION:
                functions.append((node.name, node.lineno, length))
    return functions


def _lines_within(outer: ast.expr, kinds: tuple[type[ast.expr], ...]) -> list[int]:
    """Return the lines of the nodes of these kinds below another node."""
    lines = []
    for node in ast.walk(outer):
        if node is not outer and isinstance(node, kinds):
            lines.append(node.lineno)
    return lines


def count_folder(folder: Path) -> Counts:
    """Count all files of a folder."""
    total = Counts()
    for path in sorted(folder.rglob("*.py")):
        total = total.plus(count(path.read_text(encoding="utf-8")))
    return total


def problems_in(folder: Path) -> list[str]:
    """Return a line for each problem in the files of a folder."""
    lines = []
    for path in sorted(folder.rglob("*.py")):
        for problem in problems(path.read_text(encoding="utf-8")):
            lines.append(f"{path}:{problem.line}: {problem.message}")
    return lines


def main() -> int:
    """Print the table and the problems; return 1 if there is a problem."""
    rows = [(folder, count_folder(Path(folder))) for folder in COUNTED_FOLDERS]
    print(table(rows))
    lines: list[str] = []
    for folder in FOLDERS:
        lines.extend(problems_in(Path(folder)))
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
