# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/monitoring.md says, with Debian's Prometheus and node_exporter on a throw-away host, started with the lines that stand there."""

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
FOLDER = "/srv/tmp/prometheus"
TELLS, SILENT, API = "127.0.0.1:9100", "127.0.0.1:9101", "127.0.0.1:9090"
GET = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())"
QUICK = "200ms"
Alert = tuple[str, "str | None", "str | None"]
NOT_COLLECTED: Alert = ("TCPKeepaliveNotCollected", SILENT, None)
"""The one that there is all the time: of the exporter that runs without the collector."""


def documented(language: str) -> str:
    """Give the block of the page that is in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def collector() -> list[str]:
    """Give the options for node_exporter that the page has."""
    name, _equals, value = documented("sh").partition("=")
    assert name == "ARGS"
    return shlex.split(shlex.split(value)[0])


class Monitored:
    """A host with Prometheus, an exporter with these options, and one with none."""

    def __init__(self, world: World, options: list[str]) -> None:
        self.world = world
        world.run(["ip", "link", "set", "lo", "up"])
        world.run(["install", "-d", "-o", str(NOBODY), FOLDER])
        world.write(f"{FOLDER}/tcp_keepalive.rules.yml", json.dumps(without_patience()))
        settings = yaml.safe_load(documented("yaml").replace("/etc/prometheus/rules", FOLDER))
        settings["global"] = {"scrape_interval": QUICK, "evaluation_interval": QUICK}
        settings["scrape_configs"] = [
            {"job_name": "node", "static_configs": [{"targets": [TELLS, SILENT]}]}
        ]
        world.write(f"{FOLDER}/prometheus.yml", json.dumps(settings))
        files = [f"--config.file={FOLDER}/prometheus.yml", f"--storage.tsdb.path={FOLDER}/data"]
        self.started = [
            self._start("prometheus-node-exporter", TELLS, *options),
            self._start("prometheus-node-exporter", SILENT, "--collector.disable-defaults"),
            self._start("prometheus", API, *files),
        ]
        wait_for(lambda: self.alerts() is not None, 60)

    def _start(self, program: str, address: str, *options: str) -> Started:
        return Started(
            [*self.world.enter(NOBODY), "--", program, f"--web.listen-address={address}", *options]
        )

    def ask(self, path: str) -> Any:
        """Ask Prometheus, as soon as it answers."""

        def answer() -> str:
            ran = self.world.run([PYTHON, "-I", "-S", "-c", GET, f"http://{API}/api/v1/{path}"])
            return "" if ran.rc else ran.stdout

        return json.loads(wait_for(answer, 60))["data"]

    def alerts(self) -> dict[Alert, dict[str, Any]]:
        """Give the alerts that there are."""
        told = self.ask("alerts")["alerts"]
        return {
            (
                each["labels"]["alertname"],
                each["labels"].get("instance"),
                each["labels"].get("setting"),
            ): each
            for each in told
        }

    def await_alerts(self, *wanted: Alert) -> dict[Alert, dict[str, Any]]:
        """Wait until these fire, beside the one that there is all the time, and no other is there."""
        expected = dict.fromkeys((NOT_COLLECTED, *wanted), "firing")
        found: dict[Alert, dict[str, Any]] = {}

        def there() -> bool:
            found.clear()
            found.update(self.alerts())
            return {alert: each["state"] for alert, each in found.items()} == expected

        try:
            wait_for(there, 60)
        except TimeoutError:
            assert {alert: each["state"] for alert, each in found.items()} == expected
        return found

    def await_evaluations(self) -> None:
        """Wait until the rules have been looked at anew, with values that were scraped meanwhile."""
        seen: set[str] = set()

        def evaluated() -> bool:
            seen.update(group["lastEvaluation"] for group in self.ask("rules")["groups"])
            return len(seen) > 3

        wait_for(evaluated)


def without_patience() -> dict[str, Any]:
    """Give the rules with the time that an alert has to last taken away; promtool tests that."""
    rules: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("for", None)
    return rules


def drift(setting: str) -> Alert:
    return ("TCPKeepaliveDrift", TELLS, setting)


LATE: Alert = ("TCPDeadPeerNoticedLate", TELLS, None)


@pytest.fixture
def monitor() -> Iterator[Callable[..., Monitored]]:
    """Have a host monitored; all of it ends with the test."""
    started: list[Started] = []
    with World() as world:

        def begin(options: list[str]) -> Monitored:
            made = Monitored(world, options)
            started.extend(made.started)
            return made

        yield begin
    for each in started:
        each.wait()


def do_as_told(
    monitored: Monitored, alert: dict[str, Any], folder: Path, playbook: str = "", **more: Any
) -> Played:
    """Run the command of an alert, or the same line with another playbook, on an inventory that has the host by the name it has there."""
    (line,) = re.findall(
        r"ansible-playbook [^.]*\.tuning\.audit --limit '[^']*'",
        alert["annotations"]["description"],
    )
    _program, option, _inventory, audit, *limit = shlex.split(line)
    assert option == "-i"
    inventory = folder / "inventory.yml"
    hosts = {"127.0.0.1": {"ansible_connection": "local"}, "other": {"ansible_connection": "ssh"}}
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    variables = {"audit_report_dir": str(folder), **more}
    return run_playbook(
        monitored.world, playbook or audit, *limit, variables=variables, inventory=inventory
    )


def promtool(*args: str | Path) -> None:
    ran = subprocess.run(["promtool", *args], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_rules() -> None:
    """In time: when each alert begins, ends, and what it says."""
    promtool("check", "rules", "--lint-fatal", RULES)
    promtool("test", "rules", Path(__file__).with_name("tcp_keepalive.test.yml"))


def test_drift_is_seen_and_its_end(monitor: Callable[..., Monitored], tmp_path: Path) -> None:
    """From the kernel's own values to what is wanted, drift by hand, and back again by the command that the alert names."""
    monitored = monitor(collector())
    alerts = monitored.await_alerts(drift("time"), drift("intvl"), LATE)
    assert alerts[drift("time")]["annotations"]["summary"].endswith(
        f"{TELLS} is 7200, but should be 3600"
    )
    assert " 7875 s" in alerts[LATE]["annotations"]["summary"]
    played = do_as_told(monitored, alerts[LATE], tmp_path, "netops.tuning.tcp_keepalive")
    assert played.rc == 0, played.output
    monitored.await_alerts()

    monitored.world.set_sysctl(TIME, 1800)
    drifted = monitored.await_alerts(drift("time"))[drift("time")]
    monitored.world.set_sysctl(PROBES, 127)
    monitored.await_alerts(drift("time"), drift("probes"), LATE)
    played = do_as_told(monitored, drifted, tmp_path)
    report = json.loads((tmp_path / "keepalive-audit.json").read_text(encoding="utf-8"))
    assert [(host["name"], host["state"]) for host in report["hosts"]] == [
        ("127.0.0.1", "drift")
    ], played.output
    played = do_as_told(monitored, drifted, tmp_path, "netops.tuning.tcp_keepalive")
    assert played.rc == 0, played.output
    monitored.await_alerts()

    monitored.world.write("/etc/sysctl.d/99-z.conf", f"{TIME} = 7200\n")
    monitored.await_evaluations()
    monitored.await_alerts()  # the next boot is not its business
    played = do_as_told(monitored, drifted, tmp_path, audit_fail_on=["drift"])
    assert played.rc == 2, played.output


def test_nothing_is_collected(monitor: Callable[..., Monitored]) -> None:
    monitor([]).await_alerts(
        ("TCPKeepaliveNotCollected", TELLS, None), ("TCPKeepaliveCollectedNowhere", None, None)
    )


def test_another_network_namespace() -> None:
    """In a container with a network of its own an exporter tells of that, whatever /proc it is given."""
    exporter = shlex.join(
        ["prometheus-node-exporter", f"--web.listen-address={TELLS}", *collector()]
    )
    script = f"""
ip link set lo up
{exporter} --path.procfs=/proc/1/root/proc &
until {PYTHON} -I -S -c '{GET}' http://{TELLS}/metrics 2>/dev/null; do kill -0 $! || exit 1; done
kill $!
"""
    with World() as world:
        world.set_sysctl(TIME, 1234)
        ran = world.run(["unshare", "--net", "sh", "-c", script])
    assert re.search(r"^node_sysctl_net_ipv4_tcp_keepalive_time 7200$", ran.stdout, re.MULTILINE), (
        ran.stderr
    )
