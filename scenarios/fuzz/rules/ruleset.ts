/** Rulesets that nobody wrote: chains, jumps and returns over raw, mangle, nat and filter. */
import fc from "fast-check";
import type { TableName } from "../../../sim/contract/ruleset.ts";
import { type ChainPlace, ruleIn } from "./rule.ts";

interface TablePlan {
	readonly name: TableName;
	readonly builtIn: readonly string[];
	/** Chains of the user's own, and the built-in ones that lead to them: as it is in `nat`, each from one side. */
	readonly own: readonly {
		readonly name: string;
		readonly from: readonly string[];
	}[];
}

const TABLES: readonly TablePlan[] = [
	{
		name: "raw",
		builtIn: ["PREROUTING", "OUTPUT"],
		own: [{ name: "R1", from: ["PREROUTING", "OUTPUT"] }],
	},
	{
		name: "mangle",
		builtIn: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
		own: [
			{ name: "M1", from: ["PREROUTING", "FORWARD", "POSTROUTING"] },
			{ name: "M2", from: ["PREROUTING", "INPUT", "OUTPUT"] },
		],
	},
	{
		name: "nat",
		builtIn: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
		own: [
			{ name: "N1", from: ["PREROUTING", "OUTPUT"] },
			{ name: "N2", from: ["POSTROUTING"] },
		],
	},
	{
		name: "filter",
		builtIn: ["INPUT", "FORWARD", "OUTPUT"],
		own: [
			{ name: "F1", from: ["INPUT", "FORWARD", "OUTPUT"] },
			{ name: "F2", from: ["FORWARD", "OUTPUT"] },
		],
	},
];

/** A table's text, ready for iptables-restore. */
function table({ name, builtIn, own }: TablePlan): fc.Arbitrary<string> {
	const policies =
		name === "nat"
			? fc.constant<readonly string[]>([])
			: fc.oneof(
					{ weight: 6, arbitrary: fc.constant<readonly string[]>([]) },
					{ weight: 1, arbitrary: fc.subarray([...builtIn], { maxLength: 1 }) },
				);
	const chains = [...builtIn, ...own.map((one) => one.name)].map((chain) =>
		fc.array(ruleIn(placeOf({ name, builtIn, own }, chain)), {
			maxLength: 4,
			size: "max",
		}),
	);
	return fc
		.tuple(policies, fc.tuple(...chains))
		.map(([dropping, rules]) =>
			[
				`*${name}`,
				...builtIn.map(
					(chain) =>
						`:${chain} ${dropping.includes(chain) ? "DROP" : "ACCEPT"} [0:0]`,
				),
				...own.map((one) => `:${one.name} - [0:0]`),
				...rules.flat(),
				"COMMIT",
				"",
			].join("\n"),
		);
}

/** The rule may lead to chains that stand behind it, so that no jump leads back. */
function placeOf({ name, builtIn, own }: TablePlan, chain: string): ChainPlace {
	const at = own.findIndex((one) => one.name === chain);
	const { from } = own[at] ?? { from: [chain] };
	const later = own
		.slice(at + 1)
		.filter((one) => from.every((origin) => one.from.includes(origin)));
	return {
		table: name,
		chain,
		from,
		jumps: (builtIn.includes(chain)
			? own.filter((one) => one.from.includes(chain))
			: later
		).map((one) => one.name),
	};
}

/** A balancer in the manner of the recipe, in all its variations: choose, remember, translate. */
const balancer: fc.Arbitrary<readonly string[]> = fc
	.record({
		backends: fc.integer({ min: 2, max: 3 }),
		every: fc.integer({ min: 1, max: 4 }),
		conditions: fc.boolean(),
		mask: fc.constantFrom("", " --nfmask 0xff --ctmask 0xff", " --mask 0x3"),
		port: fc.constantFrom("", ":25", ":2525"),
		onlyNew: fc.boolean(),
		masquerade: fc.boolean(),
	})
	.map(({ backends, every, conditions, mask, port, onlyNew, masquerade }) => {
		const numbers = Array.from({ length: backends }, (_, index) => index + 1);
		const choose = numbers.map((number) => {
			const alive =
				conditions && number < 3
					? ` -m condition ! --condition up${number}`
					: "";
			const turn =
				number === backends
					? ""
					: ` -m statistic --mode nth --every ${every} --packet 0`;
			return `-A CHOOSE -m mark --mark 0${turn}${alive} -j MARK --set-mark ${number}`;
		});
		const state = onlyNew ? " -m conntrack --ctstate NEW" : "";
		return [
			[
				"*mangle",
				":CHOOSE - [0:0]",
				`-A PREROUTING -j CONNMARK --restore-mark${mask}`,
				`-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25${state} -j CHOOSE`,
				...choose,
				`-A CHOOSE -j CONNMARK --save-mark${mask}`,
				"COMMIT",
				"",
			].join("\n"),
			[
				"*nat",
				...numbers.map(
					(number) =>
						`-A PREROUTING -p tcp -m mark --mark ${number} -j DNAT --to-destination 192.168.0.${number === 3 ? 9 : number}${port}`,
				),
				...(masquerade ? ["-A POSTROUTING -o bond0.205 -j MASQUERADE"] : []),
				"COMMIT",
				"",
			].join("\n"),
		];
	});

const [raw, mangle, nat, filter] = TABLES.map(table) as [
	fc.Arbitrary<string>,
	fc.Arbitrary<string>,
	fc.Arbitrary<string>,
	fc.Arbitrary<string>,
];
const maybe = (weight: number, of: fc.Arbitrary<string>) =>
	fc.oneof(
		{ weight: 10 - weight, arbitrary: fc.constant("") },
		{ weight, arbitrary: of },
	);

/** The text of a whole ruleset. */
export const rulesets: fc.Arbitrary<string> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc
			.tuple(maybe(4, raw), maybe(8, mangle), maybe(8, nat), maybe(6, filter))
			.map((tables) => tables.join("")),
	},
	{
		weight: 1,
		arbitrary: fc
			.tuple(maybe(3, raw), balancer, maybe(5, filter))
			.map(([before, chosen, behind]) => before + chosen.join("") + behind),
	},
);

/** A rule by itself, for a command: its table, and the rule behind `-A`. */
export const singleRules: fc.Arbitrary<{
	readonly table: TableName;
	readonly rule: string;
}> = fc.oneof(
	...TABLES.flatMap((plan) =>
		plan.builtIn.map((chain) =>
			ruleIn({ table: plan.name, chain, from: [chain], jumps: [] }).map(
				(rule) => ({
					table: plan.name,
					rule,
				}),
			),
		),
	),
);
