# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/monitoring.md says, tested with Debian's Prometheus and node_exporter.

They run on a throw-away host, with the options that the page shows.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sandbox.connections import PYTHON, Started, wait_for
from sandbox.play import PROJECT, Played, collections_path, run_playbook
from sandbox.tasks import PROBES, TIME
from sandbox.world import NOBODY, World

RULES = Path(
    collections_path(),
    "ansible_collections/netops/tuning/extensions/prometheus/tcp_keepalive.rules.yml",
)
PAGE = (PROJECT / "docs/monitoring.md").read_text(encoding="utf-8")
DIRECTORY = "/srv/tmp/prometheus"
EXPORTER = "127.0.0.1:9100"
EXPORTER_WITHOUT_COLLECTOR = "127.0.0.1:9101"
API = "127.0.0.1:9090"
GET_URL = """\
import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())
"""
INTERVAL = "200ms"
Alert = tuple[str, "str | None", "str | None"]
"""Name, instance and setting."""
NOT_COLLECTED: Alert = ("TCPKeepaliveNotCollected", EXPORTER_WITHOUT_COLLECTOR, None)
"""Fires all the time, since one exporter runs without the collector."""
LATE: Alert = ("TCPDeadPeerNoticedLate", EXPORTER, None)


def drift(setting: str) -> Alert:
    return ("TCPKeepaliveDrift", EXPORTER, setting)


def code_block(language: str) -> str:
    """Return the page's only block in this language."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(text)


def documented_options() -> list[str]:
    """Return the options of node_exporter that the page shows."""
    name, _equals, value = code_block("sh").partition("=")
    assert name == "ARGS"
    return shlex.split(shlex.split(value)[0])


def rules_without_delay() -> dict[str, Any]:
    """Return the rules, but without the time for which an alert must last; promtool tests that."""
    rules: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("for", None)
    return rules


class Monitored:
    """A host with Prometheus, an exporter with some options, and one without the collector."""

    def __init__(self, world: World, options: list[str]) -> None:
        self.world = world
        world.run(["ip", "link", "set", "lo", "up"])
        world.run(["install", "-d", "-o", str(NOBODY), DIRECTORY])
        world.write(f"{DIRECTORY}/tcp_keepalive.rules.yml", json.dumps(rules_without_delay()))
        world.write(f"{DIRECTORY}/prometheus.yml", json.dumps(self._configuration()))
        files = [
            f"--config.file={DIRECTORY}/prometheus.yml",
            f"--storage.tsdb.path={DIRECTORY}/data",
        ]
        exporter = "prometheus-node-exporter"
        self.started = [
            self._start(exporter, EXPORTER, *options),
            self._start(exporter, EXPORTER_WITHOUT_COLLECTOR, "--collector.disable-defaults"),
            self._start("prometheus", API, *files),
        ]
        wait_for(lambda: self.alerts() is not None, 60)

    def _configuration(self) -> dict[str, Any]:
        """Return the page's configuration of Prometheus with these exporters."""
        text = code_block("yaml").replace("/etc/prometheus/rules", DIRECTORY)
        configuration: dict[str, Any] = yaml.safe_load(text)
        configuration["global"] = {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL}
        targets = [EXPORTER, EXPORTER_WITHOUT_COLLECTOR]
        job = {"job_name": "node", "static_configs": [{"targets": targets}]}
        configuration["scrape_configs"] = [job]
        return configuration

    def _start(self, program: str, address: str, *options: str) -> Started:
        command = [program, f"--web.listen-address={address}", *options]
        return Started([*self.world.enter(NOBODY), "--", *command])

    def get(self, path: str) -> Any:
        """Query Prometheus as soon as it answers."""
        url = f"http://{API}/api/v1/{path}"

        def answer() -> str:
            finished = self.world.run([PYTHON, "-I", "-S", "-c", GET_URL, url])
            return "" if finished.rc else finished.stdout

        return json.loads(wait_for(answer, 60))["data"]

    def alerts(self) -> dict[Alert, dict[str, Any]]:
        alerts: dict[Alert, dict[str, Any]] = {}
        for alert in self.get("alerts")["alerts"]:
            labels = alert["labels"]
            key = (labels["alertname"], labels.get("instance"), labels.get("setting"))
            alerts[key] = alert
        return alerts

    def await_alerts(self, *wanted: Alert) -> dict[Alert, dict[str, Any]]:
        """Wait until these alerts fire, and NOT_COLLECTED, and no others; return them."""
        expected = dict.fromkeys((NOT_COLLECTED, *wanted), "firing")
        alerts: dict[Alert, dict[str, Any]] = {}

        def states() -> dict[Alert, str]:
            return {key: alert["state"] for key, alert in alerts.items()}

        def only_wanted_fire() -> bool:
            alerts.clear()
            alerts.update(self.alerts())
            return states() == expected

        try:
            wait_for(only_wanted_fire, 60)
        except TimeoutError:
            assert states() == expected
        return alerts

    def await_evaluations(self) -> None:
        """Wait until the rules have been evaluated with newly scraped values."""
        times: set[str] = set()

        def evaluated() -> bool:
            times.update(group["lastEvaluation"] for group in self.get("rules")["groups"])
            return len(times) > 3

        wait_for(evaluated)


Monitor = Callable[[list[str]], Monitored]


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """Return a function that monitors a host. All programs end with the test."""
    started: list[Started] = []
    with World() as world:

        def begin(options: list[str]) -> Monitored:
            monitored = Monitored(world, options)
            started.extend(monitored.started)
            return monitored

        yield begin
    for program in started:
        program.wait()


def run_command_of_alert(
    monitored: Monitored,
    alert: dict[str, Any],
    directory: Path,
    playbook: str = "",
    **more_variables: Any,
) -> Played:
    """Run the command in an alert's description, or the same with another playbook."""
    (command,) = re.findall(
        r"ansible-playbook [^.]*\.tuning\.audit --limit '[^']*'",
        alert["annotations"]["description"],
    )
    _program, option, _inventory, audit, *limit = shlex.split(command)
    assert option == "-i"
    # The inventory has the host under the name that the alert uses.
    hosts = {"127.0.0.1": {"ansible_connection": "local"}, "other": {"ansible_connection": "ssh"}}
    inventory = directory / "inventory.yml"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    variables = {"audit_report_dir": str(directory), **more_variables}
    return run_playbook(
        monitored.world, playbook or audit, *limit, variables=variables, inventory=inventory
    )


def promtool(*args: str | Path) -> None:
    finished = subprocess.run(["promtool", *args], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_the_rules_fire_and_resolve_in_time() -> None:
    """Also tests the texts of the alerts."""
    promtool("check", "rules", "--lint-fatal", RULES)
    promtool("test", "rules", Path(__file__).with_name("tcp_keepalive.test.yml"))


def test_alerts_begin_with_drift_and_end_with_the_commands_that_they_name(
    monitor: Monitor, tmp_path: Path
) -> None:
    """From the kernel's own values to the wanted ones, drift by hand, and back."""
    role = "netops.tuning.tcp_keepalive"
    monitored = monitor(documented_options())
    alerts = monitored.await_alerts(drift("time"), drift("intvl"), LATE)
    summary = alerts[drift("time")]["annotations"]["summary"]
    assert summary.endswith(f"{EXPORTER} is 7200, but should be 3600")
    assert " 7875 s" in alerts[LATE]["annotations"]["summary"]
    played = run_command_of_alert(monitored, alerts[LATE], tmp_path, role)
    assert played.rc == 0, played.output
    monitored.await_alerts()

    monitored.world.set_sysctl(TIME, 1800)
    alert = monitored.await_alerts(drift("time"))[drift("time")]
    monitored.world.set_sysctl(PROBES, 127)
    monitored.await_alerts(drift("time"), drift("probes"), LATE)
    played = run_command_of_alert(monitored, alert, tmp_path)
    report = json.loads((tmp_path / "keepalive-audit-limited.json").read_text(encoding="utf-8"))
    states = [(host["name"], host["state"]) for host in report["hosts"]]
    assert states == [("127.0.0.1", "drift")], played.output
    played = run_command_of_alert(monitored, alert, tmp_path, role)
    assert played.rc == 0, played.output
    monitored.await_alerts()

    # The alerts do not see the next boot, but the audit does.
    monitored.world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 7200\n")
    monitored.await_evaluations()
    monitored.await_alerts()
    played = run_command_of_alert(monitored, alert, tmp_path, audit_fail_on=["drift"])
    assert played.rc == 2, played.output


def test_an_alert_fires_if_no_host_collects_the_values(monitor: Monitor) -> None:
    monitor([]).await_alerts(
        ("TCPKeepaliveNotCollected", EXPORTER, None), ("TCPKeepaliveCollectedNowhere", None, None)
    )


def test_an_exporter_sees_only_its_own_network_namespace() -> None:
    """In a container with its own network, whatever --path.procfs is."""
    options = [f"--web.listen-address={EXPORTER}", *documented_options()]
    exporter = shlex.join(["prometheus-node-exporter", *options])
    get_metrics = shlex.join([PYTHON, "-I", "-S", "-c", GET_URL, f"http://{EXPORTER}/metrics"])
    script = f"""
ip link set lo up
{exporter} --path.procfs=/proc/1/root/proc &
until {get_metrics} 2>/dev/null; do kill -0 $! || exit 1; done
kill $!
"""
    with World() as world:
        world.set_sysctl(TIME, 1234)
        finished = world.run(["unshare", "--net", "sh", "-c", script])
    metric = r"^node_sysctl_net_ipv4_tcp_keepalive_time 7200$"
    assert re.search(metric, finished.stdout, re.MULTILINE), finished.stderr
