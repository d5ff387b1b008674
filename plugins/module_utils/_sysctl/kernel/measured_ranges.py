# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest and the largest number that keys take; made by `python -m couplings.range_table`.

A range such as ``0 1 | 0 255`` says that all kernels take 0 and 1, and none a number above 255:
they differ, or it depends on the machine. With a comma, each number of the key has its own range.
"""

from __future__ import annotations

OLDEST = (5, 10)
NEWEST = (6, 18)
"""The kernels that were measured."""

RANGES = {
    "-2147483648 2147483647": """
debug.exception-trace fs.dir-notify-enable fs.lease-break-time fs.leases-enable fs.mqueue.queues_max
fs.quota.warnings kernel.acct kernel.apparmor_display_secid_mode
kernel.apparmor_restrict_unprivileged_unconfined kernel.core_pipe_limit kernel.core_uses_pid
kernel.ctrl-alt-del kernel.ftrace_enabled kernel.io_delay_type kernel.io_uring_group
kernel.max_lock_depth kernel.numa_balancing_scan_delay_ms kernel.numa_balancing_scan_period_max_ms
kernel.numa_balancing_scan_period_min_ms kernel.panic kernel.panic_on_io_nmi kernel.panic_on_oops
kernel.panic_on_unrecovered_nmi kernel.perf_event_mlock_kb kernel.perf_event_paranoid
kernel.print-fatal-signals kernel.printk kernel.printk_ratelimit_burst kernel.randomize_va_space
kernel.real-root-dev kernel.sched_child_runs_first kernel.sched_migration_cost_ns
kernel.sched_nr_migrate kernel.sched_rr_timeslice_ms kernel.stack_tracer_enabled kernel.sysrq
kernel.traceoff_on_warning kernel.unknown_nmi_panic kernel.unprivileged_userns_apparmor_policy
kernel.unprivileged_userns_clone net.bridge.bridge-nf-call-arptables
net.bridge.bridge-nf-call-ip6tables net.bridge.bridge-nf-call-iptables
net.bridge.bridge-nf-filter-pppoe-tagged net.bridge.bridge-nf-filter-vlan-tagged
net.bridge.bridge-nf-pass-vlan-input-dev net.core.message_burst net.core.netdev_budget
net.core.netdev_max_backlog net.core.netdev_tstamp_prequeue net.core.warnings
net.core.xfrm_acq_expires net.core.xfrm_larval_drop net.ipv4.cipso_cache_bucket_size
net.ipv4.cipso_cache_enable net.ipv4.cipso_rbm_optfmt net.ipv4.cipso_rbm_strictvalid
net.ipv4.conf.*.accept_local net.ipv4.conf.*.accept_redirects net.ipv4.conf.*.accept_source_route
net.ipv4.conf.*.arp_accept net.ipv4.conf.*.arp_announce net.ipv4.conf.*.arp_evict_nocarrier
net.ipv4.conf.*.arp_filter net.ipv4.conf.*.arp_ignore net.ipv4.conf.*.arp_notify
net.ipv4.conf.*.bc_forwarding net.ipv4.conf.*.bootp_relay net.ipv4.conf.*.disable_policy
net.ipv4.conf.*.disable_xfrm net.ipv4.conf.*.drop_gratuitous_arp
net.ipv4.conf.*.drop_unicast_in_l2_multicast net.ipv4.conf.*.force_igmp_version
net.ipv4.conf.*.forwarding net.ipv4.conf.*.igmpv2_unsolicited_report_interval
net.ipv4.conf.*.igmpv3_unsolicited_report_interval net.ipv4.conf.*.ignore_routes_with_linkdown
net.ipv4.conf.*.log_martians net.ipv4.conf.*.medium_id net.ipv4.conf.*.promote_secondaries
net.ipv4.conf.*.proxy_arp net.ipv4.conf.*.proxy_arp_pvlan net.ipv4.conf.*.route_localnet
net.ipv4.conf.*.rp_filter net.ipv4.conf.*.secure_redirects net.ipv4.conf.*.send_redirects
net.ipv4.conf.*.shared_media net.ipv4.conf.*.src_valid_mark net.ipv4.conf.*.tag
net.ipv4.icmp_ratemask net.ipv4.igmp_max_memberships net.ipv4.igmp_max_msf
net.ipv4.inet_peer_threshold net.ipv4.ip_forward net.ipv4.route.error_burst
net.ipv4.route.error_cost net.ipv4.route.gc_elasticity net.ipv4.route.gc_thresh
net.ipv4.route.max_size net.ipv4.route.min_adv_mss net.ipv4.route.redirect_load
net.ipv4.route.redirect_number net.ipv4.route.redirect_silence net.ipv4.tcp_base_mss
net.ipv4.tcp_challenge_ack_limit net.ipv4.tcp_fastopen net.ipv4.tcp_limit_output_bytes
net.ipv4.tcp_low_latency net.ipv4.tcp_max_orphans net.ipv4.tcp_max_syn_backlog
net.ipv4.tcp_max_tw_buckets net.ipv4.tcp_probe_threshold net.ipv4.vs.am_droprate
net.ipv4.vs.amemthresh net.ipv4.vs.backup_only net.ipv4.vs.cache_bypass net.ipv4.vs.conn_reuse_mode
net.ipv4.vs.conntrack net.ipv4.vs.expire_nodest_conn net.ipv4.vs.expire_quiescent_template
net.ipv4.vs.ignore_tunneled net.ipv4.vs.nat_icmp_send net.ipv4.vs.pmtu_disc
net.ipv4.vs.run_estimation net.ipv4.vs.schedule_icmp net.ipv4.vs.sloppy_sctp net.ipv4.vs.sloppy_tcp
net.ipv4.vs.snat_reroute net.ipv4.vs.sync_persist_mode net.ipv4.vs.sync_sock_size
net.ipv4.xfrm4_gc_thresh net.ipv6.calipso_cache_bucket_size net.ipv6.calipso_cache_enable
net.ipv6.conf.*.accept_dad net.ipv6.conf.*.accept_ra net.ipv6.conf.*.accept_ra_defrtr
net.ipv6.conf.*.accept_ra_from_local net.ipv6.conf.*.accept_ra_min_hop_limit
net.ipv6.conf.*.accept_ra_min_lft net.ipv6.conf.*.accept_ra_mtu net.ipv6.conf.*.accept_ra_pinfo
net.ipv6.conf.*.accept_ra_rt_info_max_plen net.ipv6.conf.*.accept_ra_rt_info_min_plen
net.ipv6.conf.*.accept_ra_rtr_pref net.ipv6.conf.*.accept_redirects
net.ipv6.conf.*.accept_source_route net.ipv6.conf.*.autoconf net.ipv6.conf.*.dad_transmits
net.ipv6.conf.*.disable_ipv6 net.ipv6.conf.*.disable_policy
net.ipv6.conf.*.drop_unicast_in_l2_multicast net.ipv6.conf.*.drop_unsolicited_na
net.ipv6.conf.*.enhanced_dad net.ipv6.conf.*.force_mld_version net.ipv6.conf.*.force_tllao
net.ipv6.conf.*.forwarding net.ipv6.conf.*.ignore_routes_with_linkdown
net.ipv6.conf.*.keep_addr_on_down net.ipv6.conf.*.max_addresses net.ipv6.conf.*.max_desync_factor
net.ipv6.conf.*.ndisc_notify net.ipv6.conf.*.optimistic_dad net.ipv6.conf.*.proxy_ndp
net.ipv6.conf.*.regen_max_retry net.ipv6.conf.*.regen_min_advance net.ipv6.conf.*.seg6_enabled
net.ipv6.conf.*.seg6_require_hmac net.ipv6.conf.*.suppress_frag_ndisc
net.ipv6.conf.*.temp_prefered_lft net.ipv6.conf.*.temp_valid_lft net.ipv6.conf.*.use_oif_addrs_only
net.ipv6.conf.*.use_optimistic net.ipv6.conf.*.use_tempaddr net.ipv6.idgen_retries
net.ipv6.max_dst_opts_length net.ipv6.max_dst_opts_number net.ipv6.max_hbh_length
net.ipv6.max_hbh_opts_number net.ipv6.mld_max_msf net.ipv6.neigh.*.retrans_time
net.ipv6.route.gc_elasticity net.ipv6.route.gc_thresh net.ipv6.route.max_size
net.ipv6.route.min_adv_mss net.ipv6.seg6_flowlabel net.ipv6.xfrm6_gc_thresh
net.iw_cm.default_backlog net.mpls.conf.*.input net.netfilter.nf_log_all_netns
net.rds.ib.flow_control net.rds.max_unacked_bytes net.rds.max_unacked_packets net.rds.ping_enable
net.sctp.addip_enable net.sctp.addip_noauth_enable net.sctp.auth_enable
net.sctp.cookie_preserve_enable net.sctp.default_auto_asconf net.sctp.ecn_enable
net.sctp.intl_enable net.sctp.pf_enable net.sctp.prsctp_enable net.sctp.rcvbuf_policy
net.sctp.reconf_enable net.sctp.sctp_rmem net.sctp.sctp_wmem net.sctp.sndbuf_policy
vm.dirty_writeback_centisecs vm.hugetlb_shm_group vm.lowmem_reserve_ratio vm.oom_dump_tasks
vm.oom_kill_allocating_task vm.overcommit_ratio
""",
    "-2147483648 2147483647 | -18446744073709551615 18446744073709551615": """
vm.hugetlb_optimize_vmemmap
""",
    "-2147483648 2147483647, -2147483648 2147483647, -2147483648 2147483647, 0 32768": """
kernel.sem
""",
    "-2147483 2147483 | -21474836 21474836": """
kernel.printk_ratelimit net.core.message_cost net.ipv4.inet_peer_maxttl net.ipv4.inet_peer_minttl
net.ipv4.ipfrag_secret_interval net.ipv4.ipfrag_time net.ipv4.neigh.*.base_reachable_time
net.ipv4.neigh.*.delay_first_probe_time net.ipv4.neigh.*.gc_interval net.ipv4.neigh.*.gc_stale_time
net.ipv4.route.gc_interval net.ipv4.route.gc_min_interval net.ipv4.route.gc_timeout
net.ipv4.route.mtu_expires net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl
net.ipv4.tcp_keepalive_time net.ipv4.vs.lblc_expiration net.ipv4.vs.lblcr_expiration
net.ipv4.vs.sync_refresh_period net.ipv6.conf.*.router_probe_interval
net.ipv6.conf.*.router_solicitation_delay net.ipv6.conf.*.router_solicitation_interval
net.ipv6.conf.*.router_solicitation_max_interval net.ipv6.idgen_delay
net.ipv6.ip6frag_secret_interval net.ipv6.ip6frag_time net.ipv6.neigh.*.base_reachable_time
net.ipv6.neigh.*.delay_first_probe_time net.ipv6.neigh.*.gc_interval net.ipv6.neigh.*.gc_stale_time
net.ipv6.route.gc_interval net.ipv6.route.gc_min_interval net.ipv6.route.gc_timeout
net.ipv6.route.mtu_expires net.mptcp.add_addr_timeout net.mptcp.close_timeout
net.netfilter.nf_conntrack_dccp_timeout_closereq net.netfilter.nf_conntrack_dccp_timeout_closing
net.netfilter.nf_conntrack_dccp_timeout_open net.netfilter.nf_conntrack_dccp_timeout_partopen
net.netfilter.nf_conntrack_dccp_timeout_request net.netfilter.nf_conntrack_dccp_timeout_respond
net.netfilter.nf_conntrack_dccp_timeout_timewait net.netfilter.nf_conntrack_frag6_timeout
net.netfilter.nf_conntrack_generic_timeout net.netfilter.nf_conntrack_gre_timeout
net.netfilter.nf_conntrack_gre_timeout_stream net.netfilter.nf_conntrack_icmp_timeout
net.netfilter.nf_conntrack_icmpv6_timeout net.netfilter.nf_conntrack_sctp_timeout_closed
net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed
net.netfilter.nf_conntrack_sctp_timeout_cookie_wait
net.netfilter.nf_conntrack_sctp_timeout_established
net.netfilter.nf_conntrack_sctp_timeout_heartbeat_sent
net.netfilter.nf_conntrack_sctp_timeout_shutdown_ack_sent
net.netfilter.nf_conntrack_sctp_timeout_shutdown_recd
net.netfilter.nf_conntrack_sctp_timeout_shutdown_sent net.netfilter.nf_conntrack_tcp_timeout_close
net.netfilter.nf_conntrack_tcp_timeout_close_wait net.netfilter.nf_conntrack_tcp_timeout_established
net.netfilter.nf_conntrack_tcp_timeout_fin_wait net.netfilter.nf_conntrack_tcp_timeout_last_ack
net.netfilter.nf_conntrack_tcp_timeout_max_retrans net.netfilter.nf_conntrack_tcp_timeout_syn_recv
net.netfilter.nf_conntrack_tcp_timeout_syn_sent net.netfilter.nf_conntrack_tcp_timeout_time_wait
net.netfilter.nf_conntrack_tcp_timeout_unacknowledged net.netfilter.nf_conntrack_udp_timeout
net.netfilter.nf_conntrack_udp_timeout_stream net.netfilter.nf_flowtable_tcp_timeout
net.netfilter.nf_flowtable_udp_timeout net.smc.smcr_testlink_time vm.laptop_mode vm.stat_interval
""",
    "-31 31": """
net.ipv4.tcp_adv_win_scale
""",
    "-20 19": """
net.ipv4.vs.est_nice
""",
    "-1 1": """
kernel.sysctl_writes_strict
""",
    "-1 2147483647": """
kernel.hung_task_warnings kernel.sched_rt_runtime_us net.ipv6.conf.*.router_solicitations
""",
    "0 0": """
net.ipv4.vs.est_cpulist
""",
    "0 0 | 0 18446744073709551615": """
vm.nr_hugepages vm.nr_hugepages_mempolicy
""",
    "0 1": """
debug.kprobes-optimization dev.tty.ldisc_autoload fs.protected_hardlinks fs.protected_symlinks
fs.verity.require_signatures kernel.bpf_stats_enabled kernel.core_sort_vma kernel.dmesg_restrict
kernel.hardlockup_all_cpu_backtrace kernel.hardlockup_panic kernel.hung_task_all_cpu_backtrace
kernel.kexec_load_disabled kernel.modules_disabled kernel.oops_all_cpu_backtrace
kernel.panic_on_rcu_stall kernel.panic_on_warn kernel.sched_autogroup_enabled
kernel.sched_energy_aware kernel.sched_schedstats kernel.shm_rmid_forced kernel.soft_watchdog
kernel.softlockup_all_cpu_backtrace kernel.softlockup_panic kernel.split_lock_mitigate
kernel.task_delayacct kernel.timer_migration kernel.watchdog net.core.bpf_jit_kallsyms
net.core.high_order_alloc_disable net.core.tstamp_allow_data net.core.txrehash
net.ipv4.fib_multipath_use_neigh net.ipv4.icmp_echo_enable_probe net.ipv4.ip_autobind_reuse
net.ipv4.ip_forward_update_priority net.ipv4.nexthop_compat_mode net.ipv4.raw_l3mdev_accept
net.ipv4.tcp_autocorking net.ipv4.tcp_backlog_ack_defer net.ipv4.tcp_l3mdev_accept
net.ipv4.tcp_migrate_req net.ipv4.tcp_no_ssthresh_metrics_save net.ipv4.tcp_plb_enabled
net.ipv4.tcp_reflect_tos net.ipv4.tcp_rx_skb_cache net.ipv4.tcp_shrink_window
net.ipv4.tcp_tx_skb_cache net.ipv4.udp_l3mdev_accept net.ipv4.vs.sync_version
net.ipv6.conf.*.force_forwarding net.ipv6.conf.*.ioam6_enabled net.ipv6.conf.*.ndisc_evict_nocarrier
net.ipv6.conf.*.ra_honor_pio_life net.ipv6.conf.*.ra_honor_pio_pflag
net.ipv6.icmp.error_anycast_as_unicast net.ipv6.route.skip_notify_on_dev_down
net.mpls.ip_ttl_propagate net.mptcp.allow_join_initial_addr_port net.mptcp.checksum_enabled
net.mptcp.enabled net.mptcp.pm_type net.netfilter.nf_conntrack_acct
net.netfilter.nf_conntrack_checksum net.netfilter.nf_conntrack_dccp_loose
net.netfilter.nf_conntrack_helper net.netfilter.nf_conntrack_tcp_be_liberal
net.netfilter.nf_conntrack_tcp_ignore_invalid_rst net.netfilter.nf_conntrack_tcp_loose
net.netfilter.nf_conntrack_timestamp net.netfilter.nf_hooks_lwtunnel net.sctp.l3mdev_accept
net.smc.limit_smc_hs net.tipc.key_exchange_enabled net.vrf.strict_mode
vm.compact_unevictable_allowed vm.enable_soft_offline vm.memory_failure_early_kill
vm.memory_failure_recovery vm.numa_stat vm.unprivileged_userfaultfd
""",
    "0 1 | -2147483648 2147483647": """
abi.vsyscall32 dev.cdrom.autoclose dev.cdrom.autoeject dev.cdrom.check_media dev.cdrom.debug
dev.cdrom.lock dev.tty.legacy_tiocsti kernel.apparmor_restrict_unprivileged_userns
net.ipv6.conf.*.rpl_seg_enabled
""",
    "0 1 | 0 2": """
net.core.bpf_jit_enable net.netfilter.nf_conntrack_events
""",
    "0 1 | 0 4": """
kernel.numa_balancing
""",
    "0 1 | 0 255": """
net.ipv4.icmp_echo_ignore_all net.ipv4.icmp_echo_ignore_broadcasts
net.ipv4.icmp_errors_use_inbound_ifaddr net.ipv4.icmp_ignore_bogus_error_responses
net.ipv4.tcp_ecn_fallback
""",
    "0 1 | 0 2147483647": """
kernel.hung_task_panic
""",
    "0 2": """
fs.protected_fifos fs.protected_regular fs.suid_dumpable kernel.io_uring_disabled
kernel.kptr_restrict kernel.sched_tunable_scaling kernel.unprivileged_bpf_disabled
net.core.bpf_jit_harden net.core.fb_tunnels_only_for_init_net net.ipv4.fib_notify_on_flag_change
net.ipv4.tcp_ecn_option net.ipv4.tcp_tw_reuse net.ipv6.conf.*.accept_untracked_na
net.ipv6.fib_notify_on_flag_change net.sctp.pf_expose net.smc.smcr_buf_type vm.memfd_noexec
vm.overcommit_memory vm.panic_on_oom
""",
    "0 2 | 0 3": """
net.ipv4.fib_multipath_hash_policy net.ipv6.fib_multipath_hash_policy
""",
    "0 2 | 0 255": """
net.ipv4.tcp_ecn
""",
    "0 3": """
kernel.yama.ptrace_scope net.core.devconf_inherit_init_net net.ipv4.tcp_ecn_option_beacon
net.ipv4.vs.sync_retries net.ipv6.auto_flowlabels net.ipv6.conf.*.addr_gen_mode
net.sctp.addr_scope_policy
""",
    "0 4": """
net.ipv4.tcp_early_retrans
""",
    "0 7": """
net.ipv6.flowlabel_reflect
""",
    "0 31": """
net.ipv4.tcp_app_win net.ipv4.tcp_plb_idle_rehash_rounds net.ipv4.tcp_plb_rehash_rounds
""",
    "0 31 | 0 255": """
net.ipv4.tcp_tso_rtt_log
""",
    "0 31 | 0 2147483647": """
vm.page-cluster
""",
    "0 60": """
kernel.watchdog_thresh
""",
    "0 100": """
kernel.perf_cpu_time_max_percent vm.compaction_proactiveness vm.dirty_background_ratio
vm.dirty_ratio vm.min_slab_ratio vm.min_unmapped_ratio
""",
    "0 127": """
net.ipv4.tcp_syn_linear_timeouts
""",
    "0 200": """
vm.swappiness
""",
    "0 240": """
fs.nfs.nlm_grace_period
""",
    "0 255": """
net.dccp.default.retries1 net.dccp.default.retries2 net.dccp.default.rx_ccid
net.dccp.default.tx_ccid net.ipv4.fwmark_reflect net.ipv4.ip_dynaddr net.ipv4.ip_early_demux
net.ipv4.ip_forward_use_pmtu net.ipv4.ip_no_pmtu_disc net.ipv4.ip_nonlocal_bind
net.ipv4.tcp_abort_on_overflow net.ipv4.tcp_comp_sack_nr net.ipv4.tcp_dsack net.ipv4.tcp_fack
net.ipv4.tcp_frto net.ipv4.tcp_fwmark_accept net.ipv4.tcp_keepalive_probes
net.ipv4.tcp_moderate_rcvbuf net.ipv4.tcp_mtu_probing net.ipv4.tcp_no_metrics_save
net.ipv4.tcp_orphan_retries net.ipv4.tcp_plb_suspend_rto_sec net.ipv4.tcp_recovery
net.ipv4.tcp_retrans_collapse net.ipv4.tcp_retries1 net.ipv4.tcp_retries2 net.ipv4.tcp_rfc1337
net.ipv4.tcp_sack net.ipv4.tcp_slow_start_after_idle net.ipv4.tcp_stdurg net.ipv4.tcp_synack_retries
net.ipv4.tcp_syncookies net.ipv4.tcp_thin_linear_timeouts net.ipv4.tcp_timestamps
net.ipv4.tcp_tso_win_divisor net.ipv4.tcp_window_scaling net.ipv4.tcp_workaround_signed_windows
net.ipv6.conf.*.ndisc_tclass net.mptcp.syn_retrans_before_tcp_fallback
net.netfilter.nf_conntrack_log_invalid
""",
    "0 255 | -2147483648 2147483647": """
net.ipv4.igmp_link_local_mcast_reports net.ipv6.anycast_src_echo_reply net.ipv6.bindv6only
net.ipv6.flowlabel_consistency net.ipv6.flowlabel_state_ranges net.ipv6.fwmark_reflect
net.ipv6.icmp.echo_ignore_all net.ipv6.icmp.echo_ignore_anycast net.ipv6.icmp.echo_ignore_multicast
net.ipv6.ip_nonlocal_bind net.netfilter.nf_conntrack_tcp_max_retrans
""",
    "0 255 | 0 4294967295": """
net.ipv4.tcp_early_demux net.ipv4.udp_early_demux
""",
    "0 256": """
net.ipv4.tcp_plb_cong_thresh
""",
    "0 1000": """
kernel.perf_event_max_contexts_per_stack net.ipv4.tcp_pacing_ca_ratio net.ipv4.tcp_pacing_ss_ratio
net.sctp.rto_alpha_exp_divisor net.sctp.rto_beta_exp_divisor vm.extfrag_threshold
""",
    "0 1024": """
kernel.sched_util_clamp_max kernel.sched_util_clamp_min
""",
    "0 10000": """
kernel.printk_delay
""",
    "0 32768": """
kernel.msgmni kernel.shmmni
""",
    "0 65535": """
fs.nfs.nlm_tcpport fs.nfs.nlm_udpport fs.overflowgid fs.overflowuid kernel.overflowgid
kernel.overflowuid net.ipv4.ip_unprivileged_port_start net.ipv6.conf.*.ioam6_id net.sctp.encap_port
net.sctp.pf_retrans net.sctp.ps_retrans net.sctp.udp_port
""",
    "0 65536": """
net.ipv4.udp_child_hash_entries
""",
    "0 86400": """
net.ipv4.tcp_min_rtt_wlen
""",
    "0 262143 | 0 2097151": """
net.ipv4.neigh.*.unres_qlen net.ipv6.neigh.*.unres_qlen
""",
    "0 655360": """
kernel.perf_event_max_stack
""",
    "0 1048575": """
net.mpls.platform_labels
""",
    "0 1048576 | 0 536870912": """
net.core.rps_sock_flow_entries
""",
    "0 4294967 | 0 42949672": """
net.ipv4.tcp_probe_interval
""",
    "0 16777215": """
net.ipv6.ioam6_id
""",
    "0 16777216": """
net.ipv4.tcp_child_ehash_entries
""",
    "0 1000000000": """
kernel.sched_wakeup_granularity_ns
""",
    "0 2147483647": """
fs.fanotify.max_queued_events fs.fanotify.max_user_groups fs.fanotify.max_user_marks
fs.inotify.max_queued_events fs.inotify.max_user_instances fs.inotify.max_user_watches
kernel.hung_task_check_count kernel.kexec_load_limit_panic kernel.kexec_load_limit_reboot
kernel.keys.gc_delay kernel.keys.persistent_keyring_expiry kernel.msg_next_id kernel.msgmax
kernel.msgmnb kernel.numa_balancing_promote_rate_limit_MBps kernel.pty.max kernel.pty.reserve
kernel.sem_next_id kernel.shm_next_id net.core.busy_poll net.core.busy_read net.core.skb_defer_max
net.core.somaxconn net.dccp.default.tx_qlen net.ipv4.icmp_msgs_burst net.ipv4.icmp_msgs_per_sec
net.ipv4.ipfrag_max_dist net.ipv4.neigh.*.app_solicit net.ipv4.neigh.*.gc_thresh1
net.ipv4.neigh.*.gc_thresh2 net.ipv4.neigh.*.gc_thresh3 net.ipv4.neigh.*.mcast_resolicit
net.ipv4.neigh.*.mcast_solicit net.ipv4.neigh.*.proxy_qlen net.ipv4.neigh.*.ucast_solicit
net.ipv4.neigh.*.unres_qlen_bytes net.ipv4.tcp_fastopen_blackhole_timeout_sec
net.ipv6.neigh.*.app_solicit net.ipv6.neigh.*.gc_thresh1 net.ipv6.neigh.*.gc_thresh2
net.ipv6.neigh.*.gc_thresh3 net.ipv6.neigh.*.mcast_resolicit net.ipv6.neigh.*.mcast_solicit
net.ipv6.neigh.*.proxy_qlen net.ipv6.neigh.*.ucast_solicit net.ipv6.neigh.*.unres_qlen_bytes
net.mptcp.blackhole_timeout net.sctp.max_burst net.tipc.named_timeout user.max_cgroup_namespaces
user.max_fanotify_groups user.max_fanotify_marks user.max_inotify_instances user.max_inotify_watches
user.max_ipc_namespaces user.max_mnt_namespaces user.max_net_namespaces user.max_pid_namespaces
user.max_time_namespaces user.max_user_namespaces user.max_uts_namespaces vm.block_dump
vm.dirty_expire_centisecs vm.dirtytime_expire_seconds vm.legacy_va_layout vm.max_map_count
vm.min_free_kbytes vm.page_lock_unfairness vm.vfs_cache_pressure vm.watermark_boost_factor
vm.zone_reclaim_mode
""",
    "0 2147483647 | -2147483648 2147483647": """
dev.raid.speed_limit_max dev.raid.speed_limit_min net.core.optmem_max net.netfilter.nf_conntrack_max
net.nf_conntrack_max net.unix.max_dgram_qlen
""",
    "0 2147483647 | -2147483648 4294967295": """
kernel.sched_deadline_period_max_us kernel.sched_deadline_period_min_us
""",
    "0 2147483647 | 0 4294967294": """
net.ipv4.ping_group_range
""",
    "0 2147483648 | 0 18446744073709551615": """
fs.pipe-max-size
""",
    "0 4294967295": """
kernel.oops_limit kernel.warn_limit net.core.xfrm_aevent_etime net.core.xfrm_aevent_rseqth
net.ipv4.fib_multipath_hash_seed net.ipv4.tcp_notsent_lowat net.ipv6.conf.*.ioam6_id_wide
net.mptcp.stale_loss_cnt net.sctp.max_autoclose net.smc.autocorking_size
""",
    "0 4294967295 | -18446744073709551615 18446744073709551615": """
kernel.usermodehelper.bset kernel.usermodehelper.inheritable
""",
    "0 9223372036854775 | 0 92233720368547758": """
kernel.hung_task_check_interval_secs kernel.hung_task_timeout_secs
""",
    "0 72057594037927935": """
net.ipv6.ioam6_id_wide
""",
    "0 9223372036854775807": """
fs.epoll.max_user_watches fs.file-max
""",
    "0 18446744073709551615": """
fs.aio-max-nr fs.pipe-user-pages-hard fs.pipe-user-pages-soft kernel.acpi_video_flags
kernel.panic_print kernel.shmall kernel.shmmax net.ipv4.ipfrag_high_thresh
net.ipv4.ipfrag_low_thresh net.ipv4.tcp_comp_sack_delay_ns net.ipv4.tcp_comp_sack_slack_ns
net.ipv4.tcp_mem net.ipv4.udp_mem net.ipv4.vs.sync_qlen_max net.ipv6.ip6frag_high_thresh
net.ipv6.ip6frag_low_thresh net.netfilter.nf_conntrack_frag6_high_thresh
net.netfilter.nf_conntrack_frag6_low_thresh net.rds.ib.max_recv_allocation net.sctp.sctp_mem
net.tipc.bc_retruni net.tipc.sk_filter vm.admin_reserve_kbytes vm.mmap_min_addr
vm.nr_overcommit_hugepages vm.overcommit_kbytes vm.user_reserve_kbytes
""",
    "1 1 | 1 1073741824": """
net.ipv4.vs.sync_ports
""",
    "1 2": """
net.smc.smcr_max_links_per_lgr
""",
    "1 16": """
net.sctp.rwnd_update_shift
""",
    "1 17 | 1 45": """
net.core.max_skb_frags
""",
    "1 64": """
net.rds.ib.max_unsignaled_wr
""",
    "1 127": """
net.ipv4.tcp_syn_retries
""",
    "1 255": """
net.dccp.default.request_retries net.ipv4.ip_default_ttl net.ipv4.tcp_min_tso_segs
net.ipv4.tcp_pingpong_thresh net.ipv6.conf.*.hop_limit net.mpls.default_ttl
""",
    "1 500": """
net.sctp.sack_timeout
""",
    "1 1000 | 1 3000": """
vm.watermark_scale_factor
""",
    "1 3600": """
net.core.netdev_unregister_timeout_secs
""",
    "1 4095": """
net.ipv4.fib_multipath_hash_fields net.ipv6.fib_multipath_hash_fields
""",
    "1 60000": """
net.ipv4.tcp_tw_reuse_delay
""",
    "1 65535": """
net.ipv4.ip_local_port_range sunrpc.max_resvport sunrpc.min_resvport
""",
    "1 65536": """
fs.mqueue.msg_default fs.mqueue.msg_max
""",
    "1 4194304 | 1 2147483647": """
net.netfilter.nf_conntrack_buckets
""",
    "1 33554432 | 1 18446744073709551615": """
net.core.bpf_jit_limit
""",
    "1 86400000": """
net.sctp.hb_interval net.sctp.rto_initial net.sctp.rto_max net.sctp.rto_min
net.sctp.valid_cookie_life
""",
    "1 1073741823": """
kernel.threads-max
""",
    "1 2147483647": """
fs.mount-max kernel.keys.maxbytes kernel.keys.maxkeys kernel.keys.root_maxbytes
kernel.keys.root_maxkeys kernel.max_rcu_stall_to_panic kernel.numa_balancing_scan_size_mb
kernel.perf_event_max_sample_rate kernel.sched_cfs_bandwidth_slice_us kernel.sched_rt_period_us
net.core.gro_normal_batch net.ipv4.igmp_qrv net.ipv4.tcp_rto_min_us net.ipv4.tcp_wmem
net.ipv4.udp_rmem_min net.ipv4.udp_wmem_min net.ipv6.mld_qrv net.sctp.association_max_retrans
net.sctp.max_init_retransmits net.sctp.path_max_retrans net.tipc.max_tfms net.tipc.tipc_rmem
""",
    "1 2147483647 | -2147483648 2147483647": """
net.core.dev_weight net.core.dev_weight_rx_bias net.core.dev_weight_tx_bias
net.ipv4.tcp_max_reordering net.ipv4.tcp_reordering net.netfilter.nf_conntrack_expect_max
""",
    "1 2147483647 | 1 4294967295": """
net.ipv4.neigh.*.interval_probe_time_ms net.ipv6.neigh.*.interval_probe_time_ms
""",
    "1 4294967295": """
net.ipv6.conf.*.ra_defrtr_metric net.rds.ib.max_recv_wr net.rds.ib.max_send_wr
""",
    "1 17592186040320 | 0 18446744073709551615": """
vm.dirty_background_bytes
""",
    "2 128 | 2 65536": """
sunrpc.tcp_max_slot_table_entries sunrpc.tcp_slot_table_entries sunrpc.udp_slot_table_entries
""",
    "3 20": """
fs.nfs.nlm_timeout
""",
    "8 2147483647 | 0 2147483647": """
vm.percpu_pagelist_fraction vm.percpu_pagelist_high_fraction
""",
    "16 255": """
net.smc.smcr_max_conns_per_lgr
""",
    "32 4294967295": """
net.dccp.default.seq_window
""",
    "48 65535": """
net.ipv4.tcp_min_snd_mss net.ipv4.tcp_mtu_probe_floor
""",
    "64 2147483584": """
fs.nr_open
""",
    "68 2147483647": """
net.ipv4.route.min_pmtu
""",
    "128 16777216": """
fs.mqueue.msgsize_default fs.mqueue.msgsize_max
""",
    "256 2147483647": """
net.core.mem_pcpu_rsv
""",
    "1000 120000": """
net.ipv4.tcp_rto_max_ms
""",
    "1280 1280 | 1280 2147483647": """
net.ipv6.conf.*.mtu
""",
    "4096 4096 | -2147483648 2147483647": """
net.core.flow_limit_table_len
""",
    "4096 2147483647 | 1 2147483647": """
net.ipv4.tcp_rmem
""",
    "5000 2147483647 | 0 2147483647": """
net.sctp.plpmtud_probe_interval
""",
    "8192 2147483647 | 256 2147483647": """
net.core.rmem_default net.core.rmem_max net.core.wmem_default net.core.wmem_max
""",
    "16384 1073741823": """
net.smc.rmem net.smc.wmem
""",
    "20000 2147483647 | 0 2147483647": """
net.core.netdev_budget_usecs
""",
    "65536 4194304 | 301 4194304": """
kernel.pid_max
""",
    "65536 67108864": """
net.ipv4.fib_sync_mem
""",
    "100000 1000000000": """
kernel.sched_latency_ns kernel.sched_min_granularity_ns
""",
    "131072 17592186040320 | 0 18446744073709551615": """
vm.dirty_bytes
""",
    "4194304 16777216": """
kernel.core_file_note_size_limit
""",
}
"""Range -> the keys; ``*`` stands for any interface."""
