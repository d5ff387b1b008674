# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module sysctl_ledger on a simulated host: recording changes, and restoring."""

from __future__ import annotations

import errno
import json
import os
import stat

import pytest

pytest.importorskip(
    "ansible", reason="Ansible does not run on this Python; targets get its code sent"
)

from ansible_collections.netops.tuning.plugins.module_utils._host import file_change, transaction
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import lost_ipv6
from ansible_collections.netops.tuning.plugins.module_utils._ledger import (
    entries,
    recording,
    store,
)
from ansible_collections.netops.tuning.plugins.modules import (
    sysctl,
    sysctl_ledger,
    tcp_keepalive,
)

KEY, OTHER, SECRET = (
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_fastopen_key",
)
BYTES, RATIO, KEXEC = "vm.dirty_bytes", "vm.dirty_ratio", "kernel.kexec_load_disabled"


@pytest.fixture
def host(kernel, modules, tmp_path, monkeypatch):
    """Make a host whose kernel, file and ledger are in a temporary folder."""
    return Host(
        kernel(**{KEY: "60", OTHER: "15", SECRET: "0-0-0-0"}), modules, tmp_path, monkeypatch
    )


class Host:
    def __init__(self, kernel, modules, folder, monkeypatch):
        self.kernel, self.modules = kernel, modules
        self.path, self.ledger = folder / "x.conf", folder / "ledger"
        monkeypatch.setattr(store, "FOLDER", str(self.ledger))

    def apply(self, rollout, settings, check=False, fails=False, **more):
        options = {"settings": settings, "path": str(self.path), "on_override": "warn", **more}
        run = self.modules.fails if fails else self.modules.ok
        return run(sysctl, check=check, rollout=rollout, **options)

    def restore(self, rollout, check=False, fails=False, **options):
        run = self.modules.fails if fails else self.modules.ok
        return run(sysctl_ledger, check=check, state="restored", rollout=rollout, **options)

    def list(self):
        result = self.modules.ok(sysctl_ledger, state="listed")
        assert not result["changed"]
        return result["rollouts"]

    def state(self):
        """Return all that a rollout may change."""
        file = None
        if self.path.exists():
            status = self.path.stat()
            mode = stat.S_IMODE(status.st_mode)
            file = (self.path.read_bytes(), mode, status.st_uid, status.st_gid)
        return file, {key: self.kernel[key] for key in (KEY, OTHER, SECRET)}

    def entries(self):
        return {path.name: json.loads(path.read_text()) for path in sorted(self.ledger.glob("*"))}


def test_restores_the_state_before_a_rollout(host):
    start = host.state()
    predicted = host.apply("a", {KEY: 30}, check=True)
    assert (host.state(), host.ledger.exists()) == (start, False)
    result = host.apply("a", {KEY: 30})
    assert result == predicted
    assert host.state() != start
    assert stat.S_IMODE(host.ledger.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in host.ledger.glob("*")} == {0o600}
    predicted, now = host.restore("a", check=True), host.state()
    assert (host.state(), host.entries()["000001.json"]["undone"]) == (now, False)
    result = host.restore("a")
    assert {**result, "rollouts": None} == {**predicted, "rollouts": None}
    assert result["changed"]
    assert result["settings"][KEY]["runtime"] == {"before": "30", "after": "60"}
    assert [entry["before_header"] for entry in result["diff"]] == ["/proc/sys", str(host.path)]
    assert host.state() == start
    again = host.restore("a")
    assert (again["changed"], again["diff"]) == (False, [])
    assert [(entry["rollout"], entry["undone"]) for entry in again["rollouts"]] == [("a", True)]


def test_records_nothing_if_nothing_changes(host):
    host.apply("a", {KEY: 30})
    before = host.entries()
    assert not host.apply("b", {KEY: 30})["changed"]
    assert host.entries() == before


def test_restores_content_mode_and_owner(host):
    host.path.write_bytes(b"# theirs \xff\n")
    os.chmod(str(host.path), 0o640)
    if os.geteuid() == 0:
        os.chown(str(host.path), 12, 34)
    start = host.state()
    host.apply("a", {KEY: 30}, mode="0600")
    assert host.state()[0][1] == 0o600
    host.restore("a")
    assert host.state() == start


def test_restores_a_removed_file(host):
    host.apply("before", {KEY: 30})
    os.chmod(str(host.path), 0o600)
    if os.geteuid() == 0:
        os.chown(str(host.path), 12, 34)
    start = host.state()
    host.apply("a", {KEY: None}, state="absent")
    assert not host.path.exists()
    host.restore("a")
    assert host.state() == start


def test_restores_a_mode_alone(host):
    host.apply("before", {KEY: 30})
    start = host.state()
    host.apply("a", {KEY: 30}, mode="0600")
    assert host.state() != start
    assert host.restore("a")["changed"]
    assert host.state() == start


def test_rollout_in_two_runs(host):
    start = host.state()
    host.apply("a", {KEY: 30})
    host.apply("a", {KEY: 40, OTHER: 8})
    host.apply("b", {OTHER: 9})
    assert len(host.entries()) == 2
    host.restore("a")
    assert host.state() == start


def test_restores_a_secret_without_showing_it(host):
    host.kernel[SECRET] = "1-2-3-4"
    start = host.state()
    results = [host.apply("a", {SECRET: "5-6-7-8"}), host.restore("a")]
    assert host.state() == start
    for secret in ("1-2-3-4", "5-6-7-8"):
        assert secret not in json.dumps(results)


def test_refuses_to_overwrite_changes_by_others(host):
    start = host.state()
    host.apply("a", {KEY: 30})
    host.path.write_text(f"{host.path.read_text()}# and this\n")
    edited = host.state()
    result = host.restore("a", fails=True)
    assert str(host.path) in result["msg"]
    assert "(by somebody else)" in result["msg"]
    assert "'overwrite_changes: true' (of the playbook: -e rollback_overwrite_" in result["msg"]
    assert host.state() == edited
    host.restore("a", overwrite_changes=True)
    assert host.state() == start


def test_a_change_of_our_own_without_a_rollout_is_named_as_ours(host):
    host.apply("a", {KEY: 30})
    host.apply(None, {KEY: 40})
    message = host.restore("a", fails=True)["msg"]
    assert f"{host.path} (by a task of netops.tuning without a rollout name" in message


def test_lists_the_rollouts_and_changes_nothing(host):
    assert host.list() == []
    host.apply("a", {KEY: 30})
    host.apply("b", {KEY: 40})
    before = host.state()
    assert [(entry["rollout"], entry["undone"]) for entry in host.list()] == [
        ("a", False),
        ("b", False),
    ]
    assert host.state() == before
    host.restore("b")
    assert [entry["undone"] for entry in host.list()] == [False, True]


def test_warns_of_a_runtime_value_changed_by_others(host):
    host.apply("a", {KEY: 30})
    host.kernel[KEY] = "45"
    assert f"{KEY}: it was '45' meanwhile" in str(host.restore("a")["warnings"])
    assert host.kernel[KEY] == "60"


def test_restores_after_a_reboot(host):
    """The kernel starts with the file's values or its own: neither is a change by others."""
    host.apply("a", {KEY: 30, OTHER: 8})
    host.kernel[OTHER] = "15"
    result = host.restore("a")
    assert "somebody else" not in str(result)
    assert (host.kernel[KEY], host.kernel[OTHER]) == ("60", "15")


def test_key_that_no_longer_exists(host):
    host.apply("a", {KEY: 30, OTHER: 8})
    (host.kernel.folder / "net/ipv4/tcp_retries2").unlink()
    result = host.restore("a")
    assert result["missing"] == [OTHER]
    assert OTHER in str(result["warnings"])
    assert (host.kernel[KEY], host.path.exists()) == ("60", False)


def test_a_value_that_the_kernel_refuses_does_not_hold_up_the_others(host):
    host.apply("a", {KEY: 30, OTHER: 8})
    host.kernel.refuse(OTHER, "15")
    result = host.restore("a")
    ((refused),) = result["not_restored"]
    assert refused["key"] == OTHER
    assert "Invalid argument" in refused["reason"]
    assert f"{OTHER}: it cannot be put back" in str(result["warnings"])
    assert (host.kernel[KEY], host.kernel[OTHER]) == ("60", "8")
    assert not host.path.exists()
    assert result["changed_keys"] == [KEY]
    assert result["rollouts"][0]["undone"]


def test_a_failed_restoration_is_rolled_back(host, monkeypatch):
    host.apply("a", {KEY: 30, OTHER: 8})
    before, entries = host.state(), host.entries()

    def fail(*_unused):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(transaction, "change_file", fail)
    assert "Input/output error" in host.restore("a", fails=True)["msg"]
    assert (host.state(), host.entries()) == (before, entries)


def stay_at(kernel, key, final):
    """Let a key keep its final value, as the kernel does until a reboot."""

    def react(text):
        if kernel[key] == final and text != final:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return text

    kernel.reactions[key] = react


def test_a_value_that_stays_until_a_reboot(host):
    host.kernel[KEXEC] = "0"
    stay_at(host.kernel, KEXEC, "1")
    start = host.state()
    predicted = host.apply("a", {KEXEC: 1, KEY: 30}, check=True)
    result = host.apply("a", {KEXEC: 1, KEY: 30})
    assert result["irreversible"] == predicted["irreversible"]
    assert [entry["key"] for entry in result["irreversible"]] == [KEXEC]
    for check in (True, False):
        result = host.restore("a", check=check)
        assert result["changed_keys"] == [KEY]
        ((refused),) = result["not_restored"]
        assert refused["key"] == KEXEC
        assert "only after a reboot" in refused["reason"]
    assert host.state() == start
    assert host.kernel[KEXEC] == "1"
    assert not host.restore("a")["changed"]
    host.kernel.reactions.clear()
    host.kernel[KEXEC] = "0"
    assert host.restore("a")["not_restored"] == []


IPV6 = "net.ipv6.conf.br0.disable_ipv6"


@pytest.fixture
def addresses(host, tmp_path, monkeypatch):
    """Return the file of the IPv6 addresses of the host, of which br0 has one."""
    host.kernel[IPV6] = "0"
    table = tmp_path / "addresses"
    table.write_text("20010db8000000000000000000000005 02 40 00 80     br0\n")
    monkeypatch.setattr(lost_ipv6, "_IPV6_ADDRESSES", str(table))
    monkeypatch.setattr(lost_ipv6, "_IPV6_ROUTES", str(tmp_path / "no-routes"))
    return table


def lost(result):
    """Return the warnings of what is lost; this process keeps those of all earlier runs too."""
    texts = [str(warning) for warning in result.get("warnings", ())]
    return [text for text in texts if "it is put back, but not" in text]


@pytest.mark.parametrize("check", [True, False])
def test_names_what_a_change_has_taken_for_good(host, addresses, check):
    host.apply("a", {IPV6: 1, KEY: 30})
    addresses.write_text("")
    host.apply("a", {KEY: 40})
    result = host.restore("a", check=check)
    ((warning),) = lost(result)
    assert f"{IPV6}: it is put back" in warning
    assert "2001:db8::5/64 of br0" in warning
    assert result["not_restored"] == []
    assert host.kernel[IPV6] == ("1" if check else "0")


@pytest.mark.usefixtures("addresses")
def test_a_change_that_was_rolled_back_took_nothing(host):
    host.kernel.refuse(KEY, "30")
    host.apply("a", {IPV6: 1, KEY: 30}, fails=True)
    host.apply("a", {OTHER: 8})
    assert lost(host.restore("a")) == []


def clear_each_other(kernel):
    """Let dirty_bytes and dirty_ratio react as in the kernel, which takes no 0 for the bytes."""

    def react_to_bytes(text):
        if text == "0":
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        kernel[RATIO] = "0"
        return text

    def react_to_ratio(text):
        kernel[BYTES] = "0"
        return text

    kernel.reactions[BYTES], kernel.reactions[RATIO] = react_to_bytes, react_to_ratio


@pytest.fixture
def dirty(host):
    """Make a host with a ratio for dirty memory, and a function that returns the two values."""
    host.kernel[BYTES], host.kernel[RATIO] = "0", "20"
    clear_each_other(host.kernel)
    return lambda: (host.kernel[BYTES], host.kernel[RATIO])


def test_restores_what_the_kernel_changed_along(host, dirty):
    host.apply("a", {BYTES: 16384, KEY: 30})
    assert host.entries()["000001.json"]["runtime"] == {
        RATIO: {"before": "20", "after": "0"},
        BYTES: {"before": "0", "after": "16384"},
        KEY: {"before": "60", "after": "30"},
    }
    result = host.restore("a")
    assert dirty() == ("0", "20")
    assert host.kernel[KEY] == "60"
    assert result["not_restored"] == []
    assert "somebody else" not in str(result)


def test_previous_leads_back_to_what_the_kernel_changed_along(host, dirty):
    result = host.apply("a", {BYTES: 16384})
    assert result["previous"] == {RATIO: "20", BYTES: "0"}
    host.apply("b", result["previous"], persistent=False)
    assert dirty() == ("0", "20")


def test_a_killed_run_has_recorded_what_the_kernel_changes_along(host, dirty, monkeypatch):
    def die(*_unused):
        raise KeyboardInterrupt

    monkeypatch.setattr(recording, "_complete_entry", die)
    with pytest.raises(KeyboardInterrupt):
        host.apply("a", {BYTES: 16384})
    assert host.entries()["000001.json"]["runtime"][RATIO] == {"before": "20", "after": None}
    result = host.restore("a")
    assert dirty() == ("0", "20")
    assert "somebody else" not in str(result)


def test_failed_change_leaves_no_entry(host):
    host.kernel.refuse(OTHER, "8")
    before = host.state()
    host.apply("a", {KEY: 30, OTHER: 8}, fails=True)
    assert (host.state(), host.entries()) == (before, {})


def test_failed_change_leaves_the_earlier_entry(host):
    host.apply("a", {KEY: 30})
    before, entries = host.state(), host.entries()
    host.kernel.refuse(OTHER, "8")
    host.apply("a", {KEY: 40, OTHER: 8}, fails=True)
    assert (host.state(), host.entries()) == (before, entries)


def test_writes_the_entry_before_the_host_changes(host, monkeypatch):
    """Whenever a run is killed, the state before it is not lost."""
    start, observed = host.state(), []

    def observe_and_die(*_unused):
        observed.append((host.state(), list(host.entries())))
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "ansible_collections.netops.tuning.plugins.module_utils._host.transaction.carry_out",
        observe_and_die,
    )
    with pytest.raises(KeyboardInterrupt):
        host.apply("a", {KEY: 30})
    assert observed == [(start, ["000001.json"])]


def test_removes_leftovers_of_a_killed_run(host):
    host.apply("a", {KEY: 30})
    (host.ledger / ".000002.json.abcdefgh.new").write_text("half")
    host.apply("b", {KEY: 40})
    assert list(host.entries()) == ["000001.json", "000002.json"]


def test_ledger_that_cannot_be_written(host, monkeypatch):
    before = host.state()
    monkeypatch.setattr(store, "FOLDER", str(host.ledger / "is/not/there"))
    for check in (True, False):
        assert "ledger" in host.apply("a", {KEY: 30}, check=check, fails=True)["msg"]
    assert host.state() == before


def test_full_disk_before_the_change(host, monkeypatch):
    """The ledger cannot be written: nothing is changed."""
    before = host.state()

    def full(*_unused):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store, "write_file", full)
    result = host.apply("a", {KEY: 30}, fails=True)
    assert result["errno"] == errno.ENOSPC
    assert "ledger" in result["msg"]
    assert host.state() == before


def test_disk_that_fails_once_the_entry_has_its_name(host, monkeypatch):
    """The entry is removed again: the ledger names no change that is not there."""
    host.apply("a", {KEY: 20})
    before, entries_before = host.state(), host.entries()
    sync_folder = file_change._sync_folder

    def fail_once(_folder):
        monkeypatch.setattr(file_change, "_sync_folder", sync_folder)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(file_change, "_sync_folder", fail_once)
    result = host.apply("b", {KEY: 30}, fails=True)
    assert result["errno"] == errno.EIO
    assert host.state() == before
    assert host.entries() == entries_before


def test_full_disk_after_the_restoration(host, monkeypatch):
    start = host.state()
    host.apply("a", {KEY: 30})
    write_file = file_change.write_file

    def full(*_unused):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store, "write_file", full)
    assert "all is put back, but" in str(host.restore("a")["warnings"])
    assert host.state() == start
    monkeypatch.setattr(store, "write_file", write_file)
    assert host.restore("a")["rollouts"][0]["undone"]


@pytest.mark.parametrize("mode", [0o755, 0o701])
def test_refuses_a_ledger_that_others_can_read(host, mode):
    host.apply("a", {KEY: 30})
    os.chmod(str(host.ledger), mode)
    before = host.state()
    for result in (host.apply("a", {KEY: 40}, fails=True), host.restore("a", fails=True)):
        assert "chmod 700" in result["msg"]
    assert host.state() == before


def test_refuses_a_malformed_entry(host):
    host.apply("a", {KEY: 30})
    (host.ledger / "000001.json").write_text("{")
    assert "000001.json is not an entry of the ledger" in host.restore("a", fails=True)["msg"]


def test_unknown_rollout(host):
    host.apply("a", {KEY: 30})
    before = host.state()
    assert "'b' has changed nothing on this host" in host.restore("b", fails=True)["msg"]
    result = host.restore("b", ignore_unknown=True)
    assert (result["changed"], [entry["rollout"] for entry in result["rollouts"]]) == (False, ["a"])
    assert host.state() == before


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x7fb", "x" * 101])
def test_refuses_an_invalid_rollout_name(host, name):
    assert "cannot be the name" in host.restore(name, fails=True)["msg"]


def test_refuses_nul_in_a_rollout_name(host):
    message = host.restore("a\0b", fails=True)["msg"]
    assert message == r"rollout: 'a\x00b' has a NUL in it; take it out"


@pytest.mark.parametrize(
    ("via", "options", "reason"),
    [
        ("sysctl", {}, "settings"),
        ("sysctl", {"settings": {}, "sizes": 1}, "sizes"),
        ("tcp_keepalive", {"profile": "x"}, "profile"),
        ("tcp_keepalive", {"settings": {}}, "settings"),
        ("tcp_keepalive", {"root": "/tmp", "runtime": False}, "an image has no ledger"),
        ("tcp_keepalive", {"time": 10, "idle_limit": 5}, "idle_limit 5 s"),
    ],
)
def test_refuses_bad_options_of_the_module(host, via, options, reason):
    module = {"sysctl": sysctl, "tcp_keepalive": tcp_keepalive}[via]
    result = host.modules.run(module, rollout="a", **options)
    assert result["failed"]
    assert reason in result["msg"]
    assert not host.ledger.exists()


def test_rollout_of_tcp_keepalive_with_defaults(host):
    values = {
        "net.ipv4.tcp_keepalive_time": "7200",
        "net.ipv4.tcp_keepalive_probes": "9",
        "net.ipv4.tcp_keepalive_intvl": "75",
    }
    for key, value in values.items():
        host.kernel[key] = value
    result = host.modules.ok(tcp_keepalive, rollout="a", path=str(host.path), on_override="warn")
    assert result["dead_after"] == 3825
    assert host.kernel["net.ipv4.tcp_keepalive_time"] == "3600"
    host.restore("a")
    assert {key: host.kernel[key] for key in values} == values


def test_file_that_became_a_link(host):
    host.apply("a", {KEY: 30})
    elsewhere = host.path.with_name("elsewhere")
    host.path.rename(elsewhere)
    host.path.symlink_to(elsewhere)
    assert "through a link" in host.restore("a", fails=True)["msg"]


def test_limits_are_the_documented_ones():
    assert (entries.MAX_ENTRIES, entries.MAX_BYTES) == (64, 4 << 20)
