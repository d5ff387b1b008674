# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python -m faults.fuzz --inputs N [--seed SEED] [--processes P]: fuzz the engine.

An input that breaks a rule is printed with its seed and number; `--seed SEED --first NUMBER
--inputs 1` tries it again.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import (
    PROFILES,
    check_limits,
    choose_values,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.settings_change import (
    make_request,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import globs, keys, secrets
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import (
    LOADERS,
    Loader,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.sysctl_d import (
    Line,
    edit,
    format_header,
    is_only_header,
    parse_lines,
    split_segments,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.whole_lines import (
    comment_out,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.kernel import values
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.result import build_result
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import encode
from hosts_in_memory import OURS, carried_out, make_host, plan_for

from .hostile import KEYS, HostileInput

TIMEOUT = 30
"""Seconds of CPU time after which an input counts as a hang; the slowest ones take a few."""
JOB_SIZE = 10_000
"""Inputs that a process tries at a time."""
SECRET = "5ec4e7-5ec4e7"  # noqa: S105 # invented
PATHS = (
    OURS,
    "/etc/sysctl.d/10-a.conf",
    "/etc/sysctl.d/99-z.conf",
    "/usr/lib/sysctl.d/50-v.conf",
    "/run/sysctl.d/90-ansible.conf",
    "/etc/sysctl.conf",
)


def choose_loader(hostile: HostileInput) -> Loader:
    return LOADERS[hostile.rng.choice(("systemd", "procps"))]


def check_file(hostile: HostileInput) -> None:
    """Reading a file loses nothing. An edit changes only the lines of its key, and only once."""
    data = hostile.file()
    loader = choose_loader(hostile)
    segments = split_segments(data, loader)
    assert encode("".join(segments)) == data
    assert edit(data, loader, {}, ()) == data
    lines = parse_lines(data, loader)
    canonical_keys = [line.key for line in lines if is_canonical(line.key)]
    key = hostile.rng.choice(canonical_keys or KEYS)
    edited = edit(data, loader, {key: "31"}, ())
    assert edit(edited, loader, {key: "31"}, ()) == edited
    edited_lines = parse_lines(edited, loader)
    if is_cut_short(lines) or is_cut_short(edited_lines):
        return
    new_values = [line.value for line in edited_lines if line.key == key]
    is_new = [values.values_equal(key, value, "31") for value in new_values]
    assert is_new == [True], (key, new_values)
    removed = edit(data, loader, {}, {key})
    assert not any(line.key == key for line in parse_lines(removed, loader))
    rest = other_segments(data, key, loader)
    assert other_segments(removed, key, loader) == rest == other_segments(edited, key, loader)
    is_only_header(data, removed, "x")
    commented = comment_out(data, loader, {line.segment for line in lines})
    assert not [line for line in parse_lines(commented, loader) if line.key]
    assert len(split_segments(commented, loader)) == len(segments)


def is_cut_short(lines: list[Line]) -> bool:
    """Tell whether a loader gives up at a line that is too long."""
    problems = [line.value for line in lines if not line.key and line.value]
    return any("too long" in problem for problem in problems)


def is_canonical(key: str) -> bool:
    try:
        return bool(key) and keys.parse_key(key) == key
    except TuningError:
        return False


def other_segments(data: bytes, key: str, loader: Loader) -> list[str]:
    """Return the segments that are not about a key, without their line ends.

    An edit may have given the last line the line end that it lacked.
    """
    of_key = {line.segment for line in parse_lines(data, loader) if line.key == key}
    others = []
    for number, segment in enumerate(split_segments(data, loader)):
        text = segment.rstrip("\r\n")
        if number not in of_key and text:
            others.append(text)
    return others


def check_refusal(error: TuningError, key: str | None = None) -> None:
    """Check what must hold of every refusal."""
    assert error.rolled_back
    assert str(error)
    assert SECRET not in str(error)
    assert key is None or error.key == key


def check_key(hostile: HostileInput) -> None:
    """A key is refused, or names a path below /proc/sys in its one canonical form."""
    text = hostile.key()
    once = keys.normalize_key(text)
    # A folder right below /proc/sys with a dot in its name has no spelling.
    has_no_spelling = "." in keys.key_to_path(once).split("/")[0]
    assert has_no_spelling or keys.normalize_key(once) == once
    try:
        key = keys.parse_key(text)
    except TuningError as error:
        check_refusal(error)
        return
    assert keys.parse_key(key) == key == once
    path = keys.key_to_path(key)
    assert keys.key_to_path(keys.normalize_key(path)) == path
    assert os.path.normpath(f"/proc/sys/{path}") == f"/proc/sys/{path}"
    assert key.isprintable()
    assert not set(key) & set("= \n\0")
    lines = parse_lines(encode(f"{key} = 1\n"), LOADERS["systemd"])
    assert [(line.key, line.value) for line in lines] == [(key, "1")]
    if keys.is_glob(key):
        globs.glob_matches(globs.split_glob(key), hostile.rng.choice(KEYS))


def check_value(hostile: HostileInput) -> None:
    """A value is refused, or is one line of text that can be compared with any runtime value."""
    key = hostile.rng.choice(KEYS)
    value = hostile.value()
    live = hostile.rng.choice((hostile.text(4), None))
    try:
        text = values.format_value(key, value)
        assert not set(text) & set("\n\r\0")
        values.validate_value(key, text, live, unsafe=hostile.rng.random() < 0.5)
    except TuningError as error:
        check_refusal(error, key)
        return
    assert values.values_equal(key, text, text)
    assert values.values_equal(key, text, live) == values.values_equal(key, live, text)
    encode(f"{key} = {text}\n").decode("utf-8", "surrogateescape")
    json.dumps([secrets.display_value(key, text), secrets.quote_value(key, live)]).encode()


def check_options(hostile: HostileInput) -> None:
    """Options of a task are refused, or make a request."""
    rng = hostile.rng
    options: dict[str, Any] = {
        "state": rng.choice(("present", "absent")),
        "runtime": rng.random() < 0.5,
        "persistent": rng.random() < 0.5,
        "root": rng.choice(("/", "/", "/x")),
        "path": rng.choice((OURS, hostile.text())),
        "header": hostile.text(),
        "exclusive": rng.random() < 0.3,
        "on_override": "fail",
        "ignore_missing": True,
        "unsafe": True,
    }
    header = format_header(options["header"])
    assert all(line[:1] in "#;" for line in header.split("\n")), header
    assert not parse_lines(encode(header), choose_loader(hostile))
    try:
        count = rng.randrange(3)
        make_request(options, choose_settings(hostile, count))
        numbers = {}
        for name in ("time", "probes", "intvl", "idle_limit", "dead_after_limit"):
            numbers[name] = rng.choice((None, 0, -1, 60, 1 << 70))
        for profile in ("one_hour", None):
            choice = {"state": "present", "profile": profile, **numbers}
            values = {**PROFILES["kernel"]._asdict(), **choose_values(choice)}
            check_limits(choice, values)
    except TuningError as error:
        check_refusal(error)


def choose_settings(hostile: HostileInput, count: int) -> dict[str, Any]:
    settings = {}
    for _unused in range(count):
        key = hostile.key()
        settings[key] = hostile.value()
    return settings


def check_host(hostile: HostileInput) -> None:
    """A plan over hostile files is refused, or has a result without secrets.

    Planning again after carrying it out gives an empty plan.
    """
    rng = hostile.rng
    files = {path: hostile.file() for path in PATHS if rng.random() < 0.4}
    secret = f"net.ipv4.tcp_fastopen_key = {SECRET}\n# net/ipv4/tcp_fastopen_key={SECRET}\n"
    files[rng.choice(PATHS)] = secret.encode()
    kernel = {}
    for key in KEYS:
        if rng.random() < 0.8:
            kernel[key] = rng.choice(("1", "60", hostile.text(3).strip()))
    host = make_host(rng.choice(("systemd", "procps")), files, kernel, hostile.text())
    settings = choose_settings(hostile, rng.randrange(1, 3))
    options = _choose_host_options(hostile)
    try:
        plan = plan_for(make_request(options, settings), host)
    except TuningError as error:
        check_refusal(error)
        return
    assert SECRET not in json.dumps(build_result(plan))
    for change in plan.files:
        assert change.path == options["path"] or change.real_path.startswith("/etc/")
    after = carried_out(plan, host)
    try:
        again = plan_for(plan.request, after)
        assert not again.changed, (plan.files, again.files)
    except TuningError:
        # A real kernel would have refused the value, and the run would have failed there.
        assert plan.writes


def _choose_host_options(hostile: HostileInput) -> dict[str, Any]:
    rng = hostile.rng
    options = {
        "state": rng.choice(("present", "present", "absent")),
        "runtime": True,
        "persistent": True,
        "root": "/",
        "path": rng.choice((OURS, *PATHS)),
        "header": hostile.text(),
        "exclusive": rng.random() < 0.2,
        "on_override": rng.choice(("warn", "comment_out")),
        "ignore_missing": True,
        "unsafe": True,
    }
    if options["state"] == "absent":
        options["exclusive"] = False
    return options


RULES: tuple[Callable[[HostileInput], None], ...] = (
    check_file,
    check_file,
    check_file,
    check_key,
    check_key,
    check_key,
    check_value,
    check_value,
    check_value,
    check_options,
) * 3 + (check_host,)
"""Input number N is for rule N modulo their number."""


def raise_timeout(*_unused: Any) -> None:
    raise TimeoutError(f"no end after {TIMEOUT} s")


def try_inputs(seed: int, first: int, inputs: int) -> tuple[Counter[str], list[str]]:
    """Try these inputs; return rule -> number of inputs, and what broke a rule."""
    signal.signal(signal.SIGPROF, raise_timeout)
    counts: Counter[str] = Counter()
    broken = []
    for number in range(first, first + inputs):
        rule = RULES[number % len(RULES)]
        counts[rule.__name__] += 1
        signal.setitimer(signal.ITIMER_PROF, TIMEOUT)
        try:
            rule(HostileInput(seed, number))
        except BaseException:
            command = f"--seed {seed} --first {number} --inputs 1"
            broken.append(f"{rule.__name__}, {command}:\n{traceback.format_exc()[-1500:]}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return counts, broken


def fuzz(inputs: int, seed: int, processes: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Try inputs in several processes; return the same as `try_inputs`."""
    end = first + inputs
    jobs = []
    for start in range(first, end, JOB_SIZE):
        jobs.append((seed, start, min(JOB_SIZE, end - start)))
    counts: Counter[str] = Counter()
    broken: list[str] = []
    with multiprocessing.Pool(processes) as pool:
        for job_counts, job_broken in pool.starmap(try_inputs, jobs):
            counts += job_counts
            broken += job_broken
    return counts, broken


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m faults.fuzz", description="Give hostile input to the engine."
    )
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    started = time.monotonic()
    counts, broken = fuzz(args.inputs, args.seed, args.processes, args.first)
    seconds = time.monotonic() - started
    print("\n".join(broken[:20]))
    by_rule = ", ".join(f"{count:,} {rule}" for rule, count in counts.items())
    print(f"{counts.total():,} hostile inputs ({by_rule}), seed {args.seed}")
    print(f"{len(broken)} broke a rule; {seconds:.0f} s")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
