import { expect, test } from "vitest";
import { ip, testPorts, testSkb } from "../extension/test-host.ts";
import { HOOK_OUTPUT, HOOK_PREROUTING, NF_DROP } from "../packet/skb/skb.ts";
import { redirect } from "./redirect.ts";
import { targetAction } from "./test-target.ts";

const interfaceAddresses = ["10.0.0.1", "192.168.0.254"];

test.each([
	["from outside", HOOK_PREROUTING, "10.0.0.1"],
	["of the router's own", HOOK_OUTPUT, "127.0.0.1"],
])("a connection %s ends at the router", (_where, hook, address) => {
	const ports = testPorts({ interfaceAddresses });
	const skb = testSkb({ entry: 0, hook, inInterface: 1 });
	targetAction(redirect, "--to-ports 2525", ports)(skb);
	expect(ports.translated).toMatchObject([
		{
			manip: "destination",
			range: {
				addresses: { min: ip(address), max: ip(address) },
				ports: { min: 2525, max: 2525 },
			},
		},
	]);
});

test("an interface without an address has nowhere to redirect to", () => {
	const skb = testSkb({ entry: 0, inInterface: 1 });
	expect(targetAction(redirect, "")(skb)).toBe(NF_DROP);
});
