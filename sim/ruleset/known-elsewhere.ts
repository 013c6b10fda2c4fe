/**
 * Extensions that iptables 1.8.9 or xtables-addons 3.23 have and marktwin does not know. A ruleset
 * that uses one is no fault of its author's, and is told so.
 */
export const KNOWN_ELSEWHERE = {
	match: new Set(
		`ah bpf cgroup cpu dccp devgroup dst ecn esp eui64 frag hbh hl icmp6 ipcomp ipv6header ipvs l2tp mh
nfacct osf quota rateest rt sctp srh asn dhcpmac fuzzy geoip gradm iface ipp2p ipv4options length2 lscan
pknock psd quota2`.split(/\s+/),
	),
	target: new Set(
		`CLUSTERIP CONNSECMARK DNPT ECN HL LED RATEEST SECMARK SNPT SYNPROXY ULOG ACCOUNT CHAOS DELUDE DHCPMAC
DNETMAP ECHO IPMARK LOGMARK PROTO SYSRQ TARPIT`.split(/\s+/),
	),
} as const;
