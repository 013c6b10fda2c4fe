import { describe, expect, test } from "vitest";
import { testMatch, testPorts, testSkb } from "../extension/test-host.ts";
import { strtoull } from "../extension/values/read-number.ts";
import { createTestGateway, OUT } from "../gateway/test-gateway.ts";
import { iface } from "./iface.ts";
import { ipv4options } from "./ipv4options.ts";
import { length2 } from "./length2.ts";

const DATAGRAM = "udp 10.0.0.10:40000 > 192.168.0.1:53 len 40";

function forwarding(...rules: readonly string[]) {
	const lines = rules.map((rule) => `-A FORWARD ${rule}\n`).join("");
	return createTestGateway(`*filter\n${lines}COMMIT\n`);
}

describe("quota2", () => {
	test("lets through what fits, and nothing behind what does not", () => {
		const gateway = forwarding("-m quota2 ! --quota 100 -j DROP");
		const fates = [DATAGRAM, DATAGRAM, "udp 10.0.0.10:1 > 192.168.0.1:1 len 1"];
		expect(fates.map((one) => gateway.fate(OUT, one).kind)).toEqual([
			"forwarded",
			"dropped",
			"dropped",
		]);
	});

	test.each([
		["--packets --quota 1", 1],
		["--no-change --quota 68", 3],
		["--no-change --quota 67", 0],
		["--grow --quota 0", 3],
		["--name a --packets --quota 2", 2],
		["! --name a --quota 0", 3],
	])("%s holds for so many of three datagrams", (options, count) => {
		const text = options.startsWith("!")
			? options.replace("! --name a", "--name a !")
			: options;
		const gateway = forwarding(`-m quota2 ${text}`);
		let held = 0;
		for (let sent = 0; sent < 3; sent++) {
			gateway.fate(OUT, DATAGRAM);
			if (gateway.matched.includes("filter:FORWARD:rule:1")) held++;
		}
		expect(held).toBe(count);
	});
});

describe("iface", () => {
	test.each([
		["--dev-in --up", true],
		["--dev-in --down", false],
		["--dev-in --broadcast --multicast ! --loopback --arp", true],
		["--dev-in --running", false],
		["--dev-in ! --lower-up ! --dormant", true],
		["--dev-out ! --up", false],
		["--iface eth1 --up", true],
		["--iface lo --up --loopback", false],
		["--iface nope ! --up", false],
	])("%s", (options, holds) => {
		const test = testMatch(iface, options);
		expect(test(testSkb({ inInterface: 2 }))).toBe(holds);
	});

	test("knows the links of the gateway", () => {
		const down = testPorts({ isUp: (index) => index !== 2 });
		expect(testMatch(iface, "--iface eth1 --down", down)(testSkb())).toBe(true);
		const gateway = forwarding("-m iface --dev-in --up -j DROP");
		expect(gateway.fate(OUT, DATAGRAM).kind).toBe("dropped");
	});
});

describe("ipv4options", () => {
	test.each([
		["--flags lsrr", false],
		["--flags !lsrr,!ssrr", true],
		["--flags !lsrr,ssrr", false],
		["--flags !lsrr,ssrr --any", true],
		["", true],
		["--any", false],
	])("of a packet without options: %s", (options, holds) => {
		expect(testMatch(ipv4options, options)(testSkb())).toBe(holds);
	});
});

test.each([
	["", 0n],
	["0x1F", 31n],
	["010", 8n],
	[" +7", 7n],
	["-1", 18446744073709551615n],
	["18446744073709551616", 18446744073709551615n],
	["08", null],
	["0x", null],
	[" ", null],
])("strtoull reads %o as %s", (text, value) => {
	expect(strtoull(text)).toBe(value);
});

describe("geoip", () => {
	const geoip = { DE: ["10.0.1.0/24", "10.0.3.5-10.0.3.9"], FR: [] };
	const held = (rule: string) =>
		createTestGateway(
			`*filter\n-A FORWARD -m geoip ${rule} -j DROP\nCOMMIT\n`,
			{ geoip },
		);
	const from = (address: string) => `udp ${address}:1 > 192.168.0.1:53 len 4`;

	test.each([
		["--src-cc DE", "10.0.1.255", "dropped"],
		["--src-cc DE", "10.0.2.0", "forwarded"],
		["! --src-cc DE,FR", "10.0.3.5", "forwarded"],
		["! --src-cc FR", "10.0.3.5", "dropped"],
		["--dst-cc DE", "10.0.3.5", "forwarded"],
		["--src-cc US,DE", "10.0.3.9", "dropped"],
		["--src-cc US,DE", "10.0.3.10", "unknown"],
	])("%s of %s: %s", (rule, address, kind) => {
		expect(held(rule).fate(OUT, from(address)).kind).toBe(kind);
	});

	test.each([
		[{ DEU: [] }, 'gateway.geoip.DEU: "DEU" is no code of a country'],
		[{ DE: ["10.0.0.0/33"] }, "gateway.geoip.DE[0]: "],
		[{ DE: ["10.0.0.9-10.0.0.1"] }, "gateway.geoip.DE[0]: "],
		[{ DE: ["10.0.0.0/24", "10.0.0.9"] }, "gateway.geoip.DE[1]: "],
	])("refuses %o", (wrong, message) => {
		expect(() => createTestGateway("", { geoip: wrong })).toThrow(message);
	});
});

describe("length2", () => {
	const udp = { protocol: 17, length: 68 };
	test.each([
		["--layer3 --length 68", udp, true],
		["--length 60:67", udp, false],
		["--layer4 --length 48", udp, true],
		["--layer5 ! --length 40", udp, false],
		["--layer7 --length 40", udp, true],
		["--layer5 --length 0", { length: 40 }, true],
		["--layer5 --length 12", { protocol: 1, length: 40 }, true],
		["--layer5 ! --length 5", { protocol: 47, length: 68 }, false],
	])("%s", (options, packet, holds) => {
		expect(testMatch(length2, options)(testSkb(packet))).toBe(holds);
	});

	test.each([
		["--layer5 --length 1", { protocol: 33 }],
		["--layer7 --length 1", { protocol: 132 }],
	])("%s of what the model does not count is unknown", (options, packet) => {
		expect(() => testMatch(length2, options)(testSkb(packet))).toThrow();
	});
});
