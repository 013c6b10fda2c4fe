/** Associations of SCTP through the gateway: their states, their tags, and what translation does to them. */
import { describe, expect, it } from "vitest";
import { createTestGateway, IN, OUT } from "./test-gateway.ts";

const RULES = `*nat
-A PREROUTING -d 10.0.0.1/32 -p sctp --dport 36412 -j DNAT --to-destination 192.168.0.1:2905
COMMIT
*mangle
-A PREROUTING -m conntrack --ctstate INVALID -j DROP
COMMIT
`;

function association() {
	const gateway = createTestGateway(RULES);
	const line = () => gateway.conntrack().join("\n");
	return {
		line,
		wait: gateway.wait,
		client: (chunks: string) =>
			gateway.send(OUT, `sctp 10.0.0.10:40000 > 10.0.0.1:36412 ${chunks}`),
		server: (chunks: string) =>
			gateway.send(IN, `sctp 192.168.0.1:2905 > 10.0.0.10:40000 ${chunks}`),
		state: () => / sctp +132 \d+ (\w+)/.exec(line())?.[1] ?? null,
	};
}

describe("an association", () => {
	it("is translated, with a checksum made anew", () => {
		const { client, server } = association();
		expect(client("INIT itag 7")).toEqual([
			"bond0.205 sctp 10.0.0.10:40000 > 192.168.0.1:2905 INIT itag 7 ttl 63",
		]);
		expect(server("INIT_ACK vtag 7 itag 9")).toEqual([
			"bond0.204 sctp 10.0.0.1:36412 > 10.0.0.10:40000 INIT_ACK vtag 7 itag 9 ttl 63",
		]);
	});

	it("goes through its states", () => {
		const { client, server, state, line } = association();
		const states = [
			client("INIT itag 7") && state(),
			server("INIT_ACK vtag 7 itag 9") && state(),
			client("COOKIE_ECHO vtag 9") && state(),
			server("COOKIE_ACK vtag 7") && state(),
			client("SHUTDOWN vtag 9") && state(),
			server("SHUTDOWN_ACK vtag 7") && state(),
			client("SHUTDOWN_COMPLETE vtag 9") && state(),
		];
		expect(states).toEqual([
			"CLOSED",
			"COOKIE_WAIT",
			"COOKIE_ECHOED",
			"ESTABLISHED",
			"SHUTDOWN_SENT",
			"SHUTDOWN_ACK_SENT",
			"CLOSED",
		]);
		expect(line()).toContain("[ASSURED]");
	});

	it("is forgotten after the time that its state has", () => {
		const { client, state, wait } = association();
		client("INIT itag 7");
		wait(9_000);
		expect(state()).toBe("CLOSED");
		wait(2_000);
		expect(state()).toBe(null);
	});
});

describe("what is no part of it", () => {
	it.each([
		["a tag that no side has announced", "DATA vtag 8"],
		["a wrong checksum", "DATA vtag 9 badsum"],
		["INIT with a tag", "INIT vtag 9 itag 3"],
		["INIT with other chunks", "DATA INIT vtag 9 itag 3"],
		["an answer to INIT whose tag is another one", "INIT_ACK vtag 9 itag 3"],
		["ABORT with the other side's tag, without saying so", "ABORT vtag 7"],
	])("is INVALID: %s", (_, chunks) => {
		const { client, server, state } = association();
		client("INIT itag 7");
		server("INIT_ACK vtag 7 itag 9");
		client("COOKIE_ECHO vtag 9");
		server("COOKIE_ACK vtag 7");
		expect(client(chunks)).toEqual([]);
		expect(state()).toBe("ESTABLISHED");
	});

	it.each(["DATA vtag 1", "ABORT vtag 1", "COOKIE_ACK vtag 1"])(
		"begins none: %s",
		(chunks) => {
			const { client, state } = association();
			expect(client(chunks)).toEqual([]);
			expect(state()).toBe(null);
		},
	);
});

describe("a heartbeat", () => {
	it("begins an association on another path", () => {
		const { client, server, state } = association();
		client("HEARTBEAT vtag 5");
		expect(state()).toBe("HEARTBEAT_SENT");
		server("HEARTBEAT_ACK vtag 6");
		expect(state()).toBe("ESTABLISHED");
	});

	it("with an unknown tag passes, and its answer makes the tag known", () => {
		const { client, server } = association();
		client("HEARTBEAT vtag 5");
		server("HEARTBEAT_ACK vtag 6");
		expect(client("HEARTBEAT vtag 8")).toHaveLength(1);
		expect(client("DATA vtag 8")).toEqual([]);
		expect(server("HEARTBEAT_ACK vtag 9")).toHaveLength(1);
		expect(server("DATA vtag 9")).toHaveLength(1);
	});
});
