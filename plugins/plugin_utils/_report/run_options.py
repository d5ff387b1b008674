# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of Ansible was given, so that the commands of its report do what the report shows."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Iterable, Mapping, NamedTuple

SECRET_NAME = re.compile(r"pass|secret|token|credential|private_key$|api_?key", re.IGNORECASE)
"""Variables that may hold secrets: a report is read by many, and is kept."""
OWN_PREFIXES = ("audit_", "rollout_", "rollback_")
"""Variables of the playbook that ran. What they decide is in the variables of each host."""
CONFIG_FOLDERS = ("/etc/ansible/", os.path.expanduser("~/.ansible.cfg"))
"""Where Ansible finds its configuration from any directory."""

FLAGS = {
    "become": "--become",
    "become_ask_pass": "--ask-become-pass",
    "ask_pass": "--ask-pass",
    "ask_vault_pass": "--ask-vault-pass",
}
VALUES = {
    "remote_user": "--user",
    "become_method": "--become-method",
    "become_user": "--become-user",
    "connection": "--connection",
    "private_key_file": "--private-key",
    "become_password_file": "--become-password-file",
    "connection_password_file": "--connection-password-file",
    "ssh_common_args": "--ssh-common-args",
    "ssh_extra_args": "--ssh-extra-args",
    "vault_ids": "--vault-id",
    "vault_password_files": "--vault-password-file",
}
"""Name in CLIARGS -> option of ansible-playbook and of ansible."""


class RunOptions(NamedTuple):
    """Options for every command, and a variable of the environment before it."""

    arguments: tuple[str, ...] = ()
    config_file: str | None = None
    """The configuration that Ansible would not find in another directory."""
    left_out: tuple[str, ...] = ()
    """Variables that may hold secrets."""


def options_of_run(
    cli_arguments: Mapping[str, Any],
    defaults: Mapping[str, Any],
    extra_vars: Iterable[str | Mapping[str, Any]],
    config_file: str | None,
) -> RunOptions:
    """Return what the run was given.

    defaults: name in CLIARGS -> the value that the configuration gives anyway.
    extra_vars: the values of -e; a text is the name of a file.
    """
    arguments = []
    for name, option in FLAGS.items():
        if cli_arguments.get(name):
            arguments.append(option)
    for name, option in VALUES.items():
        value = cli_arguments.get(name)
        if value and value != defaults.get(name):
            values = [value] if isinstance(value, str) else value
            arguments.extend(f"{option}={item}" for item in values)
    left_out: list[str] = []
    for variables in extra_vars:
        if isinstance(variables, str):
            arguments.append(f"--extra-vars=@{os.path.abspath(variables)}")
            continue
        shown = _variables_to_show(variables, left_out)
        if shown:
            arguments.append(f"--extra-vars={json.dumps(shown)}")
    if config_file and config_file.startswith(CONFIG_FOLDERS):
        config_file = None
    return RunOptions(tuple(arguments), config_file, tuple(left_out))


def _variables_to_show(variables: Mapping[str, Any], left_out: list[str]) -> dict[str, Any]:
    """Return the variables that a command may show, and add the others to `left_out`."""
    shown = {}
    for name, value in variables.items():
        if name.startswith(OWN_PREFIXES):
            continue
        if SECRET_NAME.search(name) or not _is_plain(value):
            left_out.append(str(name))
        else:
            shown[str(name)] = value
    return shown


def _is_plain(value: Any) -> bool:
    """Tell whether a value has JSON of its own; an encrypted one would be shown in the clear."""
    kind = type(value).__name__
    if "Vault" in kind or "Encrypted" in kind:
        return False
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float))
