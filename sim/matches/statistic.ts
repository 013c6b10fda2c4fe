import { defineMatch, type NumberCell } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { HOOK_POSTROUTING } from "../packet/skb/skb.ts";
import { rational, toNumber } from "../rational.ts";

type Options =
	| {
			readonly mode: "nth";
			readonly inverted: boolean;
			readonly every: number;
			readonly packet: number;
	  }
	| {
			readonly mode: "random";
			readonly inverted: boolean;
			/** In units of 2⁻³¹, as the kernel compares it. */
			readonly probability: number;
	  };

/** Every random draw of the kernel is one of this many (xt_statistic.c, `statistic_mt`, 6.1). */
const DRAWS = 0x80000000;

const RANDOM_DRAW = "statistic random ";
/** Behind the routing decision nothing is left to decide but the source. */
const ROUTED = "routed ";

/** The rule for which something is drawn; `null` when it is another kind of draw. */
export function ruleOfDraw(
	label: string,
): { readonly rule: string; readonly inverted: boolean } | null {
	if (!label.startsWith(RANDOM_DRAW)) return null;
	const drawn = label.slice(RANDOM_DRAW.length);
	const rest = drawn.startsWith(ROUTED) ? drawn.slice(ROUTED.length) : drawn;
	const inverted = rest.startsWith("! ");
	return { rule: inverted ? rest.slice(2) : rest, inverted };
}

/** strtod(3) knows a number that is none; what lround(3) makes of that has 32 lower bits of 0. */
function drawsOf(probability: number): number {
	return Math.round(DRAWS * probability) || 0;
}

/** Probability and turns are one word (`xt_statistic_info.u`): of both options the later one counts. */
function firstWord(given: GivenOptions): number {
	const probability = given.get("probability", "double");
	const every = given.get("every", "uint32");
	if ((probability?.word ?? -1) > (every?.word ?? -1))
		return drawsOf(probability?.value ?? 0);
	return (every?.value ?? 1) - 1;
}

/** Picks packets by turn or by chance (iptables 1.8.9 libxt_statistic.c, kernel 6.1 xt_statistic.c). */
export const statistic = defineMatch<Options, NumberCell>({
	name: "statistic",
	replaces: {
		nth: "The match is gone: it is `-m statistic --mode nth --every N --packet 0` today. Rules with `--packet` shared a counter, which each rule has for itself now: behind each other they need N, then N-1, and so on, as `marktwin fix` writes it.",
		random:
			"The match is gone: `-m statistic --mode random --probability 0.5` today.",
	},
	draws: ({ mode }) => mode === "random",
	stateful: true,
	question(options) {
		const { inverted } = options;
		if (options.mode === "nth") {
			const { every } = options;
			return { kind: "turn", every, initial: loadedCount(options), inverted };
		}
		const { probability } = options;
		const holds = inverted ? DRAWS - probability : probability;
		return { kind: "draw", probability: rational(holds, DRAWS) };
	},
	asking(question) {
		if (question.kind === "turn") {
			const { every, initial, inverted } = question;
			return { mode: "nth", inverted, every, packet: every - 1 - initial };
		}
		if (question.kind !== "draw") return null;
		const probability = Math.round(toNumber(question.probability) * DRAWS);
		return { mode: "random", inverted: false, probability };
	},
	options: [
		{ name: "mode", type: "string", mandatory: true },
		{
			name: "probability",
			type: "double",
			min: 0,
			max: 1,
			invertible: true,
			excludes: ["every", "packet"],
		},
		{
			name: "every",
			type: "uint32",
			min: 1,
			invertible: true,
			excludes: ["probability"],
			requires: ["packet"],
		},
		{
			name: "packet",
			type: "uint32",
			excludes: ["probability"],
			requires: ["every"],
		},
	],
	/** A mode that nobody named is `random`, which is 0. */
	checkFirst(given) {
		const mode = given.get("mode", "string")?.text ?? "random";
		if (mode === "random" && !given.has("probability"))
			given.refuseAtEnd(
				"--probability must be specified when using random mode",
				"Add `--probability P`, 0 to 1.",
				"mode",
			);
		if (mode === "nth" && !given.has("every") && !given.has("packet"))
			given.refuseAtEnd(
				"--every and --packet must be specified when using nth mode",
				"Add `--every N --packet 0`.",
				"mode",
			);
		const packet = given.get("packet", "uint32")?.value ?? 0;
		const most = firstWord(given);
		if (packet > most)
			given.refuseAtEnd(
				"the --packet p must be 0 <= p <= n-1",
				mode === "nth"
					? `Write a number from 0 to ${most}.`
					: "Take `--packet` away, or write `--mode nth --every N`.",
				"packet",
			);
	},
	build(given) {
		const mode = given.get("mode", "string")?.text;
		const inverted = ["probability", "every"].some(
			(name) => given.get(name, "string")?.inverted,
		);
		if (mode === "random") {
			const probability = given.get("probability", "double")?.value ?? 0;
			return {
				mode,
				inverted,
				probability: drawsOf(probability),
			};
		}
		if (mode !== "nth")
			return given.refuse(
				`Bad mode "${mode}"`,
				"The modes are `nth` and `random`.",
				"mode",
			);
		// Each of the two requires the other, and one is there.
		const every = given.get("every", "uint32")?.value ?? 1;
		const packet = given.get("packet", "uint32")?.value ?? 0;
		return { mode, inverted, every, packet };
	},
	print(options) {
		const not = options.inverted ? " !" : "";
		return options.mode === "nth"
			? ` --mode nth${not} --every ${options.every} --packet ${options.packet}`
			: ` --mode random${not} --probability ${printProbability(options.probability)}`;
	},
	cell: (options) => (options.mode === "nth" ? [loadedCount(options)] : []),
	compile(options, { choice }, { name, cell }) {
		const wanted = !options.inverted;
		if (options.mode === "random") {
			const { probability } = options;
			const rule = `${wanted ? "" : "! "}${name}`;
			const label = `${RANDOM_DRAW}${rule}`;
			const routed = `${RANDOM_DRAW}${ROUTED}${rule}`;
			return ({ hook }) =>
				choice.happens(
					probability,
					DRAWS,
					hook === HOOK_POSTROUTING ? routed : label,
				) === wanted;
		}
		if (choice.turn !== undefined) {
			const { every, packet } = options;
			return () => ((choice.turn?.() ?? 0) % every === packet) === wanted;
		}
		const last = options.every - 1;
		return () => {
			const before = cell[0] as number;
			const count = before === last ? 0 : before + 1;
			cell[0] = count;
			return (count === 0) === wanted;
		};
	},
});

/** The kernel counts up from here, and matches when the count wraps to 0. */
function loadedCount({ every, packet }: Options & { mode: "nth" }): number {
	return every - 1 - packet;
}

const DECIMALS = 11;

/**
 * `%.11f` of `probability / DRAWS`, exactly: C rounds a tie to the even digit, where `toFixed` rounds
 * it up (0.000244140625 is one).
 */
function printProbability(probability: number): string {
	const draws = BigInt(DRAWS);
	const scaled = BigInt(probability) * 10n ** BigInt(DECIMALS);
	const floor = scaled / draws;
	const twiceRest = 2n * (scaled % draws);
	const up = twiceRest > draws || (twiceRest === draws && floor % 2n === 1n);
	const digits = (up ? floor + 1n : floor)
		.toString()
		.padStart(DECIMALS + 1, "0");
	return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}
