/** Tables are compiled when a packet wants them, and nothing tells that from compiling them at once. */
import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { NotedChoice } from "../chance/noted.ts";
import { seededChoice } from "../chance/seeded.ts";
import type { Operation as AnyOperation } from "../contract/gateway.ts";
import type { MatchUse } from "../contract/ruleset.ts";
import type { Test } from "../extension/extension.ts";
import type { ExtensionHost } from "../extension/host.ts";
import { parseCases, rulesetOfCase } from "../extension/test-cases.ts";
import { compileMatch, testPorts, testSkb } from "../extension/test-host.ts";
import { readConditions } from "../gateway/condition-files.ts";
import { createGateway } from "../gateway/create-gateway.ts";
import { advanceTo, receive } from "../gateway/ip/events.ts";
import { takeEmissions } from "../gateway/ip/neighbours.ts";
import { carryOut } from "../gateway/operations.ts";
import { createTestGateway, OUT, SETUP } from "../gateway/test-gateway.ts";
import { matches } from "../matches/index.ts";
import { parsePacket } from "../packet/notation/notation.ts";
import { NF_DROP, VERDICT_MASK } from "../packet/skb/skb.ts";
import {
	type Applied,
	applyCommand,
	checkRuleset,
	EMPTY_RULESET,
	restoreText,
} from "../ruleset/parse.ts";
import { parseCommand } from "../ruleset/parse-command.ts";
import type { Keeping } from "./cells.ts";
import { LoadedTables } from "./loaded-tables.ts";
import { traverse } from "./traverse.ts";

type Operation = Exclude<AnyOperation, { kind: "take-over" }>;

const MATCHES = [
	"-m statistic --mode nth --every 2 --packet 0",
	"-m condition --condition a",
	"-m condition ! --condition b",
	"-m recent --name r --set",
	"-m recent --name r --rcheck --hitcount 2",
	"-m hashlimit --hashlimit-name h --hashlimit-upto 1/min --hashlimit-burst 1",
	"-m limit --limit 1/min --limit-burst 1",
	"-m connbytes --connbytes 1: --connbytes-dir both --connbytes-mode packets",
	"-m state --state NEW",
	"-m statistic --mode random --probability 0.5",
	"",
];

const STEP = fc.oneof(
	fc
		.tuple(
			fc.constantFrom("-A", "-A", "-I", "-D"),
			fc.constantFrom(...MATCHES),
			fc.constantFrom("-j DROP", "-j ACCEPT", "-j MARK --set-mark 1"),
		)
		.map(([how, match, target]): Operation => {
			const command = `-t mangle ${how} PREROUTING ${match} ${target}`;
			return { kind: "iptables", command };
		}),
	fc
		.constantFrom("-F", "-Z", "-D PREROUTING 1", "-P PREROUTING DROP")
		.map((command): Operation => {
			return { kind: "iptables", command: `-t mangle ${command}` };
		}),
	fc
		.tuple(fc.constantFrom("a", "b"), fc.constantFrom("0", "1"))
		.map(([name, write]): Operation => ({ kind: "condition", name, write })),
	fc.integer({ min: 1, max: 3 }).map((port) => {
		return { packet: `tcp 10.0.0.10:${port} > 192.168.0.1:80 S` };
	}),
	fc.nat(90_000).map((forMs) => ({ forMs })),
);
type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never;

/** All that a gateway shows after each of the steps. */
function shown(steps: readonly Step[], compilesAtOnce: boolean): unknown[] {
	const gateway = createGateway(SETUP, {
		nowMs: 0,
		choice: new NotedChoice(seededChoice(1)),
		silentHosts: new Set(),
		tracer: null,
	});
	return steps.map((step) => {
		let did: unknown = null;
		if ("kind" in step) did = carryOut(gateway, step);
		else if ("forMs" in step)
			advanceTo(gateway, gateway.timers.nowMs + step.forMs);
		else did = receive(gateway, 2, parsePacket(step.packet));
		if (compilesAtOnce) gateway.tables.program("mangle");
		const { tables, conntrack } = gateway;
		const state = [tables.now(), readConditions(tables.names)];
		return [did, ...state, conntrack.lines(), takeEmissions(gateway)];
	});
}

test("a table that is compiled later does what it did before", () => {
	fc.assert(
		fc.property(fc.array(STEP, { maxLength: 30 }), (steps) => {
			expect(shown(steps, false)).toEqual(shown(steps, true));
		}),
		{ seed: 20261128, numRuns: 500 },
	);
});

test("every replacement starts counters anew, also one that no packet has walked", () => {
	const gateway = createTestGateway(
		`*mangle\n-A PREROUTING -m statistic --mode nth --every 2 --packet 0 -j DROP\nCOMMIT\n`,
	);
	const dropped = () =>
		gateway.fate(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S").kind === "dropped";
	expect([dropped(), dropped(), dropped()]).toEqual([true, false, true]);
	gateway.iptables("iptables -t mangle -A FORWARD");
	gateway.iptables("iptables -t mangle -A FORWARD");
	expect([dropped(), dropped()]).toEqual([true, false]);
});

describe("what rules remember when another rule is appended", () => {
	/** Which of some packets a rule takes that is there from the beginning, with an append after the first. */
	function taken(keeping: Keeping, command: string, packets: number): string {
		const tables = new LoadedTables(testPorts(), () => {}, keeping);
		const replace = ({ replaced, faults }: Applied) => {
			expect(faults).toEqual([]);
			for (const table of replaced) tables.replace(table);
		};
		const rule = "PREROUTING -m statistic --mode nth --every 2 --packet 0";
		const text = `*mangle\n-A ${rule} -j DROP\nCOMMIT\n`;
		const how = { file: "test.rules", noflush: false, counters: false };
		replace(restoreText(EMPTY_RULESET, text, how));
		let marks = "";
		for (let packet = 0; packet < packets; packet++) {
			const program = tables.program("mangle");
			if (program === null) throw new Error("there is no table");
			const verdict = traverse(program, testSkb(), null);
			marks += (verdict & VERDICT_MASK) === NF_DROP ? "x" : "-";
			if (packet !== 0) continue;
			// Twice: a table that no packet has walked hands on what it keeps.
			for (const line of [command, "iptables -t mangle -A FORWARD"])
				replace(applyCommand(tables.now(), parseCommand(line)));
		}
		return marks;
	}
	const append = "iptables -t mangle -A FORWARD -j ACCEPT";

	test("is lost where every change loads the table anew", () => {
		expect(taken("nothing", append, 4)).toBe("xx-x");
	});

	test("is kept by rules that the change leaves alone", () => {
		expect(taken("untouched", append, 4)).toBe("x-x-");
	});

	test("is lost by a rule that is replaced, also by one that is written alike", () => {
		const rule = "PREROUTING 1 -m statistic --mode nth --every 2 --packet 0";
		const replace = `iptables -t mangle -R ${rule} -j DROP`;
		expect(taken("untouched", replace, 4)).toBe("xx-x");
	});
});

test("a condition that no rule names any more is forgotten before a packet comes", () => {
	const rule = "PREROUTING -m condition --condition a -j DROP";
	const gateway = createTestGateway(`*mangle\n-A ${rule}\nCOMMIT\n`);
	gateway.condition("a", "1");
	gateway.iptables("iptables -t mangle -D PREROUTING 1");
	gateway.iptables(`iptables -t mangle -A ${rule}`);
	expect(gateway.model.observe().conditions).toEqual({ a: 0 });
});

describe("what is done when a match is compiled", () => {
	const uses: (readonly [string, MatchUse])[] = [];
	const folder = new URL("../matches/", import.meta.url);
	const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
	for (const file of files.filter((it) => it.endsWith(".cases")))
		for (const one of parseCases(
			readFileSync(new URL(file, folder), "utf8"),
			file,
		)) {
			const { ruleset } = checkRuleset(rulesetOfCase(one));
			for (const { chains } of ruleset?.tables ?? [])
				for (const { rules } of chains)
					for (const { matches } of rules)
						for (const use of matches)
							uses.push([`${file}:${one.line} ${use.name}`, use]);
		}

	test("is nothing that others see, unless it says so", () => {
		expect(uses.length).toBeGreaterThan(400);
		const wrong: string[] = [];
		for (const [what, { name, options }] of uses) {
			const acts: string[] = [];
			const { conntrack, ...rest } = testPorts();
			const match = matches.get(name);
			const ports: ExtensionHost = {
				...rest,
				conntrack: { ...conntrack, countTraffic: () => acts.push("counts") },
				named: (_kind, _name, create) => {
					acts.push("names");
					return create();
				},
				nowMs: () => acts.push("asks for the time"),
				unknown: () => {
					throw new Error("says that it does not know");
				},
			};
			if (match !== undefined) compileMatch(match, options, ports);
			if (acts.length > 0 && !match?.actsAtLoad)
				wrong.push(`${what} ${acts.join(", ")}`);
		}
		expect(wrong).toEqual([]);
	});
});

test("thousands of commands compile a table once, when a packet comes", () => {
	const limit = matches.get("limit") as unknown as { compile: () => Test };
	const compile = vi.spyOn(limit, "compile");
	const gateway = createTestGateway(
		"*mangle\n-A PREROUTING -m condition --condition a\nCOMMIT\n",
	);
	for (let rule = 0; rule < 1000; rule++)
		gateway.iptables("iptables -t mangle -A FORWARD -m limit --limit 5/min");
	expect(compile).toHaveBeenCalledTimes(0);
	gateway.send(OUT, "tcp 10.0.0.10:1 > 192.168.0.1:80 S");
	gateway.send(OUT, "tcp 10.0.0.10:2 > 192.168.0.1:80 S");
	expect(compile).toHaveBeenCalledTimes(1000);
	compile.mockRestore();
});
