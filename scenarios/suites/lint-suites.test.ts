/** What the linter says of recipes that are broken, and of what the suites show as traps. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { lintRuleset } from "../analysis/lint/run/lint-ruleset.ts";
import { rulesAlone } from "../analysis/lint/test-facts.ts";
import { loadBuiltInScenarios } from "./index.ts";

const recipe = await readFile(
	new URL("./recipe/recipe.rules", import.meta.url),
	"utf8",
);

function namesOf(text: string): readonly string[] {
	const findings = lintRuleset(rulesAlone(text, "recipe.rules"), text);
	return findings.map(({ lint }) => lint.name);
}

/** Ways to break the recipe (`sabotage.test.ts`) that a rule of the linter finds. */
it.each([
	["restore-mark", /^.*restore-mark\n/m, "restore-missing"],
	["save-mark", /^.*save-mark\n(?=-A PRE)/m, "save-missing"],
])("a recipe without %s is found", (_, line, name) => {
	const text = recipe.replace(line, "");
	expect(text).not.toBe(recipe);
	expect(namesOf(recipe)).not.toContain(name);
	expect(namesOf(text)).toContain(name);
});

/** The other ways to break it, as long as what they make of it is right as well. */
it.each([
	["by another counter", "weights of 1 to 2 may be meant", "--every 3"],
	[
		"by nat for every interface",
		"clients inside may be meant, and no rule says that there are any",
		"",
	],
])("a recipe that is broken %s is no finding: %s", (how, _, written) => {
	const text =
		how === "by another counter"
			? recipe.replace("--every 2", written)
			: recipe.replaceAll("-i bond0.204 ", written);
	expect(text).not.toBe(recipe);
	expect(namesOf(text)).toEqual(namesOf(recipe));
});

const OF_LOADING = "how a machine loads its rules is not in the rules";
const OF_CHECKER = "it is a fault of the health checker";
const OF_TAKE_OVER =
	"true of every ruleset with NAT: it needs a second gateway";
const OF_CONNTRACK =
	"true of every ruleset with NAT: the entry has its mapping";
const OF_CLIENT =
	"true of every ruleset: from which sockets clients send is not in the rules";
const OF_HOST = "which router a backend answers by is not in the rules";
const OF_TIMEOUT = "a setting of the machine, and not of its rules";

/** What the suites show as traps, each with the reason why the linter does not look for it. */
const TRAPS: Readonly<Record<string, string>> = {
	"split-two-clients-in-step":
		"true of every counter: the split is over all connections (`marktwin split` says so)",
	"failover-backend-hangs-tcp-probe": OF_CHECKER,
	"stuck-syn": OF_CONNTRACK,
	"stuck-same-port": OF_CONNTRACK,
	"stuck-established": OF_CONNTRACK,
	"reload-between-connections": OF_LOADING,
	"addons-quota-that-is-kept": OF_LOADING,
	"reload-after-flush": OF_LOADING,
	"reload-after-flush-unnoticed": OF_CHECKER,
	"conditions-odd-writes": OF_CHECKER,
	"conditions-mean-the-opposite":
		"MT2xx looks at names of conditions: which value means dead is for the checker to say",
	"other-interface-takes-turns":
		"the rules do not say that anything inside asks for the service",
	"take-over-client-first": OF_TAKE_OVER,
	"take-over-backend-first": OF_TAKE_OVER,
	"flapping-without-rise-and-fall": OF_CHECKER,
	"flapping-both-slow": OF_CHECKER,
	"table-full-of-established": "a size of the machine, and not of its rules",
	"three-backends-b2-dead":
		"MT2xx judges shares under failover; `marktwin split` prints them",
	"three-backends-b3-dead":
		"MT2xx judges shares under failover; `marktwin split` prints them",
	"weights-strong-one-dead": "with two backends no ruleset can do otherwise",
	"condition-lost-by-flush": OF_LOADING,
	"condition-rule-not-found-by-specification":
		"a fault of a script: `marktwin check` refuses it",
	"conntrack-take-over-client-first": OF_TAKE_OVER,
	"conntrack-take-over-backend-first": OF_TAKE_OVER,
	"dns-one-socket": OF_CLIENT,
	"dns-dead-server": OF_CONNTRACK,
	"dns-late-answer": OF_TIMEOUT,
	"tunnel-stale-entry": OF_CONNTRACK,
	"tunnel-short-stream-timeout": OF_TIMEOUT,
	"sets-flushed-and-filled": OF_LOADING,
	"sip-before-its-rule": OF_LOADING,
	"sip-scaled-to-zero": OF_CONNTRACK,
	"metrics-one-socket": OF_CLIENT,
	"http-tcp-check-misses-503": OF_CHECKER,
	"default-route-elsewhere": OF_HOST,
	"routing-next-hop-dies":
		"true of every uplink that rules choose: what is alive is not in the rules",
	"local-worker-dead": "which programs run is not in the rules",
	"local-worker-on-loopback":
		"to which address a program is bound is not in the rules",
	"local-proxy-loop":
		"whose program a port is, and what it connects to, is not in the rules",
	"routing-redirect-to-dead-router": "what hosts heed is not in the rules",
	"routing-carrier-lost": "what links do is not in the rules",
	"routing-vrrp-half-moved": "which router has an address is not in the rules",
	"local-source-by-mark":
		"from which address a program sends is for routes to say",
	"local-checker-of-another-user": "the checker's user is not in the rules",
	"local-client-not-balanced":
		"the rules do not say that a program of the router's asks for the service",
	"local-checker-shut-out":
		"the rules do not say that a program of the router's probes",
	"synproxy-translated-in-prerouting":
		"the analysis does not follow a connection through SYNPROXY",
	rates: "the linter knows no rate of packets",
	"kube-proxy": "which objects nfacct has is not in the rules",
	"osf-behind-the-first-packet": "the linter does not read what osf is asked",
	"synproxy-picked-up": OF_TIMEOUT,
	"synproxy-dead-backend": "true of every ruleset with SYNPROXY",
};

/** Traps that the linter finds in the rules, and by what. */
const FOUND: Readonly<Record<string, string>> = {
	"routing-uplinks-nothing-restored": "backend-changes",
};

it.each(Object.entries(FOUND))(
	"the trap of %s is found: %s",
	async (name, lint) => {
		const scenarios = await loadBuiltInScenarios();
		const found = scenarios.find(({ scenario }) => scenario.name === name);
		expect(namesOf(found?.scenario.setup.ruleset.text ?? "")).toContain(lint);
	},
);

it("each trap of the suites has its reason", async () => {
	const scenarios = await loadBuiltInScenarios();
	const traps = scenarios
		.filter(({ scenario: { trap } }) => trap !== undefined && trap !== null)
		.map(({ scenario: { name } }) => name);
	const known = [...Object.keys(TRAPS), ...Object.keys(FOUND)];
	expect(known.toSorted()).toEqual([...new Set(traps)].toSorted());
});
