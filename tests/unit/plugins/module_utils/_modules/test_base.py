# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TuningModule hides secret settings where AnsibleModule logs its parameters."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

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


@pytest.fixture
def host_image(tmp_path):
    """Return the root of an image without settings."""
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    return str(tmp_path)
