import { describe, expect, it } from "vitest";
import {
	createTestGateway,
	IN,
	OUT,
	type TestGateway,
} from "./test-gateway.ts";

/** The recipe, as in `scenarios/suites/recipe/recipe.rules`. */
const RECIPE = `*mangle
:MAILMARK - [0:0]
-A MAILMARK -j CONNMARK --restore-mark
-A MAILMARK -m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition mail1up -j MARK --set-mark 1
-A MAILMARK -m mark --mark 0x0 -m condition ! --condition mail2up -j MARK --set-mark 2
-A MAILMARK -m mark --mark 0x0 -m condition ! --condition mail1up -j MARK --set-mark 1
-A MAILMARK -j CONNMARK --save-mark
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -j MAILMARK
COMMIT
*nat
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -i bond0.204 -m mark --mark 1 -j DNAT --to-destination 192.168.0.1
-A PREROUTING -d 10.0.0.1 -p tcp --dport 25 -i bond0.204 -m mark --mark 2 -j DNAT --to-destination 192.168.0.2
COMMIT
`;

const syn = (port: number) => `tcp 10.0.0.10:${port} > 10.0.0.1:25 S seq 1000`;

/** Which backend a new connection's SYN goes to: 1, 2, or "-" for none. */
function chosen(gateway: TestGateway, port: number): string {
	const [out = ""] = gateway.send(OUT, syn(port));
	return /^bond0\.205 tcp .* > 192\.168\.0\.([12]):25 /.exec(out)?.[1] ?? "-";
}

function choices(gateway: TestGateway, count: number, from = 40000): string {
	return Array.from({ length: count }, (_, index) =>
		chosen(gateway, from + index),
	).join("");
}

/** Shakes hands from `port` and says which backend it was. */
function connect(gateway: TestGateway, port: number): string {
	const backend = chosen(gateway, port);
	gateway.send(
		IN,
		`tcp 192.168.0.${backend}:25 > 10.0.0.10:${port} SA seq 5000 ack 1001`,
	);
	gateway.send(OUT, `tcp 10.0.0.10:${port} > 10.0.0.1:25 A seq 1001 ack 5001`);
	return backend;
}

describe("the recipe, packet by packet", () => {
	it("sends new connections to b1 b2 b1 b2, translated, one hop on", () => {
		const gateway = createTestGateway(RECIPE);
		expect(gateway.send(OUT, syn(40000))).toEqual([
			"bond0.205 tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1000 ttl 63",
		]);
		expect(choices(gateway, 5, 40001)).toBe("21212");
		expect(
			gateway.send(
				IN,
				"tcp 192.168.0.1:25 > 10.0.0.10:40000 SA seq 5000 ack 1001",
			),
		).toEqual([
			"bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 SA seq 5000 ack 1001 ttl 63",
		]);
	});

	it("says which rules matched", () => {
		const gateway = createTestGateway(RECIPE);
		gateway.send(OUT, syn(40000));
		expect(gateway.matched).toEqual([
			"mangle:PREROUTING:rule:1",
			"mangle:MAILMARK:rule:1",
			"mangle:MAILMARK:rule:2",
			"mangle:MAILMARK:rule:5",
			"mangle:MAILMARK:return:6",
			"mangle:PREROUTING:policy:2",
			"nat:PREROUTING:rule:1",
			"mangle:FORWARD:policy:1",
			"mangle:POSTROUTING:policy:1",
			"nat:POSTROUTING:policy:1",
		]);
	});

	it("sends everybody to the one that lives, and goes on counting meanwhile", () => {
		const gateway = createTestGateway(RECIPE);
		gateway.condition("mail1up", "1");
		expect(choices(gateway, 5)).toBe("22222");
		gateway.condition("mail1up", "0");
		// Five were counted, so the sixth is nobody's turn but b2's.
		expect(choices(gateway, 3, 41000)).toBe("212");
		gateway.condition("mail2up", "1");
		expect(choices(gateway, 4, 42000)).toBe("1111");
	});

	it("keeps a connection where it is when its backend is marked dead", () => {
		const gateway = createTestGateway(RECIPE);
		connect(gateway, 40000);
		gateway.condition("mail1up", "1");
		expect(
			gateway.send(
				OUT,
				"tcp 10.0.0.10:40000 > 10.0.0.1:25 PA seq 1001 ack 5001 len 6",
			)[0],
		).toMatch(/^bond0\.205 tcp .* > 192\.168\.0\.1:25 PA/);
	});

	it("sends retransmissions where the first SYN went, also to a backend that was marked dead", () => {
		const gateway = createTestGateway(RECIPE);
		expect(chosen(gateway, 40000) + chosen(gateway, 40000)).toBe("11");
		expect(chosen(gateway, 40001) + chosen(gateway, 40001)).toBe("22");
		gateway.condition("mail1up", "1");
		expect(chosen(gateway, 40000)).toBe("1");
	});

	it("passes a backend's reset on and forgets the entry at once", () => {
		const gateway = createTestGateway(RECIPE);
		chosen(gateway, 40000);
		expect(
			gateway.send(
				IN,
				"tcp 192.168.0.1:25 > 10.0.0.10:40000 RA seq 0 ack 1001 win 0",
			),
		).toEqual([
			"bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 RA ack 1001 win 0 ttl 63",
		]);
		expect(gateway.conntrack()).toEqual([]);
		expect(chosen(gateway, 40000)).toBe("2");
	});

	it("answers itself when both are dead, keeps nothing, and balances the next SYN after recovery", () => {
		const gateway = createTestGateway(RECIPE);
		gateway.condition("mail1up", "1");
		gateway.condition("mail2up", "1");
		expect(gateway.send(OUT, syn(40000))).toEqual([
			"bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 RA ack 1001 win 0 DF",
		]);
		expect(gateway.conntrack()).toEqual([]);
		gateway.condition("mail1up", "0");
		gateway.condition("mail2up", "0");
		expect(chosen(gateway, 40000)).toBe("2");
	});

	it("answers nothing when both are dead and INPUT drops, and confirms no entry", () => {
		const gateway = createTestGateway(
			`${RECIPE}*filter\n-A INPUT -p tcp --dport 25 -j DROP\nCOMMIT\n`,
		);
		gateway.condition("mail1up", "1");
		gateway.condition("mail2up", "1");
		expect(gateway.fate(OUT, syn(40000))).toEqual({
			kind: "dropped",
			by: "filter:INPUT:rule:1",
		});
		expect(gateway.conntrack()).toEqual([]);
		gateway.condition("mail2up", "0");
		expect(chosen(gateway, 40000)).toBe("2");
	});

	it("picks an evicted connection up mid-stream and sends it to the other one", () => {
		const gateway = createTestGateway(RECIPE);
		connect(gateway, 40000);
		gateway.condition("mail1up", "1");
		expect(gateway.operate({ kind: "evict", filter: { mark: 1 } })).toEqual({
			ok: true,
			count: 1,
		});
		expect(
			gateway.send(
				OUT,
				"tcp 10.0.0.10:40000 > 10.0.0.1:25 PA seq 1001 ack 5001 len 6",
			)[0],
		).toMatch(/^bond0\.205 tcp .* > 192\.168\.0\.2:25 PA/);
		expect(gateway.conntrack()[0]).toMatch(
			/^ipv4 {5}2 tcp {6}6 300 ESTABLISHED .*\[UNREPLIED\].* mark=2 /,
		);
	});

	it("takes the same packet for INVALID when tcp_loose is off, and resets it itself", () => {
		const gateway = createTestGateway(RECIPE);
		connect(gateway, 40000);
		gateway.operate({
			kind: "sysctl",
			name: "netfilter.nf_conntrack_tcp_loose",
			value: 0,
		});
		gateway.operate({ kind: "evict", filter: {} });
		expect(
			gateway.send(
				OUT,
				"tcp 10.0.0.10:40000 > 10.0.0.1:25 PA seq 1001 ack 5001 len 6",
			),
		).toEqual([
			"bond0.204 tcp 10.0.0.1:25 > 10.0.0.10:40000 R seq 5001 win 0 DF",
		]);
	});

	it("does not translate nonsense, and resets it itself", () => {
		const gateway = createTestGateway(RECIPE);
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:40000 > 10.0.0.1:25 SF seq 1000")[0],
		).toMatch(/^bond0\.204 tcp 10\.0\.0\.1:25 > 10\.0\.0\.10:40000 RA/);
		expect(
			gateway.send(OUT, "tcp 10.0.0.10:40000 > 10.0.0.1:25 none seq 1000")[0],
		).toMatch(/^bond0\.204 tcp 10\.0\.0\.1:25 > 10\.0\.0\.10:40000 RA/);
	});

	it("marks and counts traffic from another interface, but does not translate it", () => {
		const gateway = createTestGateway(RECIPE);
		expect(
			gateway.send(IN, "tcp 192.168.0.9:40000 > 10.0.0.1:25 S seq 1000")[0],
		).toMatch(/^bond0\.205 tcp 10\.0\.0\.1:25 > 192\.168\.0\.9:40000 RA/);
		expect(chosen(gateway, 40000)).toBe("2");
	});
});

describe("changes to the ruleset while it runs", () => {
	it.each([
		["an unrelated rule", "iptables -t mangle -A FORWARD -p udp -j ACCEPT"],
		["zeroed counters", "iptables -t mangle -Z"],
	])("start every nth counter of the table anew: %s", (_, command) => {
		const gateway = createTestGateway(RECIPE);
		let seen = "";
		for (let port = 40000; port < 40008; port++) {
			seen += chosen(gateway, port);
			gateway.iptables(command);
		}
		expect(seen).toBe("11111111");
	});

	it.each([false, true])(
		"start them anew by iptables-restore (noflush: %s)",
		(noflush) => {
			const gateway = createTestGateway(RECIPE);
			const text = noflush ? "*mangle\n-A FORWARD -p udp\nCOMMIT\n" : RECIPE;
			let seen = "";
			for (let port = 40000; port < 40006; port++) {
				seen += chosen(gateway, port);
				gateway.operate({
					kind: "restore",
					text,
					file: "again.rules",
					noflush,
					counters: false,
				});
			}
			expect(seen).toBe("111111");
		},
	);

	it("pass connections by while no rule asks for tracking, and pick them up wherever they are then", () => {
		const gateway = createTestGateway(RECIPE);
		connect(gateway, 40000);
		const say = (seq: number) =>
			gateway.send(
				OUT,
				`tcp 10.0.0.10:40000 > 10.0.0.1:25 PA seq ${seq} ack 5001 len 6`,
			)[0];
		gateway.iptables("iptables -t mangle -F");
		gateway.iptables("iptables -t nat -F");
		// Nobody translates it now, so it is for the gateway itself.
		expect(say(1001)).toMatch(/^bond0\.204 tcp 10\.0\.0\.1:25 .* R /);
		gateway.operate({
			kind: "restore",
			text: RECIPE,
			file: "again.rules",
			noflush: false,
			counters: false,
		});
		// Far out of the window that was known; without the gap it would be INVALID.
		expect(say(500_000)).toContain("> 192.168.0.1:25 PA seq 500000");
		expect(say(900_000)).toMatch(/ R /);
	});

	it("leave the counters of other tables alone", () => {
		const gateway = createTestGateway(RECIPE);
		let seen = "";
		for (let port = 40000; port < 40006; port++) {
			seen += chosen(gateway, port);
			gateway.iptables("iptables -t nat -A POSTROUTING -p udp -j ACCEPT");
		}
		expect(seen).toBe("121212");
	});

	it("keep a condition that is still named, and forget one that was gone in between", () => {
		const gateway = createTestGateway(RECIPE);
		gateway.condition("mail1up", "1");
		const restore = () =>
			gateway.operate({
				kind: "restore",
				text: RECIPE,
				file: "again.rules",
				noflush: false,
				counters: false,
			});
		restore();
		expect(gateway.model.observe().conditions).toEqual({
			mail1up: 1,
			mail2up: 0,
		});
		gateway.iptables("iptables -t mangle -F");
		expect(gateway.model.observe().conditions).toEqual({});
		expect(
			gateway.model.operate({ kind: "condition", name: "mail1up", write: "1" })
				.ok,
		).toBe(false);
		restore();
		expect(gateway.model.observe().conditions).toEqual({
			mail1up: 0,
			mail2up: 0,
		});
	});

	it.each([
		["1", 1],
		["1junk", 1],
		["0", 0],
		["01", 0],
		["true", "as before"],
		[" 1", "as before"],
		["", "as before"],
	] as const)(
		"look at the first character of what is written to a condition: %j",
		(write, value) => {
			for (const before of [0, 1] as const) {
				const gateway = createTestGateway(RECIPE);
				gateway.condition("mail1up", String(before));
				gateway.condition("mail1up", write);
				expect(gateway.model.observe().conditions.mail1up).toBe(
					value === "as before" ? before : value,
				);
			}
		},
	);
});

describe("a second gateway takes over", () => {
	it("gives a connection whose client speaks first the next choice, whatever it had", () => {
		const gateway = createTestGateway(RECIPE);
		expect(connect(gateway, 40000) + connect(gateway, 40001)).toBe("12");
		gateway.operate({ kind: "take-over" });
		const speak = (port: number) =>
			gateway.send(
				OUT,
				`tcp 10.0.0.10:${port} > 10.0.0.1:25 PA seq 1001 ack 5001 len 6`,
			)[0];
		expect(speak(40001)).toContain("> 192.168.0.1:25");
		expect(speak(40000)).toContain("> 192.168.0.2:25");
	});

	it("lets a backend that speaks first through untranslated, and then breaks the connection for good", () => {
		const gateway = createTestGateway(RECIPE);
		connect(gateway, 45000);
		gateway.operate({ kind: "take-over" });
		expect(
			gateway.send(
				IN,
				"tcp 192.168.0.1:25 > 10.0.0.10:45000 PA seq 5001 ack 1001 len 6",
			),
		).toEqual([
			"bond0.204 tcp 192.168.0.1:25 > 10.0.0.10:45000 PA seq 5001 ack 1001 ttl 63 len 6",
		]);
		const [out = ""] = gateway.send(
			OUT,
			"tcp 10.0.0.10:45000 > 10.0.0.1:25 A seq 1001 ack 5007",
		);
		expect(out).toMatch(
			/^bond0\.205 tcp 10\.0\.0\.10:\d+ > 192\.168\.0\.1:25 A /,
		);
		expect(out).not.toContain(":45000");
	});
});
