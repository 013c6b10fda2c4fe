import { dropWords } from "../../../../../sim/contract/drop-reason.ts";
import { formatAddress } from "../../../../../sim/packet/address.ts";
import { plus, type Rational, ZERO } from "../../../../../sim/rational.ts";
import { missedLink, wrongLink } from "../../../services/ends.ts";
import { ALL, intersection } from "../../../spaces/intervals.ts";
import { linksOf } from "../../../spaces/links.ts";
import { exactShare, listText, shareText } from "../../cascades/words.ts";
import { rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found, LintRule } from "../../finding.ts";
import { type Translated, translatedWays } from "./translated.ts";

/** Connections that are translated to a backend, and that rules, routes, or the stack behind them, keep from it. */
export const droppedAfterDnat: LintRule = {
	code: "MT601",
	name: "dropped-after-dnat",
	category: "nat",
	since: "0.2.0",
	severity: "error",
	confidence: "likely",
	fix: "none",
	message:
		"Connections are translated to a backend, and dropped or led astray on the way.",
	help: "Accept in `FORWARD` what is translated: with the backend's address and port, or all of it with `-m conntrack --ctstate DNAT`.",
	why: `\`FORWARD\` sees a packet as \`nat\` \`PREROUTING\` has made it: with the backend's address and the backend's port. A
rule that accepts the service's own address or port does not match it any more. Where the policy is DROP, connections to
that backend are lost, and those to others are not, which looks like a backend that fails now and then.

The kernel drops some by itself: with \`rp_filter\` 1 those that come in by an uplink by which no route leads back.
And a mark that sends clients' packets into the table of an uplink sends those to a backend there as well, if that table
has no route to the backend's link.

Found is a backend that no client reaches by any way, with what keeps most of its clients away: that a few are dropped
may be meant, as those of a list are. One that only some clients are kept from by rules is no finding.`,
	examples: {
		bad: `*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11:8080
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 10.20.0.11/32 -i eth0 -o eth1 -p tcp -m tcp --dport 80 -j ACCEPT
COMMIT
`,
		good: `*nat
-A PREROUTING -d 203.0.113.1/32 -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.20.0.11:8080
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 10.20.0.11/32 -i eth0 -o eth1 -p tcp -m tcp --dport 8080 -j ACCEPT
COMMIT
`,
	},
	check(facts) {
		const ways = translatedWays(facts);
		const key = ({ service, place }: Translated) => `${service.key} ${place}`;
		const isLost = ({ end }: Translated) =>
			end.fate.kind === "dropped" || missedLink(end, facts) !== null;
		const reached = new Set(ways.filter((way) => !isLost(way)).map(key));
		const lost = new Map<string, Translated[]>();
		for (const way of ways) {
			const { fate } = way.end;
			// Another rule of the linter is about loopback addresses.
			const isOther =
				fate.kind === "dropped" && fate.by === "martian destination";
			// Rules may keep some clients away; nobody wants packets to leave by a wrong link.
			const isMeant =
				reached.has(key(way)) && missedLink(way.end, facts) === null;
			if (!isLost(way) || isOther || isMeant) continue;
			lost.set(key(way), [...(lost.get(key(way)) ?? []), way]);
		}
		return [...lost.values()].map((some) => found(some, facts));
	},
};

/**
 * Of each backend, the way on which most of its clients are lost: what a few are kept from may be meant, as a list of
 * blocked ones is. To leave by a wrong link is meant for none, so that goes before.
 */
function found(some: readonly Translated[], facts: Facts): Found {
	const astray = some.filter(({ end }) => missedLink(end, facts) !== null);
	const ways = astray.length > 0 ? astray : some;
	const [first, ...others] = ways as [Translated, ...Translated[]];
	const way = others.reduce(
		(most, one) => (sizeOf(one, facts) > sizeOf(most, facts) ? one : most),
		first,
	);
	const one = foundOn(way, facts);
	const rest = othersLost(way, ways, facts);
	return rest === "" ? one : { ...one, happens: `${one.happens} ${rest}` };
}

/** Addresses of hosts among the clients that are treated so. */
function sizeOf({ client }: Translated, { world }: Facts): number {
	const hosts = intersection(client.sources ?? ALL, linksOf(world).hosts);
	return hosts.reduce((sum, [least, most]) => sum + most - least + 1, 0);
}

/** Who else is lost on other ways, in words; "": the same is true of all that are lost. */
function othersLost(
	way: Translated,
	ways: readonly Translated[],
	facts: Facts,
): string {
	const others = ways.filter(
		({ service, client, end }) =>
			service === way.service &&
			client !== way.client &&
			endText(end) !== endText(way.end),
	);
	const texts = others.map(({ client, end }) =>
		end.fate.kind === "dropped"
			? `those of ${client.name} are dropped by ${dropperText(end.fate.by, facts)}`
			: `those of ${client.name} are lost`,
	);
	const all = [...new Set(texts)];
	return all.length === 0 ? "" : `${capital(listText(all))}.`;
}

/** The rule by its name, `the policy of FORWARD`, or what the stack says. */
function dropperText(by: string, { ruleset }: Facts): string {
	const [table, chain] = by.split(":");
	return chain === undefined || rulesByName(ruleset).has(by)
		? by
		: `the policy of ${table === "filter" ? chain : `${chain} in ${table}`}`;
}

const endText = ({ fate }: Translated["end"]) =>
	fate.kind === "dropped" ? fate.by : fate.kind;

function foundOn(way: Translated, facts: Facts): Found {
	const missed = wrongLink(way.end, facts);
	if (missed !== null) return foundByRoutes(way, missed, facts);
	const by = way.end.fate.kind === "dropped" ? way.end.fate.by : "";
	const words = dropWords(by)?.words ?? null;
	return words === null
		? foundByRules(way, by, facts)
		: foundByStack(way, by, words);
}

/** No rule drops it: routes and settings of the machine do. */
function foundByStack(way: Translated, by: string, words: string): Found {
	const { client, end, place, rule } = way;
	return {
		at: rule,
		message: `connections to ${place} that come in by ${client.interface} are dropped by the kernel (${by})`,
		happens: `${partOf(way)} dropped: ${words}.`,
		remedy:
			by === "reverse path"
				? `Set \`net.ipv4.conf.${client.interface}.rp_filter\` to 2, and that of \`all\` to 0 or 2, or let the main table lead back by ${client.interface}.`
				: "Mend the routes or the settings of the machine.",
		related: [],
		path: end.rules,
		repair: [],
	};
}

function foundByRoutes(way: Translated, missed: string, facts: Facts): Found {
	const { end, place, rule } = way;
	const { fate } = end;
	const dropped =
		fate.kind === "dropped"
			? `, where ${dropperText(fate.by, facts)} drops them`
			: "";
	return {
		at: rule,
		message: `connections to ${place} are led astray: what is for it leaves by ${missed}`,
		happens: `${partOf(way)} lost: routing by marks sends them to another link than the backend's${dropped}.`,
		remedy: `Add the route to the backend's link to the tables that marks choose, or let \`ip rule\` ask the main table first (\`lookup main suppress_prefixlength 0\`).`,
		related: [],
		path: end.rules,
		repair: [],
	};
}

/** `1/2 (50 %) of the connections of tcp 203.0.113.1:80 from clients of 192.0.2.0/24 go to 10.0.0.1:80 and are` */
function partOf(way: Translated): string {
	const { service, client, place } = way;
	const share = shareOf(way);
	const from = service.classes.length > 1 ? ` from ${client.name}` : "";
	return share === null
		? `Connections of ${service.key}${from} to ${place} are`
		: `${capital(shareText(share))} of the connections of ${service.key}${from} go to ${place} and are`;
}

function foundByRules(way: Translated, by: string, facts: Facts): Found {
	const { end, place, rule } = way;
	const dropping = rulesByName(facts.ruleset).get(by)?.at;
	const how = end.answered === null ? "dropped" : "rejected";
	const [, chain = ""] = by.split(":");
	const who =
		dropping === undefined ? `the policy of ${chain}` : `\`${dropping.text}\``;
	return {
		at: rule,
		message: `connections to ${place} are ${how} by ${dropping === undefined ? who : by}`,
		happens: `${partOf(way)} ${how} by ${who}.`,
		remedy: `Accept them in \`${chain}\`: ${destinationText(way)}, as they stand behind the translation.`,
		related:
			dropping === undefined ? [] : [{ at: dropping, role: `${how} there` }],
		path: end.rules,
		repair: [],
	};
}

/** Of the class of clients, when all backends are alive. */
function shareOf({ client, end, place }: Translated): Rational | null {
	const split = client.vectors[0]?.split;
	if (split === undefined) return null;
	const ending =
		end.fate.kind === "dropped"
			? ` on the way to ${place} by ${end.fate.by}`
			: `, where ${place} is`;
	const keys = split.parts
		.map(({ key }) => key)
		.filter((key) => key.endsWith(ending));
	const shares = keys.map((key) => exactShare(split, key));
	if (shares.length === 0 || shares.includes(null)) return null;
	return shares.reduce<Rational>(
		(sum, share) => plus(sum, share ?? ZERO),
		ZERO,
	);
}

function destinationText({ packet }: Translated): string {
	const port =
		"destinationPort" in packet
			? ` with \`--dport ${packet.destinationPort}\``
			: "";
	return `\`-d ${formatAddress(packet.destination)}\`${port}`;
}

function capital(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
