# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rollout decides for all of its hosts, on the controller: whether it starts, goes on, and what came of it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, Mapping

from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.netops.tuning.plugins.plugin_utils import _fleet
from ansible_collections.netops.tuning.plugins.plugin_utils._fleet import Outcome

OPTIONS = {
    "step": {"type": "str", "choices": ["start", "plan", "batch", "report"], "required": True},
    "rollout": {"type": "str", "required": True},
    "serial": {"type": "list", "elements": "str", "default": ["1", "5%", "25%", "100%"]},
    "canary": {"type": "list", "elements": "str", "default": []},
    "require": {"type": "list", "elements": "str", "default": []},
    "max_failures": {"type": "int", "default": 0},
    "soak": {"type": "int", "default": 0},
    "health_check": {"type": "str"},
}
EVERY = 10
"""Seconds between two lines of a countdown."""


class RolloutError(Exception):
    """Said to the user as it stands."""


class ActionModule(ActionBase):
    """Runs on the controller alone."""

    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what was decided."""
        told: dict[str, Any] = super().run(tmp, task_vars)
        self._variables = task_vars or {}
        _checked, self._options = self.validate_argument_spec(OPTIONS)
        try:
            told.update(getattr(self, f"_{self._options['step']}")(), changed=False)
        except RolloutError as error:
            told.update(failed=True, msg=str(error))
        return told

    # --- before anything is touched ---

    def _start(self) -> dict[str, Any]:
        """Refuse what cannot be meant, before any host is asked."""
        problem = _fleet.problem(self._options)
        if problem:
            raise RolloutError(problem)
        return {"health_check": self._health_check()}

    def _health_check(self) -> str | None:
        """Return the file of tasks that make the user's own check."""
        given = self._options["health_check"]
        if not given:
            return None
        if re.match("https?://", given):
            return str(Path(__file__).parents[2] / "playbooks/tasks/health_url.yml")
        path = Path(given).expanduser().absolute()
        if not path.is_file():
            raise RolloutError(
                f"rollout_health_check: there is no file {path}; give a file of tasks, or a URL that starts with http"
            )
        return str(path)

    def _plan(self) -> dict[str, Any]:
        """Return the hosts that are to be changed; stop here if one that was required is not fit."""
        known = self._known(self._variables["ansible_play_hosts_all"])
        outcomes = {host: _fleet.outcome_of(each) for host, each in known.items()}
        unfit = {host: outcome for host, outcome in outcomes.items() if outcome.counts_as_failure}
        order = _fleet.to_change(
            {host: each.get(_fleet.PREFLIGHT) or {} for host, each in known.items()},
            self._options["canary"],
        )
        required = [host for host in self._options["require"] if host in unfit or host not in known]
        sizes = _fleet.batches(len(order), self._options["serial"])
        self._say(
            f"{len(known)} hosts: {len(order)} to change"
            + (
                f" in {len(sizes)} batches ({', '.join(map(str, sizes[:8]))}{' ...' if len(sizes) > 8 else ''})"
                if sizes
                else ""
            )
            + f", {len(known) - len(order) - len(unfit)} already right, {len(unfit)} that cannot be changed",
            *_fleet.table(unfit),
        )
        if required:
            why = "; ".join(
                f"{host}: {unfit[host].reason if host in unfit else 'no host of this rollout'}"
                for host in required
            )
            raise RolloutError(
                f"nothing was changed, since hosts that rollout_require names are not fit: {why}"
            )
        return {
            "hosts": [] if context.CLIARGS.get("check") else order,
            "sizes": sizes,
            "planned": time.time(),
        }

    # --- between two batches ---

    def _batch(self) -> dict[str, Any]:
        """Tell how far it is, and whether it goes on; wait between two batches."""
        plan = self._variables["rollout_plan"]
        outcomes = self._outcomes(plan["hosts"])
        ended = {
            host: outcome
            for host, outcome in outcomes.items()
            if outcome.outcome != _fleet.NOT_REACHED
        }
        failures = sum(outcome.counts_as_failure for outcome in ended.values())
        stop = failures > self._options["max_failures"]
        left = len(outcomes) - len(ended)
        this = {
            host: outcomes[host]
            for host in self._variables["ansible_play_batch"]
            if host in outcomes
        }
        self._say(
            f"{len(ended)} of {len(outcomes)} hosts, {_fleet.in_words(_fleet.counts(ended))}{self._time_left(plan, len(ended))}",
            *_fleet.table(this),
        )
        if stop and left:
            self._say(
                f"stops here: {failures} failed, and rollout_max_failures is {self._options['max_failures']}; {left} hosts are not touched"
            )
        elif left:
            self._soak()
        return {"stop": stop}

    def _time_left(self, plan: Mapping[str, Any], ended: int) -> str:
        passed = time.time() - plan["planned"]
        share = _fleet.share_done(plan["sizes"], ended, int(context.CLIARGS.get("forks") or 5))
        to_go = f", about {_duration(passed * (1 - share) / share)} to go" if 0 < share < 1 else ""
        return f"; {_duration(passed)} so far{to_go}"

    def _soak(self) -> None:
        end = time.monotonic() + self._options["soak"]
        left = float(self._options["soak"])
        while left > 0:
            self._say(f"the next batch starts in {_duration(left)}")
            time.sleep(min(left, EVERY))
            left = end - time.monotonic()

    # --- after ---

    def _report(self) -> dict[str, Any]:
        """Say what became of each host."""
        outcomes = self._outcomes(self._variables["ansible_play_hosts_all"])
        counted = _fleet.counts(outcomes)
        self._say(f"{len(outcomes)} hosts: {_fleet.in_words(counted)}", *_fleet.table(outcomes))
        checked = bool(context.CLIARGS.get("check"))
        return {
            "outcomes": {host: outcome._asdict() for host, outcome in outcomes.items()},
            "counts": counted,
            "summary": _fleet.in_words(counted),
            "wrong": any(
                outcome.counts_as_failure or (outcome.outcome == _fleet.NOT_REACHED and not checked)
                for outcome in outcomes.values()
            ),
        }

    # --- what they need ---

    def _known(self, hosts: list[str]) -> dict[str, Mapping[str, Any]]:
        # Not hostvars[host]: that would look for templates in all that the host answered.
        return {host: self._variables["hostvars"].raw_get(host) for host in hosts}

    def _outcomes(self, hosts: list[str]) -> dict[str, Outcome]:
        return {host: _fleet.outcome_of(each) for host, each in self._known(hosts).items()}

    def _say(self, first: str, *more: str) -> None:
        Display().display(
            "\n".join(
                [f"rollout {self._options['rollout']!r}: {first}", *(f"  {line}" for line in more)]
            )
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours} h {minutes} min"
        if hours
        else f"{minutes} min {rest} s"
        if minutes
        else f"{rest} s"
    )
