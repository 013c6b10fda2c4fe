import { expect, test } from "vitest";
import {
	createTestGateway,
	IN,
	OUT,
	type TestGateway,
} from "../test-gateway.ts";

const SYN = "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1";

function cable(gateway: TestGateway, isThere: boolean): void {
	gateway.model.answer({
		kind: "carrier",
		atMs: gateway.model.nowMs,
		interface: IN,
		isThere,
	});
}

test("neighbours are forgotten with the carrier, so packets wait, and their senders are told", () => {
	const gateway = createTestGateway("");
	expect(gateway.send(OUT, SYN)).toHaveLength(1);
	cable(gateway, false);
	expect(gateway.fate(OUT, SYN)).toEqual({
		kind: "queued",
		waitsFor: "neighbour",
	});
	expect(gateway.wait(3_001)[0]).toMatch(/host-unreachable/);
});

test("neighbours are kept where arp_evict_nocarrier says so, and what is sent to them is lost", () => {
	const sysctls = {
		"ipv4.ip_forward": 1,
		"ipv4/conf/bond0.205/arp_evict_nocarrier": 0,
	};
	const gateway = createTestGateway("", { sysctls });
	expect(gateway.send(OUT, SYN)).toHaveLength(1);
	cable(gateway, false);
	expect(gateway.fate(OUT, SYN)).toEqual({ kind: "dropped", by: "no carrier" });
	expect(gateway.wait(3_001)).toEqual([]);
	cable(gateway, true);
	expect(gateway.send(OUT, SYN)).toHaveLength(1);
});

test("nothing comes in by a link without a carrier", () => {
	const gateway = createTestGateway("");
	cable(gateway, false);
	expect(gateway.fate(IN, "tcp 192.168.0.1:25 > 10.0.0.10:1 R")).toEqual({
		kind: "dropped",
		by: "no carrier",
	});
});

test("a packet that waits goes out when the carrier is back in time", () => {
	const gateway = createTestGateway("");
	cable(gateway, false);
	expect(gateway.send(OUT, SYN)).toEqual([]);
	gateway.wait(1_500);
	cable(gateway, true);
	expect(gateway.wait(1_000)).toHaveLength(1);
});

test("with a snapshot the carrier comes back", () => {
	const gateway = createTestGateway("");
	const before = gateway.model.snapshot();
	const hash = gateway.model.hash();
	cable(gateway, false);
	expect(gateway.model.hash()).not.toBe(hash);
	gateway.model.restore(before);
	expect(gateway.model.hash()).toBe(hash);
	expect(gateway.send(OUT, SYN)).toHaveLength(1);
});

test("a link that loses the carrier that it has lost forgets nothing once more", () => {
	const gateway = createTestGateway("");
	cable(gateway, false);
	expect(gateway.send(OUT, SYN)).toEqual([]);
	gateway.wait(1_000);
	cable(gateway, false);
	expect(gateway.wait(2_001)[0]).toMatch(/host-unreachable/);
});
