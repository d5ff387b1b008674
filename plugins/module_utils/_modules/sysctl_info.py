# SPDX-License-Identifier: GPL-3.0-or-later

"""The module sysctl_info: the values now, those of the next boot, and every line that counts.

Nothing is changed.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NoReturn

from .._host.boot.reading import detect_loader, read_boot_files
from .._host.boot.settings_undone import find_undone
from .._host.files import HostFiles
from .._host.runtime.key_states import key_exists, value_or_reason
from .._host.runtime.proc_sys import proc_path, read_only_keys
from .._host.runtime.proc_sys_globs import expand_glob
from .._host.runtime.refusals import available_names
from .._sysctl.boot.boot_doubts import doubts_of_boot
from .._sysctl.boot.boot_effects import names_that_matter
from .._sysctl.boot.line_fates import NextBoot, NextBootLines
from .._sysctl.errors import TuningError
from .._sysctl.files.boot_files import BootFiles
from .._sysctl.files.doubts import keys_in_doubt
from .._sysctl.files.loaders import COMMAND_LINE, LOADERS, BootFile, Loader
from .._sysctl.files.sysctl_d import Line, line_result, name_of_value, parse_lines
from .._sysctl.globs import glob_matches, split_glob
from .._sysctl.kernel.value_checks import explain_range
from .._sysctl.keys import is_glob, parse_key
from .._sysctl.secrets import display_value, quote_value
from .._sysctl.text import printable
from .arguments import Options
from .base import TuningModule

OPTIONS: Options = {
    "keys": {"type": "list", "elements": "str", "no_log": False},
    "root": {"type": "path", "default": "/"},
    "loader": {"type": "str", "choices": ["auto", *LOADERS], "default": "auto"},
    "rehearse": {"type": "bool", "default": False},
    "defaults": {"type": "bool", "default": False},
}


def run() -> NoReturn:
    """Run the module."""
    module = TuningModule(OPTIONS)
    try:
        result = _inspect(module.params)
    except (OSError, TuningError) as error:
        module.fail(error)
    module.exit_json(changed=False, **result)


def _inspect(params: Mapping[str, Any]) -> dict[str, Any]:
    files = HostFiles(params["root"])
    if params["loader"] == "auto":
        loader = detect_loader(files)
    else:
        loader = LOADERS[params["loader"]]
    keys = None
    if params["keys"] is not None:
        keys = [parse_key(key) for key in params["keys"]]
    running = files if files.root == "/" else None
    if params["rehearse"] and not running:
        raise TuningError(
            f"rehearse: the loader of an image (root: {files.root}) cannot be run here; "
            "take out one of the two options"
        )
    info = inspect_settings(read_boot_files(files), loader, keys, running)
    if params["defaults"]:
        _add_defaults(info["settings"], running is not None)
    if params["rehearse"]:
        info.update(rehearse_boot(info, loader))
    return info


def _add_defaults(settings: dict[str, dict[str, Any]], is_running: bool) -> None:
    """Add the kernel's own value to each setting, null where it is not known."""
    from .._host.runtime import kernel_defaults  # few runs need it

    values = kernel_defaults.read_kernel_defaults(settings) if is_running else {}
    for key, setting in settings.items():
        setting["default"] = values.get(key)


def rehearse_boot(info: Mapping[str, Any], loader: Loader) -> dict[str, Any]:
    """Run the host's loader where it changes nothing, and return what that adds to a result."""
    from . import boot_rehearsal  # few runs need it

    return boot_rehearsal.rehearse_boot(info, loader)


def inspect_settings(
    boot_files: BootFiles, loader: Loader, keys: Iterable[str] | None, running: HostFiles | None
) -> dict[str, Any]:
    """Return the state of these keys, and of the files that a loader reads.

    keys: normalized, globs allowed; None: all that any file assigns.
    running: the files, if they are those of this kernel's host; None: those of an image.
    """
    lines = NextBootLines(boot_files, loader)
    problems = _file_problems(boot_files, loader, lines)
    requested = _requested_keys(keys, lines.lines, running is not None)
    runtime: dict[str, str | None] = dict.fromkeys(requested)
    if running:
        runtime = _runtime_values(requested, problems)
        boot_files = boot_files.with_available_names(available_names(runtime, requested={}))
    boot = _next_boot(lines, boot_files, loader, runtime)
    contradictions = boot.precedence.contradictions(runtime)
    undone = find_undone(contradictions, running) if contradictions and running else ()
    drifting = {key for key, _runtime, _line in contradictions}
    undone_keys = {setting.key for setting in undone}
    doubts = doubts_of_boot(boot.precedence, boot_files.doubts, runtime)
    doubted_keys = keys_in_doubt(doubts)
    settings = {}
    for key, value in runtime.items():
        setting = _setting_result(key, value, boot)
        setting["drift"] = key in drifting
        setting["undone"] = key in undone_keys
        setting["certain"] = key not in doubted_keys
        settings[printable(key)] = setting
        problems.extend(_refused_lines(key, boot, value))
    return {
        "loader": boot_files.loader_name(loader),
        "settings": settings,
        "files": [_file_result(file, by) for file, by in lines.files],
        "problems": problems,
        "doubts": [doubt.result(keys) for doubt, keys in doubts],
        "drift": [key for key, setting in settings.items() if setting["drift"]],
        "undone": [key for key, setting in settings.items() if setting["undone"]],
        "booted": undone[0].booted if undone else None,
    }


def _file_result(file: BootFile, by: str) -> dict[str, Any]:
    masked_by = None
    if file.masked_by is not None:
        masked_by = printable(file.masked_by)
    return {"path": printable(file.path), "masked_by": masked_by, "by": by}


def _requested_keys(keys: Iterable[str] | None, lines: list[Line], is_running: bool) -> list[str]:
    """Return the keys to report, without duplicates.

    A glob stands for the keys that it matches in the kernel and in the files; for itself, if
    there are none.
    """
    assigned = [line.key for line in lines if line.key and line.value is not None]
    requested: dict[str, None] = {}
    for key in assigned if keys is None else keys:
        matches = _matches_of(key, assigned, is_running) if is_glob(key) else []
        for match in matches or [key]:
            requested[match] = None
    return list(requested)


def _matches_of(glob: str, assigned: Iterable[str], is_running: bool) -> list[str]:
    matches = []
    if is_running:
        matches = [key for key in expand_glob(glob) if key_exists(key)]
    segments = split_glob(glob)
    for key in assigned:
        if not is_glob(key) and glob_matches(segments, key):
            matches.append(key)
    return matches


def _runtime_values(keys: Iterable[str], problems: list[dict[str, Any]]) -> dict[str, str | None]:
    """Return the runtime values of keys, and add to the problems why there is none."""
    values: dict[str, str | None] = {}
    for key in keys:
        values[key], reason = value_or_reason(key)
        if reason:
            problems.append(_problem(proc_path(key), None, reason))
    return values


def _next_boot(
    lines: NextBootLines,
    boot_files: BootFiles,
    loader: Loader,
    runtime: Mapping[str, str | None],
) -> NextBoot:
    """Return what becomes of the lines; keys that they would change may be read-only."""
    boot = NextBoot(lines, boot_files, loader, runtime)
    names: dict[str, None] = {}
    for key, _runtime, _line in boot.precedence.contradictions(runtime):
        names.update(dict.fromkeys(names_that_matter(key)))
    read_only = read_only_keys(names)
    if not read_only:
        return boot
    return NextBoot(lines, boot_files.with_read_only_keys(read_only), loader, runtime)


def _setting_result(key: str, runtime: str | None, boot: NextBoot) -> dict[str, Any]:
    winner = boot.precedence.winner(key)
    assignments = []
    for line in boot.lines_about(key):
        assignment = line_result(line.key, line)
        assignment["key"] = printable(line.key)
        assignment["fate"] = boot.fate_of(line, key)
        assignments.append(assignment)
    return {
        "runtime": display_value(key, runtime),
        "boot": display_value(key, boot.precedence.value_at_boot(key, runtime)),
        "winner": None if boot.precedence.decision(key).refused else _winner_result(key, winner),
        "assignments": assignments,
    }


def _winner_result(key: str, winner: Line | None) -> dict[str, Any] | None:
    if winner is None:
        return None
    result = line_result(key, winner)
    del result["value"]
    return result


def _describe_range(key: str, line: Line, runtime: str | None) -> str:
    problem = explain_range(key, line.value or "", runtime)
    return f": {problem}" if problem else ""


def _refused_lines(key: str, boot: NextBoot, runtime: str | None) -> Iterator[dict[str, Any]]:
    """Yield the lines about a key that the kernel will refuse at boot, each as a problem."""
    for line in boot.lines_about(key):
        if boot.fate_of(line, key) == "refused":
            value = quote_value(name_of_value(key, line), line.value)
            problem = f"the kernel refuses {value} for {key}"
            reason = boot.precedence.why_refused(line, key)
            if reason:
                problem += f", since {reason}"
            else:
                problem += _describe_range(key, line, runtime)
            yield _problem(line.path, line.number, problem)


def _problem(path: str, line: int | None, reason: str) -> dict[str, Any]:
    return {"path": printable(path), "line": line, "problem": printable(reason)}


def _file_problems(
    boot_files: BootFiles, loader: Loader, lines: NextBootLines
) -> list[dict[str, Any]]:
    """Return the files that cannot be read, and the lines that the loader cannot read."""
    problems = [_problem(entry.path, None, entry.reason) for entry in boot_files.problems]
    problems.extend(_line_problems(boot_files, loader, lines))
    return problems


def _line_problems(
    boot_files: BootFiles, loader: Loader, lines: NextBootLines
) -> Iterator[dict[str, Any]]:
    """Yield the lines that no loader can parse, and settings that come from elsewhere."""
    for line in lines.lines:
        if not line.key:
            yield _problem(line.path, line.number, str(line.value))
        elif line.path == COMMAND_LINE:
            value = quote_value(line.key, line.value)
            yield _problem(
                COMMAND_LINE, None, f"sets {line.key} to {value} before any file is read"
            )
    read_paths = {file.real_path for file, _by in lines.files}
    for real_path in boot_files.listing["/etc"].values():
        data = boot_files.contents.get(real_path, b"")
        has_settings = any(line.key for line in parse_lines(data, loader))
        if real_path not in read_paths and has_settings:
            reason = f"{loader.name} does not read this file, so what it sets has no effect at boot"
            yield _problem("/etc/sysctl.conf", None, reason)
