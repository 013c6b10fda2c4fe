import { describe, expect, it } from "vitest";
import { NOTHING_GIVEN } from "../../scenarios/analysis/world/assumed-world.ts";
import { study } from "./study.ts";

const FILTER = "*filter\n-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n";

describe("a study", () => {
	it.each([
		["10.0.0.1/30", "10.0.0.2"],
		["10.0.0.2/30", "10.0.0.1"],
		["10.0.0.9/29", "10.0.0.14"],
		["192.0.2.1/24", "192.0.2.254"],
	])("puts the client beside a gateway of %s at %s", (own, client) => {
		const interfaces = [{ name: "eth0", addresses: [own], mtu: 1500 }];
		const given = { ...NOTHING_GIVEN, interfaces };
		const { worlds } = study({ name: "x.rules", text: FILTER, given });
		const [world] = worlds;
		expect(world?.setup.clients.map(({ address }) => address)).toEqual([
			client,
		]);
		expect(world?.setup.service?.address).toBe(own.split("/")[0]);
	});

	it("says of an empty text that nothing stands in it, and what rules need before they load", () => {
		expect(study({ name: "x.rules", text: "" }).isEmpty).toBe(true);
		const text =
			"*filter\n-A INPUT -m set --match-set bad src -j DROP\nCOMMIT\n";
		const rules = { name: "x.rules", text };
		expect(study(rules)).toMatchObject({ isEmpty: false, needs: ["set:bad"] });
		const given = {
			...NOTHING_GIVEN,
			sets: "create bad hash:ip family inet hashsize 1024 maxelem 65536\n",
		};
		expect(study({ ...rules, given }).needs).toEqual([]);
	});

	it("has the same key for the same rules, however they are written", () => {
		const key = (text: string) => study({ name: "x", text }).key;
		const other = FILTER.replace("--dport 80", "-m tcp --dport 80");
		expect(key(`*nat\nCOMMIT\n${other}`)).toBe(key(FILTER));
		expect(key(FILTER.replace("80", "81"))).not.toBe(key(FILTER));
		const drops = FILTER.replace("*filter", "*filter\n:INPUT DROP [0:0]");
		expect(key(drops)).not.toBe(key(FILTER));
	});
});
