# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the result of a run for monitoring. systemd has this run when the service has ended, however it did.

usage: result.py SOURCE [FOLDER OF NODE_EXPORTER'S TEXTFILES]
"""

from __future__ import annotations

import calendar
import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Mapping

PROM = "netops_tuning_self_apply.prom"
TIME = "%Y-%m-%dT%H:%M:%SZ"
LONGEST = 500
RECAP = re.compile(r"\S +: ok=\d+ +changed=(\d+) +unreachable=")
ERROR = re.compile(r"(?:ERROR! |\[ERROR\]: )(?P<text>[^\n]+)|(?:FAILED!|UNREACHABLE!) => (?=\{)")
SECRET = re.compile(r"(?<=://)[^/\s@]+@")


def main(source: str, folder: str = "") -> None:
    """Write the result, first where nothing stands in the way."""
    kept = Path(os.environ["STATE_DIRECTORY"], "result.json")
    before = read(kept)
    textfile = str(Path(folder, PROM)) if folder else None
    result = result_of(Path(os.environ["RUNTIME_DIRECTORY"]), os.environ, before)
    result.update(source=SECRET.sub("", source), textfile=textfile)
    write(kept, json.dumps(result, indent=2) + "\n")
    if before.get("textfile") not in {None, textfile}:
        with contextlib.suppress(FileNotFoundError):
            Path(before["textfile"]).unlink()
    if textfile:
        write(Path(textfile), metrics(result))


def result_of(run: Path, told: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Make the result out of what systemd tells, what Ansible logged, and the last one."""
    log = (
        (run / "log").read_text(encoding="utf-8", errors="replace")
        if (run / "log").exists()
        else ""
    )
    changes = [int(number) for number in RECAP.findall(log)]
    done = {"time": time.strftime(TIME, time.gmtime()), "revision": revision(run)}
    failed = told["SERVICE_RESULT"] != "success"
    return {
        **done,
        "result": told["SERVICE_RESULT"],
        "exit_code": exit_code(told.get("EXIT_STATUS", "")),
        "changed": any(changes) if changes else None,
        "error": (error(log) or f"it ended by {told['SERVICE_RESULT']}; the journal knows more")
        if failed
        else None,
        "last_success": before.get("last_success") if failed else done,
    }


def exit_code(status: str) -> int | None:
    """Give what a shell would show: systemd names a signal instead of its number."""
    if status.isdigit():
        return int(status)
    number = getattr(signal, f"SIG{status}", None)
    return 128 + int(number) if number else None


def revision(run: Path) -> str | None:
    """Give the commit, or the checksum of the tarball, if it was fetched at all."""
    if (run / "tarball").exists():
        return "sha256:" + hashlib.sha256((run / "tarball").read_bytes()).hexdigest()
    if (run / "source/.git").exists():
        command = ["git", "-C", str(run / "source"), "rev-parse", "--verify", "--quiet", "HEAD"]
        return (
            subprocess.run(command, check=False, stdout=subprocess.PIPE).stdout.decode().strip()
            or None
        )
    return None


def error(log: str) -> str | None:
    """Give the first line of the last error: those before it did not end the run."""
    found = list(ERROR.finditer(log))
    if not found:
        return None
    text = found[-1]["text"]
    if not text:
        try:
            answer, _end = json.JSONDecoder().raw_decode(log, found[-1].end())
            text = str(answer.get("msg", "")).strip()
        except ValueError:
            text = log[found[-1].end() :]
    return SECRET.sub("", text.split("\n")[0])[:LONGEST]


def metrics(result: Mapping[str, Any]) -> str:
    """Say it as node_exporter reads it; what is not known is left out."""
    success = (result["last_success"] or {}).get("time")
    labels = ",".join(
        f"{name}={json.dumps(result[name] or '', ensure_ascii=False)}"
        for name in ("source", "revision")
    )
    lines = (
        ("exit_code", "The exit code of the last run, 0 for success.", "", result["exit_code"]),
        ("changed", "Whether the last run changed something.", "", result["changed"]),
        ("last_run_timestamp_seconds", "When the last run ended.", "", seconds(result["time"])),
        (
            "last_success_timestamp_seconds",
            "When the last run that succeeded ended.",
            "",
            seconds(success),
        ),
        ("info", "What was run.", f"{{{labels}}}", 1),
    )
    return "".join(
        f"# HELP netops_tuning_self_apply_{name} {text}\n# TYPE netops_tuning_self_apply_{name} gauge\n"
        f"netops_tuning_self_apply_{name}{label} {int(value)}\n"
        for name, text, label, value in lines
        if value is not None
    )


def seconds(told: str | None) -> int | None:
    """Give a time as the seconds since the epoch."""
    return calendar.timegm(time.strptime(told, TIME)) if told else None


def read(path: Path) -> dict[str, Any]:
    """Give the last result; one that cannot be read is as none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never a half."""
    new = path.with_name(f".{path.name}.new")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.chmod(0o644)
    new.replace(path)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as problem:
        sys.exit(f"The result cannot be kept: {problem}")
