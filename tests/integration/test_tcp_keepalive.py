# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tcp_keepalive: the module, the role that is one task of it, and the playbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sandbox.play import Controller, Result, run_playbook
from sandbox.tasks import (
    DOCUMENT,
    FIN,
    INTVL,
    KERNEL,
    PROBES,
    SUCCESS,
    TIME,
    Asker,
    next_boot,
    now,
    tcp_keepalive,
)
from sandbox.world import World

OURS = "/etc/sysctl.d/90-tcp-keepalive.conf"
MODULE = "netops.tuning.tcp_keepalive"
PROFILES = {
    "document": DOCUMENT,
    "kernel": KERNEL,
    "gce": (60, 5, 60),
    "cloudfoundry_azure": (120, 8, 30),
    "sap": (300, 9, 75),
    "cassandra": (60, 3, 10),
    "mongodb": (120, 9, 75),
    "talos": (600, 9, 60),
}


# --- the module ---


def test_the_document(world: World, ask: Asker) -> None:
    result = ask.ok(world, tcp_keepalive())
    assert set(SUCCESS) <= set(result)
    assert now(world) == next_boot(world) == next_boot(world, "procps") == DOCUMENT
    assert (result["dead_after"], result["path"]) == (3825, OURS)
    assert world.read(OURS).splitlines()[1:] == [f"{TIME} = 3600", f"{PROBES} = 9", f"{INTVL} = 25"]
    assert ask.again(world, tcp_keepalive())["dead_after"] == 3825


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(world: World, ask: Asker, profile: str) -> None:
    time, probes, intvl = PROFILES[profile]
    result = ask.ok(world, tcp_keepalive(profile=profile))
    assert now(world) == next_boot(world) == (time, probes, intvl)
    assert result["dead_after"] == time + probes * intvl


def test_a_value_given_wins_over_the_profile(world: World, ask: Asker) -> None:
    result = ask.ok(world, tcp_keepalive(profile="gce", probes=3))
    assert now(world) == (60, 3, 60)
    assert result["dead_after"] == 240


def test_a_time_that_is_not_below_the_idle_limit(world: World, ask: Asker) -> None:
    for options in ({"idle_limit": 350}, {"idle_limit": 60, "profile": "gce"}):
        message = ask.fails(world, tcp_keepalive(**options))["msg"]
        assert str(options["idle_limit"]) in message
    message = ask.fails(world, tcp_keepalive(idle_limit=350))["msg"]
    assert "3600" in message
    assert "gce" in message, "a profile that would do"
    assert "talos" not in message, "600 is not below 350"
    ask.ok(world, tcp_keepalive(idle_limit=350, profile="gce"))
    assert ask.again(world, tcp_keepalive(idle_limit=61, profile="gce"))["dead_after"] == 360


def test_a_dead_peer_that_would_go_unnoticed_for_too_long(world: World, ask: Asker) -> None:
    message = ask.fails(world, tcp_keepalive(dead_after_limit=3824))["msg"]
    assert all(number in message for number in ("3600", "9", "25", "3825", "3824"))
    assert "cassandra" in message
    assert "kernel" not in message.partition("profile")[2], "7875 s would not do"
    ask.ok(world, tcp_keepalive(dead_after_limit=3825))


def test_both_limits(world: World, ask: Asker) -> None:
    message = ask.fails(world, tcp_keepalive(idle_limit=240, dead_after_limit=100))["msg"]
    assert "cassandra" in message
    assert "gce" not in message, "360 s is over 100"
    ask.ok(world, tcp_keepalive(idle_limit=240, dead_after_limit=100, profile="cassandra"))


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"time": 0}, TIME),
        ({"time": -1}, TIME),
        ({"time": 32768}, TIME),
        ({"intvl": 0}, INTVL),
        ({"intvl": 32768}, INTVL),
        ({"probes": 0}, PROBES),
        ({"probes": 128}, PROBES),
    ],
)
def test_ranges(world: World, ask: Asker, options: dict[str, int], key: str) -> None:
    result = ask.fails(world, tcp_keepalive(**options))
    assert result["failed_key"] == key
    assert str(next(iter(options.values()))) in result["msg"]


def test_unsafe_allows_what_the_kernel_takes(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(time=40000, unsafe=True))
    assert now(world) == next_boot(world) == (40000, 9, 25)


@pytest.mark.parametrize("time", ["abc", "1h", 1.5, [3600]])
def test_what_is_no_number(world: World, ask: Asker, time: object) -> None:
    assert "time" in ask.fails(world, tcp_keepalive(time=time))["msg"]


def test_a_profile_that_is_none(world: World, ask: Asker) -> None:
    assert "gce" in ask.fails(world, tcp_keepalive(profile="aws"))["msg"]


def test_absent_goes_back_to_the_kernels_defaults(world: World, ask: Asker) -> None:
    before = world.snapshot()
    ask.ok(world, tcp_keepalive(profile="gce"))
    result = ask.ok(world, tcp_keepalive(state="absent"))
    assert now(world) == next_boot(world) == KERNEL
    assert world.snapshot() == before
    assert result["dead_after"] == 7875
    ask.again(world, tcp_keepalive(state="absent"))


def test_absent_leaves_what_another_file_says(world: World, ask: Asker) -> None:
    world.write("/usr/lib/sysctl.d/50-vendor.conf", f"{TIME} = 1000\n")
    ask.ok(world, tcp_keepalive())
    result = ask.ok(world, tcp_keepalive(state="absent"))
    assert now(world) == next_boot(world) == (1000, 9, 75)
    assert result["dead_after"] == 1675


def test_the_file_is_its_own(world: World, ask: Asker) -> None:
    world.write(OURS, f"# ours\n{FIN} = 50\n{TIME} = 1\n")
    ask.ok(world, tcp_keepalive())
    assert world.read(OURS) == f"# ours\n{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"


def test_another_file_that_would_win(world: World, ask: Asker) -> None:
    later = "/etc/sysctl.d/99-z.conf"
    world.write(later, f"{INTVL} = 1\n")
    result = ask.fails(world, tcp_keepalive())
    assert result["overridden"] == [{"key": INTVL, "value": "1", "path": later, "line": 1}]
    assert ask.ok(world, tcp_keepalive(on_override="warn"))["overridden"] == result["overridden"]
    (copy,) = ask.ok(world, tcp_keepalive(on_override="comment_out", backup=True))["backup_files"]
    assert world.read(copy) == f"{INTVL} = 1\n"
    assert next_boot(world) == DOCUMENT


def test_now_alone_and_the_file_alone(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(persistent=False))
    assert (now(world), next_boot(world)) == (DOCUMENT, KERNEL)
    ask.ok(world, tcp_keepalive(runtime=False, profile="gce"))
    assert (now(world), next_boot(world)) == (DOCUMENT, PROFILES["gce"])


def test_an_image_below_another_root(world: World, ask: Asker) -> None:
    world.mkdir("/srv/image/etc/sysctl.d")
    result = ask.ok(world, tcp_keepalive(root="/srv/image", runtime=False))
    assert f"{TIME} = 3600\n" in world.read(f"/srv/image{OURS}")
    assert (now(world), next_boot(world)) == (KERNEL, KERNEL)
    assert result["dead_after"] == 3825


def test_another_path(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(path="/etc/sysctl.d/50-tcp.conf"))
    assert next_boot(world) == DOCUMENT
    assert list(world.files("/etc/sysctl.d")) == ["/etc/sysctl.d", "/etc/sysctl.d/50-tcp.conf"]


# --- the role ---


def run_role(controller: Controller, world: World, **options: Any) -> list[Result]:
    """Run the role as a task; its options are variables. The older ansible-core has a result for the inclusion too."""
    named = {f"tcp_keepalive_{name}": value for name, value in options.items()}
    include = "ansible.builtin.include_role"
    results = controller.play(
        world, {include: {"name": "netops.tuning.tcp_keepalive"}, "vars": named}
    )
    return [result for result in results if result.action != include]


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"profile": "gce"}, (60, 5, 60)),
        ({"profile": "gce", "time": 30}, (30, 5, 60)),
        ({"time": 100}, (100, 9, 25)),
        ({"probes": 5, "intvl": 10}, (3600, 5, 10)),
        (
            {
                "idle_limit": 600,
                "profile": "gce",
                "dead_after_limit": 360,
                "path": "/etc/sysctl.d/91.conf",
            },
            (60, 5, 60),
        ),
    ],
    ids=["profile", "value over profile", "time", "probes and intvl", "limits"],
)
def test_the_roles_variables(
    world: World, controller: Controller, options: Mapping[str, Any], values: tuple[int, ...]
) -> None:
    checked, *ran = run_role(controller, world, **options)
    assert checked.action == "ansible.builtin.validate_argument_spec"
    assert [(result.action, result.status) for result in ran] == [(MODULE, "ok")], ran
    assert now(world) == next_boot(world) == values
    assert world.exists(options.get("path", OURS))


@pytest.mark.parametrize(
    ("variables", "options", "values"),
    [
        ({"mine_time": 100}, {}, (100, 9, 25)),
        (
            {"mine_time": "{{ 50 * 2 }}", "mine_profile": "{{ name }}", "name": "gce"},
            {},
            (100, 5, 60),
        ),
        ({"mine_time": "{{ omit }}", "mine_probes": None, "mine_intvl": 10}, {}, (3600, 9, 10)),
        ({"mine_time": 100, "mine_intvl": 10}, {"time": 200}, (200, 9, 10)),
        ({"mine_time": 100, "mine_from_variables": "other_", "other_time": 1}, {}, (100, 9, 25)),
    ],
    ids=["a value", "templates", "omit and null", "an option wins", "once"],
)
def test_options_from_variables(
    world: World,
    controller: Controller,
    variables: Mapping[str, Any],
    options: Mapping[str, Any],
    values: tuple[int, ...],
) -> None:
    (ran,) = controller.play(
        world, {MODULE: {"from_variables": "mine_", **options}, "vars": variables}
    )
    assert ran.status == "ok", ran
    assert now(world) == next_boot(world) == values


def test_variables_of_which_there_is_none(world: World, controller: Controller) -> None:
    """A prefix that is misspelt must not set the defaults."""
    before = world.snapshot(identity=True)
    (refused,) = controller.play(
        world, {MODULE: {"from_variables": "mein_"}, "vars": {"mine_time": 100}}
    )
    assert refused.failed
    assert "'mein_time'" in refused["msg"]
    assert world.snapshot(identity=True) == before


def test_the_role_takes_it_back(world: World, controller: Controller) -> None:
    before = world.snapshot()
    run_role(controller, world, backup=True)
    assert now(world) == DOCUMENT
    assert run_role(controller, world, state="absent")[-1].changed
    assert world.snapshot() == before


def test_the_role_and_a_file_that_would_win(world: World, controller: Controller) -> None:
    world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 1\n")
    assert "/etc/sysctl.d/99-z.conf" in run_role(controller, world)[-1]["msg"]
    assert run_role(controller, world, on_override="comment_out")[-1].changed
    assert now(world) == next_boot(world) == DOCUMENT


@pytest.mark.parametrize(
    "options",
    [
        {"time": "soon"},
        {"profile": "aws"},
        {"on_override": "ignore"},
        {"state": "gone"},
        {"idle_limit": 350},
    ],
    ids=["type", "profile", "choice", "state", "limit"],
)
def test_what_the_role_refuses(
    world: World, controller: Controller, options: dict[str, Any]
) -> None:
    """Its argument_specs know types and choices; the module knows the limits."""
    before = world.snapshot(identity=True)
    *passed, refused = run_role(controller, world, **options)
    assert refused.failed
    assert next(iter(options)) in refused["msg"]
    assert (refused.action == MODULE) == ("idle_limit" in options)
    assert not any(result.failed for result in passed)
    assert world.snapshot(identity=True) == before


# --- the playbook ---


def test_the_playbook(world: World) -> None:
    played = run_playbook(world, MODULE, variables={"tcp_keepalive_profile": "sap"})
    assert (played.rc, played.stats["ok"], played.stats["changed"]) == (0, 1, 1), played.output
    assert [result.action for result in played.results] == [MODULE], "nothing is done twice"
    assert now(world) == next_boot(world) == PROFILES["sap"]
    predicted = run_playbook(world, MODULE, "--check", "--diff")
    assert (predicted.rc, predicted.stats["changed"]) == (0, 1)
    assert now(world) == PROFILES["sap"]


def test_the_hosts_of_the_playbook(world: World) -> None:
    """All, or those that a variable or the playbook that imports it names."""

    def imported(**variables: str) -> list[dict[str, Any]]:
        return [{"ansible.builtin.import_playbook": MODULE, "vars": variables}]

    for nowhere in (
        run_playbook(world, MODULE, variables={"tcp_keepalive_hosts": "all:!world"}),
        run_playbook(world, imported(tcp_keepalive_hosts="all:!world")),
    ):
        assert (nowhere.rc, nowhere.results) == (0, []), nowhere.output
    here = run_playbook(world, imported(tcp_keepalive_hosts="world", tcp_keepalive_profile="sap"))
    assert (here.rc, here.stats["changed"]) == (0, 1), here.output
    assert now(world) == PROFILES["sap"]
