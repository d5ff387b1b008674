# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which other programs set keys at boot, each set up with the real program."""

from __future__ import annotations

from types import MappingProxyType
from typing import Mapping, NamedTuple

from lab.virtual_machine import MachineOptions

TIME, INTVL, PROBES, FIN, RETRIES = (
    f"net.ipv4.tcp_{name}"
    for name in (
        "keepalive_time",
        "keepalive_intvl",
        "keepalive_probes",
        "fin_timeout",
        "retries2",
    )
)
NO_SETTINGS: Mapping[str, int] = MappingProxyType({})
FORWARD = "net.ipv4.ip_forward"
ACCEPT_RA, TEMPORARY, DISABLED = (
    f"net.ipv6.conf.host0.{name}" for name in ("accept_ra", "use_tempaddr", "disable_ipv6")
)
QUEUE = "net.unix.max_dgram_qlen"
MARTIANS = "net.ipv4.conf.all.log_martians"
REDIRECTS = "net.ipv4.conf.all.accept_redirects"

ENABLE_UFW = (
    "sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf; systemctl enable ufw; "
    "sed -i 's/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY=ACCEPT/' /etc/default/ufw"
)
"""It lets ssh in."""
ENABLE_TUNED = "echo site >/etc/tuned/active_profile; systemctl enable tuned"
FIREWALL_ZONE = """\
cat >/etc/firewalld/zones/public.xml <<'END'
<?xml version="1.0" encoding="utf-8"?>
<zone><short>Public</short><service name="ssh"/>{masquerade}</zone>
END
systemctl enable firewalld
"""
TUNNEL = """\
umask 077
mkdir -p /etc/wireguard
cat >/etc/wireguard/wg0.conf <<END
[Interface]
PrivateKey = $(wg genkey)
Address = 192.0.2.1/24
{interface}
[Peer]
PublicKey = $(wg genkey | wg pubkey)
AllowedIPs = 0.0.0.0/0
Endpoint = 192.0.2.9:51820
END
systemctl enable wg-quick@wg0
"""
"""A tunnel that takes the default route."""
MARK = "net.ipv4.conf.all.src_valid_mark"
CLOUD_INIT = """\
rm /etc/cloud/cloud-init.disabled
systemctl enable cloud-init
mkdir -p /var/lib/cloud/seed/nocloud /var/lib/cloud/scripts/per-boot
echo 'instance-id: one' >/var/lib/cloud/seed/nocloud/meta-data
cat >/etc/cloud/cloud.cfg.d/99-lab.cfg <<'END'
datasource_list: [NoCloud]
network: {config: disabled}
users: []
disable_root: false
ssh_deletekeys: false
preserve_hostname: true
cloud_config_modules: [runcmd]
END
"""
"""It takes its data only from this host, and does nothing that would lock us out."""


def connection(method: str) -> str:
    """Return the commands that leave host0 to NetworkManager, with a method for IPv6."""
    return (
        "address=$(ip -o -4 address show host0 | awk '{print $4}')\n"
        "umask 077\n"
        "cat >/etc/NetworkManager/system-connections/host0.nmconnection <<END\n"
        "[connection]\nid=host0\nuuid=00000000-0000-4000-8000-000000000001\n"
        "type=ethernet\ninterface-name=host0\n"
        "[ipv4]\nmethod=manual\naddress1=$address\n"
        f"[ipv6]\nmethod={method}\n"
        "END\n"
        "systemctl disable systemd-networkd; systemctl enable NetworkManager\n"
    )


def write(path: str, text: str, mode: str = "644") -> str:
    """Return the command that writes a file."""
    folder = path.rpartition("/")[0]
    return f"mkdir -p {folder}; cat >{path} <<'END'\n{text}\nEND\nchmod {mode} {path}\n"


def profile(text: str, name: str = "site") -> str:
    """Return the command that writes a profile of TuneD."""
    return write(f"/etc/tuned/{name}/tuned.conf", text)


def reapply(number: int) -> str:
    """Return the command that tells TuneD whether to apply the files again."""
    return (
        f"sed -i 's/^#* *reapply_sysctl *=.*/reapply_sysctl = {number}/' "
        "/etc/tuned/tuned-main.conf; "
        f"grep -q '^reapply_sysctl = {number}' /etc/tuned/tuned-main.conf\n"
    )


def unit(name: str, text: str) -> str:
    """Return the commands that write a unit and enable it."""
    return write(f"/etc/systemd/system/{name}", text) + f"systemctl enable {name}\n"


def reads(key: str, value: int) -> str:
    """Return the command that succeeds if a key has a value."""
    return f"grep -qx {value} /proc/sys/{key.replace('.', '/')}"


class HostType(NamedTuple):
    """The hosts of a scenario, as `Lab.make` makes them."""

    kind: str
    variant: str = ""
    release: str = "bookworm"


SYSTEMD = HostType("booted", "programs")
NEWEST = HostType("booted", release="trixie")
SYSVINIT = HostType("sysvinit")
OPENRC = HostType("sysvinit", "openrc")
RUNIT = HostType("runit")


class Scenario(NamedTuple):
    """A host, the keys that a task asks for, and what the next boot really does to them."""

    name: str
    set_up: str
    """Shell commands that run on the host before the module does."""
    settings: Mapping[str, int] = NO_SETTINGS
    """Keys that are set."""
    absent: Mapping[str, int] = NO_SETTINGS
    """Keys that are taken out of the file, and the value that the user expects then."""
    turns: tuple[str, ...] = ()
    """The keys to which the boot gives another value. All others must keep theirs."""
    settled: str = ":"
    """A command that succeeds once everything has run at boot."""
    boots_first: bool = False
    """The host boots before the module runs, since some programs record what they do."""
    host: HostType = SYSTEMD
    in_root: str = ""
    """Shell commands that run in the root folder of the host before its first boot."""
    machine: MachineOptions = MachineOptions()
    """Of a virtual machine."""


RC_LOCAL = write("/etc/rc.local", f"#!/bin/sh\nsysctl -w {INTVL}=55", mode="755")
LATE_UNIT = """\
[Unit]
After=systemd-sysctl.service
[Service]
Type=oneshot
ExecStart=sysctl -q -p /etc/late.conf
[Install]
WantedBy=multi-user.target"""

SCENARIOS = (
    Scenario(
        name="nothing but files",
        set_up=write("/etc/sysctl.d/10-other.conf", f"{FIN} = 44"),
        settings={TIME: 600, INTVL: 20, PROBES: 5, FIN: 30},
        absent={QUEUE: 10},
        turns=(QUEUE,),
    ),
    Scenario(
        name="programs that are installed but not enabled",
        set_up=profile(f"[sysctl]\n{INTVL}=40")
        + "sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf",
        settings={INTVL: 20, MARTIANS: 1, FORWARD: 0},
    ),
    Scenario(
        name="ufw as shipped",
        set_up=ENABLE_UFW,
        settings={MARTIANS: 1, "net.ipv4.icmp_echo_ignore_all": 1, INTVL: 20, FIN: 30},
        turns=(MARTIANS, "net.ipv4.icmp_echo_ignore_all"),
        settled=reads(MARTIANS, 0),
    ),
    Scenario(
        name="ufw with keepalive in its file",
        set_up=f"{ENABLE_UFW}; echo net/ipv4/tcp_keepalive_intvl=1800 >>/etc/ufw/sysctl.conf",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 1800),
    ),
    Scenario(
        name="ufw that applies /etc/sysctl.conf",
        set_up=f"{ENABLE_UFW}; sed -i 's,^IPT_SYSCTL=.*,IPT_SYSCTL=/etc/sysctl.conf,' "
        f"/etc/default/ufw; rm -f /etc/sysctl.d/99-sysctl.conf; echo {PROBES}=3 >/etc/sysctl.conf",
        settings={PROBES: 5, MARTIANS: 1},
        turns=(PROBES,),
        settled=reads(PROBES, 3),
    ),
    Scenario(
        name="ufw that applies nothing",
        set_up=f"{ENABLE_UFW}; sed -i 's,^IPT_SYSCTL=.*,IPT_SYSCTL=,' /etc/default/ufw",
        settings={MARTIANS: 1, INTVL: 20},
    ),
    Scenario(
        name="TuneD that applies the files again",
        set_up=profile(f"[sysctl]\n{INTVL}=40\n{FIN}=41") + reapply(1) + ENABLE_TUNED,
        settings={INTVL: 20, TIME: 600},
        settled=reads(FIN, 41),
    ),
    Scenario(
        name="TuneD that does not",
        set_up=profile(f"[sysctl]\n{INTVL}=40\n{FIN}=41") + reapply(0) + ENABLE_TUNED,
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(FIN, 41),
    ),
    Scenario(
        name="TuneD and /etc/sysctl.conf",
        set_up=profile(f"[sysctl]\n{FIN}=41")
        + reapply(1)
        + f"rm -f /etc/sysctl.d/99-sysctl.conf; echo {INTVL}=99 >/etc/sysctl.conf; {ENABLE_TUNED}",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=f"{reads(FIN, 41)} && {reads(INTVL, 99)}",
    ),
    Scenario(
        name="TuneD over a file of a vendor",
        set_up=profile(f"[sysctl]\n{FIN}=41")
        + reapply(1)
        + write("/usr/lib/sysctl.d/99-zz-vendor.conf", f"{INTVL} = 77")
        + ENABLE_TUNED,
        settings={INTVL: 20, TIME: 600},
        settled=reads(FIN, 41),
    ),
    Scenario(
        name="a profile of TuneD and a key that leaves our file",
        set_up=profile(f"[sysctl]\n{FIN}=33") + reapply(1) + ENABLE_TUNED,
        absent={FIN: 60},
        turns=(FIN,),
        settled=reads(FIN, 33),
    ),
    Scenario(
        name="TuneD with a profile that includes another, and a bound",
        set_up=profile("[main]\ninclude=base\n[sysctl]\n" + f"{PROBES}=>12")
        + profile(f"[sysctl]\n{INTVL}=40\n{FIN}=41", name="base")
        + reapply(0)
        + ENABLE_TUNED,
        settings={INTVL: 20, PROBES: 5, TIME: 600},
        turns=(INTVL, PROBES),
        settled=reads(FIN, 41),
    ),
    Scenario(
        name="firewalld with masquerading",
        set_up=FIREWALL_ZONE.format(masquerade="<masquerade/>"),
        settings={FORWARD: 0, INTVL: 20},
        turns=(FORWARD,),
        settled=reads(FORWARD, 1),
    ),
    Scenario(
        name="firewalld without",
        set_up=FIREWALL_ZONE.format(masquerade=""),
        settings={FORWARD: 0, INTVL: 20},
    ),
    Scenario(
        name="keepalived with virtual MAC addresses",
        set_up=write(
            "/etc/keepalived/keepalived.conf",
            "vrrp_instance one {\n interface host0\n virtual_router_id 51\n use_vmac\n"
            " virtual_ipaddress {\n 192.0.2.9\n }\n}",
        )
        + "systemctl enable keepalived",
        settings={"net.ipv4.conf.host0.arp_ignore": 0, INTVL: 20},
        turns=("net.ipv4.conf.host0.arp_ignore",),
        settled=reads("net.ipv4.conf.host0.arp_ignore", 1),
    ),
    Scenario(
        name="a unit that applies a file",
        set_up=write("/etc/late.conf", f"{INTVL} = 55") + unit("late.service", LATE_UNIT),
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 55),
    ),
    Scenario(
        name="rc.local",
        set_up=RC_LOCAL,
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 55),
    ),
    Scenario(
        name="cron",
        set_up=write("/etc/cron.d/late", f"@reboot root /sbin/sysctl -w {INTVL}=55")
        + "systemctl enable cron",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 55),
    ),
    Scenario(
        name="ifupdown with a command",
        set_up=write(
            "/etc/network/interfaces",
            f"auto lo\niface lo inet loopback\n  pre-up sysctl -w {INTVL}=44",
        )
        + "systemctl enable networking",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 44),
    ),
    Scenario(
        name="systemd-networkd and router advertisements",
        set_up="sed -i 's/^IPv6AcceptRA=.*/IPv6AcceptRA=yes/; "
        "s/^LinkLocalAddressing=.*/LinkLocalAddressing=ipv6/' "
        "/etc/systemd/network/10-host0.network",
        settings={ACCEPT_RA: 2, INTVL: 20},
        turns=(ACCEPT_RA,),
        settled=reads(ACCEPT_RA, 0),
    ),
    Scenario(
        name="systemd-networkd that forwards",
        set_up="printf 'IPForward=yes\\nIPv4ProxyARP=yes\\n' "
        ">>/etc/systemd/network/10-host0.network",
        settings={FORWARD: 0, "net.ipv4.conf.host0.proxy_arp": 0, INTVL: 20},
        turns=(FORWARD, "net.ipv4.conf.host0.proxy_arp"),
        settled=f"{reads(FORWARD, 1)} && {reads('net.ipv4.conf.host0.proxy_arp', 1)}",
    ),
    Scenario(
        name="systemd-networkd of Debian 13",
        set_up="sed -i 's/^IPv6AcceptRA=.*/IPv6AcceptRA=yes/; "
        "s/^LinkLocalAddressing=.*/LinkLocalAddressing=ipv6/' "
        "/etc/systemd/network/10-host0.network; "
        "echo IPv4Forwarding=yes >>/etc/systemd/network/10-host0.network",
        settings={
            ACCEPT_RA: 2,
            TEMPORARY: 2,
            "net.ipv6.conf.host0.proxy_ndp": 1,
            "net.ipv4.conf.host0.promote_secondaries": 0,
            "net.ipv4.conf.host0.forwarding": 0,
            FORWARD: 0,
        },
        turns=(
            ACCEPT_RA,
            TEMPORARY,
            "net.ipv6.conf.host0.proxy_ndp",
            "net.ipv4.conf.host0.promote_secondaries",
            "net.ipv4.conf.host0.forwarding",
        ),
        settled=f"{reads(ACCEPT_RA, 0)} && {reads('net.ipv4.conf.host0.forwarding', 1)}",
        host=NEWEST,
    ),
    Scenario(
        name="a credential and a masked file, Debian 13",
        set_up=write("/etc/credstore/sysctl.extra", f"{INTVL} = 66", mode="600")
        + write("/usr/lib/sysctl.d/95-vendor.conf", f"{FIN} = 70")
        + "ln -s /dev/null /etc/sysctl.d/95-vendor.conf\n"
        + f"echo '{PROBES} = 3' >/etc/sysctl.conf",
        settings={INTVL: 20, TIME: 600, FIN: 30, PROBES: 5},
        turns=(INTVL,),
        host=NEWEST,
    ),
    Scenario(
        name="NetworkManager",
        set_up=connection("auto"),
        settings={ACCEPT_RA: 2, TEMPORARY: 2, INTVL: 20},
        turns=(ACCEPT_RA, TEMPORARY),
        settled=f"{reads(ACCEPT_RA, 0)} && {reads(TEMPORARY, 0)}",
        boots_first=True,
    ),
    Scenario(
        name="NetworkManager that has not run yet, and turns IPv6 off",
        set_up=connection("disabled"),
        settings={DISABLED: 0, ACCEPT_RA: 2, INTVL: 20},
        turns=(DISABLED, ACCEPT_RA),
        settled=f"{reads(DISABLED, 1)} && {reads(ACCEPT_RA, 0)}",
    ),
    Scenario(
        name="NetworkManager that ignores IPv6",
        set_up=connection("ignore"),
        settings={ACCEPT_RA: 2, TEMPORARY: 2, INTVL: 20},
        turns=(TEMPORARY,),
        settled=reads(TEMPORARY, 0),
        boots_first=True,
    ),
    Scenario(
        name="a tunnel that takes the default route, with a command",
        set_up=TUNNEL.format(interface=f"PostUp = sysctl -w {FIN}=55"),
        settings={MARK: 0, FIN: 30, INTVL: 20},
        turns=(MARK, FIN),
        settled=f"{reads(MARK, 1)} && {reads(FIN, 55)}",
    ),
    Scenario(
        name="a tunnel that leaves routes alone",
        set_up=TUNNEL.format(interface="Table = off"),
        settings={MARK: 0, FIN: 30, INTVL: 20},
        settled="test -e /proc/sys/net/ipv4/conf/wg0",
    ),
    Scenario(
        name="cloud-init, at each boot and once",
        set_up=CLOUD_INIT
        + write(
            "/var/lib/cloud/seed/nocloud/user-data",
            f"#cloud-config\nbootcmd:\n  - [sysctl, -w, {INTVL}=47]\n"
            f"runcmd:\n  - sysctl -w {FIN}=48\n"
            "write_files:\n  - path: /etc/sysctl.d/95-cloud.conf\n"
            f"    content: {PROBES}=3\n",
        )
        + write(
            "/var/lib/cloud/scripts/per-boot/late",
            f"#!/bin/sh\necho 50 >/proc/sys/{RETRIES.replace('.', '/')}",
            mode="755",
        )
        + write(
            "/var/lib/cloud/scripts/per-instance/once",
            f"#!/bin/sh\nsysctl -w {TIME}=49",
            mode="755",
        ),
        settings={INTVL: 20, FIN: 30, PROBES: 5, TIME: 600, RETRIES: 12},
        turns=(INTVL, PROBES, RETRIES),
        settled="test -e /run/cloud-init/result.json",
        boots_first=True,
    ),
    Scenario(
        name="a credential",
        set_up=write("/etc/credstore/sysctl.extra", f"{INTVL} = 66", mode="600"),
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
    ),
    Scenario(
        name="a masked loader",
        set_up="ln -s /dev/null /etc/systemd/system/systemd-sysctl.service",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL, TIME),
    ),
    Scenario(
        name="a drop-in of the loader that sets keys",
        set_up=write(
            "/etc/systemd/system/systemd-sysctl.service.d/site.conf",
            f"[Service]\nExecStartPost=/sbin/sysctl -w {INTVL}=88",
        ),
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
    ),
    Scenario(
        name="another key of another file",
        set_up=write("/etc/sysctl.d/99-router.conf", f"{FORWARD} = 1"),
        settings={REDIRECTS: 1, INTVL: 20},
        turns=(REDIRECTS,),
    ),
    Scenario(
        name="an interface that appears after the loader, in a container",
        set_up=write("/etc/systemd/network/br9.netdev", "[NetDev]\nName=br9\nKind=bridge")
        + "networkctl reload; for i in $(seq 200); do "
        "[ -e /proc/sys/net/ipv4/conf/br9 ] && break; sleep 0.05; done",
        settings={"net.ipv4.conf.br9.log_martians": 1, INTVL: 20},
        turns=("net.ipv4.conf.br9.log_martians",),
        settled="test -e /proc/sys/net/ipv4/conf/br9",
    ),
    Scenario(
        name="sysvinit",
        set_up=write("/etc/sysctl.d/10-other.conf", f"{FIN} = 44"),
        settings={TIME: 600, INTVL: 20, FIN: 30},
        host=SYSVINIT,
    ),
    Scenario(
        name="sysvinit and /etc/sysctl.conf",
        set_up=f"echo {INTVL}=99 >/etc/sysctl.conf",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        host=SYSVINIT,
    ),
    Scenario(
        name="sysvinit without procps in a runlevel",
        set_up="update-rc.d procps disable",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL, TIME),
        host=SYSVINIT,
    ),
    Scenario(
        name="rc.local of sysvinit",
        set_up=RC_LOCAL,
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 55),
        host=SYSVINIT,
    ),
    Scenario(
        name="a bridge that ifupdown makes after procps has run",
        set_up=write(
            "/etc/network/interfaces",
            "auto br9\niface br9 inet manual\n  pre-up ip link add br9 type bridge || :",
        )
        + "ip link add br9 type bridge",
        settings={"net.ipv4.conf.br9.log_martians": 1, INTVL: 20},
        turns=("net.ipv4.conf.br9.log_martians",),
        settled="test -e /proc/sys/net/ipv4/conf/br9",
        host=SYSVINIT,
    ),
    Scenario(
        name="OpenRC",
        set_up=write("/etc/sysctl.d/10-other.conf", f"{FIN} = 44"),
        settings={TIME: 600, INTVL: 20, FIN: 30},
        host=OPENRC,
    ),
    Scenario(
        name="OpenRC without procps in a runlevel",
        set_up="rc-update del procps sysinit",
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL, TIME),
        host=OPENRC,
    ),
    Scenario(
        name="rc.local of OpenRC",
        set_up=RC_LOCAL,
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 55),
        host=OPENRC,
    ),
    Scenario(
        name="local.d of OpenRC, which no runlevel starts",
        set_up=write("/etc/local.d/late.start", f"#!/bin/sh\nsysctl -w {INTVL}=55", mode="755"),
        settings={INTVL: 20, TIME: 600},
        host=OPENRC,
    ),
    Scenario(
        name="runit",
        set_up=write("/etc/sysctl.d/10-other.conf", f"{FIN} = 44"),
        settings={TIME: 600, INTVL: 20, FIN: 30},
        host=RUNIT,
    ),
    Scenario(
        name="runit that leaves out procps",
        set_up=write("/etc/runit/no.emulate.sysv.d/procps", ""),
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL, TIME),
        host=RUNIT,
    ),
    Scenario(
        name="rc.local of runit",
        set_up=RC_LOCAL,
        settings={INTVL: 20, TIME: 600},
        turns=(INTVL,),
        settled=reads(INTVL, 55),
        host=RUNIT,
    ),
)
