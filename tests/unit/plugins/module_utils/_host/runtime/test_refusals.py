# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the kernel refuses a value: an errno is explained in the terms of the kernel."""

from __future__ import annotations

import errno
import os

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host.modules import loadable_modules
from ansible_collections.netops.tuning.plugins.module_utils._host.runtime import proc_sys, refusals
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.errors import TuningError
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.keys import KEYS_TAKING_NAMES
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.plans.plan import RuntimeWrite

KEY = "net.ipv4.tcp_fin_timeout"
CONGESTION = "net.ipv4.tcp_congestion_control"
AVAILABLE = "net.ipv4.tcp_available_congestion_control"
ALLOWED = "net.ipv4.tcp_allowed_congestion_control"
QDISC = "net.core.default_qdisc"
PORTS = "net.ipv4.ip_local_reserved_ports"
# Key, errno, a part of the message.
REASONS = [
    (KEY, errno.EINVAL, "Invalid argument (the kernel does not take this value here"),
    (KEY, errno.ERANGE, "outside of the range of the key"),
    (KEY, errno.ENOENT, "it went away during the run"),
    (PORTS, errno.ENOENT, "the kernel has nothing of this name"),
    (KEY, errno.EPERM, "cannot be set back before a reboot"),
    (KEY, errno.EROFS, "mounted read-only"),
    (KEY, refusals.ENOTSUPP, "'9': this kernel or its hardware does not support it"),
    (KEY, errno.EIO, os.strerror(errno.EIO)),
    (
        CONGESTION,
        errno.ENOENT,
        f"not available; {AVAILABLE} has: reno cubic; load its module",
    ),
    (CONGESTION, errno.EPERM, "it is not available in this network namespace"),
    (QDISC, errno.ENOENT, "it is not available; load its module (sch_9) first"),
]


@pytest.mark.parametrize(("key", "number", "reason"), REASONS)
def test_the_reason(kernel, key, number, reason):
    kernel(**{AVAILABLE: "reno cubic", PORTS: ""})
    error = refusals.write_error(RuntimeWrite(key, "1", "9"), OSError(number, os.strerror(number)))
    assert reason in str(error)
    assert (error.key, error.errno) == (key, number)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("before", "after", "is_about_words"),
    [
        ("ratelimit", "1", True),
        ("on", "0", True),
        ("ratelimit", "2", False),
        ("ratelimit", "always", False),
        ("1", "0", False),
        ("", "1", False),
        ("4 4 1 7", "1", False),
        (None, "1", False),
    ],
)
def test_a_word_that_yaml_made_a_number_of_is_to_be_quoted(before, after, is_about_words):
    error = OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    refusal = refusals.write_error(RuntimeWrite("kernel.printk_devkmsg", before, after), error)
    advice = (
        f"kernel.printk_devkmsg: cannot be set to '{after}': Invalid argument (its value is the "
        f"word '{before}'; YAML makes {after} of a word such as on or off: put it in quotes)"
    )
    assert (str(refusal) == advice) == is_about_words


@pytest.fixture
def modules_of(tmp_path, monkeypatch):
    """Return a function that gives the kernel these modules; None: it was built without any."""

    def make(names, is_loading_disabled=False):
        (tmp_path / "modules.alias").write_text("alias net-sch-cake sch_other\n")
        listed = tmp_path / "modules.dep"
        listed.write_text("".join(f"kernel/net/{name}.ko.xz:\n" for name in names or ()))
        disabled = tmp_path / "modules_disabled"
        disabled.write_text("1\n" if is_loading_disabled else "0\n")
        monkeypatch.setattr(loadable_modules, "_DISABLED", str(disabled))
        monkeypatch.setattr(loadable_modules, "has_modules", lambda: names is not None)
        monkeypatch.setattr(loadable_modules, "modules_folder", lambda: str(tmp_path))

    return make


@pytest.mark.parametrize(
    ("names", "value", "is_refused"),
    [
        (["tcp_bbr"], "bbr", False),
        (["tcp-bbr"], "bbr", False),
        (["tcp_b-b_r"], "b_b-r", False),
        (["tcp_bbr"], "cubic", False),
        (["tcp_bbr"], "nosuch", True),
        ([], "bbr", True),
        (None, "bbr", True),
        (None, "reno", False),
    ],
)
def test_names_are_checked_before_anything_is_written(kernel, modules_of, names, value, is_refused):
    kernel(**{AVAILABLE: "reno cubic", PORTS: ""})
    modules_of(names)
    write = RuntimeWrite(CONGESTION, "reno", value)
    if not is_refused:
        refusals.require_available(write, at_next_boot=False)
        return
    with pytest.raises(TuningError, match="has: reno cubic; load its module"):
        refusals.require_available(write, at_next_boot=False)


def test_another_network_namespace_takes_only_allowed_names(kernel, modules_of):
    live = kernel(**{AVAILABLE: "reno cubic", ALLOWED: "reno"})
    modules_of(["tcp_bbr"])
    (live.folder / "net/ipv4/tcp_allowed_congestion_control").chmod(0o444)
    refusals.require_available(RuntimeWrite(CONGESTION, "reno", "reno"), at_next_boot=False)
    for name in ("cubic", "bbr"):
        write = RuntimeWrite(CONGESTION, "reno", name)
        with pytest.raises(
            TuningError, match=f"{ALLOWED} has: reno; allow it in the first"
        ) as caught:
            refusals.require_available(write, at_next_boot=True)
        assert caught.value.errno == errno.EPERM
    assert refusals.available_names([CONGESTION, ALLOWED], requested={}) == ("reno",)


def test_a_name_whose_module_is_loaded_only_after_a_reboot(kernel, modules_of):
    kernel(**{AVAILABLE: "reno cubic"})
    modules_of(["tcp_bbr"], is_loading_disabled=True)
    refusals.require_available(RuntimeWrite(CONGESTION, "reno", "cubic"), at_next_boot=False)
    write = RuntimeWrite(CONGESTION, "reno", "bbr")
    refusals.require_available(write, at_next_boot=True)
    with pytest.raises(TuningError, match=r"since kernel\.modules_disabled is 1; give"):
        refusals.require_available(write, at_next_boot=False)


def test_where_no_list_is_known_the_kernel_decides(kernel):
    kernel()
    refusals.require_available(RuntimeWrite(QDISC, "fq", "nosuch"), at_next_boot=False)
    refusals.require_available(RuntimeWrite(KEY, "1", "9"), at_next_boot=False)


def test_a_list_over_one_page_takes_several_writes(kernel):
    live = kernel(**{PORTS: ""})
    ports = ",".join(str(port) for port in range(10000, 13000, 2))
    proc_sys.write_key(PORTS, ports)
    texts = [text for _key, text in live.written]
    assert "".join(texts) == ports
    assert len(texts) == 3
    assert all(len(text) + 1 <= 4095 and text[-1] == "," for text in texts[:-1])


def test_a_word_that_the_kernel_prints_is_written_as_its_number(kernel):
    live = kernel(**{"fs.binfmt_misc.status": "enabled"})
    for value in ("disabled", "enabled", "0"):
        proc_sys.write_key("fs.binfmt_misc.status", value)
    assert [text for _key, text in live.written] == ["0", "1", "0"]


def test_keys_that_take_names_are_checked_before_anything_is_written():
    assert set(KEYS_TAKING_NAMES) == set(refusals._MODULES)
