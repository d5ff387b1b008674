# Copyright: (c) 2026, the netops.tuning authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that the benchmarks measure with."""

from __future__ import annotations

from collections.abc import Sequence

KEEPALIVE = {
    "net.ipv4.tcp_keepalive_time": 3600,
    "net.ipv4.tcp_keepalive_probes": 9,
    "net.ipv4.tcp_keepalive_intvl": 25,
}
KEYS_OF_TCP = """
abort_on_overflow adv_win_scale app_win base_mss challenge_ack_limit comp_sack_delay_ns comp_sack_nr
comp_sack_slack_ns dsack early_demux early_retrans ecn fack fastopen fastopen_blackhole_timeout_sec
fin_timeout frto fwmark_accept limit_output_bytes max_syn_backlog max_tw_buckets min_rtt_wlen
min_tso_segs moderate_rcvbuf mtu_probing no_metrics_save notsent_lowat orphan_retries
pacing_ca_ratio pacing_ss_ratio plb_cong_thresh probe_interval probe_threshold recovery
retrans_collapse retries1 retries2 rfc1337 sack slow_start_after_idle stdurg syn_retries
synack_retries syncookies thin_linear_timeouts timestamps tso_win_divisor tw_reuse window_scaling
workaround_signed_windows
"""
"""The last parts of 50 keys of net.ipv4.tcp_ that act on no other."""
KEYS_OF_AN_INTERFACE = (
    "net.ipv4.conf.{}.rp_filter",
    "net.ipv4.conf.{}.medium_id",
    "net.ipv4.conf.{}.log_martians",
    "net.ipv4.neigh.{}.app_solicit",
    "net.ipv4.neigh.{}.proxy_qlen",
)


def interface_names(count: int) -> list[str]:
    return [f"bench{number}" for number in range(count)]


def tcp_settings() -> dict[str, int]:
    """Return 50 keys of TCP, with a value that none of them has at first."""
    return {f"net.ipv4.tcp_{name}": 2 for name in KEYS_OF_TCP.split()}


def interface_settings(interfaces: Sequence[str]) -> dict[str, int]:
    """Return five keys of each interface, with a value that none of them has at first."""
    settings = {}
    for name in interfaces:
        for key in KEYS_OF_AN_INTERFACE:
            settings[key.format(name)] = 2
    return settings
