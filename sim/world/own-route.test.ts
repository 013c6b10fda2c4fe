import { describe, expect, it, test } from "vitest";
import { parseAddress } from "../packet/address.ts";
import { printPacket } from "../packet/notation/notation.ts";
import { Announced, ownRouteOf, Redirects } from "./own-route.ts";
import { networksOf } from "./setup/networks.ts";
import {
	connects,
	INSIDE,
	OUTSIDE,
	playForwarded,
	testSetup,
} from "./test-forwarder.ts";

const gateway = {
	interfaces: [
		{ name: OUTSIDE, addresses: ["10.0.0.1/24"], mtu: 1500 },
		{
			name: INSIDE,
			addresses: ["192.168.0.254/24", "172.16.0.1/16"],
			mtu: 1500,
		},
	],
};

const address = (text: string) => parseAddress(text) ?? 0;

describe("a default route of a host's own", () => {
	const route = ownRouteOf(
		{ interface: INSIDE, defaultVia: "192.168.0.253" },
		{ gateway },
	);

	it("leads to what is on no network of the link", () => {
		expect(route?.leadsTo(address("10.0.0.10"))).toBe(true);
		expect(route?.leadsTo(address("192.168.1.1"))).toBe(true);
		expect(route?.leadsTo(address("192.168.0.9"))).toBe(false);
		expect(route?.leadsTo(address("172.16.9.9"))).toBe(false);
	});

	it("is none where it is the gateway's", () => {
		expect(
			ownRouteOf({ interface: INSIDE, defaultVia: "172.16.0.1" }, { gateway }),
		).toBeNull();
		expect(ownRouteOf({ interface: INSIDE }, { gateway })).toBeNull();
	});
});

test("answers of a backend go past the gateway, and those of a neighbour's on its link do not", () => {
	const { backends } = testSetup();
	const setup = testSetup({
		gateway,
		backends: backends.map((one) => ({ ...one, defaultVia: "192.168.0.253" })),
	});
	const account = playForwarded([connects()], { setup, keepPackets: true });
	expect(account.connections[0]).toMatchObject({
		outcome: "connect-timeout",
		backend: "b1",
	});
	const past = account.packets.filter(({ direction }) => direction === "past");
	expect(past.length).toBeGreaterThan(1);
	expect(past[0]).toMatchObject({ interface: INSIDE, connection: 0 });
	expect(printPacket(past[0]?.packet ?? expect.fail())).toMatch(
		/^tcp 192\.168\.0\.1:25 > 10\.0\.0\.10:40000 SA /,
	);
});

test("a client's SYN goes past the gateway to a service that is not on its link", () => {
	const client = {
		name: "c1",
		address: "10.0.0.10",
		interface: OUTSIDE,
		latencyMs: 1,
		defaultVia: "10.0.0.2",
	};
	const played = (service: string) =>
		playForwarded([connects()], {
			setup: testSetup({
				gateway,
				clients: [client],
				service: { address: service, port: 25 },
			}),
		}).connections[0];
	expect(played("198.51.100.1")).toMatchObject({
		outcome: "connect-timeout",
		met: [],
	});
	expect(played("10.0.0.1")).toMatchObject({ outcome: "completed" });
});

describe("an address that a router announces", () => {
	const networks = networksOf({
		gateway: {
			interfaces: [
				{
					name: INSIDE,
					addresses: ["192.168.0.252/24", "192.168.0.254/32"],
					mtu: 1500,
				},
			],
		},
	});
	const there = (announced: Announced, to: string, via: string | null = null) =>
		announced.pastGateway(
			{ ownRoute: null, via: via === null ? null : parseAddress(via) },
			INSIDE,
			parseAddress(to) ?? 0,
		)?.via ?? null;

	it("takes what is sent to it, and through it, until the gateway announces it again", () => {
		const announced = new Announced(networks);
		const virtual = parseAddress("192.168.0.254") ?? 0;
		expect(there(announced, "192.168.0.254")).toBe(null);
		announced.set(virtual, "other");
		expect(there(announced, "192.168.0.254")).toBe("192.168.0.254");
		expect(there(announced, "10.0.0.10", "192.168.0.254")).toBe(
			"192.168.0.254",
		);
		// Through the gateway's first address on the link.
		expect(there(announced, "10.0.0.10")).toBe(null);
		expect(there(announced, "192.168.0.252", "192.168.0.254")).toBe(null);
		announced.set(virtual, "gateway");
		expect(there(announced, "192.168.0.254")).toBe(null);
		expect(there(announced, "10.0.0.10", "192.168.0.254")).toBe(null);
	});

	it("leads a host with another default route to the gateway, once that has it", () => {
		const announced = new Announced(networks);
		const ownRoute = ownRouteOf(
			{ interface: INSIDE, defaultVia: "192.168.0.250" },
			{
				gateway: {
					interfaces: [
						{ name: INSIDE, addresses: ["192.168.0.252/24"], mtu: 1500 },
					],
				},
			},
		);
		const via = parseAddress("192.168.0.250") ?? 0;
		const far = parseAddress("10.0.0.10") ?? 0;
		const other = () => announced.pastGateway({ ownRoute, via }, INSIDE, far);
		expect(other()).toEqual({ via: "192.168.0.250", because: "default-route" });
		announced.set(via, "gateway");
		expect(other()).toBe(null);
		announced.set(via, "other");
		expect(other()).toEqual({ via: "192.168.0.250", because: "announced" });
	});
});

describe("ICMP redirects", () => {
	const [gatewayHere, router, server] = [
		"192.168.0.254",
		"192.168.0.20",
		"192.0.2.80",
	].map(address) as [number, number, number];
	const said = { from: gatewayHere, router, destination: server };
	const about = { nowMs: 1_000, answersArp: true };

	it("are heeded once the router's address is known, for five minutes", () => {
		const redirects = new Redirects();
		redirects.hear(said, gatewayHere, about);
		expect(redirects.routerTo(server, 1_000)).toBeNull();
		redirects.hear(said, gatewayHere, about);
		expect(redirects.routerTo(server, 1_000)).toBe(router);
		expect(redirects.routerTo(server, 300_999)).toBe(router);
		expect(redirects.routerTo(server, 301_000)).toBeNull();
		expect(redirects.routerTo(router, 1_000)).toBeNull();
	});

	it.each<[why: string, redirect: Partial<typeof said>, hop: number | null]>([
		["of another router than the host's", { from: router }, gatewayHere],
		["about what is on the host's link", {}, null],
		["that name their sender", { router: gatewayHere }, gatewayHere],
		["that name many", { router: address("224.0.0.1") }, gatewayHere],
		["that name none", { router: 0 }, gatewayHere],
	])("%s are not heeded", (_, redirect, hop) => {
		const redirects = new Redirects();
		redirects.hear({ ...said, ...redirect }, hop, about);
		redirects.hear({ ...said, ...redirect }, hop, about);
		expect(redirects.routerTo(server, 1_000)).toBeNull();
	});

	it("to a router that answers no ARP are not heeded", () => {
		const redirects = new Redirects();
		const silent = { ...about, answersArp: false };
		redirects.hear(said, gatewayHere, silent);
		redirects.hear(said, gatewayHere, silent);
		expect(redirects.routerTo(server, 1_000)).toBeNull();
	});
});
