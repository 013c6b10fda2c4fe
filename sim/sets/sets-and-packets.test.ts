import { expect, it } from "vitest";
import type { SetQuestion } from "../extension/host.ts";
import { ip, testSkb } from "../extension/test-host.ts";
import { DEFAULT_BEHAVIOUR } from "../linux/behaviour.ts";
import { HOOK_FORWARD, HOOK_PREROUTING, type Skb } from "../packet/skb/skb.ts";
import { carryOutIpset, restoreSets } from "./command/restore.ts";
import { IpSets } from "./ip-sets.ts";

const PLAIN: SetQuestion = {
	returnNomatch: false,
	keepCounters: false,
	keepSubcounters: false,
	packets: null,
	bytes: null,
};

function withSets(text: string) {
	const clock = { nowMs: 0 };
	const sets = new IpSets({
		behaviour: DEFAULT_BEHAVIOUR,
		nowMs: () => clock.nowMs,
		interfaces: ["", "lo", "eth0", "eth1"],
		usesInRules: (name) => (name === "used" ? 1 : 0),
		isWrittenByRules: () => false,
		unknown(reason) {
			throw new Error(reason);
		},
	});
	expect(restoreSets(sets, text, false)).toEqual({ ok: true });
	const is = (
		fields: Partial<Skb>,
		name: string,
		sides: string,
		asked: Partial<SetQuestion> = {},
	) =>
		sets.test(
			testSkb(fields),
			{ name, sides: sides.split(",") as ("src" | "dst")[] },
			{ ...PLAIN, ...asked },
		);
	const run = (line: string) => carryOutIpset(sets, line.split(" "), "");
	return { sets, clock, is, run };
}

const from = (address: string) => ({ source: ip(address) });

it("the longest network decides, and an exception is none", () => {
	const { is } = withSets(`create n hash:net
add n 10.0.0.0/8
add n 10.1.0.0/16 nomatch
add n 10.1.2.0/24
`);
	const found = ["10.9.9.9", "10.1.9.9", "10.1.2.9", "11.0.0.1"].map(
		(address) => is(from(address), "n", "src"),
	);
	expect(found).toEqual([true, false, true, false]);
	// `--return-nomatch` asks for the exceptions.
	expect(is(from("10.1.9.9"), "n", "src", { returnNomatch: true })).toBe(true);
	expect(is(from("10.9.9.9"), "n", "src", { returnNomatch: true })).toBe(false);
});

it("a rule that says fewer directions than the set has dimensions never matches", () => {
	const { is } = withSets("create p hash:ip,port\nadd p 10.0.0.10,tcp:25\n");
	expect(is({}, "p", "src")).toBe(false);
	expect(is({}, "p", "src,dst")).toBe(true);
	expect(is({}, "p", "src,dst,dst")).toBe(true);
	expect(is({}, "p", "src,src")).toBe(false);
});

it("further fragments have no ports", () => {
	const { is } = withSets("create p bitmap:port range 0-1023\nadd p 25\n");
	expect(is({}, "p", "dst")).toBe(true);
	expect(is({ fragment: { offset: 8, more: false } }, "p", "dst")).toBe(false);
});

it("an interface that a network does not have ends the search in wider networks", () => {
	const { is } = withSets(`create i hash:net,iface
add i 10.0.0.0/24,eth1
add i 0.0.0.0/0,eth0
`);
	const at = { hook: HOOK_PREROUTING, inInterface: 2 };
	expect(is({ ...at, source: ip("10.0.0.10") }, "i", "src,src")).toBe(false);
	expect(is({ ...at, source: ip("10.0.1.10") }, "i", "src,src")).toBe(true);
	// The interface by which it leaves is known in FORWARD.
	const leaving = { hook: HOOK_FORWARD, inInterface: 2, outInterface: 3 };
	expect(is({ ...leaving, source: ip("10.0.0.10") }, "i", "src,dst")).toBe(
		true,
	);
});

it("a list is asked member by member, and counts by itself", () => {
	const { is, sets } = withSets(`create a hash:ip counters
add a 10.0.0.10
create b hash:ip
add b 10.0.0.11
create all list:set counters
add all a
add all b
`);
	const more = { packets: { is: "gt", value: 1n } } as const;
	expect(is({}, "all", "src", more)).toBe(false);
	expect(is({}, "all", "src", more)).toBe(true);
	expect(is({}, "all", "src", { keepSubcounters: true })).toBe(true);
	expect(sets.print()).toContain("add a 10.0.0.10 packets 2 bytes 80");
	expect(sets.print()).toContain("add all a packets 3 bytes 120");
	expect(is(from("10.0.0.11"), "all", "src")).toBe(true);
	expect(is(from("10.0.0.12"), "all", "src")).toBe(false);
});

it("rules add what is new, begin times anew with --exist, and take out", () => {
	const { is, sets, clock } = withSets("create s hash:ip timeout 10\n");
	const use = { name: "s", sides: ["src"] } as const;
	sets.add(testSkb(), use, { exist: false, timeout: null });
	clock.nowMs = 8_000;
	expect(sets.add(testSkb(), use, { exist: false, timeout: null })).toBe(false);
	expect(sets.add(testSkb(), use, { exist: true, timeout: null })).toBe(true);
	clock.nowMs = 17_000;
	expect(is({}, "s", "src")).toBe(true);
	sets.remove(testSkb(), use);
	expect(is({}, "s", "src")).toBe(false);
});

it("a rule adds the longest network that there is", () => {
	const { sets } = withSets("create n hash:net\nadd n 10.0.0.0/24\n");
	sets.add(
		testSkb({ source: ip("10.9.8.7") }),
		{ name: "n", sides: ["src"] },
		{
			exist: false,
			timeout: null,
		},
	);
	expect(sets.print()).toContain("add n 10.9.8.0/24");
});

it("which networks a rule adds is unknown where the time of the narrowest one is over: the kernel may have collected it", () => {
	const { sets, clock } = withSets(
		"create n hash:net timeout 10\nadd n 10.0.0.0/24\nadd n 10.0.0.0/8 timeout 100\n",
	);
	const use = { name: "n", sides: ["src"] } as const;
	clock.nowMs = 12_000;
	expect(() =>
		sets.add(testSkb(), use, { exist: false, timeout: null }),
	).toThrow("garbage collection");
	// Every 3 s it comes, by a timer that is up to an eighth late.
	clock.nowMs = 15_000;
	sets.add(testSkb({ source: ip("11.9.8.7") }), use, {
		exist: false,
		timeout: 0,
	});
	expect(sets.print()).toContain("add n 11.0.0.0/8");
	expect(sets.print()).not.toContain("10.0.0.0/24");
});

it("marks come with the element that fits", () => {
	const { sets } = withSets(
		"create m hash:net skbinfo\nadd m 10.0.0.0/8 skbmark 0x1/0xff skbprio 1:2\n",
	);
	const use = { name: "m", sides: ["src"] } as const;
	expect(sets.map(testSkb(), use)).toEqual({
		mark: 1,
		markMask: 0xff,
		priority: 0x10002,
		queue: 0,
	});
	expect(sets.map(testSkb({ source: ip("11.0.0.1") }), use)).toBeNull();
});

it("names stay where they are when sets are swapped, and what rules name is kept", () => {
	const { is, run } = withSets(`create used hash:ip
create fresh hash:ip
add fresh 10.0.0.10
create nets hash:net
`);
	expect(run("destroy used").ok).toBe(false);
	expect(run("rename used other").ok).toBe(false);
	expect(run("swap used nets").ok).toBe(false);
	expect(is({}, "used", "src")).toBe(false);
	expect(run("swap fresh used").ok).toBe(true);
	expect(is({}, "used", "src")).toBe(true);
	expect(run("destroy fresh").ok).toBe(true);
});

it("a line that the program cannot read takes the entries before it along", () => {
	const { sets } = withSets("create a hash:ip\nadd a 10.0.0.1\n");
	const outcome = restoreSets(
		sets,
		"add a 10.0.0.2\nadd a 10.0.0.3\nadd a 10.0.0.4/99\n",
		false,
	);
	expect(outcome).toEqual({
		ok: false,
		message:
			"ipset v7.17: Error in line 3: Syntax error: '99' is out of range 0-32",
	});
	expect(sets.print()).not.toContain("10.0.0.2");
	// What the kernel refuses leaves what came before.
	expect(restoreSets(sets, "add a 10.0.0.5\nadd a 10.0.0.1\n", false).ok).toBe(
		false,
	);
	expect(sets.print()).toContain("10.0.0.5");
});

it("a range comes to the networks that it holds", () => {
	const { sets } = withSets("create n hash:net\nadd n 10.0.0.1-10.0.0.6\n");
	const added = sets.print().match(/add n \S+/g);
	expect(added).toEqual([
		"add n 10.0.0.1",
		"add n 10.0.0.2/31",
		"add n 10.0.0.4/31",
		"add n 10.0.0.6",
	]);
});

it("what a packet has written is seen, and put back", () => {
	const { sets } = withSets("create s hash:ip\n");
	const before = sets.save();
	sets.add(
		testSkb(),
		{ name: "s", sides: ["src"] },
		{
			exist: false,
			timeout: null,
		},
	);
	expect(sets.writtenText()).toContain("add s 10.0.0.10");
	sets.restore(before);
	expect(sets.writtenText()).toBe("");
	expect(sets.print()).not.toContain("add s");
});
