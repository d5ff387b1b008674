# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which a task may give settings."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import kernel_defaults
from ansible_collections.netops.tuning.plugins.module_utils._modules.option_errors import (
    explain_options,
)
from ansible_collections.netops.tuning.plugins.module_utils._modules.settings_forms import (
    read_settings,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.modules import sysctl, sysctl_info, tcp_keepalive
from hosts_in_memory import OURS

A, B, C = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_retries2", "net.core.somaxconn"
HIDDEN = "net.ipv4.tcp_fastopen_key"
SETTINGS = "settings: {KEY: VALUE}"
OF_POSIX = "an option of ansible.posix.sysctl; here it is"


@pytest.mark.parametrize(
    ("settings", "present", "to_set", "to_take_out"),
    [
        ({A: 1}, True, {A: 1}, {}),
        ({A: 1, B: None}, False, {}, {A: 1, B: None}),
        ([], True, {}, {}),
        ([{"name": A, "value": 1}, {"key": B, "value": [1, 2]}], True, {A: 1, B: [1, 2]}, {}),
        ([{"name": A, "value": 1, "state": "present"}], False, {A: 1}, {}),
        ([{"name": A, "value": 1}, {"name": B, "state": "absent"}], True, {A: 1}, {B: None}),
        ([{"name": A, "value": 1, "state": None}], True, {A: 1}, {}),
        ([A, B], False, {}, {A: None, B: None}),
        ([A, {"name": B, "value": 15}], False, {}, {A: None, B: 15}),
        (f"{A}=1 {B}=2", True, {A: "1", B: "2"}, {}),
        ('{"a.b": 1}', True, {"a.b": 1}, {}),
        ('[{"name": "a.b", "value": 1}]', True, {"a.b": 1}, {}),
    ],
)
def test_forms(settings, present, to_set, to_take_out):
    assert read_settings(settings, present) == (to_set, to_take_out)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (None, "nothing is given; give keys and values, such as"),
        ("", "nothing is given"),
        ("vm.swappiness", "neither JSON nor pairs"),
        ("[1", "neither JSON nor pairs"),
        (7, "7 is neither a dictionary nor a list"),
        ({"name": A, "value": 1}, "name and value are parts of an item of a list; give '[{name"),
        ({"key": A, "value": 1, "state": "present"}, "key and value are parts of an item"),
        ([None], "item 1: null is not a setting"),
        (True, "true is neither a dictionary nor a list"),
        ([A], f"item 1: {A!r} has no value"),
        ([{"name": A, "value": 1}, 7], "item 2: 7 is not a setting"),
        ([{"name": A, "key": B, "value": 1}], "both name and key"),
        ([{"value": 1}], "both name and key, or neither"),
        ([{"name": A, "vlaue": 1}], "it has vlaue; give {name"),
        ([{A: 1}], f"it has {A}; give {{name"),
        ([{"name": A, "value": 1, "state": "gone"}], "its state is 'gone'"),
        ([{"name": A, "value": 1}, {"name": None, "value": 1}], "item 2: its name is null, not"),
        ([{"name": None, "state": "absent"}], "settings, item 1: its name is null, not a key"),
        ([{"key": ["a"], "value": 1}], "item 1: its key is ['a'], not a key; give {name: vm."),
        ([{"name": {A: 1}, "value": 1}], f"item 1: its name is {{'{A}': 1}}, not a key"),
        ([{"name": 7, "value": 1}], "item 1: its name is 7, not a key"),
        ('[{"name": null, "value": 1}]', "item 1: its name is null"),
        ([{"name": A, "value": 1}, {"key": A, "value": 2}], "given twice"),
        ([{"name": A, "value": 1}, {"key": A, "state": "absent"}], "given twice"),
    ],
)
def test_refused_forms(settings, reason):
    with pytest.raises(TuningError) as caught:
        read_settings(settings, present=True)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sets_some_keys_and_takes_out_others(kernel, modules, tmp_path):
    live = kernel(**{A: "60", B: "15", C: "4096"})
    path = tmp_path / "x.conf"
    path.write_text(f"{B} = 8\n{C} = 4096\n")
    options = {
        "settings": [
            {"name": A, "value": 30},
            {"name": B, "value": 15, "state": "absent"},
            {"name": "net/ipv4/none", "state": "absent"},
        ],
        "path": str(path),
        "on_override": "warn",
    }
    result = modules.ok(sysctl, **options)
    assert path.read_text() == f"{C} = 4096\n{A} = 30\n"
    assert (live[A], live[B]) == ("30", "15")
    assert set(result["settings"]) == {A, B, "net.ipv4.none"}
    assert not modules.ok(sysctl, **options)["changed"]
    all_absent = {
        **options,
        "settings": [{"name": A, "state": "absent"}, {"name": C, "state": "absent"}],
    }
    assert modules.ok(sysctl, **all_absent)["changed"]
    assert not path.exists()


def test_the_same_key_in_two_spellings_is_refused(host_root, modules):
    options = {"root": str(host_root({"/etc/sysctl.d": None}).root), "runtime": False}
    settings = [{"name": A, "value": 30}, {"name": A.replace(".", "/"), "state": "absent"}]
    assert "give it once" in modules.fails(sysctl, settings=settings, **options)["msg"]


@pytest.mark.parametrize(
    "settings",
    [
        [{"name": HIDDEN, "value": "0000000b-0-0-0"}],
        [{"key": HIDDEN, "value": "0000000b-0-0-0", "vlaue": 1}],
        f"{HIDDEN}=0000000b-0-0-0",
        f'{{"{HIDDEN}": "0000000b-0-0-0"}}',
        {"net.ipv4.tcp_fastopen_k*": "0000000b-0-0-0", "vlaue": None},
        [{"key": "net/ipv4/tcp_fast*_key", "value": "0000000b-0-0-0", "vlaue": 1}],
        "net.ipv4.tcp_*_k[e]y=0000000b-0-0-0",
        '{"net.ipv4.tcp_fastopen_k*": "0000000b-0-0-0"}',
        '[{"net.ipv4.tcp_fastopen_k*": "0000000b-0-0-0"}]',
    ],
)
def test_secrets_stay_secret_in_each_form(settings, host_root, modules):
    root = host_root({OURS: ""})
    result = modules.run(sysctl, settings=settings, root=str(root.root), runtime=False)
    assert "0000000b" not in str(result)


def test_absent_warns_only_in_the_run_that_takes_a_key_out(kernel, modules, tmp_path, monkeypatch):
    monkeypatch.setattr(kernel_defaults, "may_show_default", lambda _key, _inherits: False)
    kernel(**{A: "60"})
    path = tmp_path / "x.conf"
    options = {"settings": [A], "state": "absent", "path": str(path), "on_override": "warn"}
    assert "stays '60'" not in str(modules.ok(sysctl, **options).get("warnings"))
    path.write_text(f"{A} = 60\n{B} = 8\n")
    assert "stays '60'" in str(modules.ok(sysctl, **options)["warnings"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "settings is missing; give keys and values, such as 'settings: {vm.swappiness: 10}'"),
        ({"setings": {}}, "setings: there is no such option; did you mean settings?"),
        (
            {"name": A, "value": 1},
            f"name: {OF_POSIX} {SETTINGS}; value: {OF_POSIX} {SETTINGS}",
        ),
        (
            {"settings": {}, "sysctl_file": "/x"},
            "sysctl_file: an option of ansible.posix.sysctl; here it is path",
        ),
    ],
)
def test_options_that_ansible_refuses(options, message, modules):
    assert modules.run(sysctl, **options)["msg"] == message


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (
            sysctl,
            {"settings": {}, "runtime": {"a": 1}},
            "runtime: {'a': 1} is not true or false; give one, such as 'runtime: true'",
        ),
        (
            sysctl,
            {"settings": {}, "backup": "maybe"},
            "backup: 'maybe' is not true or false; give one, such as 'backup: true'",
        ),
        (
            sysctl_info,
            {"keys": {A: 1}},
            f"keys: {{'{A}': 1}} is not a list; give one, such as 'keys: [net.ipv4.tcp_*]'",
        ),
        (
            tcp_keepalive,
            {"time": [300]},
            "time: [300] is not an integer; give one, such as 'time: 60'",
        ),
        (
            tcp_keepalive,
            {"time": "inf"},
            "time: 'inf' is not an integer; give one, such as 'time: 60'",
        ),
        (
            tcp_keepalive,
            {"probes": float("-inf"), "time": 60},
            "probes: -inf is not an integer; give one, such as 'probes: 60'",
        ),
        (
            tcp_keepalive,
            {"time": float("nan")},
            "time: nan is not an integer; give one, such as 'time: 60'",
        ),
    ],
)
def test_options_of_another_type(module, options, message, modules):
    assert modules.run(module, **options)["msg"] == message


@pytest.mark.parametrize("kind", ["<class 'dict'>", "dict"])
def test_options_of_another_type_as_each_ansible_core_says_so(kind):
    message = f"argument 'runtime' is of type {kind} and we were unable to convert to bool: no"
    explained = explain_options(message, {"runtime": {}}, {"runtime": {"type": "bool"}})
    assert explained == "runtime: {} is not true or false; give one, such as 'runtime: true'"


def test_many_unknown_options_are_one_bounded_line(modules):
    options = {f"x{number}": 1 for number in range(20)}
    message = modules.run(sysctl, **options)["msg"]
    assert message.endswith("; and 10 more")
    assert "\n" not in message
