import {
	at,
	backend,
	clientAt,
	conntrack,
	evict,
	gatewayAnswered,
	INSIDE,
	ip,
	iptables,
	observe,
	order,
	outcomes,
	packetsOut,
	restore,
	scenario,
	send,
} from "../../language/build/build.ts";
import { nat, onlyTo, udpSetup } from "./udp-setup.ts";

const suite = "udp-sip";
const SIP = { name: "sip", port: 5060 };
const phones = [
	clientAt("phone1", "10.0.0.10"),
	clientAt("phone2", "10.0.0.20"),
];

/** A telephone registers again every 20 s, from port 5060. */
const registers = (client: string, count: number) =>
	send(count, {
		label: client,
		client,
		port: 5060,
		everyMs: 20_000,
		reply: { timeoutMs: 4_000, attempts: 1 },
	});

const lateRule = at(
	30_000,
	iptables(`-t nat ${onlyTo(1, 5060)}`),
	registers("phone2", 2),
);

/** As most routers have it; a rule that asks conntrack is also what makes the kernel track connections at all. */
const FILTER = `*filter
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
COMMIT
`;

/** A service whose rules are taken away, with a REJECT where it has no backends. */
const SCALED_TO_ZERO = `*nat
:PREROUTING ACCEPT [0:0]
COMMIT
*filter
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -d 10.0.0.1/32 -p udp --dport 5060 -j REJECT --reject-with icmp-port-unreachable
COMMIT
`;

/** Telephones send from port 5060 to port 5060, so one that begins anew has the same entry. */
export const sip = [
	scenario({
		name: "sip-before-its-rule",
		suite,
		title: "A telephone that was there before the DNAT rule never gets through",
		story:
			"The router is up before the rule that translates SIP. A telephone registers meanwhile: nothing listens on the router itself, which says port-unreachable, and an entry without a translation is left. The rule is added 30 s later, but the telephone registers every 20 s, and each time its entry is renewed for 30 s: rules of nat are not asked again. A second telephone, which begins after the rule was added, is served.",
		trap: "Load the rules before packets come, or throw the entries away after.",
		setup: udpSetup(SIP, FILTER, { clients: phones }),
		steps: [registers("phone1", 6), lateRule, at(101_000, observe("late"))],
		expect: [
			order([null], { client: "phone1" }),
			outcomes("refused", 1, { client: "phone1" }),
			gatewayAnswered("icmp port-unreachable", 1, { client: "phone1" }),
			order(["b1"], { client: "phone2" }),
			outcomes("answered", 1, { client: "phone2" }),
			conntrack(
				{
					protocol: "udp",
					replySource: "10.0.0.1",
					originalSource: "10.0.0.10",
				},
				1,
				{ at: "late", unreplied: true },
			),
		],
	}),
	scenario({
		name: "sip-evicted",
		suite,
		title: "The same with eviction: the next registration is translated",
		story:
			"After the rule was added the telephone's entry is thrown away (`conntrack -D -p udp --orig-port-dst 5060`), and its next registration meets the rules of nat.",
		setup: udpSetup(SIP, FILTER, { clients: phones }),
		steps: [
			registers("phone1", 6),
			lateRule,
			at(55_000, evict({ protocol: "udp", originalSource: "10.0.0.10" })),
		],
		expect: [
			order(["b1"], { client: "phone1" }),
			outcomes("refused", 1, {
				because: "its first registrations were not translated",
			}),
			packetsOut(INSIDE, ["udp 10.0.0.10:5060 > 192.168.0.1:5060 *"], {
				fromMs: 59_000,
				toMs: 62_000,
			}),
		],
	}),
	scenario({
		name: "sip-scaled-to-zero",
		suite,
		title:
			"A service without backends rejects new telephones, and old ones never learn",
		story:
			"The service is scaled to zero: its DNAT rule is replaced by a REJECT, and its backend goes away. The router finds that out when it next looks for it (here it is made to at once; left alone, it believes its neighbour for some time that it draws). A telephone that comes now is rejected by the router at once. The old one has an entry: its packets are translated before the REJECT would see them and go to the host that is gone, of which the router says host-unreachable, 3 s later each time.",
		trap: "An entry that stands is translated without its rule.",
		setup: udpSetup(SIP, `${nat(onlyTo(1, 5060))}${FILTER}`, {
			clients: phones,
		}),
		steps: [
			registers("phone1", 6),
			at(30_000, restore({ name: "zero.rules", text: SCALED_TO_ZERO })),
			at(30_000, backend("b1", { kind: "vanish" })),
			at(31_000, ip(`ip neigh flush dev ${INSIDE}`)),
			at(50_000, registers("phone2", 1)),
		],
		expect: [
			order(["b1"], { client: "phone1" }),
			outcomes("unreachable", 1, { client: "phone1" }),
			gatewayAnswered("icmp host-unreachable", 1, { client: "phone1" }),
			order([null], { client: "phone2" }),
			outcomes("refused", 1, { client: "phone2" }),
			gatewayAnswered("icmp port-unreachable", 1, { client: "phone2" }),
		],
	}),
];
