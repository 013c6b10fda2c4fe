import { defineTarget } from "../extension/extension.ts";
import { keyInSet } from "../extension/host.ts";
import { ALL_BITS, writesMark } from "../extension/mark-uses.ts";
import { type GivenOptions, twoWords } from "../extension/options.ts";
import { NO_SET_NAME } from "../extension/values/names.ts";
import { readUnsigned } from "../extension/values/read-number.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";

/** One ipset and how packets are looked up in it. */
interface SetUse {
	readonly name: string;
	readonly directions: readonly ("src" | "dst")[];
}

interface Options {
	readonly add: SetUse | null;
	readonly del: SetUse | null;
	readonly map: SetUse | null;
	readonly exist: boolean;
	/** Seconds; `null` is the set's own. */
	readonly timeout: number | null;
	/** Names of the `--map-…` flags that were given. */
	readonly mapFlags: readonly string[];
}

const NAMED = ["add-set", "del-set", "map-set"];
/** It is older than libxtables' option tables, and does not look at a `!` in front of them. */
const TAKEN = {
	type: "string" as const,
	repeatable: true,
	invertible: true,
};
const MAP_FLAGS = ["map-mark", "map-prio", "map-queue"];
/** IPSET_MAXNAMELEN, less the closing NUL. */
const NAME_LENGTH = 31;
/** IPSET_DIM_MAX (include/uapi/linux/netfilter/ipset/ip_set.h, 6.1). */
const MAX_DIRECTIONS = 6;
const MAX_TIMEOUT = 0xfffffffe;
/** IPSET_MAX_TIMEOUT (include/linux/netfilter/ipset/ip_set.h, 6.1): so many milliseconds fit into 31 bits. */
const MAX_JIFFIES_S = Math.floor(0x7fffffff / 1000);

/**
 * Adds addresses to an ipset, takes them out, or looks up a mark there (iptables 1.8.9 libxt_SET.c,
 * revision 3).
 */
export const set = defineTarget<Options>({
	name: "SET",
	actsUnseen: true,
	flagCodes: { exist: "3", "map-mark": "6", "map-prio": "7", "map-queue": "8" },
	options: [
		...NAMED.map((name) => ({ ...TAKEN, name, words: 2 as const })),
		{ ...TAKEN, name: "timeout" },
		...["exist", ...MAP_FLAGS].map((name) => ({
			...TAKEN,
			name,
			type: "none" as const,
		})),
	],
	build(given) {
		const options = {
			add: readUse(given, "add-set"),
			del: readUse(given, "del-set"),
			map: readUse(given, "map-set"),
			exist: given.has("exist"),
			timeout: readTimeout(given),
			mapFlags: MAP_FLAGS.filter((name) => given.has(name)),
		};
		refuseMixture(given, options);
		return options;
	},
	print({ add, del, map, exist, timeout, mapFlags }) {
		return [
			printUse("add", add),
			exist ? " --exist" : "",
			timeout === null ? "" : ` --timeout ${timeout}`,
			printUse("del", del),
			printUse("map", map),
			...mapFlags.map((name) => ` --${name}`),
		].join("");
	},
	needs: ({ add, del, map }) =>
		[add, del, map].flatMap((use) =>
			use === null ? [] : [{ kind: "set" as const, name: use.name }],
		),
	check({ map, mapFlags }, { table, hooks }) {
		if (map === null) return null;
		if (table !== "mangle")
			return "xt_set: --map-set only usable from mangle table";
		const early = hooks.some(
			(hook) => hook === "PREROUTING" || hook === "INPUT",
		);
		return early && mapFlags.some((name) => name !== "map-mark")
			? "xt_set: mapping of prio or/and queue is allowed only from OUTPUT/FORWARD/POSTROUTING chains"
			: null;
	},
	lookups: ({ add, del, map }) =>
		(
			[
				["adds", add],
				["deletes", del],
				["maps", map],
			] as const
		).flatMap(([how, use]) =>
			use === null
				? []
				: [
						{
							list: "set" as const,
							how,
							name: use.name,
							sides: use.directions,
							inverted: false,
							returnNomatch: false,
							isCounted: false,
						},
					],
		),
	/** The set's entry has mask and value (`skbmark`). */
	marks: ({ mapFlags }) =>
		mapFlags.includes("map-mark") ? writesMark("packet", ALL_BITS, null) : [],
	/** `set_target_v3`. Which queue of a device a packet gets is not seen by rules. */
	compile({ add, del, map, exist, timeout, mapFlags }, { sets, remembered }) {
		const useOf = (use: SetUse | null) =>
			use && { name: use.name, sides: use.directions };
		const [adds, deletes, maps] = [add, del, map].map(useOf);
		const how = {
			exist,
			timeout: timeout === null ? null : Math.min(timeout, MAX_JIFFIES_S),
		};
		const [mapsMark, mapsPriority] = ["map-mark", "map-prio"].map((name) =>
			mapFlags.includes(name),
		);
		return (skb) => {
			if (adds) {
				sets.add(skb, adds, how);
				remembered?.(keyInSet(adds, skb));
			}
			if (deletes) sets.remove(skb, deletes);
			const info = maps ? sets.map(skb, maps) : null;
			if (info === null) return XT_CONTINUE;
			if (mapsMark) skb.mark = (skb.mark & ~info.markMask) ^ info.mark;
			if (mapsPriority) skb.priority = info.priority;
			return XT_CONTINUE;
		};
	},
});

function refuseMixture(given: GivenOptions, options: Options): void {
	const { add, del, map, mapFlags } = options;
	if (!add && !del && !map)
		given.refuse(
			"You must specify either `--add-set' or `--del-set' or `--map-set'",
			"Say which set to change: `--add-set NAME src`.",
		);
	if (!add && options.exist)
		given.refuseAtEnd(
			"Flag `--exist' can be used with `--add-set' only",
			"Leave `--exist` out.",
			"exist",
		);
	if (!add && options.timeout !== null)
		given.refuseAtEnd(
			"Option `--timeout' can be used with `--add-set' only",
			"Leave `--timeout` out.",
			"timeout",
		);
	const [flag] = mapFlags;
	if (!map && flag !== undefined)
		given.refuseAtEnd(
			`Flag \`--${flag}' can be used with \`--map-set' only`,
			`Leave \`--${flag}\` out.`,
			flag,
		);
	if (map && flag === undefined)
		given.refuseAtEnd(
			"You must specify flags `--map-mark' or '--map-prio` or `--map-queue'",
			"Say what to take from the set: `--map-mark`.",
			"map-set",
		);
}

function readUse(given: GivenOptions, option: string): SetUse | null {
	const [use, second] = given.all(option, "string");
	if (use === undefined) return null;
	if (second !== undefined)
		return given.refuse(
			`--${option} can be specified only once`,
			"Write a rule for each set.",
			option,
		);
	const [name, list] = twoWords(use.text);
	if (name.length > NAME_LENGTH)
		return given.refuse(
			`setname \`${name}' too long, max ${NAME_LENGTH} characters.`,
			"Give the set a shorter name.",
			option,
		);
	if (name === "")
		return given.refuse(NO_SET_NAME.message, NO_SET_NAME.remedy, option);
	const words = list.split(",");
	const directions = words.slice(0, MAX_DIRECTIONS).map((word) => {
		if (word.startsWith("src")) return "src";
		if (word.startsWith("dst")) return "dst";
		return given.refuse(
			`You must ${given.behaviour.words === "of 1.8.9" ? "spefify" : "specify"} (the comma separated list of) 'src' or 'dst'.`,
			"Write `src`, `dst`, or a list of them for a set of several dimensions.",
			option,
		);
	});
	if (words.length > MAX_DIRECTIONS)
		return given.refuse(
			`Can't be more src/dst options than ${MAX_DIRECTIONS}.`,
			"No set has that many dimensions.",
			option,
		);
	return { name, directions };
}

function readTimeout(given: GivenOptions): number | null {
	const text = given.get("timeout", "string")?.text;
	if (text === undefined) return null;
	const timeout = readUnsigned(text, 0, MAX_TIMEOUT);
	if (timeout >= 0) return timeout;
	return given.refuse(
		`Invalid value for option --timeout or out of range 0-${MAX_TIMEOUT}`,
		"Write a number of seconds.",
		"timeout",
	);
}

function printUse(verb: string, use: SetUse | null): string {
	if (use === null) return "";
	return ` --${verb}-set ${use.name} ${use.directions.join(",")}`;
}
