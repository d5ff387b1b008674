# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds now, what the next boot will set, and every line that has a say in it. Nothing is changed."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, NoReturn

from .base import TuningError, in_words
from .boot import COMMAND_LINE, Rules, Source, Tree, lines, read_order
from .host import Files, expand, proc_path, read_key
from .keys import fits, glob_parts, is_glob
from .keys import parse as parse_key
from .loaders import LOADERS, Loader
from .module import TuningModule
from .sysctl_d import Line, parse, said
from .values import ACTIONS, printable, quoted, same, shown


def run(module: TuningModule) -> NoReturn:
    """End the module with the state of the keys and the host it names."""
    params = module.params
    try:
        files = Files(params["root"])
        loader = files.loader() if params["loader"] == "auto" else LOADERS[params["loader"]]
        keys = None if params["keys"] is None else [parse_key(key) for key in params["keys"]]
        told = inspect(files, loader, keys, files.tree())
    except (OSError, TuningError) as error:
        module.fail(error)
    module.exit_json(changed=False, **told)


def inspect(files: Files, loader: Loader, keys: Iterable[str] | None, tree: Tree) -> dict[str, Any]:
    """Return the state of these keys (None: of all that any file assigns) and of the files of one loader."""
    order = read_order(tree, loader)
    found = list(lines(tree, loader, order))
    masked = {source.path for source in order if source.masked_by}
    rules = Rules((line for line in found if line.key and line.path not in masked), loader)
    say = _say(found)
    live = files.root == "/"
    asked = _asked(keys, found, live)
    problems = [_problem(path, None, why) for path, why, _matters in tree.problems]
    problems += _line_problems(tree, loader, found, order)
    settings = {}
    for key in asked:
        runtime = _runtime(key, problems) if live else None
        settings[printable(key)] = _setting(key, runtime, say(key), masked, rules)
    return {
        "loader": loader.name,
        "settings": settings,
        "files": [
            {"path": printable(each.path), "masked_by": each.masked_by and printable(each.masked_by)} for each in order
        ],
        "problems": problems,
        "drift": [key for key, setting in settings.items() if setting["drift"]],
    }


def _asked(keys: Iterable[str] | None, found: list[Line], live: bool) -> list[str]:
    """Return the keys to report, globs expanded to what the kernel has and the files name; one without a match stays."""
    assigned = [line.key for line in found if line.key and line.value is not None]
    asked: dict[str, None] = {}
    for key in assigned if keys is None else keys:
        if is_glob(key):
            parts = glob_parts(key)
            named = [other for other in assigned if not is_glob(other) and fits(parts, other)]
            matches = [match for match in expand(key) if _exists(match)] if live else []
            asked.update(dict.fromkeys([*matches, *named] or [key]))
        else:
            asked[key] = None
    return list(asked)


def _exists(key: str) -> bool:
    try:
        read_key(key)
    except FileNotFoundError:
        return False
    except OSError:
        pass
    return True


def _runtime(key: str, problems: list[dict[str, Any]]) -> str | None:
    if key in ACTIONS or is_glob(key):
        return None
    try:
        return read_key(key)
    except (FileNotFoundError, NotADirectoryError):
        problems.append(_problem(proc_path(key), None, "this kernel has no such key"))
    except OSError as error:
        problems.append(_problem(proc_path(key), None, f"cannot be read: {in_words(error)}"))
    return None


def _setting(key: str, runtime: str | None, found: list[Line], masked: set[str], rules: Rules) -> dict[str, Any]:
    winner = rules.winner(key)
    boot = winner.value if winner else None
    assignments = [
        {**said(key, line), "key": printable(line.key), "fate": _fate(key, line, masked, winner, rules)}
        for line in found
    ]
    return {
        "runtime": shown(key, runtime),
        "boot": shown(key, boot),
        "winner": {"path": printable(winner.path), "line": winner.number} if winner else None,
        "assignments": assignments,
        "drift": bool(boot) and runtime is not None and not same(key, runtime, boot),
    }


def _say(found: list[Line]) -> Callable[[str], list[Line]]:
    """Return a function that gives the lines with a say in a key, in reading order, without going through all of them."""
    named: dict[str, list[int]] = {}
    for place, line in enumerate(found):
        named.setdefault(line.key, []).append(place)
    assigning = [
        (place, line.key, glob_parts(line.key))
        for place, line in enumerate(found)
        if is_glob(line.key) and line.value is not None
    ]

    def say(key: str) -> list[Line]:
        matching = [place for place, pattern, parts in assigning if pattern != key and fits(parts, key)]
        return [found[place] for place in sorted([*named.get(key, ()), *matching])]

    return say


def _fate(key: str, line: Line, masked: set[str], winner: Line | None, rules: Rules) -> str:
    if line.path in masked:
        return "masked"
    if line == winner:
        return "winner"
    return "excluded" if key in rules.excluded and key not in rules.explicit else "overridden"


def _problem(path: str, line: int | None, why: str) -> dict[str, Any]:
    return {"path": printable(path), "line": line, "problem": printable(why)}


def _line_problems(tree: Tree, loader: Loader, found: list[Line], order: list[Source]) -> Iterator[dict[str, Any]]:
    for line in found:
        if not line.key:
            yield _problem(line.path, line.number, str(line.value))
        elif line.path == COMMAND_LINE:
            value = quoted(line.key, line.value)
            yield _problem(COMMAND_LINE, None, f"sets {line.key} to {value} before any file is read")
    for real in tree.listing["/etc"].values():
        unread = all(source.real != real for source in order)
        if unread and any(line.key for line in parse(tree.contents.get(real, b""), loader)):
            why = f"{loader.name} does not read this file, so what it sets has no effect at boot"
            yield _problem("/etc/sysctl.conf", None, why)
