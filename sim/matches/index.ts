/** Every match that a rule can use, by the name behind `-m`. */
import type { MatchExtension } from "../extension/extension.ts";
import { addrtype } from "./addrtype.ts";
import { ah } from "./ah.ts";
import { asn } from "./asn.ts";
import { bpf } from "./bpf/bpf.ts";
import { cgroup } from "./cgroup.ts";
import { cluster } from "./cluster.ts";
import { comment } from "./comment.ts";
import { condition } from "./condition.ts";
import { connbytes } from "./connbytes.ts";
import { connlabel } from "./connlabel.ts";
import { connlimit } from "./connlimit/connlimit.ts";
import { connmark } from "./connmark.ts";
import { conntrack } from "./conntrack/conntrack.ts";
import { cpu } from "./cpu.ts";
import { dccp } from "./dccp.ts";
import { devgroup } from "./devgroup.ts";
import { dhcpmac } from "./dhcpmac.ts";
import { dscp } from "./dscp.ts";
import { ecn } from "./ecn.ts";
import { esp } from "./esp.ts";
import { fuzzy } from "./fuzzy.ts";
import { geoip } from "./geoip.ts";
import { gradm } from "./gradm.ts";
import { hashlimit } from "./hashlimit/hashlimit.ts";
import { helper } from "./helper.ts";
import { icmp } from "./icmp.ts";
import { iface } from "./iface.ts";
import { ipcomp } from "./ipcomp.ts";
import { ipp2p } from "./ipp2p.ts";
import { iprange } from "./iprange.ts";
import { ipv4options } from "./ipv4options.ts";
import { ipvs } from "./ipvs.ts";
import { length } from "./length.ts";
import { length2 } from "./length2.ts";
import { limit } from "./limit.ts";
import { lscan } from "./lscan.ts";
import { mac } from "./mac.ts";
import { mark } from "./mark.ts";
import { multiport } from "./multiport.ts";
import { nfacct } from "./nfacct.ts";
import { osf } from "./osf.ts";
import { owner } from "./owner.ts";
import { physdev } from "./physdev.ts";
import { pknock } from "./pknock.ts";
import { pkttype } from "./pkttype.ts";
import { policy } from "./policy.ts";
import { psd } from "./psd.ts";
import { quota } from "./quota.ts";
import { quota2 } from "./quota2.ts";
import { rateest } from "./rateest.ts";
import { realm } from "./realm.ts";
import { recent } from "./recent/recent.ts";
import { rpfilter } from "./rpfilter.ts";
import { sctp } from "./sctp/sctp.ts";
import { set } from "./set.ts";
import { socket } from "./socket.ts";
import { state } from "./state.ts";
import { statistic } from "./statistic.ts";
import { string } from "./string.ts";
import { tcp } from "./tcp.ts";
import { tcpmss } from "./tcpmss.ts";
import { time } from "./time/time.ts";
import { tos } from "./tos.ts";
import { ttl } from "./ttl.ts";
import { u32 } from "./u32/u32.ts";
import { udp } from "./udp.ts";

const ALL: readonly MatchExtension[] = [
	addrtype,
	ah,
	bpf,
	cgroup,
	cluster,
	comment,
	condition,
	connbytes,
	connlabel,
	connlimit,
	connmark,
	conntrack,
	cpu,
	dccp,
	devgroup,
	dscp,
	ecn,
	esp,
	geoip,
	hashlimit,
	helper,
	icmp,
	iface,
	ipcomp,
	iprange,
	ipv4options,
	ipvs,
	length,
	limit,
	mac,
	mark,
	multiport,
	nfacct,
	osf,
	owner,
	physdev,
	pkttype,
	policy,
	quota,
	quota2,
	rateest,
	realm,
	recent,
	rpfilter,
	sctp,
	set,
	socket,
	state,
	statistic,
	string,
	tcp,
	tcpmss,
	time,
	tos,
	ttl,
	u32,
	udp,
	fuzzy,
	gradm,
	ipp2p,
	length2,
	lscan,
	psd,
	asn,
	dhcpmac,
	pknock,
];

export const matches: ReadonlyMap<string, MatchExtension> = new Map(
	ALL.map((extension) => [extension.name, extension]),
);
