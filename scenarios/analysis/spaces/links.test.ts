/** Hosts that stand for others. */
import { expect, test } from "vitest";
import { formatAddress } from "../../../sim/packet/address.ts";
import { parseRules } from "../../../sim/script/check-rules.ts";
import { assumeWorld } from "../world/assume-world.ts";
import { NOTHING_GIVEN } from "../world/assumed-world.ts";
import { linksOf } from "./links.ts";

function farSamples(...addresses: readonly string[]): readonly string[] {
	const { ruleset } = parseRules("*filter\nCOMMIT\n", { file: "my.rules" });
	const world = assumeWorld(ruleset, {
		...NOTHING_GIVEN,
		interfaces: addresses.map((address, index) => {
			return { name: `eth${index}`, addresses: [address], mtu: 1500 };
		}),
	});
	return linksOf(world).farSamples.map((one) => formatAddress(one | 0));
}

test("no host of a link stands for those from far", () => {
	const some = ["198.51.100.7", "192.0.2.7", "203.0.113.7"];
	expect(farSamples("10.0.0.1/24")).toEqual(some);
	expect(farSamples("198.51.100.1/24", "203.0.113.1/25")).toEqual([
		"192.0.2.7",
	]);
	expect(
		farSamples("198.51.100.1/24", "192.0.2.1/24", "203.0.113.1/24")[0],
	).toBe("1.0.0.10");
});
