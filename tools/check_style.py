# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print how dense the code is, and fail where it is too dense to be read.

usage: check_style.py

The table is for information: about 7 nodes of the syntax tree in a line of code can be read at the
first attempt, 11 cannot. Reach it by names and intermediate values, never by line breaks.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path
from typing import Collection, Iterable, Iterator, NamedTuple

FOLDERS = ("plugins", "roles", "extensions", "tests", "tools", "benchmarks")
"""All that has Python. The checks hold in each."""
COUNTED_FOLDERS = ("plugins/module_utils", "plugins/plugin_utils", *FOLDERS)
"""The rows of the table."""
LONGEST_LINE = 100
LONGEST_FUNCTION = 40
BY_KEYWORD = 4
"""Records with so many fields are built by keyword: their order is nothing to know by heart."""
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
TEXT_TOKENS = ("STRING", "FSTRING_MIDDLE")
"""What a string consists of; since Python 3.12, an f-string has its texts between expressions."""
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
    """What is counted in source text.

    Code lines are those without docstrings, comments, blanks, and without the text of strings of
    several lines: such a string is one node, so it is one line too.
    """

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


def problems(source: str, records: Collection[str] = ()) -> list[Problem]:
    """Return what the style forbids in one file, in the order of its lines.

    records: the names of the records of other files that are built by keyword.
    """
    tree = ast.parse(source)
    own_classes = _fields_of_classes([tree])
    by_keyword = set(records).difference(own_classes) | _with_many_fields(own_classes)
    refused = set(_dense_expressions(tree))
    refused.update(_unpacked_comprehensions(tree))
    refused.update(_records_by_position(tree, by_keyword))
    for name, line, length in _long_functions(tree):
        refused.add(Problem(line, f"{name}() has {length} lines, at most {LONGEST_FUNCTION}"))
    return sorted(refused)


def records_by_keyword(sources: Iterable[str]) -> set[str]:
    """Return the names of the records in these files that have many fields.

    A name of several classes counts with the fewest fields of them: outside of their files, a call
    does not say which one it builds, and none is refused wrongly.
    """
    return _with_many_fields(_fields_of_classes(ast.parse(source) for source in sources))


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


def _dense_expressions(tree: ast.AST) -> Iterator[Problem]:
    for node in ast.walk(tree):
        if isinstance(node, COMPREHENSIONS):
            if len(node.generators) > 1:
                yield Problem(node.lineno, "a comprehension with two loops")
            for line in _lines_within(node, COMPREHENSIONS):
                yield Problem(line, "a comprehension within a comprehension")
        elif isinstance(node, ast.JoinedStr):
            for line in _lines_within(node, (ast.IfExp,)):
                yield Problem(line, "a ternary within an f-string")


def _unpacked_comprehensions(tree: ast.AST) -> Iterator[Problem]:
    """Yield the comprehensions that a display or a call unpacks, instead of a value with a name."""
    for node in ast.walk(tree):
        unpacked: list[ast.expr] = []
        if isinstance(node, ast.Starred):
            unpacked = [node.value]
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values)
            unpacked = [value for key, value in pairs if key is None]
        elif isinstance(node, ast.Call):
            unpacked = [keyword.value for keyword in node.keywords if keyword.arg is None]
        for value in unpacked:
            if isinstance(value, COMPREHENSIONS):
                yield Problem(value.lineno, "a comprehension is unpacked where it is made")


def _records_by_position(tree: ast.AST, by_keyword: Collection[str]) -> Iterator[Problem]:
    """Yield the calls that give several fields, or a row of fields, without their names."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _last_name(node.func)
        is_starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        if name in by_keyword and (is_starred or len(node.args) > 1):
            yield Problem(node.lineno, f"{name}() is built by position, not by keyword")


def _fields_of_classes(trees: Iterable[ast.AST]) -> dict[str, int]:
    """Return how many fields the record of each name has at least, 0 for other classes."""
    fields_of: dict[str, int] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                fields = _count_fields(node)
                fields_of[node.name] = min(fields, fields_of.get(node.name, fields))
    return fields_of


def _count_fields(node: ast.ClassDef) -> int:
    if not any(_last_name(parent) == "NamedTuple" for parent in node.bases):
        return 0
    return sum(isinstance(statement, ast.AnnAssign) for statement in node.body)


def _with_many_fields(fields_of: dict[str, int]) -> set[str]:
    return {name for name, fields in fields_of.items() if fields >= BY_KEYWORD}


def _last_name(node: ast.expr) -> str:
    """Return the last name of a dotted expression, "" if it has none."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code_lines(source: str, tree: ast.AST) -> list[str]:
    """Return the lines without docstrings, the strings below attributes, comments and blanks.

    Of a string of several lines only the first one counts.
    """
    in_text = _lines_in_strings(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and _is_string(node.value):
            last = node.end_lineno or node.lineno
            in_text.update(range(node.lineno, last + 1))
    lines = []
    for number, line in enumerate(source.split("\n"), start=1):
        text = line.strip()
        if text and not text.startswith("#") and number not in in_text:
            lines.append(line)
    return lines


def _lines_in_strings(source: str) -> set[int]:
    """Return the lines onto which strings go on, except those on which code follows."""
    lines = source.split("\n")
    numbers: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if tokenize.tok_name[token.type] in TEXT_TOKENS:
            first, _column = token.start
            last, column = token.end
            numbers.update(range(first + 1, last))
            rest = lines[last - 1][column:]
            if last > first and not rest.strip(" '\""):
                numbers.add(last)
    return numbers


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


def problems_in(folder: Path, records: Collection[str] = ()) -> list[str]:
    """Return a line for each problem in the files of a folder; records: as for problems()."""
    lines = []
    for path in sorted(folder.rglob("*.py")):
        for problem in problems(path.read_text(encoding="utf-8"), records):
            lines.append(f"{path}:{problem.line}: {problem.message}")
    return lines


def main() -> int:
    """Print the table and the problems; return 1 if there is a problem."""
    rows = [(folder, count_folder(Path(folder))) for folder in COUNTED_FOLDERS]
    print(table(rows))
    sources: list[str] = []
    for folder in FOLDERS:
        for path in Path(folder).rglob("*.py"):
            sources.append(path.read_text(encoding="utf-8"))
    records = records_by_keyword(sources)
    lines: list[str] = []
    for folder in FOLDERS:
        lines.extend(problems_in(Path(folder), records))
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
