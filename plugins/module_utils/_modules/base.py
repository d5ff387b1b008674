# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection is to Ansible."""

from __future__ import annotations

import sys
from typing import Any, Mapping, NoReturn

from ansible.module_utils.basic import AnsibleModule

from .._sysctl.errors import TuningError
from .._sysctl.keys import normalize_key
from .._sysctl.secrets import is_secret
from .._sysctl.text import printable


class TuningModule(AnsibleModule):
    """An AnsibleModule that reports TuningError, and keeps secret settings out of log and result.

    options: the argument spec. file_options: take mode, owner, group and SELinux context as well.
    """

    def __init__(self, options: Mapping[str, Any], file_options: bool = False) -> None:
        super().__init__(
            argument_spec=dict(options),
            supports_check_mode=True,
            add_file_common_args=file_options,
        )
        if not sys.platform.startswith("linux"):
            message = f"netops.tuning sets Linux kernel settings; this host runs {sys.platform}"
            self.fail_json(msg=message)

    def log(self, msg: str, log_args: Any = None) -> None:
        """Log a message; AnsibleModule does so with its parameters before a module runs.

        This is the one place where secret settings are declared: no_log_values are masked in
        this message and in whatever the module returns.
        """
        settings = self.params.get("settings") or {}
        secrets = set()
        for name, value in settings.items():
            if value and is_secret(normalize_key(str(name))):
                secrets.add(str(value))
        self.no_log_values.update(secrets)
        super().log(msg, log_args=None if secrets else log_args)

    def add_path_info(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Leave the result as it is: Ansible would add the facts of the file at ``path`` to it."""
        return kwargs

    def fail(self, error: TuningError | OSError, **result: Any) -> NoReturn:
        """End with a failure, and with the result as far as it is known."""
        if isinstance(error, OSError):
            error = TuningError(str(error.filename or "the host"), None, error)
        result.update(
            changed=not error.rolled_back,
            failed_key=error.key and printable(error.key),
            errno=error.errno,
            rolled_back=error.rolled_back,
        )
        self.fail_json(msg=printable(str(error)), **result)
