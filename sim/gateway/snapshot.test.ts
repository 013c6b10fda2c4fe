/** What a snapshot holds: a story of each kind of state, and what its hash covers. */
import { describe, expect, test } from "vitest";
import type { GatewaySetup } from "../contract/gateway.ts";
import { GatewayError } from "../contract/gateway-error.ts";
import { parseRuleset } from "../ruleset/parse.ts";
import {
	createTestGateway,
	IN,
	OUT,
	SETUP,
	type TestGateway,
} from "./test-gateway.ts";

interface Story {
	readonly what: string;
	readonly rules?: string;
	readonly setup?: Partial<GatewaySetup>;
	/** Comes before the snapshot. */
	before?(gateway: TestGateway): void;
	/** What comes behind it shows; coming once more without the snapshot, it shows something else. */
	shows(gateway: TestGateway): unknown;
}

const SYN = "tcp 10.0.0.10:40000 > 192.168.0.1:25 S";
const syn = (port: number) => `tcp 10.0.0.10:${port} > 192.168.0.1:25 S`;
const mangle = (rule: string) => `*mangle\n-A PREROUTING ${rule}\nCOMMIT\n`;
/** Which of three packets are dropped. */
const dropped = (gateway: TestGateway) =>
	[1, 2, 3].map((port) => gateway.fate(OUT, syn(port)).kind);
const silence = (gateway: TestGateway, address: string, answers = false) =>
	gateway.model.answer({
		kind: "neighbour",
		atMs: gateway.model.nowMs,
		interface: IN,
		address,
		answers,
	});

const STORIES: readonly Story[] = [
	{
		what: "the counter of nth",
		rules: mangle("-m statistic --mode nth --every 4 --packet 0 -j DROP"),
		shows: dropped,
	},
	{
		what: "the credit of limit",
		rules: mangle("-m limit --limit 1/hour --limit-burst 2 -j DROP"),
		shows: dropped,
	},
	{
		what: "the lists of connlimit",
		rules: mangle("-p tcp -m connlimit --connlimit-above 2 -j DROP"),
		shows(gateway) {
			const fates = dropped(gateway);
			// Lists lose what is gone when a packet comes by.
			gateway.wait(1_000);
			return [fates, gateway.fate(OUT, syn(9)).kind];
		},
	},
	{
		what: "the list of recent",
		rules: mangle(
			"-m recent --name r --update --hitcount 2 -j DROP\n-A PREROUTING -m recent --name r --set",
		),
		shows(gateway) {
			const fates = dropped(gateway);
			// The list keeps more stamps from now on, and is emptied for it.
			gateway.iptables(
				"iptables -t mangle -A FORWARD -m recent --name r --rcheck --hitcount 100",
			);
			return [fates, gateway.model.observe().ruleset];
		},
	},
	{
		what: "the table of hashlimit",
		rules: mangle(
			"-m hashlimit --hashlimit-name h --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip -j DROP",
		),
		shows: dropped,
	},
	{
		what: "a condition",
		rules: mangle("-m condition --condition c -j DROP"),
		shows(gateway) {
			const before = dropped(gateway);
			gateway.condition("c", "1");
			return before;
		},
	},
	{
		what: "chance",
		rules: mangle("-m statistic --mode random --probability 0.5 -j DROP"),
		shows: (gateway) => [dropped(gateway), dropped(gateway), dropped(gateway)],
	},
	{
		what: "rules and their counters",
		rules: mangle("-j ACCEPT"),
		shows(gateway) {
			gateway.send(OUT, SYN);
			const { ruleset } = gateway.model.observe();
			gateway.iptables("iptables -t mangle -I PREROUTING -j DROP");
			return [ruleset, gateway.send(OUT, SYN)];
		},
	},
	{
		what: "connections, with their mappings",
		rules:
			"*nat\n-A POSTROUTING -p tcp -j SNAT --to-source 192.168.0.254:1000-1020\nCOMMIT\n",
		shows: (gateway) => [
			gateway.conntrack(),
			[1, 2, 3].map((port) => gateway.send(OUT, syn(port))),
			gateway.conntrack(),
		],
	},
	{
		what: "ports of its own",
		shows(gateway) {
			const port = "tcp 10.0.0.10:1 > 10.0.0.1:80 S";
			const before = gateway.send(OUT, port);
			gateway.model.answer({
				kind: "port",
				atMs: gateway.model.nowMs,
				protocol: "tcp",
				address: "10.0.0.1",
				port: 80,
				becomes: "open",
			});
			return before;
		},
	},
	{
		what: "settings",
		shows(gateway) {
			const { kind } = gateway.fate(OUT, SYN);
			gateway.operate({ kind: "sysctl", name: "ipv4.ip_forward", value: 0 });
			return kind;
		},
	},
	{
		what: "which interfaces follow the settings of all later ones",
		setup: {
			interfaces: [
				...SETUP.interfaces,
				{ name: "bare", addresses: [], mtu: 1500 },
			],
		},
		shows(gateway) {
			const before = gateway.model.hash();
			gateway.operate({
				kind: "sysctl",
				name: "ipv4.conf.bare.send_redirects",
				value: 1,
			});
			return before;
		},
	},
	{
		what: "links",
		shows(gateway) {
			const fate = gateway.fate(OUT, SYN);
			gateway.operate({ kind: "link", interface: IN, up: false });
			return fate;
		},
	},
	{
		what: "packets that wait for a neighbour with their connections, and its timer",
		rules: mangle("-m state --state NEW"),
		before(gateway) {
			silence(gateway, "192.168.0.1");
			gateway.send(OUT, SYN);
		},
		shows: (gateway) => [
			gateway.send(OUT, syn(2)),
			gateway.wait(5_000),
			gateway.conntrack(),
		],
	},
	{
		what: "a neighbour that is believed to be there",
		before: (gateway) => void gateway.send(OUT, SYN),
		shows(gateway) {
			silence(gateway, "192.168.0.1");
			gateway.wait(40_000);
			return [gateway.send(OUT, syn(2)), gateway.wait(20_000)];
		},
	},
	{
		what: "hosts that do not answer",
		shows(gateway) {
			const fate = gateway.fate(OUT, SYN);
			gateway.operate({ kind: "forget-neighbour", address: "192.168.0.1" });
			silence(gateway, "192.168.0.1");
			return fate;
		},
	},
	{
		what: "fragments that wait, and their timer",
		rules: mangle("-m state --state NEW"),
		before: (gateway) =>
			void gateway.send(
				OUT,
				"udp 10.0.0.10:1 > 10.0.0.1:53 ipid 7 DF len 40 part 0-24",
			),
		shows: (gateway) => [
			gateway.wait(29_000),
			gateway.send(
				OUT,
				"udp 10.0.0.10:1 > 10.0.0.1:53 ipid 7 DF len 40 part 24-48",
			),
			gateway.wait(2_000),
		],
	},
	{
		what: "the end of fragments that wait for their beginning",
		rules: mangle("-m state --state NEW"),
		before: (gateway) =>
			void gateway.send(
				OUT,
				"udp 10.0.0.10:1 > 10.0.0.1:53 ipid 7 len 40 part 24-48",
			),
		shows: (gateway) =>
			gateway.send(
				OUT,
				"udp 10.0.0.10:1 > 10.0.0.1:53 ipid 7 len 40 part 0-24",
			),
	},
	{
		what: "the limit of ICMP errors",
		shows: (gateway) =>
			Array.from({ length: 4 }, () =>
				gateway.send(OUT, "udp 10.0.0.10:1 > 10.0.0.1:53 len 1"),
			),
	},
	{
		what: "what came out and was not fetched",
		before(gateway) {
			silence(gateway, "192.168.0.1");
			gateway.send(OUT, SYN);
			gateway.model.advanceTo(4_000);
		},
		shows: (gateway) =>
			gateway.model.answer({ kind: "wait", atMs: 4_000, toMs: 4_000 }),
	},
	{
		what: "which of two gateways it is, after a take-over",
		rules: mangle("-m state --state NEW -j ACCEPT"),
		before: (gateway) => void gateway.send(OUT, SYN),
		shows(gateway) {
			gateway.send(OUT, syn(2));
			const lines = gateway.conntrack();
			gateway.operate({ kind: "take-over" });
			return [lines, gateway.conntrack()];
		},
	},
];

describe("a snapshot holds", () => {
	test.each(STORIES)("$what", (story) => {
		const { rules = "", setup = {}, before, shows } = story;
		const gateway = createTestGateway(rules, setup);
		const { model } = gateway;
		before?.(gateway);
		// From the beginning, and where all of it has happened once.
		for (const isFirst of [true, false]) {
			const [snapshot, hash] = [model.snapshot(), model.hash()];
			const shown = shows(gateway);
			const hashAfter = model.hash();
			const shownNext = shows(gateway);
			if (isFirst) {
				// The story has something to show, and so has the hash.
				expect(shownNext).not.toEqual(shown);
				expect(hashAfter).not.toBe(hash);
			}
			for (const _ of [1, 2]) {
				model.restore(snapshot);
				expect(model.hash()).toBe(hash);
				expect(shows(gateway)).toEqual(shown);
				expect(model.hash()).toBe(hashAfter);
			}
		}
	});
});

test("a snapshot belongs to the gateway that made it", () => {
	const [one, other] = [createTestGateway(""), createTestGateway("")];
	expect(() => other.model.restore(one.model.snapshot())).toThrow(
		new GatewayError(
			"snapshot: another gateway has made it; restore it there (`snapshot.of`), or one that `snapshot()` of this gateway returns here",
		),
	);
});

describe("rules of a snapshot", () => {
	const RULES = mangle("-m state --state NEW -j MARK --set-mark 1");

	test("come as a command loads them, and leave connections as they are", () => {
		const gateway = createTestGateway(RULES);
		const { model } = gateway;
		const loaded = model.snapshot();
		gateway.iptables("iptables -t mangle -F");
		const flushed = model.snapshot();
		model.restore(loaded);
		gateway.send(OUT, SYN);
		const connected = model.snapshot();
		gateway.iptables("iptables -t mangle -F");
		const hash = model.hash();
		const text = model.observe().ruleset;
		model.restore(connected);
		expect(model.takeRules(flushed)).toBe(true);
		expect(model.hash()).toBe(hash);
		expect(model.observe().ruleset).toBe(text);
		expect(gateway.conntrack()).toHaveLength(1);
		// Tracking begins anew, and windows are forgotten.
		const untracked = model.snapshot();
		model.load(parseRuleset(RULES));
		const again = model.hash();
		model.restore(untracked);
		expect(model.takeRules(loaded)).toBe(true);
		expect(model.hash()).toBe(again);
	});

	test("stay with the gateway that they were loaded into", () => {
		const gateway = createTestGateway(RULES);
		const { model } = gateway;
		const first = model.snapshot();
		gateway.operate({ kind: "take-over" });
		const hash = model.hash();
		expect(model.takeRules(first)).toBe(false);
		expect(model.hash()).toBe(hash);
		const other = createTestGateway("").model.snapshot();
		expect(() => model.takeRules(other)).toThrow(GatewayError);
	});
});

test("what an unknown one left behind on its way does not come in after it is put back", () => {
	const gateway = createTestGateway(
		"*raw\n-A PREROUTING -i lo\n-A OUTPUT -p icmp -m length --length 300:65535 -m bpf --object-pinned /x\nCOMMIT\n",
	);
	silence(gateway, "192.168.0.9");
	for (const length of [1, 400])
		gateway.send("lo", `udp 192.168.0.254:1 > 192.168.0.9:2 len ${length}`);
	const { model } = gateway;
	const before = model.snapshot();
	const wait = { kind: "wait", atMs: model.nowMs, toMs: 4_000 } as const;
	// The first error is in the backlog when the second one meets the rule.
	expect(model.answer(wait).unknown?.reason).toContain("BPF program at /x");
	model.restore(before);
	gateway.send(OUT, SYN);
	expect(model.observe().ruleset).toContain("[0:0] -A PREROUTING -i lo");
});

describe("the hash", () => {
	const hashOf = (rules: string, play: (gateway: TestGateway) => void) => {
		const gateway = createTestGateway(rules);
		play(gateway);
		return gateway.model.hash();
	};
	const RULES = mangle("-p tcp -m state --state NEW -j MARK --set-mark 1");

	test("is the same in every run", () => {
		expect(
			hashOf(RULES, (gateway) => void gateway.send(OUT, SYN)),
		).toMatchInlineSnapshot(`"72dc16221cd91afc"`);
	});

	test("is the same after a look at what has expired", () => {
		const gateway = createTestGateway(RULES);
		const { model } = gateway;
		gateway.send(OUT, SYN);
		gateway.wait(300_000);
		const before = model.hash();
		expect(model.observe().conntrack).toEqual([]);
		expect(model.conntrackLines).toEqual([]);
		expect(model.hash()).toBe(before);
		// A kernel that is asked for its table removes them.
		model.answer({ kind: "observe", atMs: model.nowMs });
		expect(model.hash()).not.toBe(before);
	});

	test("is that of the state, not of the way to it", () => {
		const straight = hashOf(RULES, (gateway) => {
			for (const port of [1, 2]) gateway.send(OUT, syn(port));
		});
		const around = hashOf(RULES, (gateway) => {
			const { model } = gateway;
			const start = model.snapshot();
			gateway.send(OUT, syn(9));
			gateway.iptables("iptables -t mangle -F");
			model.restore(start);
			// Connections lie in other slots, rules have other handles, and lines of another file.
			for (const port of [2, 1]) gateway.send(OUT, syn(port));
		});
		expect(around).toBe(straight);
		const reloaded = hashOf("", (gateway) => {
			gateway.iptables("iptables -t mangle -A PREROUTING -j DROP");
			gateway.iptables("iptables -t mangle -D PREROUTING 1");
			gateway.iptables(
				"iptables -t mangle -A PREROUTING -p tcp -m state --state NEW -j MARK --set-mark 1",
			);
			for (const port of [1, 2]) gateway.send(OUT, syn(port));
		});
		expect(reloaded).toBe(straight);
	});
});
