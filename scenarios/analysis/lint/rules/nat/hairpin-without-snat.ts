import { formatAddress } from "../../../../../sim/packet/address.ts";
import type { Packet } from "../../../../../sim/packet/packet.ts";
import type { Facts } from "../../facts.ts";
import type { Edit, Found, LintRule } from "../../finding.ts";
import { type Hairpin, hairpinTo } from "../../hairpins.ts";
import { placeOf, translatedWays } from "./translated.ts";

/** Clients on the backend's own link get answers from the backend, and have asked the gateway. */
export const hairpinWithoutSnat: LintRule = {
	code: "MT602",
	name: "hairpin-without-snat",
	category: "nat",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "unsafe",
	message:
		"Clients on the link of a backend are translated to it, and its answers do not come back through the gateway.",
	help: "Translate the source of these connections too: `-A POSTROUTING -s NETWORK -d BACKEND -j MASQUERADE`.",
	why: `A client asks the service's address and is translated to a backend on its own link. The backend sees the
client's address, which is on its link, and answers it directly. The client has asked another address and rejects the
answer with RST. It works from everywhere but from there.

With the source translated as well (MASQUERADE, SNAT), the answer comes back to the gateway, which translates it back.
Backends then see the gateway's address as the client of those connections. The finding rests on an assumption: clients
are on that link where rules for its hosts let them open connections to elsewhere, or translate their source on the way
to some backend, or where the rules that lead to the backend name its hosts (\`-i br0\`, \`-s 192.168.1.0/24\`).

It is a note where addresses of the router are given, hosts of that link are masqueraded by a rule that names none of
them (\`-o wan0 -j MASQUERADE\`), and nothing keeps them from the service: they may be backends alone, or ask a name
server that tells them the backend's own address.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.7/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20:443
-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan0 -j ACCEPT
-A FORWARD -i wan0 -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.7/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 192.168.1.20:443
-A POSTROUTING -s 192.168.1.0/24 -d 192.168.1.20/32 -o lan0 -p tcp -m tcp --dport 443 -j MASQUERADE
-A POSTROUTING -s 192.168.1.0/24 -o wan0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan0 -j ACCEPT
-A FORWARD -i wan0 -m conntrack --ctstate DNAT -j ACCEPT
COMMIT
`,
	},
	check(facts) {
		const byRule = new Map<string, Found>();
		for (const { service, packet, rule } of onePerBackend(facts)) {
			if (byRule.has(rule.rule)) continue;
			const hairpin = hairpinTo(packet.destination, service, facts);
			if (hairpin !== null)
				byRule.set(rule.rule, { ...found(hairpin, facts), at: rule });
		}
		return [...byRule.values()];
	},
};

function onePerBackend(facts: Facts) {
	const ways = translatedWays(facts).filter(
		({ end }) => end.fate.kind === "forwarded",
	);
	const unique = new Map(
		ways.map((way) => [`${way.service.key} ${way.packet.destination}`, way]),
	);
	return [...unique.values()];
}

function found(
	{ interface: name, network, end, clients }: Hairpin,
	facts: Facts,
): Omit<Found, "at"> {
	const packet = end.packet as Packet;
	const backend = placeOf(packet);
	const ports =
		packet.kind === "tcp" || packet.kind === "udp"
			? ` -p ${packet.kind} -m ${packet.kind} --dport ${packet.destinationPort}`
			: "";
	const text = `-A POSTROUTING -s ${network} -d ${formatAddress(packet.destination)}/32 -o ${name}${ports} -j MASQUERADE`;
	const isNamed = clients === "named";
	return {
		...(isNamed ? {} : { severity: "note" }),
		message: `clients of ${network}${isNamed ? "" : ", if there are any,"} are sent to ${backend} on their own link`,
		happens: `${backend} answers a client of ${network} directly, with its own address as the source. The client does not know the answer, and its connection does not come about.`,
		remedy: `Translate the source too: \`${text}\`.`,
		related: [],
		path: end.rules,
		repair: [repairOf(text, facts)],
		assumes: `clients are on the link of ${backend} (${name})`,
	};
}

/** In front of what else translates sources. */
function repairOf(text: string, { ruleset }: Facts): Edit {
	const chain = ruleset.tables
		.find(({ name }) => name === "nat")
		?.chains.find(({ name }) => name === "POSTROUTING");
	const isEmpty = chain === undefined || chain.rules.length === 0;
	return {
		kind: "insert",
		where: isEmpty ? null : { side: "before", rule: "nat:POSTROUTING:rule:1" },
		table: "nat",
		text,
	};
}
