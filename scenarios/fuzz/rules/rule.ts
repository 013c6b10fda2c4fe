/** One rule, as it may stand in a chain. */
import fc from "fast-check";
import type { TableName } from "../../../sim/contract/ruleset.ts";
import { matches as extensions } from "../../../sim/matches/index.ts";
import { MATCH_USES } from "../extensions/uses.ts";
import {
	inverted,
	network,
	type RuleProtocol,
	type Uses,
} from "../values/rule-values.ts";
import { INTERFACES } from "../world/topology.ts";
import { isIn, targetsFor, tcpmss } from "./targets.ts";

/** A chain that rules are made for. */
export interface ChainPlace {
	readonly table: TableName;
	readonly chain: string;
	/** Built-in chains from which it is reached; itself, when it is one. */
	readonly from: readonly string[];
	/** Chains of the user's own that it may lead to. */
	readonly jumps: readonly string[];
}

const PROTOCOLS: readonly {
	readonly weight: number;
	readonly protocol: RuleProtocol;
}[] = [
	{ weight: 16, protocol: "tcp" },
	{ weight: 12, protocol: "" },
	{ weight: 8, protocol: "udp" },
	{ weight: 4, protocol: "icmp" },
	{ weight: 3, protocol: "ah" },
	{ weight: 3, protocol: "esp" },
	{ weight: 3, protocol: "108" },
	{ weight: 4, protocol: "sctp" },
];

/** Of which few packets are sent, so that what asks for its header has to be frequent to be met. */
const isRare = (protocol: RuleProtocol) =>
	["ah", "esp", "108", "sctp"].includes(protocol);

const FEW_CHAINS_TIMES = 3;

/** The text of a rule with its `-A CHAIN`. */
export function ruleIn(place: ChainPlace): fc.Arbitrary<string> {
	return fc.oneof(
		...PROTOCOLS.map(({ weight, protocol }) => ({
			weight,
			arbitrary: ruleOf(place, protocol),
		})),
	);
}

function ruleOf(place: ChainPlace, protocol: RuleProtocol): Uses {
	const plain = fc
		.tuple(
			header(place, protocol),
			matches(place, protocol),
			target(place, protocol),
		)
		.map(([head, some, end]) =>
			join([`-A ${place.chain}`, head, ...some, end]),
		);
	if (protocol !== "tcp" || place.table !== "mangle") return plain;
	const { match, target: end } = tcpmss(place.from);
	const clamp = fc
		.tuple(header(place, protocol), end)
		.map(([head, use]) =>
			join([`-A ${place.chain}`, head, match, `-j ${use}`]),
		);
	return fc.oneof(
		{ weight: 9, arbitrary: plain },
		{ weight: 1, arbitrary: clamp },
	);
}

const join = (words: readonly string[]): string =>
	words.filter((word) => word !== "").join(" ");

const sometimes = (weight: number, use: Uses): Uses =>
	fc.oneof(
		{ weight: 10 - weight, arbitrary: fc.constant("") },
		{ weight, arbitrary: use },
	);

function header({ from, chain }: ChainPlace, protocol: RuleProtocol): Uses {
	const isBuiltIn = from.includes(chain);
	const comesIn =
		!isBuiltIn || ["PREROUTING", "INPUT", "FORWARD"].includes(chain);
	const goesOut =
		!isBuiltIn || ["FORWARD", "OUTPUT", "POSTROUTING"].includes(chain);
	const name = fc.constantFrom(...INTERFACES, "bond0.+", "lo", "eth+");
	const parts: Uses[] = [
		sometimes(
			2,
			inverted(network, (not, of) => `${not}-s ${of}`),
		),
		sometimes(
			2,
			inverted(network, (not, of) => `${not}-d ${of}`),
		),
		fc.constant(protocol === "" ? "" : `-p ${protocol}`),
	];
	if (protocol === "")
		parts.push(
			sometimes(1, fc.constantFrom("! -p tcp", "! -p udp", "-p 47", "-p esp")),
		);
	if (comesIn)
		parts.push(
			sometimes(
				1,
				inverted(name, (not, of) => `${not}-i ${of}`),
			),
		);
	if (goesOut)
		parts.push(
			sometimes(
				1,
				inverted(name, (not, of) => `${not}-o ${of}`),
			),
		);
	return fc.tuple(...parts).map(join);
}

/** Out of two drawers in turns, so that a protocol's own match is as frequent as all the others together. */
function matches(
	{ table, from }: ChainPlace,
	protocol: RuleProtocol,
): fc.Arbitrary<readonly string[]> {
	const isIncoming = from.every((chain) =>
		["PREROUTING", "INPUT", "FORWARD"].includes(chain),
	);
	const uses = [...MATCH_USES].flatMap(([name, use]) => {
		const extension = extensions.get(name);
		const mayStand =
			isIn(table, extension?.tables) &&
			isIn(table, use.tables) &&
			from.every((hook) => isIn(hook, extension?.hooks));
		// What may stand in few chains is drawn more often in these.
		const times = extension?.hooks === undefined ? 1 : FEW_CHAINS_TIMES;
		return mayStand && (isIncoming || !use.incoming)
			? Array.from({ length: times }, () => use)
			: [];
	});
	const any = uses.flatMap(({ packets, protocols, weight = 1 }) =>
		packets && !protocols ? [{ weight, arbitrary: packets }] : [],
	);
	const own = uses.flatMap(({ packets, protocols }) =>
		packets && protocols?.some((one) => one === protocol) ? packets : [],
	);
	const one = fc.oneof(
		{ weight: 2, arbitrary: fc.oneof(...any) },
		...(own.length > 0
			? [{ weight: isRare(protocol) ? 6 : 1, arbitrary: fc.oneof(...own) }]
			: []),
	);
	return fc.oneof(
		{ weight: 4, arbitrary: fc.constant([]) },
		{ weight: 4, arbitrary: fc.tuple(one) },
		{ weight: 1, arbitrary: fc.tuple(one, one) },
	);
}

function target(place: ChainPlace, protocol: RuleProtocol): Uses {
	const { table, from, jumps } = place;
	// What may stand in a chain of the user's own may stand in each chain that leads there.
	const extensions = targetsFor({ table, chains: from, protocol });
	const drops =
		table === "nat" ? [] : [{ weight: 1, arbitrary: fc.constant("-j DROP") }];
	const leads =
		jumps.length === 0
			? []
			: [
					{
						weight: 4,
						arbitrary: fc.constantFrom(...jumps).map((to) => `-j ${to}`),
					},
					{
						weight: 1,
						arbitrary: fc.constantFrom(...jumps).map((to) => `-g ${to}`),
					},
				];
	return fc.oneof(
		{ weight: 2, arbitrary: fc.constant("-j ACCEPT") },
		{ weight: 2, arbitrary: fc.constant("-j RETURN") },
		{ weight: 1, arbitrary: fc.constant("") },
		...drops,
		...leads,
		{
			weight: 10,
			arbitrary: fc.oneof(...extensions).map((use) => `-j ${use}`),
		},
	);
}
