# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection is to Ansible."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Iterator, Mapping, NoReturn

from ansible.module_utils.basic import AnsibleModule

from .._lazy_module import LazyModule
from .._sysctl.errors import TuningError
from .._sysctl.keys import normalize_key
from .._sysctl.secrets import SECRET_SUFFIXES, hides
from .._sysctl.text import printable, quote

if TYPE_CHECKING:
    from .._sysctl import one_line
else:
    one_line = LazyModule(__name__, ".._sysctl.one_line")

_GLOB = r"[^\s,\"'{}=]*[*?[][^\s,\"'{}=]*"
"""A glob over keys in a text of settings."""


class TuningModule(AnsibleModule):
    """An AnsibleModule that reports TuningError, and keeps secret settings out of log and result.

    options: the argument spec. file_options: take mode, owner, group and SELinux context as well.
    """

    def __init__(self, options: Mapping[str, Any], file_options: bool = False) -> None:
        self._has_valid_options = False
        self._searched_settings: Any = None
        self._secrets: set[str] = set()
        try:
            super().__init__(
                argument_spec=dict(options),
                supports_check_mode=True,
                add_file_common_args=file_options,
            )
        except OverflowError as error:  # its check of integers lets infinity through
            self.fail_json(msg=str(error))
        self._has_valid_options = True
        if not sys.platform.startswith("linux"):
            message = f"netops.tuning sets Linux kernel settings; this host runs {sys.platform}"
            self.fail_json(msg=message)
        self._refuse_nul()

    def _refuse_nul(self) -> None:
        """Refuse a NUL, which no path, no name and no file of settings can hold."""
        for name, value in self.params.items():
            if isinstance(value, str) and "\0" in value and name != "settings":
                self.fail(TuningError(f"{name}: {quote(value)} has a NUL in it; take it out"))

    def log(self, msg: str, log_args: Any = None) -> None:
        """Log a message; AnsibleModule does so with its parameters before a module runs.

        This is the one place where secret settings are declared: no_log_values are masked in
        this message and in whatever the module returns.
        """
        settings = self.params.get("settings")
        if settings is not self._searched_settings:
            self._searched_settings = settings
            self._secrets = _secrets_in(settings)
        self.no_log_values.update(self._secrets)
        # syslog(3) takes no NUL, and Ansible would end the task with advice about the log.
        super().log(msg.replace("\0", r"\0"), log_args=None if self._secrets else log_args)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        """End with a failure; that of an option names the option as typed, and the remedy."""
        if not self._has_valid_options:
            from .option_errors import explain_options  # only a bad task needs it

            msg = explain_options(msg, self.params, self.argument_spec)
        super().fail_json(msg=one_line.as_message(msg), **result)
        raise SystemExit  # it has ended already: for type checkers

    def warn(self, warning: str, **details: Any) -> None:
        """Warn in one line."""
        super().warn(one_line.as_message(warning), **details)

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


def _secrets_in(settings: Any) -> set[str]:
    """Return the values of secret settings, in any form of settings that a task may give."""
    secrets = set()
    for name, value in _settings_in(settings):
        if value and hides(normalize_key(str(name)), str(value)):
            secrets.add(str(value))
    return secrets


def _settings_in(settings: Any) -> Iterator[tuple[object, object]]:
    """Yield the keys and values in any form of settings that a task may give, right or wrong."""
    if isinstance(settings, Mapping):
        yield from settings.items()
    elif isinstance(settings, (list, tuple)):
        for item in settings:
            if isinstance(item, Mapping):
                yield item.get("name", item.get("key")), item.get("value")
    elif isinstance(settings, str) and settings:
        for name in (*SECRET_SUFFIXES, _GLOB):
            yield from re.findall(rf"({name})[\"']?\s*[=:]\s*[\"']?([^\s,\"'}}]+)", settings)
