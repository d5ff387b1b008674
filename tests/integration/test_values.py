# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people write them, with the real kernel and the real loaders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox.tasks import FIN, OURS, Asker, info, sysctl, tcp_keepalive
from sandbox.world import World

FORWARD = "net.ipv4.ip_forward"
PORTS = "net.ipv4.ip_local_reserved_ports"
CONGESTION = "net.ipv4.tcp_congestion_control"
CONGESTIONS = (
    "net.ipv4.tcp_available_congestion_control",
    "net.ipv4.tcp_allowed_congestion_control",
)
RATELIMIT = "net.ipv4.icmp_ratelimit"
DELAY = "net.ipv4.neigh.lo.proxy_delay"
RETRANS = "net.ipv4.neigh.lo.retrans_time_ms"
FASTOPEN = "net.ipv4.tcp_fastopen_key"
KEY_OF_ALL = "net.ipv6.conf.all.stable_secret"
EVERY_SECOND_PORT = list(range(10000, 12400, 2))
"""Their list is longer than a page."""

REFUSED = {
    "quotes": ({"net.ipv4.ping_group_range": '"0 2147483647"'}, "quotes"),
    "a comment": ({"net.core.somaxconn": "8191 # big"}, "comment"),
    "a word": ({FIN: "soon"}, "'soon' is not a number"),
    "a range with blanks": ({PORTS: "8080 - 9090"}, "ranges of them, such as 1,3-5"),
    "a port too high": ({PORTS: [8080, 65536]}, "numbers from 0 to 65535"),
    "a name in quotes": ({CONGESTION: '"cubic"'}, "the kernel takes one name"),
    "a name that the kernel does not have": ({CONGESTION: "nosuch"}, "it is not available"),
    "a boolean for a name": ({CONGESTION: True}, "it is not available"),
    "a malformed key": ({FASTOPEN: "1-2-3"}, "four groups"),
}


@pytest.mark.parametrize("runtime", [True, False])
@pytest.mark.parametrize(("settings", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_before_anything_is_written(
    world: World, ask: Asker, settings: dict[str, Any], reason: str, runtime: bool
) -> None:
    result = ask.fails(world, sysctl(settings, runtime=runtime))
    assert reason in result["msg"]
    assert not world.exists(OURS)


@pytest.mark.parametrize("word", ["yes", "On", "true"])
def test_a_word_for_one(world: World, ask: Asker, word: str) -> None:
    task = sysctl({FORWARD: word})
    ask.ok(world, task)
    assert world.sysctl(FORWARD) == "1"
    assert f"{FORWARD} = 1\n" in world.read(OURS)
    ask.again(world, task)


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_list_of_ports(make_world: Callable[..., World], ask: Asker, loader: str) -> None:
    world = make_world(loader=loader)
    world.set_sysctl(PORTS, "8080")
    task = sysctl({PORTS: [8080, 9090, "9091"]})
    ask.ok(world, task)
    assert world.sysctl(PORTS) == "8080,9090-9091"
    assert world.boot(loader, [PORTS]).values == {PORTS: "8080,9090-9091"}
    ask.again(world, task)


def test_a_list_of_ports_over_one_page(world: World, ask: Asker) -> None:
    task = sysctl({PORTS: EVERY_SECOND_PORT})
    ask.ok(world, task)
    expected = ",".join(map(str, EVERY_SECOND_PORT))
    assert world.sysctl(PORTS) == expected
    assert world.boot("systemd", [PORTS]).values == {PORTS: expected}
    ask.again(world, task)


def test_a_list_that_procps_would_cut(make_world: Callable[..., World], ask: Asker) -> None:
    world = make_world(loader="procps")
    result = ask.fails(world, sysctl({PORTS: EVERY_SECOND_PORT}))
    assert "the first 4091 of its 7199 bytes at boot" in result["msg"]
    ask.ok(world, sysctl({PORTS: EVERY_SECOND_PORT}, persistent=False))


def test_info_says_what_procps_cuts(make_world: Callable[..., World], ask: Asker) -> None:
    ports = ",".join(map(str, EVERY_SECOND_PORT))
    world = make_world({OURS: f"{PORTS} = {ports}\n"}, loader="procps")
    setting = ask.again(world, info(keys=[PORTS]))["settings"][PORTS]
    assert setting["boot"] == world.boot("procps", [PORTS]).values[PORTS]


def test_a_name_that_this_network_namespace_does_not_take(world: World, ask: Asker) -> None:
    available = set(world.sysctl(CONGESTIONS[0]).split())
    allowed = world.sysctl(CONGESTIONS[1])
    names = [*available.difference(allowed.split()), "nosuch"]
    for name in names:
        for check in (True, False):
            result = ask.fails(world, sysctl({CONGESTION: name}), check=check)
            assert (
                f"it is not available in this network namespace; {CONGESTIONS[1]} has: {allowed}; "
                "allow it in the first network namespace, or give another name"
            ) in result["msg"]
    world.write("/etc/sysctl.d/50-a.conf", f"{CONGESTION} = {names[0]}\n")
    assert not info_of(world, ask)["certain"]


def test_a_value_that_the_kernel_rounds(world: World, ask: Asker) -> None:
    world.set_sysctl(RATELIMIT, 999)
    rounded = world.sysctl(RATELIMIT)
    world.set_sysctl(RATELIMIT, 2000)
    if rounded == "999":  # a kernel whose clock ticks 1,000 times a second rounds nothing
        ask.ok(world, sysctl({RATELIMIT: 999}))
        return
    result = ask.fails(world, sysctl({RATELIMIT: 999}))
    assert f"it rounds or limits the value to {rounded!r}; give {rounded}" in result["msg"]
    assert world.sysctl(RATELIMIT) == "2000"


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_line_of_another_file_that_the_kernel_rounds(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    lines = {RATELIMIT: "999", DELAY: "101", RETRANS: "1001"}
    text = "".join(f"{key} = {value}\n" for key, value in lines.items())
    world = make_world({"/etc/sysctl.d/99-z.conf": text}, loader=loader)
    result = ask.again(world, info(keys=list(lines)))
    expected = world.boot(loader, list(lines)).values
    assert {key: row["boot"] for key, row in result["settings"].items()} == expected
    assert all(row["certain"] for row in result["settings"].values())
    assert result["doubts"] == []


def test_a_line_of_an_image_that_kernels_round_differently(world: World, ask: Asker) -> None:
    world.write("/srv/image/etc/sysctl.d/99-z.conf", f"{RATELIMIT} = 999\n{FIN} = 50\n")
    result = ask.again(world, info(root="/srv/image", loader="systemd"))
    assert result["settings"][RATELIMIT]["boot"] == "999"
    assert not result["settings"][RATELIMIT]["certain"]
    (doubt,) = [doubt for doubt in result["doubts"] if "another number" in doubt["why"]]
    assert doubt["affected_keys"] == [RATELIMIT]


def test_a_key_that_the_kernel_pads(world: World, ask: Asker) -> None:
    task = sysctl({FASTOPEN: "1-2-3-a"})
    ask.ok(world, task)
    assert world.sysctl(FASTOPEN) == "00000001-00000002-00000003-0000000a"
    ask.again(world, task)


def test_a_line_of_another_file_that_the_kernel_refuses(world: World, ask: Asker) -> None:
    world.write("/etc/sysctl.d/99-z.conf", f'{FIN} = "50"\n')
    before = world.sysctl(FIN)
    setting = ask.again(world, info(keys=[FIN]))["settings"][FIN]
    assert (setting["boot"], setting["winner"], setting["drift"]) == (None, None, False)
    assert setting["assignments"][0]["fate"] == "refused"
    assert world.boot("systemd", [FIN]).values == {FIN: before}
    result = ask.fails(world, sysctl({FIN: 50}))
    assert "the kernel refuses '\"50\"', which /etc/sysctl.d/99-z.conf line 1 says" in result["msg"]


def test_a_comment_behind_a_value(world: World, ask: Asker) -> None:
    world.write(OURS, f"{FIN} = 60  # a minute\n")
    ask.again(world, sysctl({FIN: 60}))
    ask.ok(world, sysctl({FIN: 50}))
    assert world.read(OURS) == f"{FIN} = 50  # a minute\n"
    assert world.boot("systemd", [FIN]).values == {FIN: "50"}


@pytest.mark.parametrize(("mode", "remedy"), [(644, "0644"), (444, "0444"), (True, "0644")])
def test_a_mode_that_is_a_decimal_number(world: World, ask: Asker, mode: int, remedy: str) -> None:
    result = ask.fails(world, sysctl({FIN: 50}, mode=mode))
    assert f"write it in quotes: mode: '{remedy}'" in result["msg"]


@pytest.mark.parametrize("mode", [0o640, "640", "0640"])
def test_a_mode_that_is_none(world: World, ask: Asker, mode: int | str) -> None:
    ask.ok(world, sysctl({FIN: 50}, mode=mode))
    assert world.run(["stat", "-c", "%a", OURS]).stdout.strip() == "640"


@pytest.mark.parametrize("option", ["time", "probes", "intvl"])
def test_a_boolean_is_no_number_of_seconds(world: World, ask: Asker, option: str) -> None:
    result = ask.fails(world, tcp_keepalive(**{option: True}))
    assert f"{option}: true is not a number of" in result["msg"]


def test_a_word_for_one_beside_a_wrong_value(world: World, ask: Asker) -> None:
    result = ask.fails(world, sysctl({FORWARD: "yes", FIN: "soon"}))
    assert "'soon' is not a number" in result["msg"]
    assert "yes" not in result["msg"]


def test_a_name_for_the_next_boot_that_the_kernel_has_is_certain(world: World, ask: Asker) -> None:
    assert world.sysctl(CONGESTION) != "reno"
    task = sysctl({CONGESTION: "reno"}, runtime=False, on_doubt="fail")
    result = ask.ok(world, task)
    assert result["settings"][CONGESTION]["boot"]["certain"]
    assert info_of(world, ask)["certain"]


def info_of(world: World, ask: Asker) -> dict[str, Any]:
    """Return what sysctl_info says of the congestion control."""
    setting: dict[str, Any] = ask.again(world, info(keys=[CONGESTION]))["settings"][CONGESTION]
    return setting


@pytest.mark.parametrize("runtime", [True, False])
def test_a_secret_of_all_interfaces_is_refused(world: World, ask: Asker, runtime: bool) -> None:
    result = ask.fails(world, sysctl({KEY_OF_ALL: "2001:db8::1"}, runtime=runtime))
    assert "it takes no value at all; set the key of default or of an interface" in result["msg"]
    assert not world.exists(OURS)


def test_a_glob_of_secrets_leaves_out_the_one_of_all(world: World, ask: Asker) -> None:
    world.add_interfaces("br0")
    task = sysctl({"net.ipv6.conf.*.stable_secret": "2001:db8::1"}, persistent=False)
    ask.ok(world, task)
    assert world.sysctl("net.ipv6.conf.br0.stable_secret").endswith(":0001")
    ask.again(world, task)
