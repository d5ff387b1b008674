# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection is to Ansible."""

from __future__ import annotations

import json
import sys
from typing import Any, Mapping, NoReturn

from ansible.module_utils import basic
from ansible.module_utils.common.parameters import remove_values

from .base import TuningError
from .keys import canonical
from .values import SECRETS, printable


def _remove_secrets(told: dict[str, Any], secrets: set[str]) -> Any:
    """Do what Ansible does with a result, but spare looking through all of it for nothing: 1,000 keys are 9,000 texts."""
    return remove_values(told, secrets) if secrets else told


vars(basic)["remove_values"] = _remove_secrets


class TuningModule(basic.AnsibleModule):
    """An AnsibleModule that keeps values of keys that are secrets out of the log and the result."""

    def __init__(self, options: Mapping[str, Any], file_options: bool = False) -> None:
        super().__init__(argument_spec=dict(options), supports_check_mode=True, add_file_common_args=file_options)
        if not sys.platform.startswith("linux"):
            self.fail_json(msg=f"netops.tuning sets Linux kernel settings; this host runs {sys.platform}")

    def log(self, msg: str, log_args: Any = None) -> None:
        settings = (self.params.get("options") or self.params).get("settings") or {}
        secrets = {str(value) for key, value in settings.items() if canonical(str(key)).endswith(SECRETS) and value}
        self.no_log_values.update(secrets)
        super().log(msg, log_args=None if secrets else log_args)

    def _record_module_result(self, o: dict[str, Any]) -> None:
        """Print a result of plain data as plain JSON, as 1,000 keys cost Ansible's own encoder a tenth of a run.

        ansible-core calls this from 2.19 on. Whatever is not plain, a warning for one, is left to it.
        """
        try:
            sys.stdout.write(f"\n{json.dumps(o)}\n")
        except TypeError:
            super()._record_module_result(o)

    def add_path_info(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Leave the result as it is: Ansible would mix the facts of the file at ``path`` into it."""
        return kwargs

    def fail(self, error: TuningError | OSError, **known: Any) -> NoReturn:
        """End with a failure, and all that is known."""
        if isinstance(error, OSError):
            error = TuningError(str(error.filename or "the host"), None, error)
        known.update(
            changed=not error.rolled_back,
            failed_key=error.key and printable(error.key),
            errno=error.errno,
            rolled_back=error.rolled_back,
        )
        self.fail_json(msg=printable(str(error)), **known)
