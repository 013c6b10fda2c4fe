/** Arbitrary balancers as iptables-restore texts, for property tests. */
import fc from "fast-check";

/** How rules choose. `turn`: nth counters. */
export type Means = "turn" | "draw" | "condition";

const CLIENTS = "198.51.100";
const SERVICE = "203.0.113.10";

/** Rules that a condition turns on and off, by the names that they may have. */
const CONDITIONS = ["c1", "c2"];
const BACKENDS = [1, 2, 3];
/** Further chains of a table, each entered from those before it. */
const FURTHER = 2;

/** A rule without its chain, and the chain that it may lead to. */
interface Step {
	readonly matches: string;
	readonly target:
		| { readonly kind: "choose"; readonly backend: number }
		| { readonly kind: "jump" | "goto"; readonly by: number }
		| { readonly kind: "RETURN" | "ACCEPT" };
}

const turn = fc
	.integer({ min: 1, max: 4 })
	.chain((every) => fc.tuple(fc.constant(every), fc.nat(every - 1), fc.nat(5)))
	.map(
		([every, packet, not]) =>
			`-m statistic --mode nth ${not === 0 ? "! " : ""}--every ${every} --packet ${packet}`,
	);

const draw = fc
	.constantFrom("0.1", "0.25", "0.33333333349", "0.5", "0.8")
	.map(
		(probability) => `-m statistic --mode random --probability ${probability}`,
	);

const condition = fc
	.tuple(fc.constantFrom("", "! "), fc.constantFrom(...CONDITIONS))
	.map(([not, name]) => `-m condition ${not}--condition ${name}`);

/** Two halves of the clients. */
const half = fc.constantFrom(`-s ${CLIENTS}.0/25`, `! -s ${CLIENTS}.0/25`);

const marked = fc
	.tuple(fc.constantFrom("", "! "), fc.nat(2))
	.map(([not, mark]) => `-m mark ${not}--mark ${mark}`);

interface StepPlan {
	readonly means: readonly Means[];
	readonly halves: boolean;
	readonly marks: boolean;
}

function step({ means, halves, marks }: StepPlan): fc.Arbitrary<Step> {
	const by = { turn, draw, condition };
	const matches = fc.tuple(
		...(halves
			? [fc.oneof({ weight: 5, arbitrary: fc.constant("") }, half)]
			: []),
		...(marks
			? [fc.oneof({ weight: 2, arbitrary: fc.constant("") }, marked)]
			: []),
		fc.oneof(
			{ weight: 1, arbitrary: fc.constant("") },
			...means.map((one) => ({ weight: 6, arbitrary: by[one] })),
		),
	);
	const target = fc.oneof(
		{
			weight: 6,
			arbitrary: fc.record({
				kind: fc.constant("choose" as const),
				backend: fc.constantFrom(...BACKENDS),
			}),
		},
		{
			weight: 3,
			arbitrary: fc.record({
				kind: fc.constantFrom("jump" as const, "goto" as const),
				by: fc.nat(FURTHER - 1),
			}),
		},
		{
			weight: 1,
			arbitrary: fc.record({
				kind: fc.constantFrom("RETURN" as const, "ACCEPT" as const),
			}),
		},
	);
	return fc.record({
		matches: matches.map((parts) => parts.filter(Boolean).join(" ")),
		target,
	});
}

type Choose = (backend: number) => string;

/** Rules of chains that lead to later ones alone, the first of them `names[0]`. */
function lines(
	names: readonly string[],
	chains: readonly (readonly Step[])[],
	choose: Choose,
): readonly string[] {
	return chains.flatMap((steps, at) =>
		steps.flatMap(({ matches, target }) => {
			const rule = `-A ${names[at]} -p tcp ${matches}`;
			switch (target.kind) {
				case "choose":
					return [`${rule} ${choose(target.backend)}`];
				case "jump":
				case "goto": {
					const to = names[at + 1 + target.by];
					const word = target.kind === "jump" ? "-j" : "-g";
					return to === undefined ? [] : [`${rule} ${word} ${to}`];
				}
				default:
					return [`${rule} -j ${target.kind}`];
			}
		}),
	);
}

const dnat: Choose = (backend) =>
	`-j DNAT --to-destination ${addressOf(backend)}`;
const mark: Choose = (backend) => `-j MARK --set-mark ${backend}`;
const addressOf = (backend: number) => `10.20.0.${10 + backend}:8080`;

const names = (first: string) => [first, `${first}1`, `${first}2`];

function table(name: string, chain: string, rules: readonly string[]): string {
	const own = names(chain).map((one) => `:${one} - [0:0]\n`);
	return `*${name}\n${own.join("")}${rules.join("\n")}\nCOMMIT\n`;
}

const TO_SERVICE = `-d ${SERVICE} -p tcp --dport 80`;

/**
 * Rulesets that balance tcp 203.0.113.10:80 over 10.20.0.11:8080 to 10.20.0.13:8080, by DNAT in chains that
 * lead to each other, or by marks that DNAT reads.
 */
export function balancers({
	means,
	halves = false,
}: {
	readonly means: readonly Means[];
	/** Rules tell 198.51.100.0/25 and other clients apart. */
	readonly halves?: boolean;
}): fc.Arbitrary<string> {
	const chains = (marks: boolean) =>
		fc.tuple(
			fc.array(step({ means, halves, marks }), {
				minLength: 2,
				maxLength: 5,
				size: "max",
			}),
			fc.array(step({ means, halves, marks }), { maxLength: 2 }),
			fc.array(step({ means, halves, marks }), { maxLength: 2 }),
		);
	const fallback = fc.constantFrom([], [dnat(1)], [dnat(3)]);
	const byDnat = fc
		.tuple(chains(false), fallback)
		.map(([all, last]) =>
			table("nat", "N", [
				`-A PREROUTING ${TO_SERVICE} -j N`,
				...lines(names("N"), all, dnat),
				...last.map((target) => `-A N -p tcp ${target}`),
			]),
		);
	const byMark = fc
		.tuple(chains(true), fallback, fc.boolean(), fc.boolean())
		.map(([all, last, remembers, guards]) =>
			[
				table("mangle", "M", [
					...(remembers ? ["-A PREROUTING -j CONNMARK --restore-mark"] : []),
					`-A PREROUTING ${TO_SERVICE} ${guards ? "-m mark --mark 0 " : ""}-j M`,
					...(remembers ? ["-A PREROUTING -j CONNMARK --save-mark"] : []),
					...lines(names("M"), all, mark),
				]),
				table("nat", "N", [
					`-A PREROUTING ${TO_SERVICE} -j N`,
					...BACKENDS.map(
						(backend) =>
							`-A N -p tcp -m mark --mark ${backend} ${dnat(backend)}`,
					),
					...last.map((target) => `-A N -p tcp ${target}`),
				]),
			].join(""),
		);
	return fc.oneof(byDnat, byMark);
}
