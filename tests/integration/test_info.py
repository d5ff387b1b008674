# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sysctl_info: runtime values, values of the next boot, every assignment, and unused files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sandbox.play import Result
from sandbox.tasks import BY, FIN, INTVL, OURS, PROBES, TIME, Asker, info
from sandbox.trees import INTERFACES, KEYS, tree
from sandbox.world import NOBODY, Link, World

SYSTEMD_WANTS = "/usr/lib/systemd/system/sysinit.target.wants/systemd-sysctl.service"
VENDOR = "/usr/lib/sysctl.d/50-vendor.conf"
RMEM = "net.ipv4.tcp_rmem"
DEFAULTS = {TIME: "7200", FIN: "60", "net.ipv6.conf.all.accept_ra": None}
"""Keys and the kernel's own values; in a namespace, those of IPv6 may be those of the host."""
FASTOPEN_KEY = "net.ipv4.tcp_fastopen_key"


def assignment(path: str, line: int, key: str, value: str | None, fate: str) -> dict[str, Any]:
    """Return an assignment as sysctl_info reports it."""
    return {"path": path, "line": line, "key": key, "value": value, "fate": fate, **BY}


def problem_lines(result: Result) -> list[tuple[str, int | None]]:
    """Return path and line of each problem."""
    return [(problem["path"], problem["line"]) for problem in result["problems"]]


def boot_and_drift(setting: dict[str, Any]) -> tuple[str | None, bool]:
    """Return the boot value of a setting, and whether a reboot would change the runtime value."""
    return setting["boot"], setting["drift"]


# --- settings, files and problems ---


@pytest.mark.parametrize("loader", ["systemd", "procps"])
def test_a_key_that_nobody_can_write_keeps_its_value(
    make_world: Callable[..., World], ask: Asker, loader: str
) -> None:
    """Some keys are so everywhere, and others outside of the first network namespace."""
    world = make_world(loader=loader)
    keys = ["net.ipv4.tcp_available_congestion_control", "net.core.rmem_max"]
    before = {key: world.sysctl(key) for key in keys}
    path = "/etc/sysctl.d/50-a.conf"
    world.write(path, f"{keys[0]} = bbr\nnet.core.rmem_m* = 5000\n")
    result = ask(world, info(keys=keys))
    reason = "since its mode lets nobody write it on this host"
    problems = [problem["problem"] for problem in result["problems"]]
    assert problems == [
        f"the kernel refuses 'bbr' for {keys[0]}, {reason}",
        f"the kernel refuses '5000' for {keys[1]}, {reason}",
    ]
    for key in keys:
        setting = result["settings"][key]
        assert (setting["boot"], setting["winner"], setting["drift"]) == (None, None, False)
        assert [line["fate"] for line in setting["assignments"]] == ["refused"]
    assert world.boot(loader, keys).values == before


def test_the_result_is_empty_where_there_are_no_files(world: World, ask: Asker) -> None:
    result = ask.again(world, info())
    assert result["loader"] == "systemd"
    assert result["settings"] == {}
    assert result["files"] == []
    assert result["problems"] == []
    assert result["drift"] == []


def test_every_assignment_has_its_fate(world: World, ask: Asker) -> None:
    first = "/etc/sysctl.d/10-a.conf"
    masking = "/etc/sysctl.d/50-vendor.conf"
    last = "/usr/lib/sysctl.d/90-z.conf"
    glob = "net.ipv4.tcp_keepalive_*"
    world.place(
        {
            first: f"# x\n{TIME} = 100\nnet/ipv4/tcp_keepalive_time=200\n",
            masking: f"{glob} = 50\n",
            VENDOR: f"{TIME} = 300\n",
            last: f"-{INTVL}\n{FIN}\t=  40 \n",
        }
    )
    result = ask.again(world, info())
    settings = result["settings"]
    assert set(settings) == {TIME, INTVL, PROBES, FIN}
    assert settings[TIME] == {
        "runtime": "7200",
        "boot": "200",
        "winner": {"path": first, "line": 3, **BY},
        "assignments": [
            assignment(first, 2, TIME, "100", "overridden"),
            assignment(first, 3, TIME, "200", "winner"),
            assignment(masking, 1, glob, "50", "overridden"),
            assignment(VENDOR, 1, TIME, "300", "masked"),
        ],
        "drift": True,
        "certain": True,
        "undone": False,
    }
    excluded = assignment(masking, 1, glob, "50", "excluded")
    assert excluded in settings[INTVL]["assignments"]
    assert boot_and_drift(settings[INTVL]) == (None, False)
    assert settings[PROBES]["assignments"] == [assignment(masking, 1, glob, "50", "winner")]
    assert settings[FIN]["winner"] == {"path": last, "line": 2, **BY}
    assert set(result["drift"]) == {TIME, PROBES, FIN}
    booted = world.boot("systemd", [TIME, INTVL, PROBES, FIN])
    assert booted.values == {TIME: "200", INTVL: "75", PROBES: "50", FIN: "40"}


def test_drift_lists_the_keys_that_a_reboot_would_change(world: World, ask: Asker) -> None:
    """Other blanks in a value, and hexadecimal numbers, are not drift."""
    world.write(OURS, f"{TIME} = 3600\n{FIN} = 0x3c\n{RMEM} = 4096\t131072   6291456\n")
    world.set_sysctl(RMEM, "4096 131072 6291456")
    assert ask.ok(world, info())["drift"] == [TIME]
    world.set_sysctl(TIME, 3600)
    assert ask.ok(world, info())["drift"] == []


def test_files_are_listed_in_reading_order_with_what_masks_them(world: World, ask: Asker) -> None:
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
    in_folders = [
        ("/usr/lib/sysctl.d/10-a.conf", None),
        ("/etc/sysctl.d/50-vendor.conf", None),
        ("/run/sysctl.d/50-vendor.conf", "/etc/sysctl.d/50-vendor.conf"),
        (VENDOR, "/etc/sysctl.d/50-vendor.conf"),
        ("/usr/local/lib/sysctl.d/60-b.conf", None),
        ("/etc/sysctl.d/99-sysctl.conf", None),
    ]
    expected = {
        "systemd": in_folders,
        "procps": [*in_folders, ("/etc/sysctl.conf", None)],
    }
    for loader, files in expected.items():
        result = ask.again(world, info(loader=loader))
        listed = [(file["path"], file["masked_by"]) for file in result["files"]]
        assert listed == files
        assert result["loader"] == loader


@pytest.mark.parametrize(
    ("loader", "boot_value", "problems"),
    [
        ("systemd", "333", [("/etc/sysctl.conf", None)]),
        ("procps", "111", []),
    ],
)
def test_boot_values_are_those_of_the_loader_of_the_host(
    make_world: Callable[..., World],
    ask: Asker,
    loader: str,
    boot_value: str,
    problems: list[tuple[str, int | None]],
) -> None:
    """A sysctl.conf that systemd does not read is a problem."""
    files = {OURS: f"{TIME} = 333\n", "/etc/sysctl.conf": f"{TIME} = 111\n"}
    world = make_world(files, loader=loader)
    result = ask.again(world, info())
    assert result["loader"] == loader
    assert result["settings"][TIME]["boot"] == boot_value
    assert world.boots(TIME)[loader] == boot_value
    assert problem_lines(result) == problems


def test_defaults_are_the_kernels_own_values(world: World, ask: Asker) -> None:
    forward, of_lo = "net.ipv4.ip_forward", "net.ipv4.conf.lo.rp_filter"
    keys = [*DEFAULTS, forward, of_lo, FASTOPEN_KEY, "vm.swappiness"]
    world.place({OURS: f"{TIME} = 100\n"})
    world.set_sysctl(TIME, "100")
    result = ask.again(world, info(keys=keys, defaults=True))
    defaults = {key: setting["default"] for key, setting in result["settings"].items()}
    assert {key: defaults.pop(key) for key in DEFAULTS} == DEFAULTS
    assert set(defaults.values()) == {None}
    assert "default" not in ask.again(world, info(keys=keys))["settings"][TIME]


def test_defaults_are_those_of_a_fresh_namespace(
    make_world: Callable[..., World], ask: Asker
) -> None:
    """A world that is made from nothing has the values that are said to be the kernel's own."""
    result = ask.again(make_world(), info(keys=["net.*.*", "net.*.*.*"], defaults=True))
    fresh = make_world()
    shown = 0
    for key, setting in result["settings"].items():
        if setting["default"] is not None:
            shown += 1
            assert fresh.sysctl(key) == " ".join(setting["default"].split()), key
    assert shown > 100


def test_an_ordinary_user_gets_no_defaults(world: World, ask: Asker) -> None:
    task = info(keys=[TIME], defaults=True)
    result = ask.again(world, task, user=NOBODY, python="/usr/bin/python3")
    assert result["settings"][TIME]["default"] is None


def test_keys_and_globs_can_be_requested(make_world: Callable[..., World], ask: Asker) -> None:
    world = make_world({OURS: "net.ipv4.conf.*.medium_id = 2\n"}, interfaces=["br0", "br0.100"])
    requested = [TIME, "net/ipv4/conf/br0.100/medium_id", "net.ipv4.conf.br?.medium_id"]
    result = ask.again(world, info(keys=requested))
    settings = result["settings"]
    with_dot = "net.ipv4.conf.br0/100.medium_id"
    assert list(settings) == [TIME, with_dot, "net.ipv4.conf.br0.medium_id"]
    assert settings[TIME] == {
        "runtime": "7200",
        "boot": None,
        "winner": None,
        "assignments": [],
        "drift": False,
        "certain": True,
        "undone": False,
    }
    assert settings[with_dot]["boot"] == "2"
    assert settings[with_dot]["winner"] == {"path": OURS, "line": 1, **BY}


def test_a_key_that_the_kernel_does_not_have_is_a_problem(world: World, ask: Asker) -> None:
    world.write(OURS, "net.ipv4.nope = 1\n")
    result = ask.again(world, info())
    setting = result["settings"]["net.ipv4.nope"]
    assert setting["runtime"] is None
    assert boot_and_drift(setting) == ("1", False)
    assert any("nope" in problem["path"] for problem in result["problems"])


def test_lines_and_files_without_effect_are_problems(world: World, ask: Asker) -> None:
    """A link to /dev/null is not a problem: it is the usual way to mask a file."""
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
    problems = problem_lines(result)
    assert [line for path, line in problems if path == OURS] == [2, 3, 4]
    assert ("/etc/sysctl.d/20-dangling.conf", None) in problems
    assert ("/etc/sysctl.d/40-folder.conf", None) in problems
    assert "/etc/sysctl.d/50-mask.conf" not in [path for path, _line in problems]
    assert all(problem["problem"] for problem in result["problems"])
    assert result["settings"][TIME]["boot"] == "7200"


def test_the_kernel_command_line_is_that_of_the_machine_and_not_of_a_container(
    world: World, ask: Asker
) -> None:
    world.write("/srv/cmdline", f"quiet sysctl.{TIME}=100\n")
    assert world.run(["mount", "--bind", "/srv/cmdline", "/proc/cmdline"]).rc == 0
    result = ask.again(world, info(keys=[TIME]))
    assert result["problems"] == []
    assert boot_and_drift(result["settings"][TIME]) == (None, False)


# --- users, images and check mode ---


def test_an_ordinary_user_gets_a_problem_for_each_unreadable_file(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n{FASTOPEN_KEY} = 0-0-0-0\n")
    world.write("/etc/sysctl.d/99-secret.conf", f"{TIME} = 1\n", mode=0o600)
    result = ask.again(world, info(), user=NOBODY, python="/usr/bin/python3")
    problems = problem_lines(result)
    assert result["settings"][TIME]["runtime"] == "7200"
    assert ("/etc/sysctl.d/99-secret.conf", None) in problems
    assert ("/proc/sys/net/ipv4/tcp_fastopen_key", None) in problems


def test_an_image_below_another_root_has_no_runtime_values(world: World, ask: Asker) -> None:
    """Absolute links in the image stay in the image."""
    in_image = "/etc/sysctl.d/10-a.conf"
    world.place(
        {
            f"/srv/image{in_image}": Link("/etc/real.conf"),
            "/srv/image/etc/real.conf": f"{TIME} = 100\n",
            "/srv/image/usr/lib/systemd/systemd-sysctl": "",
            f"/srv/image{SYSTEMD_WANTS}": "",
            OURS: f"{FIN} = 50\n",
        }
    )
    result = ask.again(world, info(root="/srv/image"))
    assert result["loader"] == "systemd"
    assert set(result["settings"]) == {TIME}
    setting = result["settings"][TIME]
    assert setting["runtime"] is None
    assert boot_and_drift(setting) == ("100", False)
    assert setting["winner"] == {"path": in_image, "line": 1, **BY}


def test_check_mode_has_the_same_result(world: World, ask: Asker) -> None:
    world.write(OURS, f"{TIME} = 3600\n")
    assert ask.again(world, info(), check=True) == ask.again(world, info())


def test_secrets_are_not_in_the_result(world: World, ask: Asker) -> None:
    value = "01234567-89abcdef-01234567-89abcdef"
    world.write(OURS, f"{FASTOPEN_KEY} = {value}\n")
    world.set_sysctl(FASTOPEN_KEY, value)
    result = ask.again(world, info())
    assert value not in str(result)
    assert result["settings"][FASTOPEN_KEY]["drift"] is False


@pytest.mark.parametrize(
    "key",
    ["net..ipv4", "/proc/sys/net", ""],
    ids=["an empty part", "a path", "an empty string"],
)
def test_a_malformed_key_is_refused(world: World, ask: Asker, key: str) -> None:
    assert ask.fails(world, info(keys=[key]))["failed_key"] == key


# --- generated files ---


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("seed", range(1000, 1003))
def test_boot_values_are_those_that_the_real_loader_sets(
    make_world: Callable[..., World], ask: Asker, seed: int, loader: str
) -> None:
    world = make_world(interfaces=INTERFACES)
    expected = dict(world.boot(loader, KEYS).values)
    world.place(tree(seed, loader))
    result = ask.again(world, info(keys=list(KEYS), loader=loader))
    for key, setting in result["settings"].items():
        if setting["boot"]:
            expected[key] = setting["boot"]
    assert expected == world.boot(loader, KEYS).values


@pytest.mark.parametrize("loader", ["systemd", "procps"])
@pytest.mark.parametrize("seed", range(1000, 1003))
def test_the_winner_is_the_only_assignment_with_that_fate(
    make_world: Callable[..., World], ask: Asker, seed: int, loader: str
) -> None:
    world = make_world(tree(seed, loader), interfaces=INTERFACES)
    result = ask.again(world, info(keys=list(KEYS), loader=loader))
    for setting in result["settings"].values():
        winners = []
        for entry in setting["assignments"]:
            if entry["fate"] == "winner":
                winners.append({name: entry[name] for name in ("path", "line", "by")})
        assert winners == ([setting["winner"]] if setting["winner"] else [])
