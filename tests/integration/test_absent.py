# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""state: absent removes keys from our file and sets the kernel to what the next boot will give."""

from __future__ import annotations

import pytest
from sandbox.play import Task
from sandbox.tasks import BY, FIN, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import Link, World

VENDOR = "/usr/lib/sysctl.d/50-vendor.conf"
SLASHES = "net/ipv4/tcp_keepalive_time"


def absent(*keys: str, **options: object) -> Task:
    """Return a task that removes keys and states no value for them."""
    settings = dict.fromkeys(keys)
    return sysctl(settings, state="absent", **options)


def test_absent_undoes_an_earlier_task(world: World, ask: Asker) -> None:
    before = world.snapshot()
    ask.ok(world, sysctl({TIME: 3600, FIN: 50}))
    remove = sysctl({TIME: 7200, FIN: 60}, state="absent")
    result = ask.ok(world, remove)
    assert result.changed
    assert world.snapshot() == before
    assert result["settings"][TIME]["persistent"] == {"before": "3600", "after": None}
    assert result["settings"][TIME]["runtime"] == {"before": "3600", "after": "7200"}
    ask.again(world, remove)


def test_absent_does_not_ask_for_a_name_that_the_kernel_does_not_have(
    world: World, ask: Asker
) -> None:
    congestion = "net.ipv4.tcp_congestion_control"
    before = world.sysctl(congestion)
    world.write(OURS, f"{congestion} = {before}\n")
    world.write(VENDOR, f"{congestion} = nosuch\n")
    remove = absent(congestion)
    result = ask.ok(world, remove)
    assert (world.sysctl(congestion), world.exists(OURS)) == (before, False)
    assert result["changed_keys"] == []
    ask.again(world, remove)


def test_a_doubt_about_a_removed_key_does_not_refuse_the_others(world: World, ask: Asker) -> None:
    set_early = "net.unix.max_dgram_qlen"
    world.write(OURS, f"{set_early} = 600\n")
    refused = {"net.ipv4.tcp_retries1": 1000}
    options = {"exclusive": True, "on_doubt": "fail", "on_error": "skip"}
    result = ask.ok(world, sysctl({FIN: 50, **refused}, **options))
    assert [entry["key"] for entry in result["skipped_keys"]] == list(refused)
    assert [doubt["affected_keys"] for doubt in result["doubts"]] == [[set_early]]
    assert world.sysctl(FIN) == "50"
    assert world.read(OURS).endswith(f"{FIN} = 50\n")


REFUSED_NOW = {
    "a mode before its secret": (
        "net.ipv6.conf.lo.addr_gen_mode",
        "0",
        "net.ipv6.conf.default.stable_secret = 2001:db8::1\nnet.ipv6.conf.lo.addr_gen_mode = 2\n",
    ),
    "a port below those of programs": (
        "net.ipv4.ip_local_port_range",
        "32768 60999",
        "net.ipv4.ip_unprivileged_port_start = 500\nnet.ipv4.ip_local_port_range = 600 700\n",
    ),
}
"""What files ask for only once another of their lines was written: key, its value, the file."""


@pytest.mark.parametrize(("key", "value", "vendor"), REFUSED_NOW.values(), ids=REFUSED_NOW)
def test_absent_does_not_ask_for_what_the_kernel_takes_only_at_boot(
    world: World, ask: Asker, key: str, value: str, vendor: str
) -> None:
    world.set_sysctl(key, value)
    world.write(OURS, f"{key} = {value}\n")
    world.write(VENDOR, vendor)
    remove = absent(key)
    predicted = ask.ok(world, remove, check=True)
    result = ask.ok(world, remove)
    assert (world.sysctl(key), world.exists(OURS)) == (value, False)
    assert result["settings"] == predicted["settings"]
    assert result["changed_keys"] == []
    ask.again(world, remove)


def test_absent_prefers_the_value_of_another_file_to_the_stated_one(
    world: World, ask: Asker
) -> None:
    world.write(VENDOR, f"# x\n{TIME} = 1000\n")
    ask.ok(world, sysctl({TIME: 3600}))
    result = ask.ok(world, sysctl({TIME: 7200}, state="absent"))
    assert world.sysctl(TIME) == "1000"
    assert result["settings"][TIME]["boot"] == {
        "value": "1000",
        "path": VENDOR,
        "line": 2,
        **BY,
        "certain": True,
    }
    assert world.boots(TIME) == {"systemd": "1000", "procps": "1000"}


def test_absent_without_a_value_goes_back_to_the_kernels_own(world: World, ask: Asker) -> None:
    """No other file sets the key, so the next boot gives what a fresh namespace has."""
    before = world.snapshot()
    ask.ok(world, sysctl({TIME: 3600}))
    result = ask.ok(world, absent(TIME))
    assert result.changed
    assert world.snapshot() == before
    assert result["settings"][TIME]["value"] == "7200"
    assert result["settings"][TIME]["runtime"] == {"before": "3600", "after": "7200"}
    assert result["settings"][TIME]["boot"]["value"] is None
    assert not result.get("warnings")
    ask.again(world, absent(TIME))


def test_absent_without_a_value_keeps_one_that_follows_the_host_and_warns(
    world: World, ask: Asker
) -> None:
    """A fresh namespace has the forwarding of the first one, so it tells nothing."""
    forward = "net.ipv4.ip_forward"
    value = "0" if world.sysctl(forward) == "1" else "1"
    ask.ok(world, sysctl({forward: value}))
    result = ask.ok(world, absent(forward))
    assert world.sysctl(forward) == value
    assert any(f"{forward}: no file gives it a value" in text for text in result["warnings"])


def test_absent_without_a_value_changes_no_key_that_was_not_in_our_file(
    world: World, ask: Asker
) -> None:
    ask.ok(world, sysctl({TIME: 3600}, persistent=False))
    ask.ok(world, sysctl({FIN: 50}))
    assert not ask.ok(world, absent(TIME)).changed
    assert world.sysctl(TIME) == "3600"


def test_exclusive_gives_removed_keys_the_kernels_own_values(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600, FIN: 50}))
    ask.ok(world, sysctl({FIN: 50}, exclusive=True))
    assert world.sysctl(TIME) == "7200"


def test_absent_restores_the_value_of_a_glob_in_another_file(world: World, ask: Asker) -> None:
    world.write("/etc/sysctl.d/10-a.conf", "net.ipv4.tcp_keepalive_t* = 500\n")
    ask.ok(world, sysctl({TIME: 3600}))
    ask.ok(world, absent(TIME))
    assert world.sysctl(TIME) == "500"


def test_absent_restores_the_value_of_a_file_that_ours_masked(world: World, ask: Asker) -> None:
    """Once our file is removed, the vendor's file of the same name is read again."""
    world.write("/usr/lib/sysctl.d/90-ansible.conf", f"{TIME} = 900\n")
    ask.ok(world, sysctl({TIME: 3600}))
    ask.ok(world, absent(TIME))
    assert not world.exists(OURS)
    assert world.sysctl(TIME) == "900"
    assert world.boots(TIME) == {"systemd": "900", "procps": "900"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{TIME} = 3600\n", None),
        (f"\n\n{TIME} = 3600\n\n", None),
        (f"# theirs\n{TIME} = 3600\n", "# theirs\n"),
        (f"{FIN} = 60\r\n -{SLASHES}=1\r\n{TIME} = 3600", f"{FIN} = 60\r\n"),
        (f"{TIME} = 1\n# between\n{TIME} = 2\n", "# between\n"),
        (f"-{TIME}\n{FIN} = 60\n", f"{FIN} = 60\n"),
        (f"#{TIME} = 3600\n", f"#{TIME} = 3600\n"),
        (f"{PROBES} = 9\n", f"{PROBES} = 9\n"),
    ],
    ids=[
        "the only line",
        "blank lines around it",
        "a comment before it",
        "another spelling and CRLF",
        "two lines of the key",
        "an exclusion of the key",
        "a commented line stays",
        "another key stays",
    ],
)
def test_absent_removes_only_lines_of_the_key(
    world: World, ask: Asker, before: str, after: str | None
) -> None:
    world.write(OURS, before)
    result = ask.ok(world, sysctl({TIME: 7200}, state="absent"))
    assert world.exists(OURS) == (after is not None)
    if after is not None:
        assert world.read_bytes(OURS).decode() == after
    assert result.changed == (before != after)


@pytest.mark.parametrize("header", ["made by the operations team", "two\nlines"])
def test_absent_removes_a_file_of_ours_with_its_last_key(
    world: World, ask: Asker, header: str
) -> None:
    ask.ok(world, sysctl({TIME: 3600}, header=header))
    for line in header.splitlines():
        assert f"# {line}\n" in world.read(OURS)
    ask.ok(world, sysctl({TIME: 7200}, state="absent", header=header))
    assert not world.exists(OURS)


def test_absent_empties_a_linked_file_and_keeps_the_link(world: World, ask: Asker) -> None:
    world.place({OURS: Link("../sysctl.conf"), "/etc/sysctl.conf": f"{TIME} = 3600\n"})
    ask.ok(world, sysctl({TIME: 7200}, state="absent"))
    assert world.files(OURS)[OURS][3:5] == ["link", "../sysctl.conf"]
    assert world.read("/etc/sysctl.conf") == ""


def test_absent_removes_a_key_that_the_kernel_does_not_have(world: World, ask: Asker) -> None:
    world.write(OURS, "net.ipv4.nope = 1\n")
    assert ask.ok(world, absent("net.ipv4.nope")).changed
    assert not world.exists(OURS)


def test_absent_leaves_the_runtime_value_with_runtime_false(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600}))
    ask.ok(world, sysctl({TIME: 7200}, state="absent", runtime=False))
    assert not world.exists(OURS)
    assert world.sysctl(TIME) == "3600"


def test_absent_removes_a_glob(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({"net.ipv4.tcp_keepalive_*": 20}))
    ask.ok(world, absent("net.ipv4.tcp_keepalive_*"))
    assert not world.exists(OURS)


def test_absent_changes_nothing_where_there_is_no_file(world: World, ask: Asker) -> None:
    ask.again(world, absent(TIME))
