import { describe, expect, it } from "vitest";
import { range, TestHooks } from "./test-hooks.ts";

/** One page of buckets, the fewest there can be: entries are near each other. */
const FEW_BUCKETS = { buckets: 512 };

const syn = (port: number) =>
	`tcp 10.0.0.10:${port} > 192.168.0.1:25 S seq 1000`;

function establish(hooks: TestHooks, port: number): string {
	hooks.forward(syn(port));
	hooks.forward(`tcp 192.168.0.1:25 > 10.0.0.10:${port} SA seq 5000 ack 1001`);
	return hooks.forward(
		`tcp 10.0.0.10:${port} > 192.168.0.1:25 A seq 1001 ack 5001`,
	);
}

describe("nf_conntrack_max", () => {
	it("a full table drops a new connection when none near it may go", () => {
		const hooks = new TestHooks({ max: 20 });
		for (let port = 1; port <= 20; port++)
			expect(establish(hooks, port)).toMatch(/^ESTABLISHED/);
		expect(hooks.forward(syn(99))).toBe("dropped");
		expect(hooks.conntrack.count).toBe(20);
		// Known connections go on.
		expect(
			hooks.forward("tcp 10.0.0.10:7 > 192.168.0.1:25 A seq 1001 ack 5001"),
		).toMatch(/^ESTABLISHED/);
	});

	it("0 is no limit", () => {
		const hooks = new TestHooks({ max: 0 });
		for (let port = 1; port <= 50; port++)
			expect(hooks.forward(syn(port))).toMatch(/^NEW/);
	});

	it("connections that are not ASSURED make room, all those of one bucket at once", () => {
		const max = 2000;
		const hooks = new TestHooks({ ...FEW_BUCKETS, max });
		for (let port = 1; port <= max; port++) hooks.forward(syn(port));
		expect(hooks.conntrack.count).toBe(max);
		for (let port = 10001; port <= 10100; port++)
			expect(hooks.forward(syn(port))).toMatch(/^NEW/);
		// Eight tuples hang in each bucket on average, so one drop makes room for several.
		expect(hooks.conntrack.count).toBeLessThanOrEqual(max);
		expect(hooks.conntrack.count).toBeGreaterThan(max - 60);
	});

	it("an ASSURED connection is never dropped early", () => {
		const hooks = new TestHooks({ ...FEW_BUCKETS, max: 1000 });
		for (let port = 1; port <= 500; port++) establish(hooks, port);
		for (let port = 1001; port <= 4000; port++) hooks.forward(syn(port));
		const assured = hooks.table().filter((line) => line.includes("ASSURED"));
		expect(assured).toHaveLength(500);
	});

	it("what has expired makes room without anybody else losing anything", () => {
		const hooks = new TestHooks({ max: 20 });
		for (let port = 1; port <= 20; port++) hooks.forward(syn(port));
		hooks.wait(120);
		for (let port = 101; port <= 120; port++)
			expect(hooks.forward(syn(port))).toMatch(/^NEW/);
		expect(hooks.conntrack.count).toBe(20);
	});

	it("expired entries that nobody has collected yet are no room: the packet that finds them is lost", () => {
		const hooks = new TestHooks({ ...FEW_BUCKETS, max: 2000 });
		const ask = (port: number) =>
			hooks.forward(`udp 10.0.0.10:${port} > 192.168.0.1:53 len 1`);
		for (let port = 1; port <= 2000; port++) ask(port);
		// The collector ran with the first packet and comes again after a minute.
		hooks.wait(31);
		expect(ask(3001)).toBe("dropped");
		expect(ask(3001)).toMatch(/^NEW/);
	});

	it("after a drop, the collector's next run lets closing connections go, ASSURED or not", () => {
		const hooks = new TestHooks({ max: 100 });
		for (let port = 1; port <= 100; port++) establish(hooks, port);
		for (let port = 1; port <= 10; port++)
			hooks.forward(
				`tcp 10.0.0.10:${port} > 192.168.0.1:25 FA seq 1001 ack 5001`,
			);
		expect(hooks.forward(syn(999))).toBe("dropped");
		hooks.wait(61);
		expect(hooks.forward(syn(999))).toMatch(/^NEW/);
		const lines = hooks.table();
		// Down to 95 in 100, as the kernel: then it stops.
		expect(lines.filter((line) => line.includes("FIN_WAIT"))).toHaveLength(4);
		expect(lines.filter((line) => line.includes(" ESTABLISHED "))).toHaveLength(
			90,
		);
	});

	it("a chain of more than fifty refuses new entries", () => {
		const hooks = new TestHooks({ ...FEW_BUCKETS, max: 0 });
		let dropped = 0;
		for (let port = 1; port <= 15000; port++)
			if (hooks.forward(syn(port)) === "dropped") dropped++;
		expect(dropped).toBeGreaterThan(100);
		expect(hooks.conntrack.count).toBe(15000 - dropped);
	});
});

describe("counting traffic", () => {
	it("begins when somebody asks for it, for entries made from then on", () => {
		const hooks = new TestHooks();
		hooks.forward(syn(1));
		hooks.conntrack.view.countTraffic();
		hooks.rules.dnat = () => range("192.168.0.1");
		hooks.forward(syn(2));
		hooks.forward("tcp 192.168.0.1:25 > 10.0.0.10:2 SA seq 5000 ack 1001");
		const [before = "", after = ""] = hooks.table();
		expect(before).not.toContain("packets=");
		expect(after).toContain(
			"sport=2 dport=25 packets=1 bytes=40 src=192.168.0.1 dst=10.0.0.10 sport=25 dport=2 packets=1 bytes=40 mark=0",
		);
	});

	it("or with nf_conntrack_acct=1; a SYN again is not counted", () => {
		const hooks = new TestHooks({ acct: 1 });
		hooks.forward(syn(1));
		hooks.forward(syn(1));
		expect(hooks.entry()).toContain("packets=1 bytes=40");
	});
});
