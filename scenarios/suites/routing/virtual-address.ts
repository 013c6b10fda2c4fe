/** Addresses that move between two routers (VRRP): who has announced one last gets what hosts send to it. */
import {
	announce,
	at,
	backendAt,
	clientAt,
	connect,
	hold,
	INSIDE,
	ip,
	OUTSIDE,
	order,
	outcomes,
	packet,
	packetsOut,
	packetsPast,
	recipeSetup,
	scenario,
	smtp,
	speak,
} from "../../language/build/build.ts";

const suite = "routing-vrrp";

const RULES = `*nat
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

/** The router has an address of its own on each link, and one that it shares with another router. */
const setup = recipeSetup({
	ruleset: { name: "vrrp.rules", text: RULES },
	gateway: {
		interfaces: [
			{ name: OUTSIDE, addresses: ["10.0.0.2/8", "10.0.0.1/32"], mtu: 1500 },
			{
				name: INSIDE,
				addresses: ["192.168.0.252/24", "192.168.0.254/32"],
				mtu: 1500,
			},
		],
	},
	clients: [clientAt("c1", "10.0.0.10")],
	backends: [1, 2].map((n) =>
		backendAt(`b${n}`, `192.168.0.${n}`, { defaultVia: "192.168.0.254" }),
	),
});

const GIVES_UP = ip(`ip addr del 10.0.0.1/32 dev ${OUTSIDE}`);
const patient = smtp({ connectTimeoutMs: 60_000 });

export const virtualAddresses = [
	scenario({
		name: "routing-vrrp-away-and-back",
		suite,
		title: "Both addresses move to the other router, and come back",
		story:
			"At 2 s the router gives both addresses up, and the other one announces them: what hosts send goes there, and this router sees nothing of it. At 10 s they come back. Connections that stood are known here still and go on; those that began meanwhile are sent again by then, and connect late.",
		setup,
		steps: [
			connect(2, { label: "before", dialogue: hold() }),
			at(
				2_000,
				GIVES_UP,
				ip(`ip addr del 192.168.0.254/32 dev ${INSIDE}`),
				announce("10.0.0.1", "other"),
				announce("192.168.0.254", "other"),
			),
			at(3_000, connect(2, { label: "away", dialogue: patient })),
			// The router itself finds the other one where its address was.
			at(4_000, packet("lo", "tcp 10.0.0.2:4000 > 10.0.0.1:26 S seq 1")),
			at(
				10_000,
				ip(`ip addr add 10.0.0.1/32 dev ${OUTSIDE}`),
				ip(`ip addr add 192.168.0.254/32 dev ${INSIDE}`),
				announce("10.0.0.1", "gateway"),
				announce("192.168.0.254", "gateway"),
			),
			at(11_000, speak("before", "client")),
			at(12_000, connect(2, { label: "back" })),
		],
		expect: [
			order(["b1", "b2"], { step: "before" }),
			packetsPast(OUTSIDE, [
				"tcp 10.0.0.10:* > 10.0.0.1:25 S *",
				"tcp 10.0.0.10:* > 10.0.0.1:25 S *",
			]),
			packetsOut(OUTSIDE, ["tcp 10.0.0.2:4000 > 10.0.0.1:26 S *"]),
			outcomes("completed", 2, { step: "back" }),
		],
	}),
	scenario({
		name: "routing-vrrp-half-moved",
		suite,
		title:
			"The outside address alone moves: answers pass here, and questions do not",
		story:
			"The other router takes the outside address, and the inside one stays (no `vrrp_sync_group`). What clients send goes to the other router; what backends send comes here still, and is translated as before, since the connections are known. No connection gets on.",
		trap: "Without a sync group one direction of each connection goes by each router.",
		setup,
		steps: [
			connect(2, { label: "before", dialogue: hold() }),
			at(2_000, GIVES_UP, announce("10.0.0.1", "other")),
			at(3_000, speak("before", "backend")),
			at(3_500, connect(2, { label: "after", dialogue: patient })),
		],
		expect: [
			packetsOut(OUTSIDE, ["tcp 10.0.0.1:25 > 10.0.0.10:* PA *"], {
				fromMs: 3_000,
			}),
			packetsPast(OUTSIDE, ["tcp 10.0.0.10:* > 10.0.0.1:25 A *"]),
			outcomes("connect-timeout", 2, { step: "after" }),
		],
	}),
	scenario({
		name: "routing-vrrp-not-announced",
		suite,
		title:
			"An address that is given up and not announced elsewhere is served here still",
		story:
			"The router gives its outside address up, and no gratuitous ARP moves the hosts' entries. They send here still, and DNAT asks for the destination of a packet alone, not whether it is the router's: new connections are balanced as before.",
		setup,
		steps: [
			connect(2, { label: "before" }),
			at(2_000, GIVES_UP, connect(4, { label: "after" })),
		],
		expect: [
			order(["b1", "b2", "b1", "b2"], { step: "after" }),
			outcomes("completed", 6),
		],
	}),
];
