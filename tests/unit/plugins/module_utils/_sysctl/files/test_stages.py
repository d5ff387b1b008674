# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a program does after the loader is a part of the plan, and what is in doubt a warning."""

from __future__ import annotations

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.doubts import Doubt
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.loaders import (
    LOADERS,
    BootFile,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.stages import (
    Stage,
    is_read_later,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.messages import (
    plan_warnings,
    refuse_doubts,
    refuse_overridden,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.result import build_result
from hosts_in_memory import OURS, carried_out, make_host, make_request, plan_for

KEY, OTHER = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_retries2"
FIREWALL = "/etc/ufw/sysctl.conf"


def make_staged_host(text, path=FIREWALL, kernel="60", **changes):
    """Return a host on which a program applies a file with this text after the loader."""
    host = make_host("systemd", kernel={KEY: kernel})
    stage = Stage(by="ufw", rules=LOADERS["procps"], files=(BootFile(path, path, masked_by=None),))
    boot_files = host.boot_files._replace(
        contents={**host.boot_files.contents, path: text.encode()}, stages=(stage,), **changes
    )
    return host._replace(boot_files=boot_files)


def test_a_later_program_overrides_our_file():
    plan = plan_for(make_request({KEY: "30"}), make_staged_host(f"# x\n{KEY}=5\n"))
    with pytest.raises(TuningError) as caught:
        refuse_overridden(plan)
    assert f"sets '5', as {FIREWALL} line 2 says (read by ufw)" in str(caught.value)
    (entry,) = build_result(plan)["overridden"]
    assert entry == {"key": KEY, "value": "5", "path": FIREWALL, "line": 2, "by": "ufw"}


def test_the_line_of_a_later_program_is_commented_out_by_its_own_rules():
    # To systemd, the CR would end a line, and the second line would be the third.
    text = f"# a\rb\n{KEY}=5\n"
    host = make_staged_host(text)
    plan = plan_for(make_request({KEY: "30"}, on_override="comment_out"), host)
    assert plan.overridden == ()
    after = carried_out(plan, host).boot_files.contents[FIREWALL]
    assert after.decode() == f"# a\rb\n# commented out by netops.tuning: {KEY}=5\n"
    assert build_result(plan)["settings"][KEY]["boot"]["path"] == OURS


def test_our_file_may_be_that_of_a_later_program():
    host = make_staged_host(f"# x\n{KEY}=5\n")
    plan = plan_for(make_request({KEY: "30"}, path=FIREWALL), host)
    assert plan.overridden == ()
    assert list(plan_warnings(plan)) == []
    boot = build_result(plan)["settings"][KEY]["boot"]
    assert (boot["value"], boot["path"], boot["by"]) == ("30", FIREWALL, "ufw")


def test_a_line_outside_etc_is_not_commented_out():
    host = make_staged_host(f"{KEY}=5\n", path="/usr/lib/tuned/x/tuned.conf")
    plan = plan_for(make_request({KEY: "30"}, on_override="comment_out"), host)
    assert [key for key, _line in plan.overridden] == [KEY]


def test_absent_takes_the_value_of_the_later_program():
    plan = plan_for(make_request({KEY: "60"}, present=False), make_staged_host(f"{KEY}=5\n"))
    assert [(write.key, write.after) for write in plan.writes] == [(KEY, "5")]


def test_a_later_program_that_sets_another_key_changes_nothing():
    plan = plan_for(make_request({KEY: "30"}), make_staged_host(f"{OTHER}=5\n-{KEY}\n"))
    assert plan.overridden == ()


def test_a_later_program_acts_on_what_the_loader_has_set():
    forwarding, redirects = "net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects"
    for before, expected in [("0", "0"), ("1", "1")]:
        host = make_staged_host(f"{forwarding}=1\n")
        contents = {
            **host.boot_files.contents,
            OURS: f"{forwarding}={before}\n{redirects}=1\n".encode(),
        }
        boot_files = host.boot_files._replace(contents=contents)
        boot_files = boot_files.with_file(OURS, OURS, contents[OURS])
        request = make_request({redirects: "1"}, on_override="warn", runtime=False)
        plan = plan_for(request, host._replace(boot_files=boot_files))
        assert plan.precedence.winner(redirects).value == expected


@pytest.mark.parametrize(
    ("loader", "stated", "text", "doubts"),
    [
        ("systemd", "10", "", 1),
        ("systemd", None, "", 1),
        ("systemd", "512", "", 0),
        ("systemd", "10", "net.unix.max_dgram_qlen = 10\n", 0),
        ("procps", "10", "", 0),
    ],
)
def test_a_key_that_systemd_sets_itself_gets_its_value_at_boot(loader, stated, text, doubts):
    key = "net.unix.max_dgram_qlen"
    files = {OURS: f"{key} = 700\n", "/etc/sysctl.d/10-other.conf": text}
    host = make_host(loader, files, {key: "700"})
    plan = plan_for(make_request({key: stated}, present=False), host)
    assert [doubt.by for doubt, _keys in plan.doubts] == ["systemd"] * doubts
    present = plan_for(make_request({key: "10"}), host)
    assert present.doubts == ()


DOUBTS = (
    Doubt(
        by="docker",
        why="it may set it",
        path="/etc/x",
        remedy="do y",
        keys=("net.ipv4.tcp_fin*",),
        value="7",
    ),
)


@pytest.mark.parametrize(
    ("settings", "options", "doubts", "is_certain"),
    [
        ({KEY: "30"}, {}, 1, False),
        ({KEY: "7"}, {}, 0, True),
        ({KEY: "0x7"}, {}, 0, True),
        ({OTHER: "7"}, {"runtime": False}, 0, True),
        ({KEY: "30"}, {"persistent": False}, 0, False),
        ({KEY: "30"}, {"on_doubt": "ignore"}, 0, False),
        ({KEY: None}, {"present": False}, 1, False),
    ],
)
def test_a_doubt_is_about_the_keys_and_values_that_it_names(settings, options, doubts, is_certain):
    plan = plan_for(make_request(settings, **options), make_staged_host("", doubts=DOUBTS))
    assert len(plan.doubts) == doubts
    refuse_doubts(plan)  # a doubt alone is no failure
    certain = {entry["boot"]["certain"] for entry in build_result(plan)["settings"].values()}
    assert certain == {is_certain}


def test_a_doubt_warns_and_fails_on_request():
    host = make_staged_host("", doubts=DOUBTS)
    plan = plan_for(make_request({KEY: "30"}), host)
    (warning,) = plan_warnings(plan)
    expected = (
        f"{KEY}: not certain at the next boot: docker: it may set it (/etc/x). To be sure, do y"
    )
    assert warning == expected
    assert build_result(plan)["doubts"] == [
        {
            "affected_keys": [KEY],
            "by": "docker",
            "why": "it may set it",
            "path": "/etc/x",
            "line": None,
            "remedy": "do y",
        }
    ]
    with pytest.raises(TuningError, match="on_doubt") as caught:
        refuse_doubts(plan_for(make_request({KEY: "30"}, on_doubt="fail"), host))
    assert caught.value.key == KEY


def test_doubts_that_differ_only_in_their_keys_and_lines_are_one_warning():
    keys = [f"net.ipv4.absent{number}" for number in range(1, 6)]
    request = make_request(dict.fromkeys(keys, "1"), ignore_missing=True)
    plan = plan_for(request, make_staged_host(""))
    (warning,) = plan_warnings(plan)
    assert warning == (
        "net.ipv4.absent1, net.ipv4.absent2, net.ipv4.absent3, and 2 more: not certain at the next "
        "boot: systemd-sysctl: the kernel may refuse the number, or make another number of it "
        "(/etc/sysctl.d/90-ansible.conf lines 2, 3, 4, and 2 more). To be sure, give a number that "
        "all kernels take, or the one that the kernel makes of it"
    )
    assert len(build_result(plan)["doubts"]) == len(keys)


def test_a_doubt_about_a_key_that_is_taken_out_fails_nothing():
    ours = "/etc/sysctl.d/90-ansible.conf"
    host = make_staged_host("", doubts=DOUBTS)
    with_ours = host.boot_files.with_file(ours, ours, f"{KEY} = 30\n".encode())
    host = host._replace(boot_files=with_ours)
    request = make_request({OTHER: "7"}, exclusive=True, on_doubt="fail", runtime=False)
    plan = plan_for(request, host)
    assert [keys for _doubt, keys in plan.doubts] == [(KEY,)]
    refuse_doubts(plan)


@pytest.mark.parametrize("by", ["", "kernel", "systemd-sysctl", "procps", "busybox"])
def test_what_the_loader_or_the_kernel_reads_comes_first(by):
    assert not is_read_later(by)


@pytest.mark.parametrize("by", ["ufw", "tuned"])
def test_what_other_programs_read_comes_later(by):
    assert is_read_later(by)
