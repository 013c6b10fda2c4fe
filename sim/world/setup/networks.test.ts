import { expect, test } from "vitest";
import { isInNetwork, parseAddress } from "../../packet/address.ts";
import { networksOf } from "./networks.ts";

test("each address of an interface has a network", () => {
	const networks = networksOf({
		gateway: {
			interfaces: [
				{ name: "lan0", addresses: ["192.168.1.1/24"], mtu: 1500 },
				{
					name: "isp1",
					addresses: ["198.51.100.2/24", "203.0.113.2/32"],
					mtu: 1500,
				},
			],
		},
	});
	const linkOf = (text: string) =>
		networks.find((one) => isInNetwork(parseAddress(text) ?? 0, one))
			?.interface;
	expect(linkOf("192.168.1.50")).toBe("lan0");
	expect(linkOf("198.51.100.200")).toBe("isp1");
	expect(linkOf("203.0.113.2")).toBe("isp1");
	expect(linkOf("203.0.113.3")).toBeUndefined();
});

test("a setup that names no gateway has none", () => {
	expect(networksOf({})).toEqual([]);
});
