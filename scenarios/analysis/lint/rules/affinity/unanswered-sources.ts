/** Sources that lie on the network of the link by which connections leave, and that no interface has. */
import {
	formatAddress,
	isInNetwork,
	parsePrefixed,
} from "../../../../../sim/packet/address.ts";
import { translatedBy } from "../../../../../sim/ruleset/rule-traits.ts";
import { targets } from "../../../../../sim/targets/index.ts";
import { type Links, linksOf } from "../../../spaces/links.ts";
import type { RuleRef } from "../../../walk/decision.ts";
import { type Connection, connectionsOf } from "../../connections.ts";
import { eachRule, type PlacedRule, rulesByName } from "../../each-rule.ts";
import type { Facts } from "../../facts.ts";
import type { Found } from "../../finding.ts";

interface Unanswered {
	/** Of which it is so; `null`: the rule says it, and no connection that was walked met it. */
	readonly connection: Connection | null;
	readonly at: RuleRef;
	readonly by: string;
	/** Unsigned. */
	readonly source: number;
}

/** One of each rule and link. */
export function byUnansweredSources(facts: Facts): readonly Found[] {
	if (!facts.world.areAddressesTold) return [];
	const perRule = new Map<string, Unanswered[]>();
	for (const connection of connectionsOf(facts).all) {
		const one = unansweredOf(connection, facts);
		if (one === null) continue;
		const key = `${one.at.rule} ${one.by}`;
		perRule.set(key, [...(perRule.get(key) ?? []), one]);
	}
	// Where nothing is balanced, no connection is walked.
	const met = new Set([...perRule.values()].flat().map(({ at }) => at.rule));
	for (const placed of eachRule(facts.ruleset))
		if (!met.has(placed.at.rule)) {
			const some = unansweredIn(placed, facts);
			if (some.length > 0) perRule.set(placed.at.rule, some);
		}
	return [...perRule.values()].map(found);
}

/** Of a range, so many are looked at. */
const MOST_OF_RANGE = 1024;

/** What a rule for one link says that it translates to. */
function unansweredIn(
	{ rule, at }: PlacedRule,
	{ world }: Facts,
): Unanswered[] {
	const { target, header } = rule;
	const { outInterface } = header;
	if (target?.kind !== "extension" || outInterface === null) return [];
	if (outInterface.inverted || outInterface.name.endsWith("+")) return [];
	if (isOfTunnels(rule)) return [];
	const declared = targets.get(target.name);
	const to =
		declared?.translates === "source"
			? (declared.translatesTo?.(target.options) ?? null)
			: null;
	if (to === null) return [];
	const [least, greatest] = to;
	const { name: by } = outInterface;
	const links = linksOf(world);
	const sources: number[] = [];
	const last = Math.min(greatest, least + MOST_OF_RANGE - 1);
	for (let source = least; source <= last; source++)
		if (isUnanswered(source, by, { world, links })) sources.push(source);
	return sources.map((source) => ({ connection: null, at, by, source }));
}

/** A neighbour asks by ARP who has the source: what is not on its link it sends to a router, which may know. */
function isUnanswered(
	source: number,
	by: string,
	{ world, links }: Pick<Facts, "world"> & { readonly links: Links },
): boolean {
	const isOnLink = world.setup.interfaces.some(
		({ name, addresses }) =>
			name === by &&
			addresses.some((text) => {
				const network = parsePrefixed(text);
				return network !== null && isInNetwork(source | 0, network);
			}),
	);
	// Where a narrower route leads elsewhere, who has the address is behind the gateway.
	return (
		isOnLink && !links.isOwn(source) && links.interfaceTowards(source) === by
	);
}

function unansweredOf(
	connection: Connection,
	{ world, ruleset }: Facts,
): Unanswered | null {
	const { end, arrival } = connection;
	const { fate, packet, rules } = end;
	if (fate.kind !== "forwarded" || packet === null) return null;
	if (packet.source === arrival.packet.source) return null;
	const { interface: by } = fate;
	const source = packet.source >>> 0;
	if (!isUnanswered(source, by, { world, links: linksOf(world) })) return null;
	const named = rulesByName(ruleset);
	const at = rules.findLast(
		({ rule }) => translatedBy(named.get(rule)?.rule.target) === "source",
	);
	if (at === undefined || isOfTunnels(named.get(at.rule)?.rule)) return null;
	return { connection, at, by, source };
}

/** What leaves in a tunnel of IPsec is no packet of the link. */
function isOfTunnels(rule: PlacedRule["rule"] | undefined): boolean {
	return rule?.matches.some(({ name }) => name === "policy") === true;
}

function found(some: readonly Unanswered[]): Found {
	const [{ connection, at, by }] = some as readonly [Unanswered];
	const sources = [...new Set(some.map(({ source }) => source))].toSorted(
		(one, other) => one - other,
	);
	const [first = 0, ...others] = sources;
	const from = formatAddress(first | 0);
	const all = others.length === 0 ? from : `${from} and ${others.length} more`;
	return {
		at,
		message: `connections leave by ${by} with a source on its network that no interface has: ${all}`,
		happens: `${connection === null ? "What this rule translates" : connection.service.key}: the router behind ${by} takes ${from} for a host of its link and asks for it by ARP. The gateway does not answer for an address that it does not have, so no answer to these connections comes back.`,
		remedy: `Give ${by} the ${others.length === 0 ? "address" : "addresses"}: \`ip address add ${from}/32 dev ${by}\`. Or translate to an address that it has.`,
		related: [],
		path: connection?.end.rules ?? [],
		repair: [],
		assumes: `nothing answers ARP for ${from} on behalf of the gateway (proxy ARP, a local route), and no router sends it there by a route of its own`,
	};
}
