# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl_info: what holds, what the next boot will set, every line that has a say, and which files do not count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox.tasks import FIN, INTVL, OURS, PROBES, TIME, Asker, info
from sandbox.trees import INTERFACES, KEYS, tree
from sandbox.world import NOBODY, Link, World

VENDOR = "/usr/lib/sysctl.d/50-vendor.conf"


def said(path: str, line: int, key: str, value: str | None, fate: str) -> dict[str, Any]:
    return {"path": path, "line": line, "key": key, "value": value, "fate": fate}


def problems(result: Any) -> list[tuple[str, int | None]]:
    return [(entry["path"], entry["line"]) for entry in result["problems"]]


def test_no_files_at_all(world: World, ask: Asker) -> None:
    result = ask.again(world, info())
    assert {
        name: result[name] for name in ("loader", "settings", "files", "problems", "drift")
    } == {
        "loader": "systemd",
        "settings": {},
        "files": [],
        "problems": [],
        "drift": [],
    }


def test_every_line_has_its_fate(world: World, ask: Asker) -> None:
    world.place(
        {
            "/etc/sysctl.d/10-a.conf": f"# x\n{TIME} = 100\nnet/ipv4/tcp_keepalive_time=200\n",
            "/etc/sysctl.d/50-vendor.conf": "net.ipv4.tcp_keepalive_* = 50\n",
            VENDOR: f"{TIME} = 300\n",
            "/usr/lib/sysctl.d/90-z.conf": f"-net.ipv4.tcp_keepalive_intvl\n{FIN}\t=  40 \n",
        }
    )
    result = ask.again(world, info())
    assert set(result["settings"]) == {TIME, INTVL, PROBES, FIN}
    assert result["settings"][TIME] == {
        "runtime": "7200",
        "boot": "200",
        "winner": {"path": "/etc/sysctl.d/10-a.conf", "line": 3},
        "assignments": [
            said("/etc/sysctl.d/10-a.conf", 2, TIME, "100", "overridden"),
            said("/etc/sysctl.d/10-a.conf", 3, TIME, "200", "winner"),
            said("/etc/sysctl.d/50-vendor.conf", 1, "net.ipv4.tcp_keepalive_*", "50", "overridden"),
            said(VENDOR, 1, TIME, "300", "masked"),
        ],
        "drift": True,
    }
    glob = said("/etc/sysctl.d/50-vendor.conf", 1, "net.ipv4.tcp_keepalive_*", "50", "excluded")
    assert glob in result["settings"][INTVL]["assignments"]
    assert (result["settings"][INTVL]["boot"], result["settings"][INTVL]["drift"]) == (None, False)
    assert result["settings"][PROBES]["assignments"] == [{**glob, "fate": "winner"}]
    assert result["settings"][FIN]["winner"] == {"path": "/usr/lib/sysctl.d/90-z.conf", "line": 2}
    assert set(result["drift"]) == {TIME, PROBES, FIN}
    booted = world.boot("systemd", [TIME, INTVL, PROBES, FIN]).values
    assert booted == {TIME: "200", INTVL: "75", PROBES: "50", FIN: "40"}


def test_drift_is_what_a_reboot_would_change(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n{FIN} = 0x3c\nnet.ipv4.tcp_rmem = 4096\t131072   6291456\n")
    world.set_sysctl("net.ipv4.tcp_rmem", "4096 131072 6291456")
    assert ask.ok(world, info())["drift"] == [TIME]
    world.set_sysctl(TIME, 3600)
    assert ask.ok(world, info())["drift"] == []


def test_files_in_reading_order_with_what_masks_them(world: World, ask: Asker) -> None:
    world.place(
        {
            "/etc/sysctl.d/50-vendor.conf": Link("/dev/null"),
            "/run/sysctl.d/50-vendor.conf": "",
            VENDOR: f"{FIN} = 40\n",
            "/usr/lib/sysctl.d/10-a.conf": "",
            "/usr/local/lib/sysctl.d/60-b.conf": "",
            "/etc/sysctl.d/README": "",
            "/etc/sysctl.d/99-sysctl.conf": Link("../sysctl.conf"),
            "/etc/sysctl.conf": f"{TIME} = 1\n",
        }
    )
    order = [
        ("/usr/lib/sysctl.d/10-a.conf", None),
        ("/etc/sysctl.d/50-vendor.conf", None),
        ("/run/sysctl.d/50-vendor.conf", "/etc/sysctl.d/50-vendor.conf"),
        (VENDOR, "/etc/sysctl.d/50-vendor.conf"),
        ("/usr/local/lib/sysctl.d/60-b.conf", None),
        ("/etc/sysctl.d/99-sysctl.conf", None),
    ]
    for loader, last in (("systemd", []), ("procps", [("/etc/sysctl.conf", None)])):
        result = ask.again(world, info(loader=loader))
        assert [(entry["path"], entry["masked_by"]) for entry in result["files"]] == order + last
        assert result["loader"] == loader


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_the_hosts_own_loader(make_world: Callable[..., World], ask: Asker, loader: str) -> None:
    """Same files, two answers; what systemd does not read is told."""
    world = make_world(
        {OURS: f"{TIME} = 333\n", "/etc/sysctl.conf": f"{TIME} = 111\n"}, loader=loader
    )
    result = ask.again(world, info())
    assert result["loader"] == loader
    assert (
        result["settings"][TIME]["boot"]
        == world.boots(TIME)[loader]
        == {"systemd": "333", "procps": "111"}[loader]
    )
    assert problems(result) == ([("/etc/sysctl.conf", None)] if loader == "systemd" else [])


def test_keys_that_are_asked_for(make_world: Callable[..., World], ask: Asker) -> None:
    world = make_world({OURS: "net.ipv4.conf.*.medium_id = 2\n"}, interfaces=["br0", "br0.100"])
    asked = [TIME, "net/ipv4/conf/br0.100/medium_id", "net.ipv4.conf.br?.medium_id"]
    result = ask.again(world, info(keys=asked))
    assert list(result["settings"]) == [
        TIME,
        "net.ipv4.conf.br0/100.medium_id",
        "net.ipv4.conf.br0.medium_id",
    ]
    assert result["settings"][TIME] == {
        "runtime": "7200", "boot": None, "winner": None, "assignments": [], "drift": False,
    }  # fmt: skip
    assert result["settings"]["net.ipv4.conf.br0/100.medium_id"]["boot"] == "2"
    assert result["settings"]["net.ipv4.conf.br0/100.medium_id"]["winner"] == {
        "path": OURS,
        "line": 1,
    }


def test_a_key_that_the_kernel_does_not_have(world: World, ask: Asker) -> None:
    world.write(OURS, "net.ipv4.nope = 1\n")
    result = ask.again(world, info())
    setting = result["settings"]["net.ipv4.nope"]
    assert (setting["runtime"], setting["boot"], setting["drift"]) == (None, "1", False)
    assert any("nope" in entry["path"] for entry in result["problems"])


def test_problems(world: World, ask: Asker) -> None:
    world.place(
        {
            OURS: f"# x\n{FIN} 50\n[section]\n= 5\n{TIME} = 7200\n",
            "/etc/sysctl.d/20-dangling.conf": Link("/nowhere"),
            "/etc/sysctl.d/40-folder.conf/inner": "x",
            "/etc/sysctl.d/50-mask.conf": Link("/dev/null"),
            "/etc/sysctl.d/60-binary.conf": b"\xff\xfe = 1\n",
        }
    )
    result = ask.again(world, info())
    found = problems(result)
    assert [line for path, line in found if path == OURS] == [2, 3, 4]
    assert ("/etc/sysctl.d/20-dangling.conf", None) in found
    assert ("/etc/sysctl.d/40-folder.conf", None) in found
    assert "/etc/sysctl.d/50-mask.conf" not in [path for path, line in found]
    assert all(entry["problem"] for entry in result["problems"])
    assert result["settings"][TIME]["boot"] == "7200"


def test_keys_on_the_kernel_command_line(world: World, ask: Asker) -> None:
    """The kernel sets them before any file is read."""
    world.write(
        "/srv/cmdline",
        f'quiet sysctl.{TIME}=100 sysctl/net/ipv4/tcp_fin_timeout="50" -- sysctl.{INTVL}=1\n',
    )
    assert world.run(["mount", "--bind", "/srv/cmdline", "/proc/cmdline"]).rc == 0
    world.write(OURS, f"{TIME} = 3600\n")
    result = ask.again(world, info())
    assert [entry["problem"].split()[1] for entry in result["problems"]] == [TIME, FIN]
    assert [
        (entry["path"], entry["fate"]) for entry in result["settings"][TIME]["assignments"]
    ] == [
        ("/proc/cmdline", "overridden"),
        (OURS, "winner"),
    ]
    assert (result["settings"][FIN]["boot"], result["settings"][FIN]["drift"]) == ("50", True)
    assert INTVL not in result["settings"]


def test_an_ordinary_user(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\nnet.ipv4.tcp_fastopen_key = 0-0-0-0\n")
    world.write("/etc/sysctl.d/99-secret.conf", f"{TIME} = 1\n", mode=0o600)
    result = ask.again(world, info(), user=NOBODY, python="/usr/bin/python3")
    assert result["settings"][TIME]["runtime"] == "7200"
    assert ("/etc/sysctl.d/99-secret.conf", None) in problems(result)
    assert ("/proc/sys/net/ipv4/tcp_fastopen_key", None) in problems(result)


def test_an_image_below_another_root(world: World, ask: Asker) -> None:
    """No runtime value there, and no link leads out of it."""
    world.place(
        {
            "/srv/image/etc/sysctl.d/10-a.conf": Link("/etc/real.conf"),
            "/srv/image/etc/real.conf": f"{TIME} = 100\n",
            OURS: f"{FIN} = 50\n",
        }
    )
    world.write("/srv/image/usr/lib/systemd/systemd-sysctl", "")
    result = ask.again(world, info(root="/srv/image"))
    assert result["loader"] == "systemd"
    assert set(result["settings"]) == {TIME}
    setting = result["settings"][TIME]
    assert (setting["runtime"], setting["boot"], setting["drift"]) == (None, "100", False)
    assert setting["winner"] == {"path": "/etc/sysctl.d/10-a.conf", "line": 1}


def test_check_mode_says_the_same(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n")
    assert ask.again(world, info(), check=True) == ask.again(world, info())


def test_secrets_are_not_told(world: World, ask: Asker) -> None:
    value = "01234567-89abcdef-01234567-89abcdef"
    world.write(OURS, f"net.ipv4.tcp_fastopen_key = {value}\n")
    world.set_sysctl("net.ipv4.tcp_fastopen_key", value)
    result = ask.again(world, info())
    assert value not in str(result)
    assert result["settings"]["net.ipv4.tcp_fastopen_key"]["drift"] is False


@pytest.mark.parametrize("key", ["net..ipv4", "/proc/sys/net", ""])
def test_keys_that_are_none(world: World, ask: Asker, key: str) -> None:
    assert ask.fails(world, info(keys=[key]))["failed_key"] == key


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("seed", range(1000, 1003))
def test_boot_values_are_those_of_the_next_boot(
    make_world: Callable[..., World], ask: Asker, seed: int, loader: str
) -> None:
    world = make_world(interfaces=INTERFACES)
    default = world.boot(loader, KEYS).values
    world.place(tree(seed, loader))
    settings = ask.again(world, info(keys=list(KEYS), loader=loader))["settings"]
    said = {key: setting["boot"] for key, setting in settings.items() if setting["boot"]}
    assert {**default, **said} == world.boot(loader, KEYS).values
    for setting in settings.values():
        winners = [entry for entry in setting["assignments"] if entry["fate"] == "winner"]
        assert [{"path": entry["path"], "line": entry["line"]} for entry in winners] == (
            [setting["winner"]] if setting["winner"] else []
        )
