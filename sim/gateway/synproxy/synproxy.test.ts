import { describe, expect, it } from "vitest";
import { createTestGateway, IN, OUT } from "../test-gateway.ts";

const RULES = `*raw
-A PREROUTING -d 10.0.0.1 -p tcp --syn -j CT --notrack
COMMIT
*nat
-A OUTPUT -d 10.0.0.1 -p tcp -j DNAT --to-destination 192.168.0.2
COMMIT
*filter
-A INPUT -d 10.0.0.1 -p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460 --ecn
-A INPUT -m conntrack --ctstate INVALID -j DROP
COMMIT
`;
const STRICT = {
	sysctls: { "ipv4.ip_forward": 1, "netfilter.nf_conntrack_tcp_loose": 0 },
};
const CLIENT = "tcp 10.0.0.10:40000 > 10.0.0.1:25";
const BACKEND = "tcp 192.168.0.2:25 > 10.0.0.10:40000";

function proxied(rules = RULES) {
	const gateway = createTestGateway(rules, STRICT);
	/** @returns the cookie and the timestamp of the answer */
	const syn = (options = "<mss 1460>") => {
		const [answer = ""] = gateway.send(OUT, `${CLIENT} S seq 1000 ${options}`);
		const number = (name: string) =>
			Number(new RegExp(`${name} (\\d+)`).exec(answer)?.[1] ?? 0);
		return { answer, cookie: number("seq"), timestamp: number("ts") };
	};
	return { ...gateway, syn };
}

describe("SYNPROXY", () => {
	it("answers a SYN with its MSS and no window, and offers nothing that it could not remember", () => {
		const { syn, conntrack, model } = proxied();
		const { answer } = syn("<mss 1300,wscale 5,sackOK>");
		expect(answer).toMatch(
			/^bond0\.204 tcp 10\.0\.0\.1:25 > 10\.0\.0\.10:40000 SA seq \d+ ack 1001 win 0 DF <mss 1460>$/,
		);
		expect(conntrack()).toEqual([]);
		expect(model.observe().ruleset).toContain("SYNPROXY");
	});

	it("sends the server what the client has offered, rounded down, and the client's window", () => {
		const { syn, send } = proxied();
		const { cookie } = syn("<mss 1459,wscale 5,sackOK>");
		expect(send(OUT, `${CLIENT} A seq 1001 ack ${cookie + 1} win 77`)).toEqual([
			`${IN} tcp 10.0.0.10:40000 > 192.168.0.2:25 S seq 1000 ack ${cookie} win 77 DF <mss 1440>`,
		]);
	});

	it("holds what both offer in the timestamp, and offsets the server's numbers", () => {
		const { syn, send, conntrack } = proxied();
		const { answer, cookie, timestamp } = syn(
			"<mss 1460,wscale 5,sackOK,ts 70 0>",
		);
		expect(answer).toContain(`<mss 1460,wscale 7,sackOK,ts ${timestamp} 70>`);
		expect(timestamp & 0x3f).toBe(16 + 5);
		const [opened] = send(
			OUT,
			`${CLIENT} A seq 1001 ack ${cookie + 1} win 502 <ts 71 ${timestamp}>`,
		);
		expect(opened).toContain(
			`S seq 1000 ack ${cookie} win 502 DF <mss 1460,wscale 5,sackOK,ts 71 ${timestamp}>`,
		);
		const offset = 5_000_000;
		expect(
			send(
				IN,
				`${BACKEND} SA seq 9000 ack 1001 win 64000 <mss 1460,wscale 6,sackOK,ts ${timestamp + offset} 71>`,
			),
		).toEqual([
			// The offset is put on the gateway's own acknowledgement as well.
			`${IN} tcp 10.0.0.10:40000 > 192.168.0.2:25 A seq 1001 ack 9001 win 502 DF <ts 71 ${timestamp + 2 * offset}>`,
			`${OUT} tcp 10.0.0.1:25 > 10.0.0.10:40000 A seq ${cookie + 1} ack 1001 win 1000 DF <ts ${timestamp} 71>`,
		]);
		expect(conntrack().join()).toContain("ESTABLISHED");
		expect(
			send(
				IN,
				`${BACKEND} PA seq 9001 ack 1001 len 10 <ts ${timestamp + offset + 9} 71>`,
			),
		).toEqual([
			`${OUT} tcp 10.0.0.1:25 > 10.0.0.10:40000 PA seq ${cookie + 1} ack 1001 ttl 63 len 10 <ts ${timestamp + 9} 71>`,
		]);
		expect(
			send(
				OUT,
				`${CLIENT} A seq 1001 ack ${cookie + 1} <ts 72 ${timestamp + 9},sack ${cookie + 6}:${cookie + 11}>`,
			),
		).toEqual([
			`${IN} tcp 10.0.0.10:40000 > 192.168.0.2:25 A seq 1001 ack 9001 ttl 63 <ts 72 ${timestamp + offset + 9},sack 9006:9011>`,
		]);
	});

	it("notifies of congestion where both sides would", () => {
		const { syn, send } = proxied();
		const gateway = { syn, send };
		const [answer = ""] = gateway.send(
			OUT,
			`${CLIENT} SEW seq 1000 <mss 1460,ts 70 0>`,
		);
		expect(answer).toContain(" SAE ");
		const [, cookie, timestamp] = /seq (\d+) .*ts (\d+)/.exec(answer) ?? [];
		const ack = Number(cookie) + 1;
		expect(
			send(OUT, `${CLIENT} A seq 1001 ack ${ack} <ts 71 ${timestamp}>`)[0],
		).toContain(" SEW ");
	});

	it("resets the client with the number that it expects", () => {
		const { syn, send, conntrack } = proxied();
		const { cookie } = syn();
		send(OUT, `${CLIENT} A seq 1001 ack ${cookie + 1}`);
		expect(send(IN, `${BACKEND} RA seq 0 ack 1001 win 0`)).toEqual([
			`${OUT} tcp 10.0.0.1:25 > 10.0.0.10:40000 RA seq ${cookie + 1} ack 1001 win 0 ttl 63`,
		]);
		expect(conntrack()).toEqual([]);
	});

	it("drops what is no cookie, or that of another, and passes other segments on", () => {
		const { syn, send, fate, matched } = proxied();
		const { cookie } = syn();
		const dropped = { kind: "dropped", by: "filter:INPUT:rule:1" };
		expect(fate(OUT, `${CLIENT} A seq 1001 ack ${cookie + 5}`)).toEqual(
			dropped,
		);
		expect(fate(OUT, `${CLIENT} A seq 1005 ack ${cookie + 1}`)).toEqual(
			dropped,
		);
		expect(
			fate(
				OUT,
				`${CLIENT.replace("40000", "40001")} A seq 1001 ack ${cookie + 1}`,
			),
		).toEqual(dropped);
		expect(send(OUT, `${CLIENT} R seq 1001`)).toEqual([]);
		expect(matched).toContain("filter:INPUT:rule:2");
	});

	it("knows a cookie for a minute, forgets it in two, and does not know between", () => {
		const { syn, fate, wait } = proxied();
		const { cookie } = syn();
		const line = `${CLIENT} A seq 1001 ack ${cookie + 1}`;
		wait(59_000);
		expect(fate(OUT, line).kind).toBe("dropped");
		expect(fate(OUT, line)).toEqual({
			kind: "dropped",
			by: "taken by SYNPROXY",
		});
		wait(30_000);
		expect(fate(OUT, `${line.replace("1001", "1001")}`).kind).toBe("unknown");
		wait(60_000);
		expect(fate(OUT, line)).toEqual({
			kind: "dropped",
			by: "filter:INPUT:rule:1",
		});
	});

	it("sends the SYN again when the client reminds of itself, unless DNAT is on the way", () => {
		const forwarding = RULES.replace(/\*nat[\s\S]*?COMMIT\n/, "")
			.replaceAll("10.0.0.1 ", "192.168.0.2 ")
			.replaceAll("INPUT", "FORWARD");
		const { send, fate } = proxied(forwarding);
		const client = "tcp 10.0.0.10:40000 > 192.168.0.2:25";
		const [answer = ""] = send(OUT, `${client} S seq 1000 <mss 1300>`);
		const cookie = Number(/seq (\d+)/.exec(answer)?.[1]);
		send(OUT, `${client} A seq 1001 ack ${cookie + 1}`);
		// The number of a keep-alive is one less, which the cookie takes for the next greater MSS.
		expect(send(OUT, `${client} A seq 1000 ack ${cookie + 1}`)).toEqual([
			`${IN} ${client} S seq 1000 ack ${cookie} DF <mss 1440>`,
		]);
		expect(fate(OUT, `${client} A seq 1000 ack ${cookie + 9}`)).toEqual({
			kind: "dropped",
			by: "wrong SYN cookie",
		});
		const translated = proxied();
		const own = translated.syn();
		translated.send(OUT, `${CLIENT} A seq 1001 ack ${own.cookie + 1}`);
		expect(
			translated.fate(OUT, `${CLIENT} A seq 1000 ack ${own.cookie + 1}`),
		).toEqual({ kind: "dropped", by: "wrong SYN cookie" });
	});

	it("is put back whole with a snapshot", () => {
		const { syn, send, model } = proxied();
		const { cookie } = syn();
		const asked = model.snapshot();
		send(OUT, `${CLIENT} A seq 1001 ack ${cookie + 1}`);
		const opened = model.snapshot();
		const answer = () => send(IN, `${BACKEND} SA seq 9000 ack 1001 <mss 1460>`);
		const both = answer();
		expect(both).toHaveLength(2);
		model.restore(opened);
		expect(answer()).toEqual(both);
		model.restore(asked);
		expect(send(OUT, `${CLIENT} A seq 1001 ack ${cookie + 1}`)).toHaveLength(1);
	});

	it("leaves ICMP errors about such connections unknown", () => {
		const { syn, send, fate } = proxied();
		const { cookie } = syn();
		send(OUT, `${CLIENT} A seq 1001 ack ${cookie + 1}`);
		send(IN, `${BACKEND} SA seq 9000 ack 1001 <mss 1460>`);
		const error = `icmp 10.0.0.10 > 10.0.0.1 host-unreachable (tcp 10.0.0.1:25 > 10.0.0.10:40000 A seq ${cookie + 1} ack 1001)`;
		expect(fate(OUT, error).kind).toBe("unknown");
	});
});
