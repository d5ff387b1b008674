# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of a report are given what the run was given, but no secrets."""

from __future__ import annotations

import os

import pytest

pytest.importorskip("ansible", reason="Reports are written on the controller, where Ansible is")

from ansible_collections.netops.tuning.plugins.plugin_utils._report.run_options import (
    RunOptions,
    options_of_run,
)
from ansible_collections.netops.tuning.plugins.plugin_utils._report.todo import Shell

DEFAULTS = {"remote_user": None, "become_method": "sudo", "connection": "ssh"}


class VaultText(str):
    """As Ansible reads an encrypted variable."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("cli_arguments", "options"),
    [
        ({}, ()),
        ({"become": False, "become_method": "sudo", "connection": "ssh"}, ()),
        ({"remote_user": "admin", "become": True}, ("--become", "--user=admin")),
        ({"vault_ids": ["a@b", "c@d"]}, ("--vault-id=a@b", "--vault-id=c@d")),
        ({"vault_password_files": ("/v",)}, ("--vault-password-file=/v",)),
        ({"connection": "local"}, ("--connection=local",)),
        (
            {"ask_vault_pass": True, "private_key_file": "k"},
            ("--ask-vault-pass", "--private-key=k"),
        ),
    ],
)
def test_options_are_repeated_where_they_are_no_defaults(cli_arguments, options):
    assert options_of_run(cli_arguments, DEFAULTS, [], None) == RunOptions(options)


@pytest.mark.parametrize(
    ("extra_vars", "options", "left_out"),
    [
        ({"tcp_keepalive_time": "300"}, ('--extra-vars={"tcp_keepalive_time": "300"}',), ()),
        ({"audit_fail_on": "drift", "rollout_name": "a"}, (), ()),
        ("vars.yml", (f"--extra-vars=@{os.path.abspath('vars.yml')}",), ()),
        ({"ansible_become_password": "x"}, (), ("ansible_become_password",)),
        ({"ansible_ssh_pass": "x"}, (), ("ansible_ssh_pass",)),
        ({"plain": VaultText("x")}, (), ("plain",)),
        ({"nested": {"a": [VaultText("x")]}}, (), ("nested",)),
    ],
)
def test_extra_variables_are_repeated_but_no_secrets(extra_vars, options, left_out):
    run = options_of_run({}, DEFAULTS, [extra_vars], None)
    assert run == RunOptions(options, None, left_out)


@pytest.mark.parametrize(
    ("config_file", "needed"),
    [(None, None), ("/etc/ansible/ansible.cfg", None), ("/srv/my ansible.cfg", True)],
)
def test_a_configuration_is_named_unless_it_holds_everywhere(config_file, needed):
    run = options_of_run({}, DEFAULTS, [], config_file)
    assert run.config_file == (config_file if needed else None)


def test_commands_have_the_options_and_name_what_they_lack():
    run = RunOptions(("--become",), "/srv/my ansible.cfg", ("ansible_password",))
    shell = Shell(["hosts"], None, run)
    assert shell.playbook("a.b.c") == (
        "ANSIBLE_CONFIG='/srv/my ansible.cfg' ansible-playbook --inventory=hosts --become a.b.c"
    )
    assert shell.step("Do it", "true").what == (
        "Do it (give it the secrets of this run, -e ansible_password)"
    )
