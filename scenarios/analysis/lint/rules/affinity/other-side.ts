import type { ListUse } from "../../../../../sim/extension/traits.ts";
import {
	ICMP,
	type Packet,
	TCP,
	UDP,
} from "../../../../../sim/packet/packet.ts";
import { listUsesOf } from "../../../../../sim/ruleset/rule-traits.ts";
import { visitRules } from "../../../services/candidates.ts";
import { linksOf } from "../../../spaces/links.ts";
import { everything, type Space } from "../../../spaces/space.ts";
import type { Arrival } from "../../../walk/walker.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import { eachRule, type PlacedRule, rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";

/** Lists that are written with one address of a packet and asked for the other. */
export const otherSide: LintRule = {
	code: "MT305",
	name: "list-of-other-side",
	category: "affinity",
	since: "0.2.0",
	severity: "warning",
	confidence: "likely",
	fix: "none",
	message:
		"A list is filled with another address of packets than the rules ask it for.",
	help: "Write the list with the address that is asked for: `--rsource` in both rules, or `src` in both.",
	why: `A list of \`recent\` holds the source of packets (\`--rsource\`, which is the default) or their destination
(\`--rdest\`). Where a rule writes the address that clients ask for, and the rule in front asks for that of the client, the
client is never found: each of its connections is balanced anew, and what looks like affinity is none. The same holds for
\`-j SET --add-set NAME dst\` and \`-m set --match-set NAME src\`.

A rule is found where a connection writes the list, its packets come to the rule that asks, and no rule writes the address
that is asked for. Lists that packets of one direction fill for those of the other are none of these.`,
	examples: {
		bad: `*nat
:B1 - [0:0]
:B2 - [0:0]
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b1 --mask 255.255.255.255 --rsource -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b2 --mask 255.255.255.255 --rsource -j B2
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m statistic --mode nth --every 2 --packet 0 -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -j B2
-A B1 -p udp -m recent --set --name b1 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.21
-A B2 -p udp -m recent --set --name b2 --mask 255.255.255.255 --rdest -j DNAT --to-destination 10.20.0.22
COMMIT
`,
		good: `*nat
:B1 - [0:0]
:B2 - [0:0]
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b1 --mask 255.255.255.255 --rsource -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m recent --rcheck --seconds 600 --name b2 --mask 255.255.255.255 --rsource -j B2
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -m statistic --mode nth --every 2 --packet 0 -j B1
-A PREROUTING -d 203.0.113.5/32 -p udp -m udp --dport 5060 -j B2
-A B1 -p udp -m recent --set --name b1 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.21
-A B2 -p udp -m recent --set --name b2 --mask 255.255.255.255 --rsource -j DNAT --to-destination 10.20.0.22
COMMIT
`,
	},
	check(facts) {
		const uses = usesIn(facts);
		if (!uses.some(({ use }) => use.does === "writes")) return [];
		const found = new Map<string, Found>();
		for (const connection of connectionsOf(facts).all) {
			if (!connection.end.remembers) continue;
			for (const one of foundIn(connection, uses, facts))
				if (!found.has(one.at.rule)) found.set(one.at.rule, one);
		}
		return [...found.values()];
	},
};

interface PlacedUse {
	readonly placed: PlacedRule;
	readonly use: ListUse;
}

function usesIn({ ruleset }: Facts): readonly PlacedUse[] {
	return eachRule(ruleset).flatMap((placed) =>
		listUsesOf(placed.rule).map((use) => ({ placed, use })),
	);
}

function foundIn(
	connection: Connection,
	uses: readonly PlacedUse[],
	facts: Facts,
): readonly Found[] {
	const { end, arrival } = connection;
	const named = rulesByName(facts.ruleset);
	const written = end.rules.slice(0, end.beforeRouting).flatMap(({ rule }) => {
		const placed = named.get(rule);
		return placed === undefined
			? []
			: listUsesOf(placed.rule)
					.filter(({ does }) => does === "writes")
					.map((use) => ({ placed, use }));
	});
	if (written.length === 0) return [];
	const met = rulesMetBy(arrival, facts);
	return written.flatMap((writer) => {
		const ofList = uses.filter(({ use }) => use.list === writer.use.list);
		const isWritten = (sides: string) =>
			ofList.some(({ use }) => use.does === "writes" && sidesOf(use) === sides);
		const asking = ofList.filter(
			({ use, placed }) => use.does === "asks" && met.has(placed.rule),
		);
		const [asks] = asking;
		return asks !== undefined &&
			asking.every(({ use }) => !isWritten(sidesOf(use)))
			? [foundAt(writer, asks, connection)]
			: [];
	});
}

const sidesOf = ({ sides }: ListUse) => sides.join(",");

/** By what rules ask of headers: a walk does not tell which rules were asked and did not match. */
function rulesMetBy(
	{ interface: by, packet }: Arrival,
	{ ruleset, world }: Facts,
): ReadonlySet<PlacedRule["rule"]> {
	const met = new Set<PlacedRule["rule"]>();
	const interfaces = linksOf(world).names;
	visitRules(
		ruleset,
		{ begin: pointOf(by, packet), interfaces },
		({ rule }) => {
			met.add(rule);
		},
	);
	return met;
}

const PROTOCOLS: Partial<Record<Packet["kind"], number>> = {
	tcp: TCP,
	udp: UDP,
	icmp: ICMP,
};

function pointOf(by: string, packet: Packet): Space {
	const one = (value: number) => [[value >>> 0, value >>> 0]] as const;
	const protocol = PROTOCOLS[packet.kind];
	const ports =
		packet.kind === "tcp" || packet.kind === "udp"
			? {
					sourcePort: one(packet.sourcePort),
					destinationPort: one(packet.destinationPort),
				}
			: {};
	return {
		...everything([by]),
		source: one(packet.source),
		destination: one(packet.destination),
		...(protocol === undefined ? {} : { protocol: one(protocol) }),
		...ports,
	};
}

function foundAt(
	{ placed: { at }, use }: PlacedUse,
	asks: PlacedUse,
	{ service, backend, end }: Connection,
): Found {
	return {
		at,
		part: use.words,
		message: `the ${use.list} is filled with ${addresses(use)}, and asked for ${addresses(asks.use)}`,
		happens: `${service.key}: clients of ${backend} are not found in it when they come again, and are sent on as new ones.`,
		remedy: `Write \`${asks.use.words}\` here, as it is asked for.`,
		related: [
			{ at: asks.placed.at, role: `asks it for ${addresses(asks.use)}` },
		],
		path: end.rules,
		repair: [],
		assumes: `clients that ${backend} has served are to be served by it again`,
	};
}

function addresses({ sides }: ListUse): string {
	const [first, ...others] = sides.map((side) =>
		side === "src" ? "sources" : "destinations",
	);
	return [
		`the ${first} of packets`,
		...others.map((one) => `their ${one}`),
	].join(" and ");
}
