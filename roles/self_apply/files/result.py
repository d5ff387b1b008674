# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record the result of a run for monitoring. The service runs this after every run, failed or not.

usage: result.py SOURCE [TEXTFILE_FOLDER]

Runs on the host with its own python3, 3.8 or later, and needs nothing but the standard library.
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
from typing import Any, Mapping, NamedTuple

METRICS_FILE = "netops_tuning_self_apply.prom"
METRICS_PREFIX = "netops_tuning_self_apply_"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
MAX_ERROR_LENGTH = 500
# A line of PLAY RECAP, with the number of changed tasks.
RECAP = re.compile(r"\S +: ok=\d+ +changed=(\d+) +unreachable=")
# An error of Ansible itself, as ansible-core before 2.19 and since then prints it,
# or a failed task, which its JSON result follows.
ERROR = re.compile(
    r"(?:ERROR! |\[ERROR\]: )(?P<text>[^\n]+)"
    r"|(?:FAILED!|UNREACHABLE!) => (?=\{)"
)
URL_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


class Metric(NamedTuple):
    """A gauge for the textfile collector of node_exporter. An unknown value is None."""

    name: str
    help: str
    value: int | None
    labels: str = ""


def main(source: str, textfile_folder: str = "") -> None:
    """Write result.json, then the metrics file.

    In this order, a textfile folder that is missing does not cost the result.
    """
    result_path = Path(os.environ["STATE_DIRECTORY"], "result.json")
    runtime_folder = Path(os.environ["RUNTIME_DIRECTORY"])
    metrics_path = Path(textfile_folder, METRICS_FILE) if textfile_folder else None

    previous = read_result(result_path)
    result = make_result(runtime_folder, os.environ, previous)
    result["source"] = URL_CREDENTIALS.sub("", source)
    result["textfile"] = str(metrics_path) if metrics_path else None

    write_atomically(result_path, json.dumps(result, indent=2) + "\n")
    previous_metrics = previous.get("textfile")
    if previous_metrics not in {None, result["textfile"]}:
        with contextlib.suppress(FileNotFoundError):
            Path(previous_metrics).unlink()
    if metrics_path:
        write_atomically(metrics_path, format_metrics(result))


def make_result(
    runtime_folder: Path, environment: Mapping[str, str], previous: Mapping[str, Any]
) -> dict[str, Any]:
    """Make the result from the environment (systemd.exec(5)), the log and the previous result."""
    log = read_log(runtime_folder / "log")
    service_result = environment["SERVICE_RESULT"]
    ended = time.strftime(TIME_FORMAT, time.gmtime())
    revision = fetched_revision(runtime_folder)
    if service_result == "success":
        error = None
        last_success: Any = {"time": ended, "revision": revision}
    else:
        error = last_error(log) or f"failed with result '{service_result}'; see the journal"
        last_success = previous.get("last_success")
    return {
        "time": ended,
        "revision": revision,
        "result": service_result,
        "exit_code": shell_exit_code(environment.get("EXIT_STATUS", "")),
        "changed": any_changed(log),
        "error": error,
        "last_success": last_success,
    }


def read_log(path: Path) -> str:
    """Return Ansible's log, which is missing if Ansible did not start."""
    if not path.exists():
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def shell_exit_code(exit_status: str) -> int | None:
    """Return the exit code as a shell shows it. EXIT_STATUS is a number or the name of a signal."""
    if exit_status.isdigit():
        return int(exit_status)
    number = getattr(signal, f"SIG{exit_status}", None)
    return 128 + int(number) if number else None


def fetched_revision(runtime_folder: Path) -> str | None:
    """Return the commit, or the checksum of the tarball. It is None if nothing was fetched."""
    tarball = runtime_folder / "tarball"
    if tarball.exists():
        return "sha256:" + hashlib.sha256(tarball.read_bytes()).hexdigest()
    repository = runtime_folder / "source"
    if (repository / ".git").exists():
        command = ["git", "-C", str(repository), "rev-parse", "--verify", "--quiet", "HEAD"]
        completed = subprocess.run(command, check=False, stdout=subprocess.PIPE)
        return completed.stdout.decode().strip() or None
    return None


def any_changed(log: str) -> bool | None:
    """Return whether the playbook changed something. It is None if no play ran to its recap."""
    recaps = RECAP.findall(log)
    if not recaps:
        return None
    return any(int(changed) > 0 for changed in recaps)


def last_error(log: str) -> str | None:
    """Return the first line of the last error in the log. Earlier errors did not end the run."""
    errors = list(ERROR.finditer(log))
    if not errors:
        return None
    error = errors[-1]
    message = error["text"] or failed_task_message(log[error.end() :])
    first_line = message.split("\n")[0]
    return URL_CREDENTIALS.sub("", first_line)[:MAX_ERROR_LENGTH]


def failed_task_message(output: str) -> str:
    """Return `msg` of the JSON result at the start of the output. Return cut-off JSON as it is."""
    try:
        task_result, _end = json.JSONDecoder().raw_decode(output)
    except ValueError:
        return output
    return str(task_result.get("msg", "")).strip()


def format_metrics(result: Mapping[str, Any]) -> str:
    """Return the metrics in the text format of Prometheus. Unknown values are left out."""
    lines = []
    for metric in make_metrics(result):
        if metric.value is None:
            continue
        name = METRICS_PREFIX + metric.name
        lines.append(f"# HELP {name} {metric.help}\n")
        lines.append(f"# TYPE {name} gauge\n")
        lines.append(f"{name}{metric.labels} {int(metric.value)}\n")
    return "".join(lines)


def make_metrics(result: Mapping[str, Any]) -> list[Metric]:
    """Return the metrics of a result."""
    last_success = result["last_success"] or {}
    source = label_value(result["source"])
    revision = label_value(result["revision"] or "")
    return [
        Metric(
            name="exit_code",
            help="The exit code of the last run, 0 for success.",
            value=result["exit_code"],
        ),
        Metric(
            name="changed",
            help="Whether the last run changed something.",
            value=result["changed"],
        ),
        Metric(
            name="last_run_timestamp_seconds",
            help="When the last run ended.",
            value=epoch_seconds(result["time"]),
        ),
        Metric(
            name="last_success_timestamp_seconds",
            help="When the last run that succeeded ended.",
            value=epoch_seconds(last_success.get("time")),
        ),
        Metric(
            name="info",
            help="What was run.",
            value=1,
            labels=f"{{source={source},revision={revision}}}",
        ),
    ]


def label_value(text: str) -> str:
    """Quote the value of a label. Prometheus takes the escapes that JSON uses."""
    return json.dumps(text, ensure_ascii=False)


def epoch_seconds(timestamp: str | None) -> int | None:
    """Return a time of the result as seconds since 1970."""
    if timestamp is None:
        return None
    return calendar.timegm(time.strptime(timestamp, TIME_FORMAT))


def read_result(path: Path) -> dict[str, Any]:
    """Return the previous result. It is empty if there is none, or none that can be read."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return result if isinstance(result, dict) else {}


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of the old content or all of the new."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(0o644)
    temporary.replace(path)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"cannot record the result: {error}")
