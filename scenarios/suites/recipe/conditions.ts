import {
	at,
	conditionIs,
	connect,
	observe,
	operationFails,
	operationSucceeds,
	order,
	outcomes,
	recipeSetup,
	scenario,
	setCondition,
} from "../../language/build/build.ts";

const suite = "conditions";

/** What was written, and what mail1up holds then; each write finds what the one before it left. */
const WRITES: readonly (readonly [string, 0 | 1, string])[] = [
	["1", 1, "the first character is 1"],
	["0", 0, "the first character is 0"],
	["1junk", 1, "nothing behind the first character is read"],
	["01", 0, "the first character is 0"],
	["1\n", 1, "as echo writes it"],
	["true", 1, "t is neither 0 nor 1"],
	[" 0", 1, "a blank is neither 0 nor 1"],
	["", 1, "nothing is written"],
	["0\n", 0, "as echo writes it"],
	["false", 0, "f is neither 0 nor 1"],
	[" 1", 0, "a blank is neither 0 nor 1"],
];

/** The switches, as whoever writes them finds them. */
export const conditions = [
	scenario({
		name: "conditions-odd-writes",
		suite,
		title: "A write looks at its first character only, and never fails",
		story:
			"The kernel reports no error for a wrong write: `true`, ` 1` or an empty write change nothing, `01` clears. A health checker has to read back, or to write exactly `0` or `1`.",
		trap: "A write that means nothing is no error: the switch silently stays as it was.",
		setup: recipeSetup(),
		steps: WRITES.map(([write], index) =>
			at(
				index * 10,
				setCondition("mail1up", write, `write ${index + 1}`),
				at(5, observe(`written ${index + 1}`)),
			),
		),
		expect: WRITES.flatMap(([write, value, because], index) => [
			operationSucceeds(`write ${index + 1}`),
			conditionIs("mail1up", value, {
				at: `written ${index + 1}`,
				because: `${JSON.stringify(write)}: ${because}`,
			}),
		]),
	}),
	scenario({
		name: "conditions-mean-the-opposite",
		suite,
		title: "mail1up = 1 means that mail1 is down",
		story:
			"The names suggest that 1 is up. The rules ask for `! --condition mail1up`, so 1 is dead. A checker that writes 1 for the live backend and 0 for the dead one sends all clients to the dead one.",
		trap: "The conditions are named the wrong way round: 1 in mail1up takes backend 1 out.",
		setup: recipeSetup({
			conditions: { mail1up: "1", mail2up: "0" },
			behaviour: { b2: { kind: "refuse" } },
		}),
		steps: [connect(4, { everyMs: 50 })],
		expect: [order(["b2", "b2", "b2", "b2"]), outcomes("refused", 4)],
	}),
	scenario({
		name: "conditions-unknown-name",
		suite,
		title: "A name that no rule uses cannot be written",
		story:
			"The file is made by the first rule that names it. A checker that is started before the rules, or that misspells the name, gets an error from the shell: the only one that it ever gets.",
		setup: recipeSetup(),
		steps: [setCondition("mail3up", "1", "misspelt"), at(5, connect(2))],
		expect: [
			operationFails("misspelt", ""),
			conditionIs("mail3up", null),
			order(["b1", "b2"]),
		],
	}),
];
