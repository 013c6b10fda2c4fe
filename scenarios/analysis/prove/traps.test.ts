/** The traps of the suites: each is a property that an event violates, and without that event it holds. */
import { describe, expect, it } from "vitest";
import { checkRules } from "../../../sim/script/check-rules.ts";
import type { PlayableScenario } from "../../language/scenario.ts";
import { loadBuiltInScenarios } from "../../suites/index.ts";
import { givenOfScenario } from "../given/given-of-scenario.ts";
import { analyse } from "../services/analysis.ts";
import { prove } from "./prove.ts";
import {
	type EventName,
	type PropertyName,
	USUAL_BUDGET,
	USUAL_LIMIT_MS,
} from "./state/events.ts";
import type { Run } from "./state/proof.ts";

type Cell = readonly [EventName, PropertyName];

/** What finds each: an event, and the property that it violates. */
const FOUND: Readonly<Record<string, readonly Cell[]>> = {
	"split-two-clients-in-step": [["other-clients", "balance"]],
	"failover-backend-hangs-tcp-probe": [["unnoticed", "no-dead-backend"]],
	"stuck-syn": [["conditions", "no-dead-backend"]],
	"stuck-same-port": [["conditions", "no-dead-backend"]],
	"stuck-established": [["conditions", "no-dead-backend"]],
	"reload-between-connections": [
		["reload", "balance"],
		["edit", "balance"],
		["noflush", "balance"],
	],
	"reload-after-flush": [["flush", "no-dead-backend"]],
	"reload-after-flush-unnoticed": [["flush", "no-dead-backend"]],
	"conditions-odd-writes": [["unnoticed", "no-dead-backend"]],
	"conditions-mean-the-opposite": [["opposite", "no-dead-backend"]],
	"other-interface-takes-turns": [
		["other-traffic", "balance"],
		["other-traffic", "isolation"],
	],
	"take-over-client-first": [["take-over", "affinity"]],
	"take-over-backend-first": [["take-over", "isolation"]],
	"flapping-without-rise-and-fall": [["false-alarm", "balance"]],
	"flapping-both-slow": [["false-alarm", "liveness"]],
	"table-full-of-established": [["table-full", "liveness"]],
	"three-backends-b2-dead": [["conditions", "proportions"]],
	"three-backends-b3-dead": [["conditions", "proportions"]],
	"condition-lost-by-flush": [["flush", "no-dead-backend"]],
	"conntrack-take-over-client-first": [["take-over", "affinity"]],
	"conntrack-take-over-backend-first": [["take-over", "isolation"]],
	"dns-dead-server": [["unnoticed", "no-dead-backend"]],
	"dns-late-answer": [["time-out", "isolation"]],
	"tunnel-short-stream-timeout": [["time-out", "affinity"]],
	"sip-scaled-to-zero": [["removal", "no-dead-backend"]],
	"http-tcp-check-misses-503": [["unnoticed", "no-dead-backend"]],
	"routing-next-hop-dies": [["unnoticed", "no-dead-backend"]],
};

/** Those that no property of a service is about, and why. */
const NOT_PROVED: Readonly<Record<string, string>> = {
	"weights-strong-one-dead":
		"one backend is left: no rules could give it less than all",
	"condition-rule-not-found-by-specification":
		"an operation that fails, and says so",
	"dns-one-socket": "one connection: no rules could balance it",
	"metrics-one-socket": "one connection: no rules could balance it",
	"tunnel-stale-entry": "other rules are loaded: `diff` compares them",
	"sip-before-its-rule": "at its beginning the rules have no service",
	"routing-uplinks-nothing-restored": "the rules break it in quiet operation",
	"osf-behind-the-first-packet": "what a match asks for",
	rates: "what a match asks for",
	"kube-proxy": "a rule that does not load",
	"addons-quota-that-is-kept": "what a match keeps",
	"sets-flushed-and-filled": "what is in a set while it is filled",
	"routing-carrier-lost": "routes of the gateway, without a service",
	"routing-vrrp-half-moved": "addresses of two gateways",
	"routing-redirect-to-dead-router": "what hosts make of redirects",
	"default-route-elsewhere": "the way back of a backend",
	"synproxy-translated-in-prerouting": "connections of the gateway itself",
	"synproxy-picked-up": "connections of the gateway itself",
	"synproxy-dead-backend": "connections of the gateway itself",
	"local-worker-dead": "which programs run on the gateway",
	"local-worker-on-loopback": "which programs run on the gateway",
	"local-client-not-balanced": "a program of the gateway's is the client",
	"local-checker-shut-out": "a program of the gateway's is the client",
	"local-proxy-loop": "a program of the gateway's is the client",
	"local-checker-of-another-user": "a program of the gateway's is the client",
	"local-source-by-mark": "a program of the gateway's is the client",
};

const scenarios = new Map(
	(await loadBuiltInScenarios())
		.map(({ scenario }) => scenario)
		.filter(({ trap }) => trap !== null)
		.map((scenario) => [scenario.name, scenario]),
);

const known = new Map<string, readonly Run[]>();

/** Quiet operation first. */
function runsOf({ setup }: PlayableScenario): readonly Run[] {
	const { ruleset: source, gateway } = setup;
	const key = JSON.stringify([source.text, gateway]);
	const found = known.get(key);
	if (found !== undefined) return found;
	const { ruleset } = checkRules(source.text, { file: source.name });
	if (ruleset === null) throw new Error(`${source.name} does not load`);
	const { services } = prove(analyse(ruleset, givenOfScenario(setup)), {
		name: source.name,
		events: [],
		single: true,
		budget: USUAL_BUDGET,
		limitMs: USUAL_LIMIT_MS,
	});
	const runs = services[0]?.single ?? [];
	known.set(key, runs);
	return runs;
}

function resultOf(
	runs: readonly Run[],
	event: EventName | null,
	wanted: PropertyName,
): string | undefined {
	const run = runs.find(({ events }) =>
		event === null ? events.length === 0 : events[0] === event,
	);
	return run?.proved.find(({ property }) => property === wanted)?.result.kind;
}

describe("a trap of the suites", () => {
	it.each(Object.entries(FOUND))(
		"%s is violated under its event, and not without",
		(name, cells) => {
			const scenario = scenarios.get(name);
			if (scenario === undefined) throw new Error(`no trap ${name}`);
			const runs = runsOf(scenario);
			for (const [event, property] of cells) {
				const cell = `${event} × ${property}`;
				expect(resultOf(runs, event, property), cell).toBe("violated");
				const without = resultOf(runs, null, property);
				expect(["holds", "nothing"], cell).toContain(without);
			}
		},
		60_000,
	);

	it("is proved, or listed with its reason", () => {
		const left = [...scenarios.values()].filter(
			({ name }) => !(name in FOUND) && !(name in NOT_PROVED),
		);
		expect(left.map(({ name }) => name)).toEqual([]);
		const gone = Object.keys(NOT_PROVED).filter((name) => !scenarios.has(name));
		expect(gone).toEqual([]);
	});
});
