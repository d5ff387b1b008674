# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""usage: python -m faults.fuzz --inputs N [--seed SEED] [--processes P]. Give hostile input to the engine, and hold what it makes of it.

An input that breaks a rule is printed with its seed and number; `--seed SEED --first NUMBER --inputs 1` tries it again.
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

from ansible_collections.netops.tuning.plugins.module_utils._keepalive.profiles import choose_values
from ansible_collections.netops.tuning.plugins.module_utils._modules.settings_change import (
    make_request,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl import keys, secrets, values
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.loaders import LOADERS, Loader
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.result import build_result
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.sysctl_d import (
    comment_out,
    edit,
    format_header,
    is_only_header,
    parse_lines,
    split_segments,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.text import encode
from hosts_in_memory import OURS, carried_out, make_host, plan_for

from .hostile import KEYS, Hostile

HANGS = 30
"""Seconds of processor time after which one input counts as a hang; the slowest there are take a few."""
SECRET = "5ec4e7-5ec4e7"  # noqa: S105
NAMES = (
    OURS,
    "/etc/sysctl.d/10-a.conf",
    "/etc/sysctl.d/99-z.conf",
    "/usr/lib/sysctl.d/50-v.conf",
    "/run/sysctl.d/90-ansible.conf",
    "/etc/sysctl.conf",
)


def loader_of(made: Hostile) -> Loader:
    return LOADERS[made.rnd.choice(("systemd", "procps"))]


def a_file(made: Hostile) -> None:
    """Reading a file loses nothing; an edit changes the lines of its key alone, and a second one nothing."""
    data, loader = made.file(), loader_of(made)
    pieces = split_segments(data, loader)
    assert encode("".join(pieces)) == data
    assert edit(data, loader, {}, ()) == data
    lines = parse_lines(data, loader)
    key = made.rnd.choice([line.key for line in lines if is_canonical(line.key)] or KEYS)
    edited = edit(data, loader, {key: "31"}, ())
    assert edit(edited, loader, {key: "31"}, ()) == edited
    if not any(
        line.value and "too long" in line.value
        for line in [*lines, *parse_lines(edited, loader)]
        if not line.key
    ):
        found = [line.value for line in parse_lines(edited, loader) if line.key == key]
        assert [values.values_equal(key, value, "31") for value in found] == [True], (key, found)
        gone = edit(data, loader, {}, {key})
        assert not any(line.key == key for line in parse_lines(gone, loader))
        assert others(gone, key, loader) == others(data, key, loader) == others(edited, key, loader)
        is_only_header(data, gone, "x")
        out = comment_out(data, loader, {line.segment for line in lines})
        assert not [line for line in parse_lines(out, loader) if line.key]
        assert len(split_segments(out, loader)) == len(pieces)


def is_canonical(key: str) -> bool:
    try:
        return bool(key) and keys.parse_key(key) == key
    except TuningError:
        return False


def others(data: bytes, key: str, loader: Loader) -> list[str]:
    """Return all that is not about a key, as it stands, but for line ends: a last line may have got the one that it lacked."""
    about = {line.segment for line in parse_lines(data, loader) if line.key == key}
    left = [
        piece.rstrip("\r\n")
        for n, piece in enumerate(split_segments(data, loader))
        if n not in about
    ]
    return list(filter(None, left))


def refused(error: TuningError, key: str | None = None) -> None:
    """Hold what every refusal must be."""
    assert error.rolled_back
    assert str(error)
    assert SECRET not in str(error)
    assert key is None or error.key == key


def a_key(made: Hostile) -> None:
    """A key is refused, or it names a place below /proc/sys in its one canonical form."""
    text = made.key()
    once = keys.normalize_key(text)
    odd = (
        "." in keys.key_to_path(once).split("/")[0]
    )  # no spelling could tell a folder right below /proc/sys that had one
    assert odd or keys.normalize_key(once) == once
    try:
        key = keys.parse_key(text)
    except TuningError as error:
        refused(error)
        return
    assert keys.parse_key(key) == key == once
    path = keys.key_to_path(key)
    assert keys.key_to_path(keys.normalize_key(path)) == path
    assert os.path.normpath(f"/proc/sys/{path}") == f"/proc/sys/{path}"
    assert key.isprintable()
    assert not set(key) & set("= \n\0")
    line = parse_lines(encode(f"{key} = 1\n"), LOADERS["systemd"])
    assert [(found.key, found.value) for found in line] == [(key, "1")]
    if keys.is_glob(key):
        keys.glob_matches(keys.split_glob(key), made.rnd.choice(KEYS))


def a_value(made: Hostile) -> None:
    """A value is refused, or it is one line of text; comparing it with whatever the kernel prints answers yes or no."""
    key, value, live = made.rnd.choice(KEYS), made.value(), made.rnd.choice((made.text(4), None))
    try:
        text = values.format_value(key, value)
        assert not set(text) & set("\n\r\0")
        values.validate_value(key, text, live, made.rnd.random() < 0.5)
    except TuningError as error:
        refused(error, key)
        return
    assert values.values_equal(key, text, text)
    assert values.values_equal(key, text, live) == values.values_equal(key, live, text)
    encode(f"{key} = {text}\n").decode("utf-8", "surrogateescape")
    json.dumps([secrets.display_value(key, text), secrets.quote_value(key, live)]).encode()


def a_task(made: Hostile) -> None:
    """Options of a task are refused, or are a request."""
    rnd = made.rnd
    params: dict[str, Any] = {
        "state": rnd.choice(("present", "absent")), "runtime": rnd.random() < 0.5, "persistent": rnd.random() < 0.5,
        "root": rnd.choice(("/", "/", "/x")), "path": rnd.choice((OURS, made.text())), "header": made.text(),
        "exclusive": rnd.random() < 0.3, "on_override": "fail",
        "ignore_missing": True, "unsafe": True,
    }  # fmt: skip
    header = format_header(params["header"])
    assert all(line[:1] in "#;" for line in header.split("\n")), header
    assert not parse_lines(encode(header), loader_of(made))
    try:
        make_request(params, {made.key(): made.value() for _unused in range(rnd.randrange(3))})
        numbers = {
            name: rnd.choice((None, 0, -1, 60, 1 << 70))
            for name in ("time", "probes", "intvl", "idle_limit", "dead_after_limit")
        }
        choose_values({"state": "present", "profile": "document", **numbers})
    except TuningError as error:
        refused(error)


def a_host(made: Hostile) -> None:
    """A plan over hostile files is refused, or it can be told, keeps secrets, and carried out leaves nothing to do."""
    rnd = made.rnd
    files = {name: made.file() for name in NAMES if rnd.random() < 0.4}
    secret = f"net.ipv4.tcp_fastopen_key = {SECRET}\n# net/ipv4/tcp_fastopen_key={SECRET}\n"
    files[rnd.choice(NAMES)] = secret.encode()
    kernel = {
        key: rnd.choice(("1", "60", made.text(3).strip())) for key in KEYS if rnd.random() < 0.8
    }
    host = make_host(rnd.choice(("systemd", "procps")), files, kernel, made.text())
    given = {made.key(): made.value() for _unused in range(rnd.randrange(1, 3))}
    options = {
        "state": rnd.choice(("present", "present", "absent")), "runtime": True, "persistent": True, "root": "/",
        "path": rnd.choice((OURS, *NAMES)), "header": made.text(), "exclusive": rnd.random() < 0.2,
        "on_override": rnd.choice(("warn", "comment_out")), "ignore_missing": True, "unsafe": True,
    }  # fmt: skip
    options["exclusive"] = options["exclusive"] and options["state"] == "present"
    try:
        plan = plan_for(make_request(options, given), host)
    except TuningError as error:
        refused(error)
        return
    told = json.dumps(build_result(plan))
    assert SECRET not in told
    assert all(
        change.path == options["path"] or change.real_path.startswith("/etc/")
        for change in plan.files
    )
    after = carried_out(plan, host)
    try:
        again = plan_for(plan.request, after)
        assert not again.changed, (plan.files, again.files)
    except TuningError:
        assert plan.writes  # a real kernel would not hold what this one was given, and the run would have ended there


RULES: tuple[Callable[[Hostile], None], ...] = (
    a_file,
    a_file,
    a_file,
    a_key,
    a_key,
    a_key,
    a_value,
    a_value,
    a_value,
    a_task,
) * 3 + (a_host,)


def hang(*_unused: Any) -> None:
    raise TimeoutError(f"no end after {HANGS} s")


def try_inputs(seed: int, first: int, inputs: int) -> tuple[Counter[str], list[str]]:
    """Try these inputs; return how many there were of a kind, and what broke."""
    signal.signal(signal.SIGPROF, hang)
    kinds: Counter[str] = Counter()
    broken = []
    for number in range(first, first + inputs):
        rule = RULES[number % len(RULES)]
        kinds[rule.__name__] += 1
        signal.setitimer(signal.ITIMER_PROF, HANGS)
        try:
            rule(Hostile(seed, number))
        except BaseException:
            broken.append(
                f"{rule.__name__}, --seed {seed} --first {number} --inputs 1:\n{traceback.format_exc()[-1500:]}"
            )
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    return kinds, broken


def fuzz(inputs: int, seed: int, processes: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    share = 10_000
    jobs = [
        (seed, start, min(share, first + inputs - start))
        for start in range(first, first + inputs, share)
    ]
    with multiprocessing.Pool(processes) as pool:
        results = pool.starmap(try_inputs, jobs)
    return sum((kinds for kinds, _unused in results), Counter()), [
        what for _unused, broken in results for what in broken
    ]


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
    kinds, broken = fuzz(args.inputs, args.seed, args.processes, args.first)
    print("\n".join(broken[:20]))
    by_rule = ", ".join(f"{kinds[name]:,} {name}" for name in kinds)
    seconds = time.monotonic() - started
    print(
        f"{kinds.total():,} hostile inputs ({by_rule}), seed {args.seed}: {len(broken)} broke a rule; {seconds:.0f} s"
    )
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
