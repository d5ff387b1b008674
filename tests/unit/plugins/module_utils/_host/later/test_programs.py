# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What programs do after the loader, on small hosts: the line that wins, and what is in doubt."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.netops.tuning.plugins.module_utils._host import configuration
from ansible_collections.netops.tuning.plugins.module_utils._host.boot.reading import (
    detect_loader,
    read_boot_files,
)
from ansible_collections.netops.tuning.plugins.module_utils._host.later.programs import PROGRAMS
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.boot.precedence import (
    precedence_of,
)
from ansible_collections.netops.tuning.plugins.module_utils._sysctl.files.doubts import doubts_about
from hosts_in_memory import load_cases

KEY, OTHER = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_retries2"
WANTS = "/etc/systemd/system/multi-user.target.wants"
OURS = "/etc/sysctl.d/90-ansible.conf"
SYSTEMD = {
    "/lib": {"link": "usr/lib"},
    "/sbin/init": {"link": "/lib/systemd/systemd"},
    "/usr/lib/systemd/systemd": "",
    "/usr/lib/systemd/systemd-sysctl": "",
    "/usr/lib/systemd/system/systemd-sysctl.service": "[Service]\nImportCredential=sysctl.*\n",
    "/usr/lib/systemd/system/sysinit.target.wants/systemd-sysctl.service": {
        "link": "../systemd-sysctl.service"
    },
}
"""A host that boots with systemd as distributions ship it."""


def boot_of(root, key=KEY):
    """Return the value and the line of a key at the next boot, and what is in doubt about it."""
    boot_files = read_boot_files(root.files)
    winner = precedence_of(boot_files, detect_loader(root.files), [key]).winner(key)
    doubts = doubts_about(boot_files.doubts, lambda _key: winner, {key: None})
    decided = winner and [winner.value, winner.by, winner.path, winner.number]
    return decided, [doubt for doubt, _keys in doubts], boot_files


@pytest.mark.parametrize("case", load_cases("later.yml"), ids=lambda case: case["name"])
def test_what_comes_after_the_loader(host_root, case):
    system = {} if case.get("bare") else SYSTEMD
    contents = {**system, **case["files"]}
    files = {path: content for path, content in contents.items() if content != 0}
    decided, doubts, boot_files = boot_of(host_root(files), case.get("key", KEY))
    assert decided == case["boot"]
    assert [[doubt.by, doubt.path, doubt.line] for doubt in doubts] == case.get("doubts", [])
    for doubt in doubts:
        assert doubt.why
        assert doubt.remedy
    loader = detect_loader(host_root({}, name="other").files)
    assert boot_files.loader_name(loader) == case.get("loader", loader.name)


@pytest.mark.parametrize("case", load_cases("doubts.yml"), ids=lambda case: case["name"])
def test_who_may_set_a_key_later(host_root, case):
    lines = [f"{key} = {value}\n" for key, value in case["asked"].items()]
    files = {**SYSTEMD, OURS: "".join(lines), **case["files"]}
    for unit in case.get("wants", []):
        files[f"{WANTS}/{unit}.service"] = ""
    root = host_root(files)
    for path in case.get("run", []):
        root.at(path).chmod(0o755)
    doubts = []
    for key in case["asked"]:
        doubts.extend(doubt for doubt in boot_of(root, key)[1] if doubt not in doubts)
    order = list(read_boot_files(root.files).doubts)
    doubts.sort(key=order.index)
    raised = [[doubt.by, doubt.path, doubt.line, doubt.value] for doubt in doubts]
    assert raised == case["doubts"]
    for doubt in doubts:
        assert doubt.why
        assert doubt.remedy


@pytest.mark.parametrize("path", ["/etc/default/ufw", "/etc/ufw/sysctl.conf"])
@pytest.mark.parametrize("kind", ["fifo", "folder", "huge", "loop", "outside"])
def test_a_file_that_cannot_be_read_is_a_doubt_or_nothing(host_root, tmp_path, path, kind):
    wants = "/etc/systemd/system/multi-user.target.wants/ufw.service"
    files = {
        **SYSTEMD,
        wants: "",
        "/etc/ufw/ufw.conf": "ENABLED=yes\nIPT_SYSCTL=/etc/ufw/sysctl.conf\n",
        OURS: f"{KEY} = 30\n",
    }
    (tmp_path / "secret").write_text(f"{KEY} = 99\n")
    special = {"folder": None, "huge": f"{KEY} = 1\n" + "#" * (1 << 21), "loop": {"link": path}}
    special["outside"] = {"link": f"../../../..{tmp_path}/secret"}
    if kind in special:
        files[path] = special[kind]
    root = host_root(files)
    if kind == "fifo":
        root.at(path).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(str(root.at(path)))
        assert stat.S_ISFIFO(root.at(path).stat().st_mode)
    decided, doubts, _boot_files = boot_of(root)
    assert decided == ["30", "systemd-sysctl", OURS, 1]
    expected = [] if kind == "outside" else ["ufw"]
    assert [doubt.by for doubt in doubts] == expected


def test_a_name_that_no_file_can_have_is_that_of_no_file(host_root):
    files = host_root({"/etc/a": "text"}).files
    assert configuration.read_text(files, "/etc/a\0") == ""
    assert configuration.names_in(files, "/etc\0") == []


def test_profiles_that_include_themselves_come_to_an_end(host_root):
    wants = "/etc/systemd/system/multi-user.target.wants/tuned.service"
    files = {**SYSTEMD, wants: "", "/etc/tuned/active_profile": "p0\n"}
    for number in range(300):
        text = f"[main]\ninclude=p{(number + 1) % 300},p{number},p0\n[sysctl]\n{KEY}={number}\n"
        files[f"/etc/tuned/p{number}/tuned.conf"] = text
    decided, doubts, _boot_files = boot_of(host_root(files))
    assert decided == ["0", "tuned", "/etc/tuned/p0/tuned.conf", 4]
    assert doubts == []


def test_a_host_without_other_programs_pays_one_look_for_each_sign(host_root, monkeypatch):
    looks = []
    root = host_root({**SYSTEMD, "/usr/lib/udev/rules.d/99-systemd.rules": ""})
    real_lexists = os.path.lexists

    def lexists(path):
        looks.append(str(path))
        return real_lexists(path)

    monkeypatch.setattr(os.path, "lexists", lexists)
    boot_files = read_boot_files(root.files)
    programs = [program for program in PROGRAMS if program.matters_with_udev]
    signs = sum(len(program.signs) for program in programs)
    assert len(looks) == signs + 3  # two links of the loader, and a rule of udev
    assert (boot_files.stages, boot_files.appended, boot_files.doubts) == ((), (), ())


@pytest.mark.parametrize(
    ("configuration", "image_age", "stated", "remains", "is_in_doubt"),
    [
        ('hostonly="yes"\n', 0, "60", False, True),
        ('hostonly="yes"\n', 0, None, False, True),
        ("hostonly=sloppy\n", 0, "60", False, True),
        ('hostonly="no"\n', 0, "60", False, False),
        ("", 0, "60", False, False),
        # The file was changed since, so the initramfs may have another value of the key.
        ('hostonly="yes"\n', 100, "60", False, True),
        ('hostonly="yes"\n', 100, "30", False, True),
        ('hostonly="yes"\n', 0, "30", False, False),
        ('hostonly="yes"\n', 0, "60", True, False),
    ],
)
def test_a_value_in_the_initramfs_comes_back(
    host_root, configuration, image_age, stated, remains, is_in_doubt
):
    root = host_root(
        {
            **SYSTEMD,
            "/usr/lib/dracut/dracut.conf.d/01-dist.conf": configuration,
            "/boot/initramfs-6.1.img": "",
            OURS: f"{KEY} = 30\n",
        }
    )
    made = root.at(OURS).stat().st_mtime - image_age
    os.utime(str(root.at("/boot/initramfs-6.1.img")), (made, made))
    boot_files = read_boot_files(root.files)
    line = precedence_of(boot_files, detect_loader(root.files), [KEY]).winner(KEY)
    doubts = doubts_about(boot_files.doubts, lambda _key: line if remains else None, {KEY: stated})
    assert [doubt.by for doubt, _keys in doubts] == ["dracut"] * is_in_doubt


def test_a_doubt_shows_no_secret(host_root):
    script = "/etc/rc.local"
    text = "sysctl -w net.ipv4.tcp_fastopen_key=00112233-44556677-8899aabb-ccddeeff\n"
    root = host_root({**SYSTEMD, script: text})
    root.at(script).chmod(0o755)
    (doubt,) = read_boot_files(root.files).doubts
    assert "00112233" not in doubt.why
