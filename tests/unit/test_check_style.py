# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make lint` counts and refuses in the code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 8):
    pytest.skip("ast knows no last lines before Python 3.8", allow_module_level=True)

import check_style

PROJECT = Path(__file__).parents[2]
SAMPLE = '''\
"""A docstring

of three lines.
"""

# a comment
numbers = [number for number in (1, 2)]
"""What this attribute is."""
word = "many" if numbers else "none"
'''


RECORDS = """\
class Short(NamedTuple):
    one: int
    two: int
    three: int


class Long(typing.NamedTuple):
    one: int
    two: int
    three: int
    four: int = 0

    def sums(self):
        total: int = self.one
        return total


class Other:
    one: int
    two: int
    three: int
    four: int
"""


def function_of(lines: int) -> str:
    """Return the source of a function of so many lines."""
    body = "    pass\n" * (lines - 1)
    return f"def long_one():\n{body}"


def messages(source: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in check_style.problems(source)]


def test_docstrings_comments_and_blanks_are_no_code():
    assert check_style.count(SAMPLE).code_lines == 2


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('x = """\none\n\ntwo\n"""\n', 1),
        ('x = """one\ntwo"""\ny = 1\n', 2),
        ('x = call("""\none\n""", 1)\n', 2),
        ('x = """\n# one\n""" + y\n', 2),
        ('x = (\n    "one "\n    "two"\n)\n', 4),
    ],
)
def test_the_text_of_a_string_is_no_code(source, lines):
    assert check_style.count(source).code_lines == lines


@pytest.mark.skipif(sys.version_info < (3, 12), reason="older Pythons see no parts of f-strings")
def test_lines_of_an_f_string_with_expressions_are_code():
    source = 'x = f"""\none\n{y} two\nthree\n"""\nz = 1\n'
    assert check_style.count(source).code_lines == 3


def test_comprehensions_and_ternaries_are_counted():
    counts = check_style.count(SAMPLE)
    assert (counts.comprehensions, counts.ternaries) == (1, 1)


def test_nodes_of_the_syntax_tree_are_counted():
    # Module, Assign, Name, Store, Constant
    assert check_style.count("x = 1\n").nodes == 5


def test_a_line_of_100_characters_is_not_long():
    fits = "x = 1  # ".ljust(100, ".")
    assert check_style.count(f"{fits}\n").long_lines == 0
    assert check_style.count(f"{fits}.\n").long_lines == 1


def test_a_function_of_40_lines_is_not_long():
    assert check_style.count(function_of(40)).long_functions == 0
    assert check_style.count(function_of(41)).long_functions == 1
    assert messages(function_of(40)) == []
    assert messages(function_of(41)) == [(1, "long_one() has 41 lines, at most 40")]


@pytest.mark.parametrize(
    "source",
    [
        "x = [[n for n in row] for row in rows]\n",
        "x = {k: [n for n in v] for k, v in rows}\n",
        "x = {n for n in (m for m in rows)}\n",
    ],
)
def test_a_comprehension_within_a_comprehension_is_refused(source):
    assert messages(source) == [(1, "a comprehension within a comprehension")]


@pytest.mark.parametrize(
    "source",
    [
        "x = [n for row in rows for n in row]\n",
        "x = {n for row in rows for n in row}\n",
        "x = {n: 1 for row in rows for n in row}\n",
        "x = sum(n for row in rows for n in row if n)\n",
    ],
)
def test_a_comprehension_with_two_loops_is_refused(source):
    assert messages(source) == [(1, "a comprehension with two loops")]


def test_a_ternary_within_an_f_string_is_refused():
    source = "y = 1\nx = f\"{'a' if y else 'b'}\"\n"
    assert messages(source) == [(2, "a ternary within an f-string")]


@pytest.mark.parametrize(
    "source",
    [
        "x = [*(n for n in rows), 1]\n",
        "x = (1, *[n for n in rows])\n",
        "x = {*{n for n in rows}}\n",
        "x = {1: 1, **{n: n for n in rows}}\n",
        "x = call(*[n for n in rows])\n",
        "x = call(**{n: n for n in rows})\n",
    ],
)
def test_a_comprehension_that_is_unpacked_is_refused(source):
    assert messages(source) == [(1, "a comprehension is unpacked where it is made")]


def test_records_with_four_fields_are_built_by_keyword():
    assert check_style.records_by_keyword([RECORDS]) == {"Long"}


@pytest.mark.parametrize("other", ["(NamedTuple):\n    one: int\n", ":\n    pass\n"])
def test_a_name_of_several_classes_counts_with_the_fewest_fields(other):
    shorter = f"class Long{other}"
    assert check_style.records_by_keyword([RECORDS, shorter]) == set()
    assert check_style.records_by_keyword([shorter, RECORDS]) == set()


def test_a_class_of_the_same_file_is_the_one_that_is_built():
    call = "x = Long(1, 2)\n"
    line = 1 + len(RECORDS.splitlines())
    refused = [(line, "Long() is built by position, not by keyword")]
    assert messages(RECORDS + call) == refused
    assert check_style.problems(f"class Long:\n    pass\n{call}", {"Long"}) == []


@pytest.mark.parametrize("source", ["Long(1, 2)\n", "Long(*row)\n", "m.Long(1, 2, three=3)\n"])
def test_a_record_that_is_built_by_position_is_refused(source):
    problem = check_style.Problem(1, "Long() is built by position, not by keyword")
    assert check_style.problems(source, {"Long"}) == [problem]


@pytest.mark.parametrize("source", ["Long(1, two=2)\n", "Long(**row)\n", "Short(1, 2)\n"])
def test_a_record_that_is_built_by_keyword_is_allowed(source):
    assert check_style.problems(source, {"Long"}) == []


def test_a_record_may_be_built_in_another_file_than_its_own(tmp_path, monkeypatch, capsys):
    for folder in check_style.COUNTED_FOLDERS:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "short.py").write_text("x = 1\n")
    (tmp_path / "tools/records.py").write_text(RECORDS)
    (tmp_path / "plugins/builds.py").write_text("x = Long(1, 2)\n")
    monkeypatch.chdir(tmp_path)
    assert check_style.main() == 1
    assert "plugins/builds.py:1: Long() is built by position" in capsys.readouterr().out


@pytest.mark.parametrize(
    "source",
    [
        "for row in rows:\n    x = [n for n in row]\n",
        "x = [n for n in rows], [n for n in rows]\n",
        "x = f'{y}' if y else f'{z}'\n",
        "x = f'{[n for n in y]}'\n",
        "x = [*rows, {**row}, call([n for n in rows], *rows, **row)]\n",
    ],
)
def test_what_looks_alike_is_allowed(source):
    assert messages(source) == []


def test_the_table_gives_each_count_for_100_lines():
    counts = check_style.Counts(
        code_lines=200,
        nodes=1500,
        long_lines=4,
        comprehensions=3,
        ternaries=1,
        long_functions=2,
    )
    last = check_style.table([("plugins", counts)]).splitlines()[-1]
    assert last == "| plugins | 200 | 7.5 | 2.0 % | 1.5 | 0.5 | 2 |"


def test_counts_of_files_add_up():
    once = check_style.count(SAMPLE)
    twice = once.plus(once)
    assert twice == tuple(2 * number for number in once)


def test_the_problems_of_a_folder_name_file_and_line(tmp_path):
    (tmp_path / "below").mkdir()
    path = tmp_path / "below/dense.py"
    path.write_text(f"import os\n{function_of(41)}")
    (tmp_path / "notes.md").write_text("x = [[n for n in row] for row in rows]\n")
    assert check_style.problems_in(tmp_path) == [f"{path}:2: long_one() has 41 lines, at most 40"]


def test_a_problem_in_any_folder_fails_the_check(tmp_path, monkeypatch, capsys):
    for folder in check_style.COUNTED_FOLDERS:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "short.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    assert check_style.main() == 0
    for folder in check_style.FOLDERS:
        path = Path(folder, "dense.py")
        path.write_text(function_of(41))
        assert check_style.main() == 1
        assert f"{path}:1: long_one()" in capsys.readouterr().out
        path.unlink()


def test_every_folder_with_python_is_checked():
    folders = set()
    for path in PROJECT.glob("[!.]*"):
        if path.is_dir() and any(path.rglob("*.py")):
            folders.add(path.name)
    assert folders == set(check_style.FOLDERS)
