import { describe, expect, it } from "vitest";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { validateScenario } from "../../language/check/validate.ts";
import { checkScenario } from "../../run/run-scenario.ts";
import { recipeRules } from "../../suites/index.ts";
import { analyse } from "../services/analysis.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { prove } from "./prove.ts";
import {
	EVENT_NAMES,
	type EventName,
	type PropertyName,
	USUAL_BUDGET,
	USUAL_LIMIT_MS,
} from "./state/events.ts";
import {
	outcomeOf,
	type Proof,
	type Result,
	type Run,
	type ServiceProof,
} from "./state/proof.ts";

function proofOf(
	text: string,
	options: {
		readonly events?: readonly EventName[];
		readonly single?: boolean;
		readonly budget?: number;
		readonly sets?: string;
		readonly onProgress?: (words: string) => void;
	} = {},
): Proof {
	const { sets, ...more } = options;
	const analysis = analyse(parseRules(text, { file: "my.rules" }).ruleset, {
		...NOTHING_GIVEN,
		...(sets === undefined ? {} : { sets }),
	});
	return prove(analysis, {
		name: "my.rules",
		events: [],
		single: false,
		budget: USUAL_BUDGET,
		limitMs: USUAL_LIMIT_MS,
		...more,
	});
}

function only({ services }: Proof): ServiceProof {
	expect(services).toHaveLength(1);
	return services[0] as ServiceProof;
}

/** By property: what came of it. */
function kindsOf({ proved }: Run): Record<string, Result["kind"]> {
	return Object.fromEntries(
		proved.map(({ property, result }) => [property, result.kind]),
	);
}

function violatedIn({ proved }: Run): readonly PropertyName[] {
	return proved.flatMap(({ property, result }) =>
		result.kind === "violated" ? [property] : [],
	);
}

const { text: RECIPE } = await recipeRules();

describe("a proof of the recipe", () => {
	const proof = proofOf(RECIPE, { single: true });
	const { assumed, single } = only(proof);

	it("holds in quiet operation", () => {
		expect(kindsOf(assumed)).toEqual({
			liveness: "holds",
			"no-dead-backend": "holds",
			affinity: "holds",
			balance: "holds",
			proportions: "nothing",
			isolation: "holds",
		});
		expect(outcomeOf(proof)).toBe("holds");
	});

	it("says which event breaks what, as the suites have it", () => {
		const broken = Object.fromEntries(
			single.map((run) => [run.events.join() || "quiet", violatedIn(run)]),
		);
		expect(broken).toEqual({
			quiet: [],
			retransmission: [],
			// stuck-syn, stuck-established
			conditions: ["no-dead-backend"],
			unnoticed: ["no-dead-backend"],
			opposite: ["no-dead-backend"],
			"false-alarm": ["liveness", "balance"],
			removal: ["no-dead-backend"],
			"time-out": ["affinity", "isolation"],
			reset: [],
			"same-port": [],
			// split-two-clients-in-step
			"other-clients": ["balance"],
			race: [],
			// other-interface-takes-turns
			"other-traffic": ["balance", "isolation"],
			"other-services": [],
			// reload-between-connections
			reload: ["balance"],
			noflush: ["balance"],
			edit: ["balance"],
			// reload-after-flush
			flush: [
				"liveness",
				"no-dead-backend",
				"affinity",
				"balance",
				"isolation",
			],
			// stuck-established-evicted
			evict: ["affinity", "isolation"],
			// take-over-client-first, take-over-backend-first
			"take-over": ["affinity", "balance", "isolation"],
			// table-full-of-established
			"table-full": ["liveness"],
		});
		expect(single.slice(1).flatMap(({ events }) => events)).toEqual(
			EVENT_NAMES,
		);
	});

	it("writes counterexamples as scenarios that are valid, and violated", () => {
		for (const { proved } of single)
			for (const { result } of proved) {
				if (result.kind !== "violated") continue;
				const { scenario } = result.counterexample;
				expect(validateScenario(scenario)).toEqual(scenario);
				const { judgements } = checkScenario(scenario);
				expect(judgements.map(({ outcome }) => outcome)).toEqual(["violated"]);
			}
	});
});

const nat = (...rules: readonly string[]) =>
	["*nat", ...rules, "COMMIT", ""].join("\n");
const DNS = "-A PREROUTING -d 203.0.113.53 -p udp --dport 53";

it("finds flows of UDP that stay with a dead backend", () => {
	const { assumed } = only(
		proofOf(
			nat(
				`${DNS} -m condition ! --condition dead1 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.1`,
				`${DNS} -m condition ! --condition dead2 -j DNAT --to-destination 10.20.0.2`,
				`${DNS} -m condition ! --condition dead1 -j DNAT --to-destination 10.20.0.1`,
			),
			{ events: ["conditions"] },
		),
	);
	// A datagram that comes while both are dead makes an entry that leads to the gateway itself, and stays.
	expect(violatedIn(assumed)).toEqual(["liveness", "no-dead-backend"]);
});

/** A service of UDP that is scaled to zero: its clients go on, and their entries lead to what is not there any more. */
it("finds flows of UDP that stay with a backend whose rules are deleted", () => {
	const { assumed } = only(
		proofOf(
			nat(
				":DNS - [0:0]",
				`${DNS} -j DNS`,
				"-A DNS -p udp -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.1:5353",
				"-A DNS -p udp -j DNAT --to-destination 10.20.0.2:5353",
			),
			{ events: ["removal"] },
		),
	);
	expect(violatedIn(assumed)).toEqual(["no-dead-backend"]);
	const found = assumed.proved.find(
		({ property }) => property === "no-dead-backend",
	)?.result;
	if (found?.kind !== "violated") throw new Error(found?.kind);
	const { steps, happens, scenario } = found.counterexample;
	expect(happens).toBe(
		"10.20.0.1:5353 was removed 70 s ago, and the client's packets still go there",
	);
	expect(steps.map(({ words }) => words).slice(0, 4)).toEqual([
		"the client's first datagram",
		"10.20.0.1:5353 is removed: its rule is deleted",
		"10 s pass",
		"the client's next datagram",
	]);
	expect(scenario.steps).toContainEqual(
		expect.objectContaining({
			operation: {
				kind: "iptables",
				command: "iptables -t nat -D DNS 1",
			},
		}),
	);
});

const HALVES = (head: string) =>
	nat(
		`${head} -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.1`,
		`${head} -j DNAT --to-destination 10.20.0.2`,
	);

it("finds that flows of others fill the table, of UDP as well", () => {
	const { assumed } = only(proofOf(HALVES(DNS), { events: ["table-full"] }));
	expect(violatedIn(assumed)).toEqual(["liveness"]);
});

it("does not know the balance where connections that stand take turns once more", () => {
	const proof = proofOf(
		HALVES("-A PREROUTING -d 203.0.113.25 -p tcp --dport 25"),
		{ events: ["evict"] },
	);
	expect(kindsOf(only(proof).assumed).balance).toBe("unknown");
});

it("says what nothing could violate", () => {
	const { assumed } = only(
		proofOf(nat(`${DNS} -j DNAT --to-destination 10.20.0.1`)),
	);
	expect(kindsOf(assumed)).toMatchObject({
		liveness: "holds",
		"no-dead-backend": "nothing",
		affinity: "holds",
		balance: "nothing",
	});
});

it("does not know what it had no budget for", () => {
	const proof = proofOf(RECIPE, { budget: 3 });
	expect(kindsOf(only(proof).assumed)).toMatchObject({
		affinity: "unknown",
		balance: "unknown",
	});
	expect(outcomeOf(proof)).toBe("unknown");
});

it.each([
	[3, "more than 3 states of counters (--budget)"],
	[USUAL_BUDGET, "more than 1,500 states of counters (a run looks at no more"],
])(
	"names the bound that ended it, and not one that was not given: %i",
	(budget, words) => {
		const rule = "-A PREROUTING -d 203.0.113.1 -p tcp --dport 80";
		const parts = [6, 5, 4, 3, 2].map(
			(every, at) =>
				`${rule} -m condition ! --condition d${at} -m statistic --mode nth --every ${every} --packet 0 -j DNAT --to-destination 10.20.0.1${at}`,
		);
		const last = `${rule} -j DNAT --to-destination 10.20.0.15`;
		const text = ["*nat", ...parts, last, "COMMIT", ""].join("\n");
		const heard: string[] = [];
		const { assumed } = only(
			proofOf(text, {
				events: ["conditions"],
				budget,
				onProgress: (one) => heard.push(one),
			}),
		);
		const balance = assumed.proved.find(
			({ property }) => property === "balance",
		);
		expect(JSON.stringify(balance)).toContain(words);
		expect(heard.join("\n")).toContain("tcp 203.0.113.1:80: conditions");
	},
);

describe("connections that leave with one of several addresses", () => {
	const rule = "-A POSTROUTING -o eth0 -p tcp -m tcp --dport 25";
	const nth = (every: number) =>
		`-m statistic --mode nth --every ${every} --packet 0`;
	const text = `*nat
${rule} ${nth(3)} -j SNAT --to-source 203.0.113.10
${rule} ${nth(2)} -j SNAT --to-source 203.0.113.11
${rule} -j SNAT --to-source 203.0.113.12
COMMIT
`;
	const resultUnder = (event: EventName, name: PropertyName) => {
		const { proved } = only(proofOf(text, { events: [event] })).assumed;
		return proved.find(({ property }) => property === name)?.result;
	};

	it.each(["reload", "other-clients", "edit", "take-over"] as const)(
		"are further off than their bound behind %s, and a scenario shows it",
		(event) => {
			const result = resultUnder(event, "balance");
			expect(result?.kind).toBe("violated");
			if (result?.kind !== "violated") return;
			const { scenario } = result.counterexample;
			expect(checkScenario(scenario).outcome).toBe("violated");
			expect(JSON.stringify(scenario.expect)).toContain("tcp 203.0.113.10:");
		},
	);

	it.each(["unnoticed", "removal"] as const)(
		"have no dead backend: %s does not happen to an address of the router",
		(event) => {
			const { assumed } = only(proofOf(text, { events: [event] }));
			expect(assumed.cannot).toEqual([event]);
			expect(kindsOf(assumed)).toMatchObject({ "no-dead-backend": "nothing" });
		},
	);

	it("are said to leave, and not to go to an address", () => {
		const { proved } = only(proofOf(text, { events: ["evict"] })).assumed;
		expect(JSON.stringify(proved)).toContain(
			"it leaves from 203.0.113.11, and the connection's first packet left from 203.0.113.10",
		);
	});

	it("leave with their own where the rules are flushed", () => {
		expect(resultUnder("flush", "liveness")?.kind).toBe("violated");
	});
});

it("says what is violated though it had no budget for the rest", () => {
	const proof = proofOf(RECIPE, { events: ["flush"], budget: 200 });
	expect(kindsOf(only(proof).assumed)).toMatchObject({ liveness: "violated" });
	expect(outcomeOf(proof)).toBe("violated");
});

it("names what stands at that moment: the policy that flushed rules leave, and not a rule of its number", () => {
	const proof = proofOf(
		`*nat
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.11
COMMIT
*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
COMMIT
`,
		{ events: ["flush"] },
	);
	const text = JSON.stringify(only(proof).assumed.proved);
	expect(text).toContain("dropped by filter:INPUT:policy:1");
	expect(text).not.toContain("dropped by filter:INPUT:rule:1");
});

it("does not call violated what no play of the model violates", () => {
	// Both counters count all packets, so they are never both at their turn: a walk alone does not know.
	const proof = proofOf(
		[
			"*mangle",
			"-A PREROUTING -d 203.0.113.25 -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 0 -j MARK --set-mark 1",
			"-A PREROUTING -d 203.0.113.25 -p tcp --dport 25 -m statistic --mode nth --every 2 --packet 1 -j MARK --set-mark 2",
			"COMMIT",
			"*nat",
			"-A PREROUTING -d 203.0.113.25 -p tcp --dport 25 -m mark --mark 1 -j DNAT --to-destination 10.20.0.1",
			"-A PREROUTING -d 203.0.113.25 -p tcp --dport 25 -m mark --mark 2 -j DNAT --to-destination 10.20.0.2",
			"COMMIT",
			"",
		].join("\n"),
	);
	expect(kindsOf(only(proof).assumed).liveness).not.toBe("violated");
});

describe("rules that ask who came before", () => {
	const web = (first: string) => `*nat
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 ${first} -j DNAT --to-destination 10.20.0.11
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -m recent --name r --set -j DNAT --to-destination 10.20.0.12
COMMIT
`;

	it("leave open what becomes of clients that come again", () => {
		const proof = proofOf(web("-m recent --name r --rcheck --seconds 60"), {
			single: true,
		});
		const runs = [only(proof).assumed, ...only(proof).single];
		for (const run of runs)
			expect(Object.values(kindsOf(run))).not.toContain("holds");
		expect(kindsOf(only(proof).assumed)).toMatchObject({
			liveness: "unknown",
			affinity: "unknown",
			balance: "unknown",
			isolation: "unknown",
		});
		expect(JSON.stringify(proof)).toContain(
			"nat:PREROUTING:rule:1 asks a list of who came before",
		);
	});

	it("leave it open where they ask a set to which rules add", () => {
		const ofSet = (rule: string) =>
			web(rule).replace(
				"-m recent --name r --set -j DNAT",
				`-j SET --add-set r src
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT`,
			);
		const sets = "create r hash:ip timeout 60\n";
		const proof = proofOf(ofSet("-m set --match-set r src"), { sets });
		expect(kindsOf(only(proof).assumed)).toMatchObject({
			liveness: "unknown",
			affinity: "unknown",
			balance: "unknown",
			isolation: "unknown",
		});
		const unasked = proofOf(ofSet("-s 192.0.2.0/24"), { sets });
		for (const { assumed } of unasked.services)
			expect(kindsOf(assumed)).toMatchObject({ affinity: "holds" });
	});

	it.each(["timeout 600", "counters timeout 600"])(
		"are few situations where elements of a set are renewed: %s",
		(options) => {
			const to = "-A PREROUTING -d 203.0.113.1 -p tcp --dport 80";
			const text = `*nat
${to} -m set --match-set r src -j DNAT --to-destination 10.20.0.11
${to} -j SET --add-set r src --timeout 5 --exist
${to} -j DNAT --to-destination 10.20.0.12
COMMIT
`;
			const sets = `create r hash:ip ${options}\n`;
			const proof = proofOf(text, { sets, single: true, budget: 5_000 });
			expect(JSON.stringify(proof)).not.toContain("(--budget)");
		},
	);

	it("blame no event where a run without any is further off than the split says", () => {
		const sticky = `*nat
-A PREROUTING -p udp --dport 53 -m recent --name a --update --seconds 60 --reap -j DNAT --to-destination 10.1.0.1
-A PREROUTING -p udp --dport 53 -m statistic --mode nth --every 2 --packet 0 -m recent --name a --set -j DNAT --to-destination 10.1.0.1
-A PREROUTING -p udp --dport 53 -j DNAT --to-destination 10.1.0.2
COMMIT
`;
		const { single } = only(proofOf(sticky, { single: true }));
		const happening = single.filter(
			({ events, cannot }) => cannot.length < events.length,
		);
		expect(happening.length).toBeGreaterThan(8);
		for (const run of [single[0] as Run, ...happening])
			expect(kindsOf(run).balance).toBe("unknown");
	});

	it("blame an event for what it does to balance all the same", () => {
		const blocking = `*nat
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -m statistic --mode nth --every 2 --packet 0 -j DNAT --to-destination 10.20.0.11
-A PREROUTING -d 203.0.113.1 -p tcp --dport 80 -j DNAT --to-destination 10.20.0.12
COMMIT
*filter
-A INPUT -p tcp --dport 23 -m recent --name b --set -j DROP
-A FORWARD -p tcp --dport 80 -m recent --name b --rcheck -j DROP
COMMIT
`;
		const events = ["reload"] as const;
		const proof = only(proofOf(blocking, { events }));
		const found = proof.assumed.proved.find(
			({ property }) => property === "balance",
		)?.result;
		expect(found?.kind).toBe("violated");
		expect(JSON.stringify(found)).toContain("the same rules are loaded");
	});

	it.each([
		["nobody asks the list", web("-s 192.0.2.0/24")],
		[
			"the list is asked for another service",
			`${web("-s 192.0.2.0/24")}*filter
-A INPUT -p tcp --dport 22 -m recent --name r --rcheck -j DROP
COMMIT
`,
		],
	])("leave nothing open where %s", (_, text) => {
		const { services } = proofOf(text);
		for (const { assumed } of services)
			expect(kindsOf(assumed)).toMatchObject({ affinity: "holds" });
	});
});

describe("what is not proved", () => {
	it("a rule that no packet met, beside a service that holds", () => {
		const proof = proofOf(
			"*nat\n-A PREROUTING -p tcp --dport 25 -j DNAT --to-destination 10.6.0.1\n-A PREROUTING -p sctp --dport 3868 -j DNAT --to-destination 10.6.0.2\nCOMMIT\n",
		);
		expect(only(proof).service).toContain(":25");
		expect(outcomeOf(proof)).toBe("unknown");
		expect(proof.leftOut.join()).toContain("-p sctp");
	});
});
