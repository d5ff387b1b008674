# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel modules are loaded before their keys are written, and unloaded after an error.

This machine's kernel may be without modules, so loading is played here; tests/lab has real ones.
"""

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import transaction
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.modules import (
    kernel_modules,
    unload_modules,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import proc_sys
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.coupled_values import (
    CoupledValues,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.effects_of_writes import (
    observe_effects,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.runtime_values import (
    RuntimeValues,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.doubts import Doubt
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import Observed
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.planning import make_plan
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.result import build_result
from hosts_in_memory import HEADER, OURS, make_request

KEY, OTHER = "net.netfilter.nf_conntrack_max", "net.ipv4.tcp_b"
SETTINGS = {OTHER: "20", KEY: "30"}
MODULES = f"/etc/modules-load.d/90-ansible-{OURS.rpartition('/')[2]}"


@pytest.fixture
def host(host_root, kernel, monkeypatch):
    """Return a host whose kernel has modules, of which nf_conntrack is not loaded yet."""
    root, live = host_root({"/etc/sysctl.d": None}), kernel(**{OTHER: "2"})
    loaded = ["loop"]
    unloaded = []

    def ask_for(name):
        loaded.insert(0, name)
        if name == "nf_conntrack":
            live[KEY] = "5"
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))

    def unload(names):
        unloaded.extend(names)
        os.unlink(proc_sys.proc_path(KEY))

    monkeypatch.setattr(kernel_modules.socket, "if_nametoindex", ask_for)
    monkeypatch.setattr(kernel_modules, "loaded_modules", lambda: list(loaded))
    monkeypatch.setattr(kernel_modules, "is_built_in", lambda _files, _name: False)
    monkeypatch.setattr(kernel_modules, "require_loadable", lambda _needs: None)
    monkeypatch.setattr(unload_modules, "unload_modules", unload)
    root.unloaded = unloaded
    return root, live


LATE = Doubt(by="nf_conntrack", why="it may be late", path="/sys", remedy="name it", keys=(KEY,))
OTHER_DOUBT = Doubt(by="docker", why="it may set it", path="/etc", remedy="ask it", keys=(KEY,))


def make(root, settings, doubts=(), **options):
    request = make_request(settings, load_modules=True, **options)
    location = root.files.locate(request.path)
    observed = Observed(
        loader=LOADERS["systemd"],
        boot_files=read_boot_files(root.files)._replace(doubts=doubts),
        path=location.path,
        real_path=location.real_path,
        content=root.files.read(location.path, location.real_path),
        runtime=proc_sys.read_keys(request.settings, named=True, needed=True),
    )
    plan = make_plan(request, kernel_modules.observe_modules(observed, request, root.files))
    return observe_effects(plan)


def carry_out(plan, root):
    transaction.check_writable(plan, root.files)
    values = RuntimeValues(plan) if plan.effects is None else CoupledValues(plan)
    return transaction.carry_out(values, root.files, {}, backup=False)


def test_the_module_is_loaded_before_its_key_is_written(host):
    root, live = host
    plan = make(root, SETTINGS)
    result = build_result(plan)
    assert (result["missing"], result["changed_keys"]) == ([], [OTHER, KEY])
    assert result["settings"][KEY]["runtime"] == {"before": None, "after": "30"}
    carry_out(plan, root)
    assert (live[KEY], live[OTHER]) == ("30", "20")
    lines = f"# {HEADER}\n# for {KEY}\nnf_conntrack\n"
    assert root.read(MODULES).decode() == lines
    assert not make(root, SETTINGS).changed


def test_a_module_that_gets_its_line_is_in_doubt_no_more(host):
    root, live = host
    live[KEY] = "5"
    plan = make(root, {KEY: "30"}, doubts=(LATE, OTHER_DOUBT))
    assert [doubt.by for doubt, _keys in plan.doubts] == ["docker"]
    assert not plan.observed.modules.to_load


def test_it_is_unloaded_if_a_later_step_fails(host):
    root, live = host
    before = root.snapshot()
    live.refuse(KEY, "30")
    with pytest.raises(TuningError) as caught:
        carry_out(make(root, SETTINGS), root)
    assert (caught.value.key, caught.value.rolled_back) == (KEY, True)
    assert root.unloaded == ["nf_conntrack"]
    assert live[OTHER] == "2"
    assert root.snapshot() == before


def test_a_module_that_stays_loaded_is_named(host, monkeypatch):
    root, live = host

    def refuse(_names):
        raise TuningError("they stay loaded: nf_conntrack: busy")

    monkeypatch.setattr(unload_modules, "unload_modules", refuse)
    live.refuse(KEY, "30")
    with pytest.raises(TuningError, match=r"NOT put back: kernel modules .*stay loaded") as caught:
        carry_out(make(root, SETTINGS), root)
    assert not caught.value.rolled_back


def test_a_module_that_does_not_bring_the_key_is_unloaded(host):
    root, _live = host
    missing = "net.netfilter.nf_conntrack_nope"
    with pytest.raises(TuningError, match="modprobe nf_conntrack") as caught:
        carry_out(make(root, {missing: "1"}), root)
    assert (caught.value.key, caught.value.rolled_back) == (missing, True)
    assert root.unloaded == ["nf_conntrack"]


def test_nothing_is_loaded_for_the_next_boot_only(host):
    root, live = host
    carry_out(make(root, {KEY: "30"}, runtime=False), root)
    assert not os.path.exists(proc_sys.proc_path(KEY))
    assert live.written == []
    assert b"nf_conntrack\n" in root.read(MODULES)


def test_no_file_is_written_for_now_only(host):
    root, live = host
    carry_out(make(root, {KEY: "30"}, persistent=False), root)
    assert live[KEY] == "30"
    assert not root.at(MODULES).exists()


def test_the_key_may_have_another_name(host):
    root, live = host
    other_name = "net.nf_conntrack_max"
    plan = make(root, {other_name: "30"})
    assert [write.key for write in plan.writes] == [other_name]
    with pytest.raises(TuningError):  # this kernel has but the one name
        carry_out(plan, root)
    assert live.written == []
