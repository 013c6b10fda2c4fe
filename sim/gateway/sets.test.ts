import { describe, expect, it } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { Operation } from "../contract/gateway.ts";
import { ModelGateway } from "./model-gateway.ts";

const SETUP = {
	interfaces: [{ name: "eth0", addresses: ["10.0.0.1/8"], mtu: 1500 }],
	routes: [],
	sysctls: {},
	listeners: [],
	epochMs: 0,
};

const RULES = `*filter
-A INPUT -m set --match-set blocked src -j DROP
COMMIT
`;

function gatewayWith(sets: string | undefined) {
	const setup = sets === undefined ? SETUP : { ...SETUP, sets };
	const gateway = new ModelGateway(setup, { choice: seededChoice(1) });
	const load = (text: string): Operation => ({
		kind: "restore",
		text,
		file: "my.rules",
		noflush: false,
		counters: false,
	});
	const ipset = (command: string) =>
		gateway.operate({ kind: "ipset", command });
	return { gateway, load, ipset };
}

describe("rules that name sets", () => {
	it("are refused where there is no such set, and that is known", () => {
		const { gateway, load } = gatewayWith("create other hash:ip\n");
		const outcome = gateway.operate(load(RULES));
		expect(outcome).toMatchObject({ ok: false });
		expect(JSON.stringify(outcome)).toContain("Set blocked doesn't exist.");
		const command = gateway.operate({
			kind: "iptables",
			command: "-A INPUT -j SET --add-set nowhere src",
		});
		expect(JSON.stringify(command)).toContain("Set nowhere doesn't exist.");
	});

	it("load where nothing is known of sets", () => {
		const { gateway, load } = gatewayWith(undefined);
		expect(gateway.operate(load(RULES))).toEqual({ ok: true });
	});

	it("keep their sets from being destroyed, until they are gone", () => {
		const { gateway, load, ipset } = gatewayWith("create blocked hash:ip\n");
		expect(gateway.operate(load(RULES))).toEqual({ ok: true });
		expect(ipset("destroy blocked").ok).toBe(false);
		gateway.operate({ kind: "iptables", command: "-F INPUT" });
		expect(ipset("destroy blocked")).toEqual({ ok: true });
		expect(gateway.observe().sets).toBeUndefined();
	});
});

it("a second gateway has the sets of the setup alone", () => {
	const { gateway, load, ipset } = gatewayWith("create blocked hash:ip\n");
	gateway.operate(load(RULES));
	ipset("add blocked 10.0.0.9");
	expect(gateway.observe().sets).toContain("add blocked 10.0.0.9");
	gateway.operate({ kind: "take-over" });
	expect(gateway.observe().sets).toBe(
		"create blocked hash:ip family inet maxelem 65536 bucketsize 12\n",
	);
});

it("a setup's sets that ipset refuses are a mistake of the setup", () => {
	expect(() => gatewayWith("create a hash:ip\nadd a 10.0.0.300\n")).toThrow(
		/gateway\.sets: ipset v7\.17: Error in line 2/,
	);
});
