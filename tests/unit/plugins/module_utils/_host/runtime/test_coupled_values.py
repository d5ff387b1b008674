# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys that act on others: written until all have their value, and restored with their effects.

The kernel is a folder whose keys react to writes as those of the real one do.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Callable, Mapping

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import transaction
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import (
    effects_of_writes,
    lost_ipv6,
    proc_sys,
    runtime_values,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime.coupled_values import (
    CoupledValues,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import LOADERS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.module_file import (
    ModuleNeeds,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import (
    FileChange,
    Observed,
    Plan,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.planning import make_plan
from hosts_in_memory import make_request, make_tree
from unit.hosts_on_disk import HostRoot, Kernel

BYTES, RATIO, SWAPPINESS = "vm.dirty_bytes", "vm.dirty_ratio", "vm.swappiness"
FORWARD, REDIRECTS = "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"
BR0 = "net.ipv4.conf.br0.forwarding"
KEXEC, PTRACE = "kernel.kexec_load_disabled", "kernel.yama.ptrace_scope"
BSET = "kernel.usermodehelper.bset"
IPV6_ALL, IPV6_LO = "net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.lo.disable_ipv6"
IPV6_BR3, MTU = "net.ipv6.conf.br3.disable_ipv6", "net.ipv6.conf.br3.mtu"
CONGESTION = "net.ipv4.tcp_congestion_control"
ALLOWED = "net.ipv4.tcp_allowed_congestion_control"

START = {
    BYTES: "0",
    RATIO: "20",
    SWAPPINESS: "60",
    FORWARD: "0",
    REDIRECTS: "0",
    BR0: "1",
    KEXEC: "0",
    PTRACE: "1",
    IPV6_ALL: "0",
    IPV6_LO: "0",
    IPV6_BR3: "0",
    MTU: "1300",
    CONGESTION: "cubic",
    ALLOWED: "reno",
}
"""Values before each test; accept_redirects is not what ip_forward makes it."""

ADDRESSES = """\
20010db8000000000000000000000005 02 40 00 80     br0
20010db8000000000000000000000007 02 40 00 00     br0
fe80000000000000fc74f6fffe0c1b3a 02 40 20 80     br0
00000000000000000000000000000001 01 80 10 80       lo
"""
NO_ROUTE = "0" * 32
ROUTES = f"""\
{NO_ROUTE} 00 {NO_ROUTE} 00 fe80000000000000fc74f6fffe0c1b3b 00000400 00000001 00000000 00000003 br1
20010db8000000000000000000000000 40 {NO_ROUTE} 00 {NO_ROUTE} 00000100 00000001 00000000 004c0001 br0
{NO_ROUTE} 00 {NO_ROUTE} 00 fe80000000000000fc74f6fffe0c1b3c 00000400 00000001 00000000 00050003 br2
"""

MakeKernel = Callable[..., Kernel]


@pytest.fixture
def live(kernel: MakeKernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Kernel:
    """Return a kernel whose keys react to each other."""
    live = kernel(**START)
    for key, other in ((BYTES, RATIO), (RATIO, BYTES)):
        live.reactions[key] = clears(live, key, other)
    live.reactions[FORWARD] = forwards(live)
    for key in (KEXEC, PTRACE):
        live.reactions[key] = stays(live, key, "1" if key == KEXEC else "3")
    live.reactions[IPV6_ALL] = disables_all(live)
    live.reactions[IPV6_BR3] = resets_mtu(live)
    live.reactions[CONGESTION] = allows(live)
    for name, text in (("_IPV6_ADDRESSES", ADDRESSES), ("_IPV6_ROUTES", ROUTES)):
        table = tmp_path / name
        table.write_text(text)
        monkeypatch.setattr(lost_ipv6, name, str(table))
    return live


def refusal() -> OSError:
    return OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def clears(live: Kernel, key: str, other: str) -> Callable[[str], str]:
    """Return the reaction of a key whose new value sets another one to 0."""

    def react(text: str) -> str:
        if key == BYTES and int(text) < 8192:
            raise refusal()
        if text != live[key]:
            live[other] = "0"
        return text

    return react


def forwards(live: Kernel) -> Callable[[str], str]:
    """Return the reaction of ip_forward."""

    def react(text: str) -> str:
        if text != live[FORWARD]:
            live[BR0] = text
            live[REDIRECTS] = "0" if text == "1" else "1"
        return text

    return react


def stays(live: Kernel, key: str, final: str) -> Callable[[str], str]:
    """Return the reaction of a key that keeps its final value."""

    def react(text: str) -> str:
        if live[key] == final and text != final:
            raise refusal()
        return text

    return react


def resets_mtu(live: Kernel) -> Callable[[str], str]:
    """Return the reaction of disable_ipv6 of an interface that is up."""

    def react(text: str) -> str:
        if live[IPV6_BR3] != "0" and text == "0":
            live[MTU] = "1500"
        return text

    return react


def disables_all(live: Kernel) -> Callable[[str], str]:
    """Return the reaction of disable_ipv6 of all interfaces."""

    def react(text: str) -> str:
        live[IPV6_LO] = text
        live[IPV6_BR3] = resets_mtu(live)(text)
        return text

    return react


def allows(live: Kernel) -> Callable[[str], str]:
    """Return the reaction of tcp_congestion_control; the kernel lists the others last."""

    def react(text: str) -> str:
        allowed = {*live[ALLOWED].split(), text}
        live[ALLOWED] = " ".join(name for name in ("reno", "cubic", "bbr") if name in allowed)
        return text

    return react


def make_coupled_plan(settings: Mapping[str, str], **options: Any) -> Plan:
    request = make_request(settings, **{"persistent": False, **options})
    observed = Observed(
        loader=LOADERS["systemd"],
        boot_files=make_tree({}),
        runtime=proc_sys.read_keys(settings, named=True, needed=True),
    )
    return effects_of_writes.observe_effects(make_plan(request, observed))


def run(plan: Plan, root: HostRoot) -> list[str]:
    return transaction.carry_out(CoupledValues(plan), root.files, {}, backup=False)


def fails(plan: Plan, root: HostRoot) -> TuningError:
    with pytest.raises(TuningError) as caught:
        run(plan, root)
    return caught.value


def values_of(live: Kernel) -> dict[str, str]:
    return {key: live[key] for key in START}


@pytest.fixture
def root(host_root: Callable[..., HostRoot]) -> HostRoot:
    return host_root({"/etc": None})


# --- set ---


@pytest.mark.parametrize(
    "settings",
    [
        {FORWARD: "1", REDIRECTS: "1"},
        {REDIRECTS: "1", FORWARD: "1"},
        {REDIRECTS: "0", BR0: "0", FORWARD: "1"},
        {RATIO: "20", BYTES: "0"},
        {BYTES: "16384", RATIO: "0"},
        {RATIO: "0", BYTES: "16384"},
        {IPV6_LO: "0", IPV6_ALL: "1"},
        {IPV6_ALL: "1", IPV6_LO: "0"},
        {KEXEC: "1", SWAPPINESS: "10"},
        {CONGESTION: "bbr", ALLOWED: "reno"},
        {ALLOWED: "reno", CONGESTION: "bbr"},
        {ALLOWED: "reno bbr", CONGESTION: "reno"},
        {MTU: "1400", IPV6_BR3: "1"},
        {MTU: "1400", IPV6_ALL: "1", IPV6_BR3: "0"},
    ],
)
def test_sets_all_values(settings: dict[str, str], live: Kernel, root: HostRoot) -> None:
    run(make_coupled_plan(settings), root)
    assert {key: live[key] for key in settings} == settings


@pytest.mark.parametrize("key", [IPV6_BR3, IPV6_ALL])
@pytest.mark.parametrize("is_first", [True, False])
def test_sets_an_mtu_that_a_later_write_resets(
    key: str, is_first: bool, live: Kernel, root: HostRoot
) -> None:
    live[IPV6_ALL] = live[IPV6_LO] = live[IPV6_BR3] = "1"
    settings = {MTU: "1300", key: "0"} if is_first else {key: "0", MTU: "1300"}
    run(make_coupled_plan(settings), root)
    assert {name: live[name] for name in settings} == settings


@pytest.mark.parametrize("key", [IPV6_BR3, IPV6_ALL])
def test_a_refused_mtu_is_not_blamed_on_another_key(key: str, live: Kernel, root: HostRoot) -> None:
    live[IPV6_ALL] = live[IPV6_LO] = live[IPV6_BR3] = "1"
    live.refuse(MTU, "9000")
    error = fails(make_coupled_plan({MTU: "9000", key: "0"}), root)
    assert (error.key, error.errno, error.rolled_back) == (MTU, errno.EINVAL, True)
    assert live[MTU] == "1300"


@pytest.mark.parametrize("order", [[BYTES, RATIO], [RATIO, BYTES]])
def test_sets_earlier_values_again(order: list[str], live: Kernel, root: HostRoot) -> None:
    live[BYTES], live[RATIO] = "16384", "0"
    run(make_coupled_plan({key: START[key] for key in order}), root)
    assert values_of(live) == START


def test_what_cannot_be_taken_back_comes_last(live: Kernel, root: HostRoot) -> None:
    run(make_coupled_plan({IPV6_ALL: "1", KEXEC: "1", IPV6_LO: "0", SWAPPINESS: "10"}), root)
    assert live.written == [(SWAPPINESS, "10"), (IPV6_ALL, "1"), (KEXEC, "1"), (IPV6_LO, "0")]


def test_of_what_cannot_be_taken_back_a_switch_comes_last(live: Kernel, root: HostRoot) -> None:
    live[BSET] = "4294967295 511"
    run(make_coupled_plan({PTRACE: "3", BSET: "4294967294 511"}), root)
    assert live.written == [(BSET, "4294967294 511"), (PTRACE, "3")]


def test_what_cannot_be_taken_back_comes_after_the_files(
    live: Kernel, root: HostRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    written_when_files_changed = []

    def change_file(*_unused: object) -> list[str]:
        written_when_files_changed.append(list(live.written))
        return []

    monkeypatch.setattr(transaction, "change_file", change_file)
    plan = make_coupled_plan({KEXEC: "1", SWAPPINESS: "10"})
    change = FileChange(path="/etc/x", real_path="/etc/x", before=None, after=b"")
    run(plan._replace(files=(change,)), root)
    assert written_when_files_changed == [[(SWAPPINESS, "10")]]
    assert live[KEXEC] == "1"


# --- not set ---


@pytest.mark.parametrize(
    "settings",
    [
        {FORWARD: "1"},
        {BYTES: "16384"},
        {RATIO: "10"},
        {KEXEC: "1", IPV6_ALL: "1"},
        {IPV6_BR3: "1"},
        {CONGESTION: "bbr"},
        {CONGESTION: "bbr", ALLOWED: "bbr"},
    ],
)
def test_restores_all_that_the_writes_changed(
    settings: dict[str, str], live: Kernel, root: HostRoot
) -> None:
    live.refuse(SWAPPINESS, "10")
    error = fails(make_coupled_plan({**settings, SWAPPINESS: "10"}), root)
    assert (error.key, error.rolled_back) == (SWAPPINESS, True)
    assert values_of(live) == START


@pytest.mark.parametrize("settings", [{BYTES: "100"}, {BYTES: "0", RATIO: "20", FORWARD: "7"}])
def test_a_refused_value_that_changed_nothing_needs_no_undoing(
    settings: dict[str, str], live: Kernel, root: HostRoot
) -> None:
    live.refuse(FORWARD, "7")
    error = fails(make_coupled_plan(settings), root)
    assert error.rolled_back
    assert error.errno == errno.EINVAL
    assert len(live.written) == 1
    assert values_of(live) == START


def test_a_refused_value_that_no_other_key_gives(live: Kernel, root: HostRoot) -> None:
    error = fails(make_coupled_plan({BYTES: "100", REDIRECTS: "0"}), root)
    assert (error.key, error.errno, error.rolled_back) == (BYTES, errno.EINVAL, True)
    assert values_of(live) == START


def test_a_value_that_the_kernel_rounds_is_not_blamed_on_a_key(
    live: Kernel, root: HostRoot
) -> None:
    live.reactions[REDIRECTS] = lambda _text: "7"
    error = fails(make_coupled_plan({REDIRECTS: "1", FORWARD: "1"}), root)
    assert FORWARD not in str(error)
    assert "'7'" in str(error)


def test_a_key_that_goes_away_is_no_failure_to_restore(live: Kernel, root: HostRoot) -> None:
    def remove_interface(_text: str) -> str:
        os.unlink(proc_sys.proc_path(BR0))
        raise refusal()

    live.reactions[SWAPPINESS] = remove_interface
    error = fails(make_coupled_plan({FORWARD: "1", SWAPPINESS: "10"}), root)
    assert (error.key, error.rolled_back) == (SWAPPINESS, True)
    assert (live[FORWARD], live[REDIRECTS]) == ("0", "0")


def test_an_error_names_what_could_not_be_restored(live: Kernel, root: HostRoot) -> None:
    live.refuse(SWAPPINESS, "10")
    plan = make_coupled_plan({FORWARD: "1", SWAPPINESS: "10"})
    live.refuse(REDIRECTS, "0")
    error = fails(plan, root)
    assert not error.rolled_back
    assert f"NOT put back: {REDIRECTS} (Invalid argument" in str(error)


def test_an_error_names_what_cannot_be_taken_back(live: Kernel, root: HostRoot) -> None:
    plan = make_coupled_plan({KEXEC: "1", IPV6_ALL: "1", PTRACE: "3"})
    live.refuse(PTRACE, "3")
    error = fails(plan, root)
    assert (error.key, error.rolled_back) == (PTRACE, False)
    not_restored = str(error).partition("NOT put back: ")[2]
    assert f"{KEXEC} (the kernel takes no 0 after a 1" in not_restored
    assert f"{IPV6_ALL} (the kernel removes 2001:db8::5/64 of br0" in not_restored
    assert PTRACE not in not_restored
    assert values_of(live) == {**START, KEXEC: "1"}


def test_an_error_does_not_name_what_the_kernel_did_not_take(live: Kernel, root: HostRoot) -> None:
    live.reactions[PTRACE] = lambda _text: live[PTRACE]
    error = fails(make_coupled_plan({PTRACE: "3"}), root)
    assert (error.key, error.rolled_back) == (PTRACE, True)
    assert "NOT put back" not in str(error)
    assert values_of(live) == START


# --- known before ---


def test_restores_a_changed_key_that_was_to_be_written_later(live: Kernel, root: HostRoot) -> None:
    live.refuse(SWAPPINESS, "10")
    error = fails(make_coupled_plan({FORWARD: "1", SWAPPINESS: "10", BR0: "0"}), root)
    assert error.rolled_back
    assert values_of(live) == START


def test_reads_before_all_that_the_writes_may_change(live: Kernel) -> None:
    plan = make_coupled_plan({FORWARD: "1", SWAPPINESS: "10"})
    assert plan.effects is not None
    assert plan.effects.affected == {REDIRECTS: live[REDIRECTS], BR0: live[BR0]}
    first, *others = plan.effects.way_back
    assert first == FORWARD
    assert set(others) == {BR0, REDIRECTS, SWAPPINESS}


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({FORWARD: "1"}, []),
        ({PTRACE: "2"}, []),
        ({PTRACE: "3"}, ["no lower value"]),
        ({"net.ipv6.conf.br0.disable_ipv6": "1"}, ["2001:db8::5/64 of br0, and"]),
        ({"net.ipv6.conf.br1.disable_ipv6": "1"}, ["the route to ::/0 by br1"]),
        ({"net.ipv6.conf.br2.disable_ipv6": "1"}, []),
        ({IPV6_LO: "1"}, []),
        ({IPV6_ALL: "1"}, ["2001:db8::5/64 of br0, the route to ::/0 by br1, and"]),
    ],
)
def test_names_before_what_cannot_be_taken_back(
    settings: dict[str, str], reasons: list[str], live: Kernel
) -> None:
    for key in settings:
        live[key] = START.get(key, "0")
    plan = make_coupled_plan(settings)
    named = []
    if plan.effects is not None:
        named = [reason for _key, reason in plan.effects.irreversible]
    assert len(named) == len(reasons)
    for reason, expected in zip(named, reasons):
        assert expected in reason


def test_a_plan_without_effects_has_none(live: Kernel) -> None:
    plan = make_coupled_plan({PTRACE: "2", SWAPPINESS: "10"})
    assert plan.effects is None
    assert live.written == []


def test_names_before_that_a_key_without_a_value_cannot_be_without_one_again(live: Kernel) -> None:
    key = "net.ipv6.conf.br0.stable_secret"
    live[key] = "x"
    request = make_request({key: "2001:db8::1"}, persistent=False)
    observed = Observed(loader=LOADERS["systemd"], boot_files=make_tree({}), runtime={key: None})
    plan = effects_of_writes.observe_effects(make_plan(request, observed))
    assert plan.effects is not None
    ((named, reason),) = plan.effects.irreversible
    assert named == key
    assert "no value yet" in reason


@pytest.mark.usefixtures("live")
def test_a_key_of_a_module_that_the_run_loads_may_have_another_value_again() -> None:
    key = "net.netfilter.nf_conntrack_max"
    needs = ModuleNeeds(
        path="/etc/modules-load.d/x.conf",
        real_path="/etc/modules-load.d/x.conf",
        content=None,
        needed={},
        to_load={"nf_conntrack": (key,)},
    )
    observed = Observed(
        loader=LOADERS["systemd"], boot_files=make_tree({}), runtime={key: None}, modules=needs
    )
    plan = make_plan(make_request({key: "5"}, persistent=False), observed)
    assert effects_of_writes.add_effects(plan).effects.irreversible == ()


CONF = "net.ipv6.conf"
MODE_ALL = f"{CONF}.all.addr_gen_mode"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({MODE_ALL: "3"}, {MODE_ALL: ["br0"]}),
        ({MODE_ALL: "2"}, {}),
        ({f"{CONF}.br0.addr_gen_mode": "3"}, {f"{CONF}.br0.addr_gen_mode": ["br0"]}),
        ({f"{CONF}.off.addr_gen_mode": "3"}, {}),
        (
            {f"{CONF}.off.disable_ipv6": "0", f"{CONF}.off.addr_gen_mode": "3"},
            {f"{CONF}.off.addr_gen_mode": ["off"]},
        ),
        ({f"{CONF}.secret.addr_gen_mode": "3"}, {}),
        ({f"{CONF}.default.addr_gen_mode": "3"}, {}),
        (
            {f"{CONF}.br0.addr_gen_mode": "3", MODE_ALL: "3"},
            {f"{CONF}.br0.addr_gen_mode": ["br0"], MODE_ALL: ["br0"]},
        ),
    ],
)
def test_names_before_who_gets_a_random_secret(
    settings: dict[str, str],
    named: dict[str, list[str]],
    live: Kernel,
    root: HostRoot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_interfaces(live, monkeypatch)
    plan = make_coupled_plan({**settings, SWAPPINESS: "10"})
    irreversible = plan.effects.irreversible if plan.effects else ()
    interfaces = {}
    for key, reason in irreversible:
        names = reason.partition("the kernel gives ")[2].partition(" a random value")[0]
        interfaces[key] = [name.split(".")[3] for name in names.split(", ")]
    assert interfaces == named
    live.refuse(SWAPPINESS, "10")
    assert fails(plan, root).rolled_back
    assert not named.keys() & dict(live.written).keys()


def make_interfaces(live: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make interfaces, of which most have no secret."""
    for name, mode, disabled, secret in (
        ("all", "0", "0", ""),
        ("default", "0", "0", ""),
        ("lo", "0", "0", ""),
        ("br0", "0", "0", ""),
        ("off", "0", "1", ""),
        ("random", "3", "0", ""),
        ("secret", "0", "0", "::1"),
    ):
        live[f"{CONF}.{name}.addr_gen_mode"] = mode
        live[f"{CONF}.{name}.disable_ipv6"] = disabled
        live[f"{CONF}.{name}.stable_secret"] = secret
    real_read = proc_sys.read_key

    def read_key(key: str) -> str:
        value = real_read(key)
        if key.endswith(".stable_secret") and not value:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return value

    monkeypatch.setattr(proc_sys, "read_key", read_key)
    monkeypatch.setattr(runtime_values, "read_key", read_key)


def test_refuses_what_the_kernel_takes_only_after_a_reboot(live: Kernel) -> None:
    live[PTRACE] = "3"
    with pytest.raises(TuningError, match=r"it is '3'.*after a reboot") as caught:
        make_coupled_plan({PTRACE: "1"})
    assert caught.value.key == PTRACE


@pytest.mark.parametrize(
    ("key", "before", "value", "message"),
    [
        (BSET, "4294967294 511", "4294967295 511", "takes capabilities away, so it can be"),
        ("kernel.kexec_load_limit_panic", "5", "-2", "-2 is outside of the range of this key"),
        ("kernel.tainted", "0", "-1", "takes no negative number; give 0 or more"),
    ],
)
def test_refuses_what_the_kernel_does_not_take_of_a_key_with_no_way_back(
    key: str, before: str, value: str, message: str, live: Kernel
) -> None:
    live[key] = before
    with pytest.raises(TuningError, match=message) as caught:
        make_coupled_plan({PTRACE: "3", key: value})
    assert caught.value.key == key
    assert ("after a reboot" in str(caught.value)) is (key == BSET)
    assert live.written == []


def test_a_kernel_without_ipv6(live: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_ipv6, "_IPV6_ADDRESSES", "/nowhere")
    monkeypatch.setattr(lost_ipv6, "_IPV6_ROUTES", "/nowhere")
    plan = make_coupled_plan({IPV6_ALL: "1"})
    assert plan.effects is not None
    assert plan.effects.irreversible == ()
    assert live.written == []


@pytest.mark.parametrize("value", ["0", "1"], ids=["to be written", "right already"])
@pytest.mark.parametrize("others", [{SWAPPINESS: "10"}, {FORWARD: "1"}], ids=["plain", "coupled"])
def test_an_interface_goes_away_during_the_run(
    value: str, others: dict[str, str], live: Kernel, root: HostRoot
) -> None:
    (other,) = others
    plan = make_coupled_plan({**others, BR0: value})

    def remove_interface(text: str) -> str:
        if text == others[other]:
            os.unlink(proc_sys.proc_path(BR0))
        return text

    live.reactions[other] = remove_interface
    error = fails(plan, root)
    assert (error.key, error.errno) == (BR0, errno.ENOENT)
    assert str(error).startswith(f"{BR0}: it went away during the run")
    assert error.rolled_back
    assert live[other] == START[other]
