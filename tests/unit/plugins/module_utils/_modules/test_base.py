# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TuningModule hides secret settings where AnsibleModule logs its parameters."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netops.tuning.plugins.module_utils._modules import base
from ansible_collections.netops.tuning.plugins.module_utils._modules.base import TuningModule
from ansible_collections.netops.tuning.plugins.modules import sysctl

SECRET, VALUE = "net/ipv4/tcp_fastopen_key", "0000000a-0-0-0"


def test_ansible_core_still_logs_through_the_method_that_hides_secrets(host_image, modules):
    """Fails if ansible-core stops calling ``log``: then secrets need another place."""
    logged = []
    log = TuningModule.log

    def record(self, msg, log_args=None):
        log(self, msg, log_args)
        logged.append((msg, log_args, VALUE in self.no_log_values))

    modules.monkeypatch.setattr(TuningModule, "log", record)
    modules.ok(sysctl, root=host_image, runtime=False, settings={SECRET: VALUE})
    assert len(logged) == 1
    message, parameters, is_hidden = logged[0]
    assert message.startswith("Invoked")
    assert "settings" in parameters
    assert is_hidden


class LoggingModule:
    """A module that logs two messages and ends."""

    @staticmethod
    def main():
        module = TuningModule({"settings": {"type": "raw"}})
        module.log("one")
        module.log("two")
        module.exit_json(changed=False)


def test_settings_are_searched_once_for_secrets(modules):
    """Old releases of ansible-core log each warning, and there may be thousands of settings."""
    searched = []
    hides = base.hides

    def record(key, value):
        searched.append(key)
        return hides(key, value)

    modules.monkeypatch.setattr(base, "hides", record)
    modules.ok(LoggingModule, settings={"net.core.somaxconn": 1, SECRET: VALUE})
    assert searched == ["net.core.somaxconn", "net.ipv4.tcp_fastopen_key"]


def test_nul_does_not_reach_the_log(modules):
    """syslog(3) takes none, and Ansible would end the task with advice about the log."""
    logged = []
    modules.monkeypatch.setattr(AnsibleModule, "log", lambda _self, msg, **_: logged.append(msg))
    modules.fails(sysctl, settings={"net.core.somaxconn": 1}, header="a\0b")
    assert len(logged) == 1
    assert "\0" not in logged[0]


@pytest.mark.parametrize("value", [{"key": VALUE}, 1.5, f"{VALUE}\n"], ids=type)
def test_a_secret_that_is_no_value_is_not_shown(value, modules):
    text = str(modules.run(sysctl, check=True, settings={SECRET: value, "a b": 1}))
    assert VALUE not in text


@pytest.fixture
def host_image(tmp_path):
    """Return the root of an image without settings."""
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    return str(tmp_path)
