/** What extensions declare of themselves is so. */
import { describe, expect, test } from "vitest";
import { matches } from "../matches/index.ts";
import { ICMP, SYN, UDP } from "../packet/packet.ts";
import {
	CTINFO_ESTABLISHED,
	HOOK_POSTROUTING,
	NF_ACCEPT,
	NF_DROP,
	NF_QUEUE,
	type Skb,
	XT_CONTINUE,
} from "../packet/skb/skb.ts";
import { OF_IPV6 } from "../ruleset/line/unknown-name.ts";
import { targets } from "../targets/index.ts";
import { targetAction } from "../targets/test-target.ts";
import type { Test } from "./extension.ts";
import {
	compileMatch,
	testEntry,
	testMatch,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "./test-host.ts";
import { firstUse, usesOf } from "./test-uses.ts";

const all = [...matches.values(), ...targets.values()];

const PACKETS: readonly Partial<Skb>[] = [
	{},
	{ entry: 0, mark: 1 },
	{ entry: 0, ctinfo: CTINFO_ESTABLISHED, tcpFlags: SYN, mark: 2 },
	{ protocol: UDP, ttl: 1, tos: 8, length: 1500 },
	{ protocol: ICMP, icmpType: 8, inInterface: 2, pktType: "broadcast" },
];

/** Or that the model does not know. */
function answerOf(test: Test | null, skb: Skb): boolean | string | undefined {
	try {
		return test?.(skb);
	} catch (error) {
		if (!(error instanceof UnknownOutcome)) throw error;
		return error.message;
	}
}

test("a name that another extension has replaced, or that IPv6 alone has, is no extension's", () => {
	const gone = all.flatMap(({ replaces = {} }) => Object.keys(replaces));
	const known = new Set(all.map(({ name }) => name));
	expect([...gone, ...OF_IPV6].filter((name) => known.has(name))).toEqual([]);
	expect(gone).toContain("nth");
});

describe("a match that always matches", () => {
	const always = [...matches.values()].filter(
		({ alwaysMatches }) => alwaysMatches,
	);
	test.each(always)("$name", (match) => {
		const test = testMatch(match, firstUse("matches", match.name));
		expect(test(testSkb())).toBe(true);
	});
});

test("a match whose rules remember something declares that it is stateful", () => {
	const remembering = [...matches.values()].filter(({ cell }) => cell);
	expect(remembering.length).toBeGreaterThan(0);
	const silent = remembering.filter(({ stateful }) => !stateful);
	expect(silent.map(({ name }) => name)).toEqual([]);
});

describe("a match that is not stateful gives the same answer again", () => {
	const lasting = [...matches.values()].filter(
		({ compile, stateful, alwaysMatches }) =>
			compile !== null && !stateful && !alwaysMatches,
	);
	test.each(lasting)("$name", (match) => {
		const uses = usesOf("matches", match.name);
		expect(uses.length).toBeGreaterThan(0);
		const wrong = uses.flatMap(({ input, options }) => {
			if (match.draws?.(options)) return [];
			const ports = testPorts({ entries: [testEntry({ mark: 1 })] });
			const test = compileMatch(match, options, ports);
			const answers = PACKETS.map(() => new Set<unknown>());
			// Twice, so that a count from which on it answers otherwise lies within the packets.
			for (const packets of [PACKETS, PACKETS])
				for (const [index, fields] of packets.entries())
					for (let asked = 0; asked < 3; asked++)
						answers[index]?.add(answerOf(test, testSkb(fields)));
			return answers.every(({ size }) => size === 1) ? [] : [input];
		});
		expect(wrong, "keep it in a `cell`, and declare `stateful`").toEqual([]);
	});
});

describe("a target that only reports", () => {
	const reporting = [...targets.values()].filter(
		({ onlyReports }) => onlyReports,
	);
	test.each(reporting)("$name", (target) => {
		const skb = testSkb();
		const text = firstUse("targets", target.name);
		expect(targetAction(target, text)(skb)).toBe(XT_CONTINUE);
		// TRACE: rules behind it are written to the log.
		expect(skb).toEqual(testSkb({ traced: skb.traced }));
	});
});

const VERDICTS = { accepts: NF_ACCEPT, drops: NF_DROP, queues: NF_QUEUE };

describe("a target that is modelled ends the walk as it says, or does not", () => {
	const modelled = [...targets.values()].filter(({ compile }) => compile);
	test.each(modelled)("$name", (target) => {
		const ports = testPorts({
			entries: [testEntry()],
			interfaceAddresses: ["10.0.0.1", "192.168.0.254"],
		});
		const text = firstUse("targets", target.name);
		const verdict = targetAction(
			target,
			text,
			ports,
		)(testSkb({ entry: 0, outInterface: 2, hook: HOOK_POSTROUTING }));
		expect(verdict).toBe(target.ends ? VERDICTS[target.ends] : XT_CONTINUE);
	});
});

describe("a target that translates", () => {
	test.each([...targets.values()].filter(({ translates }) => translates))(
		"$name stands in nat alone",
		({ tables }) => expect(tables).toEqual(["nat"]),
	);
});
