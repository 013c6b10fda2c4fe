/** What kube-proxy writes, with its accounting. */
import {
	at,
	connect,
	counter,
	INSIDE,
	iptables,
	OUTSIDE,
	observe,
	outcomes,
	packet,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";

const RULES = `*filter
:KUBE-FIREWALL - [0:0]
:KUBE-FORWARD - [0:0]
-A INPUT -j KUBE-FIREWALL
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A OUTPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
-A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
*nat
:KUBE-EXT-MAIL - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SEP-1 - [0:0]
:KUBE-SEP-2 - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-MAIL - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-EXT-MAIL -m comment --comment "masquerade traffic for mail external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-MAIL -j KUBE-SVC-MAIL
-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000
-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment mail -m tcp --dport 25 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-MAIL
-A KUBE-NODEPORTS -p tcp -m comment --comment mail -m tcp --dport 25 -j KUBE-EXT-MAIL
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000
-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE
-A KUBE-SEP-1 -p tcp -m comment --comment mail -m tcp -j DNAT --to-destination 192.168.0.1:25
-A KUBE-SEP-2 -p tcp -m comment --comment mail -m tcp -j DNAT --to-destination 192.168.0.2:25
-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-MAIL -m comment --comment "mail -> 192.168.0.1:25" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1
-A KUBE-SVC-MAIL -m comment --comment "mail -> 192.168.0.2:25" -j KUBE-SEP-2
COMMIT
`;

export const kubeProxy = [
	scenario({
		name: "kube-proxy",
		suite: "matches",
		title: "kube-proxy's rules count what they drop in accounting objects",
		story:
			"Connections to a node's port are shared out by chance and masqueraded. A segment that belongs to no connection and no window is INVALID: the rule with nfacct drops it and its object counts it. A rule with nfacct is as one without: an object without a quota lets every packet match.",
		trap: "The object has to be there before the rule is loaded: `nfacct add`, which kube-proxy does.",
		setup: recipeSetup({ ruleset: { name: "kube-proxy.rules", text: RULES } }),
		steps: [
			connect(20, { everyMs: 20 }),
			at(
				2000,
				packet(OUTSIDE, "tcp 10.0.0.10:50000 > 192.168.0.1:80 SF seq 1"),
			),
			at(
				2000,
				packet(INSIDE, "tcp 192.168.0.1:80 > 10.0.0.10:50000 SA seq 1 ack 2"),
			),
			at(2010, iptables("-A FORWARD -m nfacct --nfacct-name other")),
			at(2020, packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53 len 4")),
			at(2030, observe("end")),
		],
		expect: [
			outcomes("completed", 20),
			counter("filter:KUBE-FORWARD:rule:1", 2, { at: "end" }),
			counter("filter:FORWARD:rule:2", 1, { at: "end" }),
		],
	}),
];
