/** Conntrack can be copied, put back as often as is wanted, and hashed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Choice } from "../chance/choice.ts";
import { seededChoice } from "../chance/seeded.ts";
import { hashOf } from "../gateway/state/state-hash.ts";
import { range, TestHooks } from "./test-hooks.ts";

/** Few addresses and ports, so that tuples meet, mappings clash and sources keep theirs. */
const PACKET = fc.oneof(
	fc
		.tuple(
			fc.constantFrom("S", "SA", "A", "FA", "R"),
			fc.integer({ min: 1, max: 4 }),
			fc.integer({ min: 1, max: 3 }),
			fc.boolean(),
		)
		.map(([flags, host, port, back]) => {
			const [client, server] = [`10.0.0.${host}:${port}`, "192.168.0.1:25"];
			const ends = back ? `${server} > ${client}` : `${client} > ${server}`;
			return `tcp ${ends} ${flags} seq ${port} ack ${host}`;
		}),
	fc
		.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }))
		.map(([host, port]) => `udp 10.0.0.${host}:${port} > 192.168.0.1:53 len 1`),
	fc
		.integer({ min: 1, max: 4 })
		.map((host) => `icmp 10.0.0.${host} > 192.168.0.1 echo-request id 1 seq 1`),
);

const STEP = fc.oneof(
	{ weight: 20, arbitrary: PACKET.map((line) => ({ line })) },
	{ weight: 3, arbitrary: fc.nat(200).map((seconds) => ({ seconds })) },
	{
		weight: 1,
		arbitrary: fc
			.tuple(fc.constant("buckets"), fc.constantFrom(512, 1024, 2048))
			.map(([name, value]) => ({ name, value })),
	},
	{
		weight: 1,
		arbitrary: fc
			.tuple(
				fc.constantFrom("acct", "tcp_loose"),
				fc.integer({ min: 0, max: 1 }),
			)
			.map(([name, value]) => ({ name, value })),
	},
	{
		weight: 1,
		arbitrary: fc
			.tuple(fc.constant("max"), fc.constantFrom(2, 5, 1000))
			.map(([name, value]) => ({ name, value })),
	},
	// A handful of clients at once, so that the table's memory grows.
	{ weight: 1, arbitrary: fc.constant({ clients: 600 }) },
	{
		weight: 1,
		arbitrary: fc
			.constantFrom("10.0.0.1", "10.0.0.2")
			.map((evict) => ({ evict })),
	},
);
type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never;

class Play {
	readonly choice: Choice = seededChoice(1);
	readonly hooks = new TestHooks({}, this.choice);
	private clients = 0;

	constructor() {
		this.hooks.rules.snat = () =>
			range("198.51.100.1", { ports: { min: 1, max: 6 } });
	}

	/** What the steps show. */
	take(steps: readonly Step[]): unknown[] {
		const { hooks } = this;
		return steps.map((step) => {
			if ("line" in step) return hooks.forward(step.line);
			if ("seconds" in step) return hooks.wait(step.seconds);
			if ("clients" in step) return this.fill(step.clients);
			if ("evict" in step)
				return hooks.conntrack.evict({ originalSource: step.evict });
			hooks.set(`netfilter.nf_conntrack_${step.name}`, step.value);
			return [...hooks.table()].sort();
		});
	}

	private fill(clients: number): void {
		for (let client = 0; client < clients; client++) {
			const at = this.clients++;
			this.hooks.forward(
				`udp 172.16.${at >> 8}.${at & 255}:${at & 65535} > 192.168.0.1:53 len 1`,
			);
		}
	}

	/** @returns what puts everything back */
	copy(): () => void {
		const { hooks, choice, clients } = this;
		const { nowMs } = hooks;
		const [sysctls, conntrack, drawn] = [
			hooks.sysctls.save(),
			hooks.conntrack.save(),
			choice.state?.save(),
		];
		return () => {
			hooks.nowMs = nowMs;
			hooks.sysctls.restore(sysctls);
			hooks.conntrack.restore(conntrack);
			choice.state?.restore(drawn);
			this.clients = clients;
		};
	}

	/** All that can be seen, in the order of slots. */
	get lines(): readonly string[] {
		return this.hooks.table();
	}

	get hash(): string {
		return hashOf([this.hooks.conntrack, this.hooks.sysctls]);
	}
}

const STEPS = fc.array(STEP, { maxLength: 40, size: "max" });

test("what happens behind a copy happens again when it was put back", () => {
	fc.assert(
		fc.property(STEPS, STEPS, STEPS, (before, after, meanwhile) => {
			const play = new Play();
			play.take(before);
			const back = play.copy();
			const hash = play.hash;
			const answers = play.take(after);
			const [lines, hashAfter] = [play.lines, play.hash];
			for (const others of [[], meanwhile]) {
				play.take(others);
				back();
				expect(play.hash).toBe(hash);
				expect(play.take(after)).toEqual(answers);
				expect([play.lines, play.hash]).toEqual([lines, hashAfter]);
			}
		}),
		{ seed: 20261128, numRuns: 60 },
	);
}, 60_000);

describe("the hash", () => {
	const SYN = "tcp 10.0.0.1:1 > 192.168.0.1:25 S";
	const OTHER = "udp 10.0.0.2:2 > 192.168.0.1:53 len 1";
	const hashAfter = (...lines: string[]) => {
		const play = new Play();
		play.take(lines.map((line) => ({ line })));
		return play.hash;
	};

	test("does not depend on slots: on order, and on what was there before", () => {
		expect(hashAfter(SYN, OTHER)).toBe(hashAfter(OTHER, SYN));
		const play = new Play();
		play.take([{ line: OTHER }, { evict: "10.0.0.2" }, { line: SYN }]);
		expect(play.hash).toBe(hashAfter(SYN));
		expect(hashAfter(SYN, OTHER)).not.toBe(hashAfter(SYN));
		expect(hashAfter(SYN)).not.toBe(hashAfter(OTHER));
	});
});
