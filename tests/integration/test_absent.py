# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""state: absent takes the keys out of our file; the kernel goes to what the next boot will now give."""

from __future__ import annotations

import pytest
from sandbox.tasks import FIN, OURS, PROBES, TIME, Asker, sysctl
from sandbox.world import Link, World

HEADER = "# written by netops.tuning"


def absent(*keys: str, **options: object) -> dict[str, object]:
    return dict(sysctl(dict.fromkeys(keys), state="absent", **options))


def test_what_was_made_is_taken_back(world: World, ask: Asker) -> None:
    before = world.snapshot()
    ask.ok(world, sysctl({TIME: 3600, FIN: 50}))
    result = ask.ok(world, sysctl({TIME: 7200, FIN: 60}, state="absent"))
    assert result.changed
    assert world.snapshot() == before
    assert result["settings"][TIME]["persistent"] == {"before": "3600", "after": None}
    assert result["settings"][TIME]["runtime"] == {"before": "3600", "after": "7200"}
    ask.again(world, sysctl({TIME: 7200, FIN: 60}, state="absent"))


def test_what_another_file_gives_comes_before_the_value_stated(world: World, ask: Asker) -> None:
    world.write("/usr/lib/sysctl.d/50-vendor.conf", f"# x\n{TIME} = 1000\n")
    ask.ok(world, sysctl({TIME: 3600}))
    result = ask.ok(world, sysctl({TIME: 7200}, state="absent"))
    assert world.sysctl(TIME) == "1000"
    assert result["settings"][TIME]["boot"] == {
        "value": "1000",
        "path": "/usr/lib/sysctl.d/50-vendor.conf",
        "line": 2,
    }
    assert world.boots(TIME) == {"systemd": "1000", "procps": "1000"}


def test_a_null_value_with_no_other_file_stays_and_the_result_says_so(
    world: World, ask: Asker
) -> None:
    ask.ok(world, sysctl({TIME: 3600}))
    result = ask.ok(world, absent(TIME))
    assert result.changed
    assert world.sysctl(TIME) == "3600"
    assert result["settings"][TIME]["runtime"] == {"before": "3600", "after": "3600"}
    assert result["settings"][TIME]["boot"]["value"] is None
    assert any(TIME in warning for warning in result["warnings"])
    assert not ask(world, absent(TIME)).changed


def test_a_glob_of_another_file_counts(world: World, ask: Asker) -> None:
    world.write("/etc/sysctl.d/10-a.conf", "net.ipv4.tcp_keepalive_t* = 500\n")
    ask.ok(world, sysctl({TIME: 3600}))
    ask.ok(world, absent(TIME))
    assert world.sysctl(TIME) == "500"


def test_another_namesakes_file_comes_back_into_force(world: World, ask: Asker) -> None:
    """Our file masked the vendor's of the same name; with ours gone the vendor's is read again."""
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
        (f"{FIN} = 60\r\n -net/ipv4/tcp_keepalive_time=1\r\n{TIME} = 3600", f"{FIN} = 60\r\n"),
        (f"{TIME} = 1\n# between\n{TIME} = 2\n", "# between\n"),
        (f"-{TIME}\n{FIN} = 60\n", f"{FIN} = 60\n"),
        (f"#{TIME} = 3600\n", f"#{TIME} = 3600\n"),
        (f"{PROBES} = 9\n", f"{PROBES} = 9\n"),
    ],
)  # fmt: skip
def test_only_our_lines_go(world: World, ask: Asker, before: str, after: str | None) -> None:
    world.write(OURS, before)
    result = ask.ok(world, sysctl({TIME: 7200}, state="absent"))
    assert (world.read_bytes(OURS).decode() if world.exists(OURS) else None) == after
    assert result.changed == (before != after)


def test_a_file_that_we_made_goes_with_its_last_key(world: World, ask: Asker) -> None:
    for header in ("made by the operations team", "two\nlines"):
        ask.ok(world, sysctl({TIME: 3600}, header=header))
        assert all(f"# {line}\n" in world.read(OURS) for line in header.splitlines())
        ask.ok(world, sysctl({TIME: 7200}, state="absent", header=header))
        assert not world.exists(OURS)


def test_a_link_stays_though_nothing_is_left(world: World, ask: Asker) -> None:
    world.place({OURS: Link("../sysctl.conf"), "/etc/sysctl.conf": f"{TIME} = 3600\n"})
    ask.ok(world, sysctl({TIME: 7200}, state="absent"))
    assert world.files(OURS)[OURS][3:5] == ["link", "../sysctl.conf"]
    assert world.read("/etc/sysctl.conf") == ""


def test_a_key_that_the_kernel_does_not_know(world: World, ask: Asker) -> None:
    world.write(OURS, "net.ipv4.nope = 1\n")
    assert ask.ok(world, absent("net.ipv4.nope")).changed
    assert not world.exists(OURS)


def test_the_file_alone(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({TIME: 3600}))
    ask.ok(world, sysctl({TIME: 7200}, state="absent", runtime=False))
    assert not world.exists(OURS)
    assert world.sysctl(TIME) == "3600"


def test_a_glob(world: World, ask: Asker) -> None:
    ask.ok(world, sysctl({"net.ipv4.tcp_keepalive_*": 20}))
    ask.ok(world, absent("net.ipv4.tcp_keepalive_*"))
    assert not world.exists(OURS)


def test_nothing_there_at_all(world: World, ask: Asker) -> None:
    ask.again(world, absent(TIME))
