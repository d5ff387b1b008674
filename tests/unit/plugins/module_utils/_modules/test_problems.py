# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failure names all that is wrong, in one line, and returns what failed and what differs."""

from __future__ import annotations

import errno

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._modules import problems
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.modules import sysctl
from hosts_in_memory import OURS

A, B, C = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_retries2", "net.core.somaxconn"
TIME = "net.ipv4.tcp_keepalive_time"
TTL = "net.ipv4.ip_default_ttl"
VALUES = {A: "60", B: "15", C: "4096", TIME: "7200"}
WRONG = {
    A: {"a": "dict"},
    "net/ipv4/../x": 1,
    "net.ipv4.tcp_fin_timeuot": 30,
    TIME: 99999,
    B: 8,
}
"""Settings with four problems of four kinds, and a good one."""


def test_all_problems_are_named_in_one_line(kernel, modules):
    live = kernel(**VALUES)
    failure = modules.fails(sysctl, settings=WRONG, persistent=False)
    message = failure["msg"]
    assert message.startswith("problems (4): (1) ")
    for part in (
        "{'a': 'dict'} is not a value",
        "'..'",
        "did you mean net.ipv4.tcp_fin_timeout?",
        "99999",
    ):
        assert part in message
    assert "\n" not in message
    assert live.written == []


def test_a_key_that_a_glob_matches_is_named_once(kernel, modules):
    kernel(**VALUES, **{"kernel.printk": "4 4 1 7", "kernel.sem": "1 2 3 4", "kernel.panic": "0"})
    settings = {"kernel.*": 1, TIME: 99999}
    message = modules.fails(sysctl, settings=settings, persistent=False)["msg"]
    assert message.startswith("problems (3): ")
    assert message.count("kernel.printk: ") == message.count("kernel.sem: ") == 1


def test_overridden_keys_are_named_too(kernel, modules, tmp_path):
    kernel(**VALUES)
    path = str(tmp_path / "x.conf")  # no loader reads it
    settings = {A: 30, B: "010", C: 128}
    message = modules.fails(sysctl, settings=settings, path=path)["msg"]
    assert message.startswith("problems (3): ")
    assert message.count("does not read it; set 'path: /etc/sysctl.d/x.conf'") == 2


def test_many_overridden_keys_are_counted(kernel, modules, tmp_path):
    values = {f"net.ipv4.tcp_x{number}": "1" for number in range(15)}
    kernel(**values)
    failure = modules.fails(sysctl, settings=values, path=str(tmp_path / "x.conf"))
    assert "and 5 more: see 'overridden'" in failure["msg"]
    assert "\n" not in failure["msg"]


def test_a_single_problem_is_not_numbered(kernel, modules):
    kernel(**VALUES)
    message = modules.fails(sysctl, settings={A: 30, TIME: 99999}, persistent=False)["msg"]
    assert message.startswith(f"{TIME}: ")


def test_combined_errors_are_bounded():
    errors = [TuningError(f"error {number}", f"key{number}") for number in range(13)]
    error = problems.combine(errors)
    assert str(error).startswith("problems (13): (1) error 0; (2) error 1;")
    assert str(error).endswith("(10) error 9; and 3 more")
    assert error.key == "key0"


def test_on_error_skip_sets_the_others(kernel, modules, tmp_path):
    live = kernel(**VALUES)
    live.refuse(C, "128")
    path = tmp_path / "x.conf"
    path.write_text(f"{C} = 4096\n")
    options = {
        "settings": {**WRONG, C: 128},
        "path": str(path),
        "on_override": "warn",
        "on_error": "skip",
    }
    result = modules.ok(sysctl, **options)
    assert [entry["key"] for entry in result["skipped_keys"]] == [
        A,
        "net/ipv4/../x",
        TIME,
        "net.ipv4.tcp_fin_timeuot",
        C,
    ]
    assert "Invalid argument" in result["skipped_keys"][-1]["reason"]
    assert path.read_text() == f"{C} = 4096\n{B} = 8\n"
    assert (live[B], live[C]) == ("8", "4096")
    assert set(result["settings"]) == {B}
    assert "5 keys are skipped" in str(result["warnings"])
    assert not modules.ok(sysctl, **options)["changed"]


def test_on_error_skip_leaves_out_a_glob_if_one_of_its_keys_is_refused(kernel, modules):
    live = kernel(**VALUES)
    live.refuse(B, "8")
    options = {"settings": {"net.ipv4.tcp_retr*": 8, A: 30}, "persistent": False}
    result = modules.ok(sysctl, on_error="skip", **options)
    assert [entry["key"] for entry in result["skipped_keys"]] == ["net.ipv4.tcp_retr*"]
    assert (live[A], live[B]) == ("30", "15")


def test_on_error_skip_does_not_skip_an_override(kernel, modules, tmp_path):
    kernel(**VALUES)
    options = {"settings": {A: 30}, "path": str(tmp_path / "x.conf"), "on_error": "skip"}
    failure = modules.fails(sysctl, **options)
    assert "does not read it" in failure["msg"]
    assert failure["skipped_keys"] == []


OUT_OF_RANGE = {
    "settings": {TTL: 999, B: 300, A: 30},
    "on_error": "skip",
}
REFUSED = "is refused by the kernel"
REASONS = [
    f"{TTL}: '999' {REFUSED}: 999 is outside of the range of this key; give 1 to 255",
    f"{B}: '300' {REFUSED}: 300 is outside of the range of this key; give 0 to 255",
]


def test_on_error_skip_leaves_out_each_number_out_of_range(kernel, modules):
    live = kernel(**VALUES, **{TTL: "64"})
    live.refuse(TTL, "999")
    live.refuse(B, "300")
    predicted = modules.ok(sysctl, check=True, **OUT_OF_RANGE, persistent=False)
    assert [entry["reason"] for entry in predicted["skipped_keys"]] == REASONS
    assert modules.ok(sysctl, **OUT_OF_RANGE, persistent=False) == predicted
    assert live[A] == "30"


def test_on_error_skip_leaves_out_numbers_out_of_range_of_a_file(host_root, modules):
    root = host_root({"/etc/sysctl.d": None, "/etc/rcS.d/S01procps": ""})
    options = {**OUT_OF_RANGE, "runtime": False, "root": str(root.root)}
    predicted = modules.ok(sysctl, check=True, **options)
    assert [entry["reason"] for entry in predicted["skipped_keys"]] == REASONS
    assert modules.ok(sysctl, **options) == predicted
    assert root.read(OURS).endswith(f"\n{A} = 30\n".encode())
    assert root.read(OURS).count(b" = ") == 1


def test_on_error_skip_fails_if_the_host_could_not_be_restored(kernel, modules):
    live = kernel(**VALUES)
    live.refuse(B, "8")
    live.refuse(A, "60")
    options = {"settings": {A: 30, B: 8}, "persistent": False, "on_error": "skip"}
    assert "NOT put back" in modules.run(sysctl, **options)["msg"]


def test_a_failure_returns_what_failed_and_what_differs(kernel, modules):
    values = {f"net.ipv4.tcp_x{number}": "1" for number in range(100)}
    live = kernel(**values)
    live.refuse("net.ipv4.tcp_x50", "2")
    settings = {**values, "net.ipv4.tcp_x50": 2, "net.ipv4.tcp_x3": 3}
    failure = modules.fails(sysctl, settings=settings, persistent=False)
    assert failure["errno"] == errno.EINVAL
    assert next(iter(failure["settings"])) == "net.ipv4.tcp_x50"
    assert len(failure["settings"]) == problems.MAX_RETURNED
    assert failure["omitted"] == 80
    assert set(failure["previous"]) == set(failure["settings"])
    del settings["net.ipv4.tcp_x50"]
    success = modules.ok(sysctl, settings=settings, persistent=False)
    assert len(success["settings"]) == 99
    assert "omitted" not in success


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("net.ipv4.tcp_fin_timeuot", A),
        ("net.ipv5.tcp_fin_timeout", A),
        ("tcp_fin_timeout", A),
        ("net.ipv4.conf.eth0.100.rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
        ("net.ipv4.nothing_like_it", ""),
        ("net.ipv4", ""),
        ("net.ipv4.tcp_fin_timeuo*", ""),
    ],
)
def test_similar_keys(key, meant, kernel):
    kernel(**{A: "60", "net.ipv4.conf.eth0/100.rp_filter": "1"})
    assert problems.find_similar_key(key) == meant
