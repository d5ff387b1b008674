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
    BY,
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
LATER = "/etc/sysctl.d/99-z.conf"
MODULE = "netops.tuning.tcp_keepalive"
ROLE = "netops.tuning.tcp_keepalive"
PLAYBOOK = "netops.tuning.tcp_keepalive"
INCLUDE_ROLE = "ansible.builtin.include_role"
VALIDATE_ROLE = "ansible.builtin.validate_argument_spec"

PROFILES = {
    "one_hour": DOCUMENT,
    "document": DOCUMENT,
    "kernel": KERNEL,
    "aws": (45, 9, 75),
    "gce": (60, 5, 60),
    "cloudfoundry_azure": (120, 8, 30),
    "sap": (300, 9, 75),
    "cassandra": (60, 3, 10),
    "mongodb": (120, 9, 75),
    "oracle_rac": (30, 9, 60),
    "rabbitmq": (30, 4, 10),
    "talos": (600, 9, 60),
}
"""Profile -> time, probes and intvl."""


def assert_values(world: World, expected: tuple[int, ...]) -> None:
    """Assert time, probes and intvl, at runtime and after the next boot."""
    assert now(world) == expected
    assert next_boot(world) == expected


# --- the module: values ---


def test_the_default_values_are_set_now_and_at_boot(world: World, ask: Asker) -> None:
    result = ask.ok(world, tcp_keepalive())
    assert set(SUCCESS) <= set(result)
    assert_values(world, DOCUMENT)
    assert next_boot(world, "procps") == DOCUMENT
    assert result["dead_after"] == 3825
    assert result["path"] == OURS
    _header, *lines = world.read(OURS).splitlines()
    assert lines == [f"{TIME} = 3600", f"{PROBES} = 9", f"{INTVL} = 25"]
    assert ask.again(world, tcp_keepalive())["dead_after"] == 3825


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_sets_its_values(world: World, ask: Asker, profile: str) -> None:
    result = ask.ok(world, tcp_keepalive(profile=profile))
    time, probes, intvl = PROFILES[profile]
    assert_values(world, (time, probes, intvl))
    assert result["dead_after"] == time + probes * intvl


def test_an_option_wins_over_the_profile(world: World, ask: Asker) -> None:
    result = ask.ok(world, tcp_keepalive(profile="gce", probes=3))
    assert now(world) == (60, 3, 60)
    assert result["dead_after"] == 240


def test_the_values_that_are_not_given_stay_as_they_are(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(profile="gce"))
    task = tcp_keepalive(time=120)
    result = ask.ok(world, task)
    assert_values(world, (120, 5, 60))
    assert set(result["settings"]) == {TIME}
    assert result["dead_after"] == 120 + 5 * 60
    ask.again(world, task)


def test_one_value_alone_is_all_that_is_managed(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(probes=5))
    assert_values(world, (7200, 5, 75))
    assert world.read(OURS).splitlines()[1:] == [f"{PROBES} = 5"]


@pytest.mark.parametrize(
    ("option", "value", "key"),
    [
        ("time", 0, TIME),
        ("time", -1, TIME),
        ("time", 32768, TIME),
        ("intvl", 0, INTVL),
        ("intvl", 32768, INTVL),
        ("probes", 0, PROBES),
        ("probes", 128, PROBES),
    ],
)
def test_a_value_out_of_range_is_refused(
    world: World, ask: Asker, option: str, value: int, key: str
) -> None:
    result = ask.fails(world, tcp_keepalive(**{option: value}))
    assert result["failed_key"] == key
    assert str(value) in result["msg"]


def test_unsafe_allows_what_the_kernel_takes(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(time=40000, unsafe=True))
    assert_values(world, (40000, 9, 75))


@pytest.mark.parametrize("time", ["abc", "1h", 1.5, [3600]])
def test_a_time_that_is_not_a_whole_number_is_refused(
    world: World, ask: Asker, time: object
) -> None:
    assert "time" in ask.fails(world, tcp_keepalive(time=time))["msg"]


def test_an_unknown_profile_is_refused_with_a_list_of_profiles(world: World, ask: Asker) -> None:
    assert "gce" in ask.fails(world, tcp_keepalive(profile="acme"))["msg"]


# --- the module: limits ---


@pytest.mark.parametrize(
    "options",
    [
        {"idle_limit": 350},
        {"idle_limit": 60, "profile": "gce"},
    ],
    ids=["longer", "equal"],
)
def test_a_time_not_below_the_idle_limit_is_refused(
    world: World, ask: Asker, options: dict[str, Any]
) -> None:
    message = ask.fails(world, tcp_keepalive(**options))["msg"]
    assert str(options["idle_limit"]) in message


def test_the_refusal_names_profiles_below_the_idle_limit(world: World, ask: Asker) -> None:
    message = ask.fails(world, tcp_keepalive(idle_limit=350))["msg"]
    assert "3600" in message
    assert "gce" in message, "a profile with a time of 60 s fits"
    assert "talos" not in message, "a profile with a time of 600 s does not fit"
    ask.ok(world, tcp_keepalive(idle_limit=350, profile="gce"))
    result = ask.again(world, tcp_keepalive(idle_limit=61, profile="gce"))
    assert result["dead_after"] == 360


def test_a_dead_peer_noticed_after_the_limit_is_refused(world: World, ask: Asker) -> None:
    message = ask.fails(world, tcp_keepalive(dead_after_limit=3824))["msg"]
    for number in ("3600", "9", "25", "3825", "3824"):
        assert number in message
    assert "cassandra" in message
    _reason, _separator, proposed = message.partition("profile")
    assert "kernel" not in proposed, "a profile with a dead_after of 7875 s does not fit"
    ask.ok(world, tcp_keepalive(dead_after_limit=3825))


def test_the_refusal_names_profiles_that_fit_both_limits(world: World, ask: Asker) -> None:
    limits = {"idle_limit": 240, "dead_after_limit": 100}
    message = ask.fails(world, tcp_keepalive(**limits))["msg"]
    assert "cassandra" in message
    assert "gce" not in message, "a profile with a dead_after of 360 s does not fit"
    ask.ok(world, tcp_keepalive(**limits, profile="cassandra"))


# --- the module: files ---


def test_absent_restores_the_defaults_of_the_kernel(world: World, ask: Asker) -> None:
    before = world.snapshot()
    ask.ok(world, tcp_keepalive(profile="gce"))
    result = ask.ok(world, tcp_keepalive(state="absent"))
    assert_values(world, KERNEL)
    assert world.snapshot() == before
    assert result["dead_after"] == 7875
    ask.again(world, tcp_keepalive(state="absent"))


def test_absent_restores_the_value_of_another_file(world: World, ask: Asker) -> None:
    world.write("/usr/lib/sysctl.d/50-vendor.conf", f"{TIME} = 1000\n")
    ask.ok(world, tcp_keepalive())
    result = ask.ok(world, tcp_keepalive(state="absent"))
    assert_values(world, (1000, 9, 75))
    assert result["dead_after"] == 1675


def test_the_file_holds_only_the_three_keys(world: World, ask: Asker) -> None:
    world.write(OURS, f"# ours\n{FIN} = 50\n{TIME} = 1\n")
    ask.ok(world, tcp_keepalive())
    assert world.read(OURS) == f"# ours\n{TIME} = 3600\n{PROBES} = 9\n{INTVL} = 25\n"


def test_a_later_file_is_refused_or_treated_as_on_override_says(world: World, ask: Asker) -> None:
    world.write(LATER, f"{INTVL} = 1\n")
    overridden = [{"key": INTVL, "value": "1", "path": LATER, "line": 1, **BY}]
    failure = ask.fails(world, tcp_keepalive())
    assert failure["overridden"] == overridden
    warned = ask.ok(world, tcp_keepalive(on_override="warn"))
    assert warned["overridden"] == overridden
    result = ask.ok(world, tcp_keepalive(on_override="comment_out", backup=True))
    (backup,) = result["backup_files"]
    assert world.read(backup) == f"{INTVL} = 1\n"
    assert next_boot(world) == DOCUMENT


def test_persistent_false_and_runtime_false_each_do_half(world: World, ask: Asker) -> None:
    ask.ok(world, tcp_keepalive(persistent=False))
    assert now(world) == DOCUMENT
    assert next_boot(world) == KERNEL
    ask.ok(world, tcp_keepalive(runtime=False, profile="gce"))
    assert now(world) == DOCUMENT
    assert next_boot(world) == PROFILES["gce"]


def test_an_image_below_another_root_is_edited(world: World, ask: Asker) -> None:
    world.mkdir("/srv/image/etc/sysctl.d")
    result = ask.ok(world, tcp_keepalive(root="/srv/image", runtime=False))
    assert f"{TIME} = 3600\n" in world.read(f"/srv/image{OURS}")
    assert_values(world, KERNEL)
    assert result["dead_after"] == 3825


def test_another_path_is_the_only_file_that_is_written(world: World, ask: Asker) -> None:
    path = "/etc/sysctl.d/50-tcp.conf"
    ask.ok(world, tcp_keepalive(path=path))
    assert next_boot(world) == DOCUMENT
    assert list(world.files("/etc/sysctl.d")) == ["/etc/sysctl.d", path]


# --- the module: options from variables ---


@pytest.mark.parametrize(
    ("variables", "options", "expected"),
    [
        (
            {"mine_time": 100},
            {},
            (100, 9, 75),
        ),
        (
            {"mine_time": "{{ 50 * 2 }}", "mine_profile": "{{ name }}", "name": "gce"},
            {},
            (100, 5, 60),
        ),
        (
            {"mine_time": "{{ omit }}", "mine_probes": None, "mine_intvl": 10},
            {},
            (7200, 9, 10),
        ),
        (
            {"mine_time": 100, "mine_intvl": 10},
            {"time": 200},
            (200, 9, 10),
        ),
        (
            {"mine_time": 100, "mine_from_variables": "other_", "other_time": 1},
            {},
            (100, 9, 75),
        ),
    ],
    ids=[
        "a value",
        "templates",
        "omit and null are no values",
        "an option wins over a variable",
        "from_variables is not itself a variable",
    ],
)
def test_from_variables_takes_options_from_variables_with_the_prefix(
    world: World,
    controller: Controller,
    variables: Mapping[str, Any],
    options: Mapping[str, Any],
    expected: tuple[int, ...],
) -> None:
    task = {MODULE: {"from_variables": "mine_", **options}, "vars": variables}
    (result,) = controller.play(world, task)
    assert result.status == "ok", result
    assert_values(world, expected)


def test_from_variables_refuses_a_prefix_of_no_variable(
    world: World, controller: Controller
) -> None:
    """A misspelt prefix must not set the defaults."""
    before = world.snapshot(identity=True)
    task = {MODULE: {"from_variables": "mein_"}, "vars": {"mine_time": 100}}
    (result,) = controller.play(world, task)
    assert result.failed
    assert "'mein_time'" in result["msg"]
    assert world.snapshot(identity=True) == before


def test_a_template_that_cannot_be_resolved_names_its_variable(
    world: World, controller: Controller
) -> None:
    variables = {"mine_time": 100, "mine_probes": "{{ of_nobody }}"}
    task = {MODULE: {"from_variables": "mine_"}, "vars": variables}
    (result,) = controller.play(world, task)
    assert result.failed
    assert "mine_probes: its template cannot be resolved: 'of_nobody' is und" in result["msg"]
    assert "\n" not in result["msg"]


# --- the role ---


def run_role(controller: Controller, world: World, **options: Any) -> list[Result]:
    """Run the role with its options as variables; return the results of its tasks."""
    variables = {f"tcp_keepalive_{name}": value for name, value in options.items()}
    task = {INCLUDE_ROLE: {"name": ROLE}, "vars": variables}
    results = controller.play(world, task)
    # Older versions of ansible-core have a result for the inclusion too.
    return [result for result in results if result.action != INCLUDE_ROLE]


@pytest.mark.parametrize(
    ("options", "expected"),
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
    ids=["profile", "value over profile", "time", "probes and intvl", "limits and path"],
)
def test_the_role_sets_the_values_of_its_variables_in_one_task(
    world: World,
    controller: Controller,
    options: Mapping[str, Any],
    expected: tuple[int, ...],
) -> None:
    validation, *tasks = run_role(controller, world, **options)
    assert validation.action == VALIDATE_ROLE
    assert [(task.action, task.status) for task in tasks] == [(MODULE, "ok")], tasks
    assert_values(world, expected)
    assert world.exists(options.get("path", OURS))


def test_the_role_with_absent_undoes_its_changes(world: World, controller: Controller) -> None:
    before = world.snapshot()
    run_role(controller, world, backup=True)
    assert now(world) == DOCUMENT
    assert run_role(controller, world, state="absent")[-1].changed
    assert world.snapshot() == before


def test_the_role_refuses_or_comments_out_a_later_file(
    world: World, controller: Controller
) -> None:
    world.write(LATER, f"{TIME} = 1\n")
    assert LATER in run_role(controller, world)[-1]["msg"]
    assert run_role(controller, world, on_override="comment_out")[-1].changed
    assert_values(world, DOCUMENT)


@pytest.mark.parametrize(
    ("option", "value", "refused_by"),
    [
        ("time", "soon", VALIDATE_ROLE),
        ("profile", "acme", VALIDATE_ROLE),
        ("on_override", "ignore", VALIDATE_ROLE),
        ("state", "gone", VALIDATE_ROLE),
        ("idle_limit", 350, MODULE),
    ],
)
def test_the_role_refuses_a_bad_variable_and_changes_nothing(
    world: World, controller: Controller, option: str, value: Any, refused_by: str
) -> None:
    """Types and choices are in the argument_specs of the role, limits only in the module."""
    before = world.snapshot(identity=True)
    *passed, refusal = run_role(controller, world, **{option: value})
    assert refusal.failed
    assert option in refusal["msg"]
    assert refusal.action == refused_by
    assert not any(result.failed for result in passed)
    assert world.snapshot(identity=True) == before


# --- the playbook ---


def test_the_playbook_is_one_task(world: World) -> None:
    played = run_playbook(world, PLAYBOOK, variables={"tcp_keepalive_profile": "sap"})
    assert played.rc == 0, played.output
    assert played.stats["ok"] == 1
    assert played.stats["changed"] == 1
    assert [result.action for result in played.results] == [MODULE]
    assert_values(world, PROFILES["sap"])

    predicted = run_playbook(world, PLAYBOOK, "--check", "--diff")
    assert predicted.rc == 0, predicted.output
    assert predicted.stats["changed"] == 1
    assert now(world) == PROFILES["sap"]


def import_playbook(**variables: str) -> list[dict[str, Any]]:
    """Return a playbook that imports ours with these variables."""
    return [{"ansible.builtin.import_playbook": PLAYBOOK, "vars": variables}]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("wrold", "tcp_keepalive_hosts: 'wrold' names no host"),
        ("world,wrold", "tcp_keepalive_hosts: 'wrold' names no host"),
        ("all:!world", "tcp_keepalive_hosts: 'all:!world' matches no host"),
    ],
)
def test_hosts_that_the_inventory_does_not_have_are_an_error(
    world: World, pattern: str, problem: str
) -> None:
    """The variable may come from the command line, or from a playbook that imports ours."""
    by_option = run_playbook(world, PLAYBOOK, variables={"tcp_keepalive_hosts": pattern})
    by_import = run_playbook(world, import_playbook(tcp_keepalive_hosts=pattern))
    for played in (by_option, by_import):
        assert played.rc == 2, played.output
        (result,) = played.results
        assert problem in result["msg"]


def test_the_hosts_of_the_playbook_are_a_variable(world: World) -> None:
    playbook = import_playbook(tcp_keepalive_hosts="world", tcp_keepalive_profile="sap")
    played = run_playbook(world, playbook)
    assert played.rc == 0, played.output
    assert played.stats["changed"] == 1
    assert now(world) == PROFILES["sap"]


# --- module_defaults ---


def test_module_defaults_lose_to_what_the_role_is_given(world: World) -> None:
    """But win over the defaults of the role, which nobody has asked for."""
    path = "/etc/sysctl.d/50-of-the-group.conf"
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {
            "group/netops.tuning.settings": {"path": path},
            MODULE: {"time": 60, "probes": 4, "profile": "kernel"},
        },
        "roles": [{"role": ROLE, "tcp_keepalive_time": 300}],
    }
    played = run_playbook(world, [play])
    assert played.rc == 0, played.output
    assert now(world) == (300, 4, 75)
    assert world.exists(path)
    assert not world.exists(OURS)
