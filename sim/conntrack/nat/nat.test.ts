import { describe, expect, it } from "vitest";
import type { Choice } from "../../chance/choice.ts";
import { DEFAULT_LINUX, type Linux } from "../../linux/linux.ts";
import { NF_ACCEPT } from "../../packet/skb/skb.ts";
import { range, TestHooks } from "../test-hooks.ts";

const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 1000";

/** Draws what it is told, and remembers what it was asked. */
function scripted(draws: number[]): Choice & { asked: string[] } {
	const asked: string[] = [];
	return {
		asked,
		pick(count, label) {
			asked.push(`${label} of ${count}`);
			return draws.shift() ?? 0;
		},
		happens: () => false,
	};
}

describe("DNAT", () => {
	it("goes with the first packet; all others of the connection are translated without asking the rules", () => {
		const hooks = new TestHooks();
		let asked = 0;
		hooks.rules.dnat = () => {
			asked++;
			return range("192.168.0.1");
		};
		expect(hooks.forward(SYN)).toBe(
			"NEW tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000",
		);
		expect(
			hooks.forward("tcp 192.168.0.1:25 > 10.0.0.10:40000 SA seq 5 ack 1001"),
		).toBe("ESTABLISHED tcp 10.0.0.1:25 > 10.0.0.10:40000 SA seq 5 ack 1001");
		expect(
			hooks.forward("tcp 10.0.0.10:40000 > 10.0.0.1:25 A seq 1001 ack 6"),
		).toBe("ESTABLISHED tcp 10.0.0.10:40000 > 192.168.0.1:25 A seq 1001 ack 6");
		expect(asked).toBe(1);
		expect(hooks.entry()).toContain(
			"src=10.0.0.10 dst=10.0.0.1 sport=40000 dport=25 src=192.168.0.1 dst=10.0.0.10 sport=25 dport=40000 [ASSURED]",
		);
	});

	it("RST|ACK from a backend on SYN_SENT: passed to the client as from 10.0.0.1, and the entry is gone at once", () => {
		const hooks = new TestHooks();
		hooks.rules.dnat = () => range("192.168.0.1");
		hooks.forward(SYN);
		expect(
			hooks.forward("tcp 192.168.0.1:25 > 10.0.0.10:40000 RA ack 1001"),
		).toBe("ESTABLISHED tcp 10.0.0.1:25 > 10.0.0.10:40000 RA ack 1001");
		expect(hooks.conntrack.count).toBe(0);
		hooks.rules.dnat = () => range("192.168.0.2");
		expect(hooks.forward(SYN)).toContain("> 192.168.0.2:25");
	});

	it("to another port", () => {
		const hooks = new TestHooks();
		hooks.rules.dnat = () =>
			range("192.168.0.1", { ports: { min: 2525, max: 2525 } });
		expect(hooks.forward(SYN)).toContain("> 192.168.0.1:2525 ");
		expect(
			hooks.forward("tcp 192.168.0.1:2525 > 10.0.0.10:40000 SA seq 5 ack 1001"),
		).toContain("tcp 10.0.0.1:25 > ");
	});

	it("two services with one backend, called from one port: the second call gets another source port", () => {
		const choice = scripted([9]);
		const hooks = new TestHooks({}, choice);
		hooks.rules.dnat = () =>
			range("192.168.0.1", { ports: { min: 2525, max: 2525 } });
		hooks.forward("tcp 10.0.0.10:40000 > 10.0.0.1:25 S");
		expect(hooks.forward("tcp 10.0.0.10:40000 > 10.0.0.2:25 S")).toBe(
			"NEW tcp 10.0.0.10:1033 > 192.168.0.1:2525 S",
		);
		// Drawn once, for the source: there is nothing to draw for the destination.
		expect(choice.asked).toEqual(["nat source port from 1024 of 64512"]);
	});

	it("with a base port, ports keep their distance (--to-destination :2000-2100/1000)", () => {
		const hooks = new TestHooks();
		hooks.rules.dnat = () =>
			range("192.168.0.1", {
				ports: { min: 2000, max: 2100 },
				basePort: 1000,
			});
		expect(hooks.forward("tcp 10.0.0.10:40000 > 10.0.0.1:1007 S")).toContain(
			"> 192.168.0.1:2007 ",
		);
	});

	it("after an eviction with another backend: the entry is new, and so is the choice", () => {
		const hooks = new TestHooks();
		hooks.rules.dnat = () => range("192.168.0.1");
		hooks.forward(SYN);
		expect(hooks.conntrack.evict({ replySource: "192.168.0.1" })).toBe(1);
		hooks.rules.dnat = () => range("192.168.0.2");
		expect(hooks.forward(SYN)).toContain("> 192.168.0.2:25");
	});
});

describe("a packet that never came through", () => {
	it("leaves nothing behind: the entry was never confirmed; the retransmission is balanced", () => {
		const hooks = new TestHooks();
		hooks.rules = { dnat: () => range("192.168.0.1"), drop: true };
		expect(hooks.forward(SYN)).toBe("dropped");
		expect(hooks.conntrack.count).toBe(0);
		hooks.rules = { dnat: () => range("192.168.0.2") };
		expect(hooks.forward(SYN)).toBe(
			"NEW tcp 10.0.0.10:40000 > 192.168.0.2:25 S seq 1000",
		);
	});
});

describe("failover between two routers", () => {
	it("The backend speaks first → its packet is forwarded untranslated, and the entry clashes with the client's next packet: it is translated to b1 with another source port", () => {
		const choice = scripted([10176 - 1024]);
		const hooks = new TestHooks({}, choice);
		const late = "tcp 192.168.0.1:25 > 10.0.0.10:45000 PA seq 5 ack 9 len 3";
		expect(hooks.forward(late)).toBe(`NEW ${late}`);
		hooks.rules.dnat = () => range("192.168.0.1");
		expect(
			hooks.forward("tcp 10.0.0.10:45000 > 10.0.0.1:25 A seq 9 ack 8"),
		).toBe("NEW tcp 10.0.0.10:10176 > 192.168.0.1:25 A seq 9 ack 8");
		expect(choice.asked).toEqual(["nat source port from 1024 of 64512"]);
		expect(hooks.conntrack.count).toBe(2);
	});
});

describe("a first datagram against another's, in a zone that hides its replies", () => {
	const THERE = "udp 203.0.113.7:40000 > 10.0.0.1:25 len 1";
	const BACK = "udp 10.0.0.1:25 > 203.0.113.7:40000 len 1";
	/** The zone of replies is the other one for the first datagram alone. */
	const fateOfSecond = (kernel: Linux["kernel"], choice: Choice) => {
		const hooks = new TestHooks({}, choice, { ...DEFAULT_LINUX, kernel });
		hooks.zones = [0, 2];
		hooks.forward(THERE);
		hooks.zones = null;
		return hooks.forward(BACK);
	};

	it("gets another source port up to 6.1", () => {
		expect(fateOfSecond("6.1", scripted([399]))).toBe(
			"NEW udp 10.0.0.1:400 > 203.0.113.7:40000 len 1",
		);
	});

	it("keeps its port and is dropped from 6.12 on", () => {
		expect(fateOfSecond("6.12", scripted([]))).toBe("dropped");
	});
});

describe("SNAT", () => {
	const OUT = "tcp 192.168.0.7:40000 > 198.51.100.1:80 S seq 1";

	it("keeps the port if it can", () => {
		const hooks = new TestHooks({}, scripted([]));
		hooks.rules.snat = () => range("203.0.113.1");
		expect(hooks.forward(OUT)).toBe(
			"NEW tcp 203.0.113.1:40000 > 198.51.100.1:80 S seq 1",
		);
		expect(
			hooks.forward("tcp 198.51.100.1:80 > 203.0.113.1:40000 SA seq 5 ack 2"),
		).toBe(
			"ESTABLISHED tcp 198.51.100.1:80 > 192.168.0.7:40000 SA seq 5 ack 2",
		);
	});

	it("draws another one if somebody has it: from 1024 up for a port from 1024 up", () => {
		const choice = scripted([0]);
		const hooks = new TestHooks({}, choice);
		hooks.rules.snat = () => range("203.0.113.1");
		hooks.forward(OUT);
		expect(
			hooks.forward("tcp 192.168.0.8:40000 > 198.51.100.1:80 S seq 1"),
		).toContain("tcp 203.0.113.1:1024 > ");
		expect(choice.asked).toEqual(["nat source port from 1024 of 64512"]);
	});

	it.each([
		[300, "nat source port from 1 of 511", 1],
		[700, "nat source port from 600 of 424", 600],
	])("a low port stays low: %i", (port, asked, lowest) => {
		const choice = scripted([0]);
		const hooks = new TestHooks({}, choice);
		hooks.rules.snat = () => range("203.0.113.1");
		for (const host of [7, 8])
			hooks.forward(`tcp 192.168.0.${host}:${port} > 198.51.100.1:80 S`);
		expect(choice.asked).toEqual([asked]);
		expect(hooks.table()[1]).toContain(`dport=${lowest} `);
	});

	it("a port taken is passed over, in order", () => {
		const choice = scripted([0, 0, 0]);
		const hooks = new TestHooks({}, choice);
		hooks.rules.snat = () =>
			range("203.0.113.1", { ports: { min: 5000, max: 5002 } });
		const sources = [1, 2, 3].map((host) =>
			hooks.forward(`udp 192.168.0.${host}:40000 > 198.51.100.1:53 len 1`),
		);
		expect(sources.map((line) => line.split(" ")[2])).toEqual([
			"203.0.113.1:5000",
			"203.0.113.1:5001",
			"203.0.113.1:5002",
		]);
	});

	it("no port is left: the packet is dropped when its entry is to be confirmed", () => {
		const hooks = new TestHooks({}, scripted([]));
		hooks.rules.snat = () =>
			range("203.0.113.1", { ports: { min: 5000, max: 5001 } });
		const answers = [1, 2, 3].map((host) =>
			hooks.forward(`tcp 192.168.0.${host}:40000 > 198.51.100.1:80 S`),
		);
		expect(answers[2]).toBe("dropped");
		expect(hooks.droppedFor).toBe("port taken");
		expect(hooks.conntrack.count).toBe(2);
	});

	it("a range that is full is searched in ever shorter rounds: 128, 64, 32, 16 and 8 ports", () => {
		const choice = scripted([...Array(200).keys()]);
		const hooks = new TestHooks({}, choice);
		hooks.rules.snat = () =>
			range("203.0.113.1", { ports: { min: 5000, max: 5199 } });
		for (let port = 1; port <= 200; port++)
			expect(
				hooks.forward(`udp 192.168.0.7:${port} > 198.51.100.1:53 len 1`),
			).toContain(`203.0.113.1:${4999 + port} `);
		expect(choice.asked).toHaveLength(200);
		expect(hooks.forward("udp 192.168.0.7:999 > 198.51.100.1:53 len 1")).toBe(
			"dropped",
		);
		expect(choice.asked).toHaveLength(205);
	});

	it("a source that has a mapping keeps it towards everybody", () => {
		const hooks = new TestHooks({}, scripted([3]));
		hooks.rules.snat = () =>
			range("203.0.113.1", { ports: { min: 5000, max: 5009 } });
		expect(
			hooks.forward("udp 192.168.0.7:40000 > 198.51.100.1:53 len 1"),
		).toContain("203.0.113.1:5003");
		expect(
			hooks.forward("udp 192.168.0.7:40000 > 198.51.100.2:54 len 1"),
		).toContain("203.0.113.1:5003 > 198.51.100.2:54");
	});

	it("--random draws even when the port is free", () => {
		const choice = scripted([7]);
		const hooks = new TestHooks({}, choice);
		hooks.rules.snat = () => range("203.0.113.1", { random: true });
		expect(hooks.forward(OUT)).toContain("tcp 203.0.113.1:1031 > ");
	});

	it("gives a ping another identifier if it must", () => {
		const hooks = new TestHooks({}, scripted([77]));
		hooks.rules.snat = () => range("203.0.113.1");
		hooks.forward("icmp 192.168.0.7 > 198.51.100.1 echo-request id 7 seq 1");
		expect(
			hooks.forward("icmp 192.168.0.8 > 198.51.100.1 echo-request id 7 seq 1"),
		).toBe("NEW icmp 203.0.113.1 > 198.51.100.1 echo-request id 77 seq 1");
		expect(
			hooks.forward("icmp 198.51.100.1 > 203.0.113.1 echo-reply id 77 seq 1"),
		).toBe("ESTABLISHED icmp 198.51.100.1 > 192.168.0.8 echo-reply id 7 seq 1");
	});

	it("a port is free again when its entry has expired", () => {
		const hooks = new TestHooks({}, scripted([]));
		hooks.rules.snat = () => range("203.0.113.1");
		hooks.forward(OUT);
		hooks.wait(120);
		expect(
			hooks.forward("tcp 192.168.0.8:40000 > 198.51.100.1:80 S seq 1"),
		).toContain("203.0.113.1:40000");
	});

	it("masquerade: entries go with their interface", () => {
		const hooks = new TestHooks();
		hooks.rules.snat = () => range("203.0.113.1", { masqueradeInterface: 3 });
		hooks.rules.onTracked = (skb) => {
			skb.outInterface = 3;
		};
		hooks.forward(OUT);
		hooks.conntrack.masqueradeDown(2);
		expect(hooks.conntrack.count).toBe(1);
		hooks.conntrack.masqueradeDown(3);
		expect(hooks.conntrack.count).toBe(0);
	});

	it("masquerade: a packet that is routed over another interface ends its connection", () => {
		const hooks = new TestHooks();
		let leaves = 3;
		hooks.rules.snat = () => range("203.0.113.1", { masqueradeInterface: 3 });
		hooks.rules.onTracked = (skb) => {
			skb.outInterface = leaves;
		};
		hooks.forward(OUT);
		expect(hooks.forward(OUT)).toMatch(/^NEW tcp 203/);
		leaves = 4;
		expect(hooks.forward(OUT)).toBe("dropped");
		expect(hooks.droppedFor).toBe("masqueraded elsewhere");
		expect(hooks.conntrack.count).toBe(0);
	});

	it("masquerade: the same for a reset that has ended it already", () => {
		const hooks = new TestHooks();
		let leaves = 3;
		hooks.rules.snat = () => range("203.0.113.1", { masqueradeInterface: 3 });
		hooks.rules.onTracked = (skb) => {
			skb.outInterface = leaves;
		};
		hooks.forward(OUT);
		leaves = 4;
		expect(
			hooks.forward("tcp 192.168.0.7:40000 > 198.51.100.1:80 R seq 2"),
		).toBe("dropped");
		expect(hooks.conntrack.count).toBe(0);
	});
});

describe("null bindings", () => {
	it("are made without a rule, and keep everything as it is", () => {
		const hooks = new TestHooks({}, scripted([]));
		expect(hooks.forward(SYN)).toBe(`NEW ${SYN}`);
		expect(hooks.deliver("tcp 10.0.0.11:1 > 10.0.0.1:25 S")).toBe(
			"NEW tcp 10.0.0.11:1 > 10.0.0.1:25 S",
		);
	});

	it("a connection that was confirmed keeps its mapping for life", () => {
		const hooks = new TestHooks();
		hooks.forward(SYN);
		hooks.rules.dnat = () => range("192.168.0.1");
		expect(hooks.forward(SYN)).toBe(`NEW ${SYN}`);
	});
});

describe("zones", () => {
	it("the same addresses twice", () => {
		const hooks = new TestHooks();
		hooks.zones = [1, 1];
		hooks.forward(SYN);
		hooks.zones = [2, 2];
		hooks.forward(SYN);
		expect(hooks.table().map((line) => line.match(/zone=\d/)?.[0])).toEqual([
			"zone=1",
			"zone=2",
		]);
	});

	it("of the original direction only: answers come without one, so a second source needs another port", () => {
		const hooks = new TestHooks({}, scripted([5]));
		hooks.zones = [1, 0];
		expect(hooks.forward(SYN)).toBe(`NEW ${SYN}`);
		hooks.zones = [2, 0];
		expect(hooks.forward(SYN)).toContain("tcp 10.0.0.10:1029 > ");
		expect(hooks.table()[1]).toContain(" zone-orig=2 ");
		hooks.zones = null;
		expect(
			hooks.forward("tcp 10.0.0.1:25 > 10.0.0.10:1029 SA seq 3 ack 1001"),
		).toBe("ESTABLISHED tcp 10.0.0.1:25 > 10.0.0.10:40000 SA seq 3 ack 1001");
	});

	it("and without NAT: TCP's second SYN is dropped, UDP's second packet joins the first's entry", () => {
		const hooks = new TestHooks();
		hooks.nat = false;
		hooks.zones = [1, 0];
		hooks.forward(SYN);
		hooks.forward("udp 10.0.0.10:1 > 10.0.0.1:2 len 1");
		hooks.zones = [2, 0];
		expect(hooks.forward(SYN)).toBe("dropped");
		expect(hooks.forward("udp 10.0.0.10:1 > 10.0.0.1:2 len 1")).toMatch(/^NEW/);
		expect(hooks.conntrack.count).toBe(2);
	});
});

describe("setup", () => {
	it("does nothing to a connection that is confirmed", () => {
		const hooks = new TestHooks();
		hooks.forward(SYN);
		let verdict = -1;
		hooks.rules.onTracked = (skb) => {
			verdict = hooks.conntrack.setup(skb, range("192.168.0.9"), "destination");
		};
		expect(hooks.forward(SYN)).toBe(`NEW ${SYN}`);
		expect(verdict).toBe(NF_ACCEPT);
	});
});
