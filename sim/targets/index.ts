/**
 * Every target that iptables would load an extension for, by its name. ACCEPT, DROP, RETURN, QUEUE
 * and chains are the ruleset's own.
 */
import type { TargetExtension } from "../extension/extension.ts";
import { account } from "./account.ts";
import { audit } from "./audit.ts";
import { chaos } from "./chaos.ts";
import { checksum } from "./checksum.ts";
import { classify } from "./classify.ts";
import { clusterip } from "./clusterip.ts";
import { connmark } from "./connmark.ts";
import { connsecmark } from "./connsecmark.ts";
import { ct } from "./ct.ts";
import { delude } from "./delude.ts";
import { dhcpmac } from "./dhcpmac.ts";
import { dnat } from "./dnat.ts";
import { dnetmap } from "./dnetmap.ts";
import { dscp } from "./dscp.ts";
import { echo } from "./echo.ts";
import { ecn } from "./ecn.ts";
import { hmark } from "./hmark/hmark.ts";
import { idletimer } from "./idletimer.ts";
import { ipmark } from "./ipmark.ts";
import { led } from "./led.ts";
import { log } from "./log.ts";
import { logmark } from "./logmark.ts";
import { mark } from "./mark.ts";
import { masquerade } from "./masquerade.ts";
import { netmap } from "./netmap.ts";
import { nflog } from "./nflog.ts";
import { nfqueue } from "./nfqueue.ts";
import { notrack } from "./notrack.ts";
import { proto } from "./proto.ts";
import { rateest } from "./rateest.ts";
import { redirect } from "./redirect.ts";
import { reject } from "./reject.ts";
import { secmark } from "./secmark.ts";
import { set } from "./set.ts";
import { snat } from "./snat.ts";
import { synproxy } from "./synproxy.ts";
import { sysrq } from "./sysrq.ts";
import { tarpit } from "./tarpit.ts";
import { tcpmss } from "./tcpmss.ts";
import { tcpoptstrip } from "./tcpoptstrip.ts";
import { tee } from "./tee.ts";
import { tos } from "./tos.ts";
import { tproxy } from "./tproxy.ts";
import { trace } from "./trace.ts";
import { ttl } from "./ttl.ts";
import { ulog } from "./ulog.ts";

export const targets: ReadonlyMap<string, TargetExtension> = new Map(
	[
		audit,
		checksum,
		classify,
		clusterip,
		connmark,
		connsecmark,
		ct,
		dnat,
		dscp,
		ecn,
		hmark,
		idletimer,
		led,
		log,
		mark,
		masquerade,
		netmap,
		nflog,
		nfqueue,
		notrack,
		rateest,
		redirect,
		reject,
		secmark,
		set,
		snat,
		synproxy,
		tarpit,
		tcpmss,
		tcpoptstrip,
		tee,
		tos,
		tproxy,
		trace,
		ttl,
		ulog,
		chaos,
		delude,
		echo,
		ipmark,
		logmark,
		proto,
		sysrq,
		account,
		dhcpmac,
		dnetmap,
	].map((target) => [target.name, target]),
);
