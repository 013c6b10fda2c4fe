import { expect, test } from "vitest";
import {
	ip,
	testEntry,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "../extension/test-host.ts";
import { HOOK_POSTROUTING, NF_ACCEPT, NF_DROP } from "../packet/skb/skb.ts";
import { masquerade } from "./masquerade.ts";
import { targetAction } from "./test-target.ts";

const leaving = { entry: 0, outInterface: 2, hook: HOOK_POSTROUTING };

function host(entry = testEntry()) {
	return testPorts({
		entries: [entry],
		interfaceAddresses: ["10.0.0.1", "192.168.0.254"],
	});
}

test("the source becomes the address of the interface that the packet leaves by", () => {
	const ports = host();
	targetAction(masquerade, "--to-ports 1024-2048", ports)(testSkb(leaving));
	const address = ip("192.168.0.254");
	expect(ports.translated).toMatchObject([
		{
			manip: "source",
			range: {
				addresses: { min: address, max: address },
				ports: { min: 1024, max: 2048 },
				masqueradeInterface: 2,
			},
		},
	]);
});

test("an interface without an address eats the packet", () => {
	const ports = testPorts({ entries: [testEntry()] });
	expect(targetAction(masquerade, "", ports)(testSkb(leaving))).toBe(NF_DROP);
});

test("a packet from 0.0.0.0 is left alone", () => {
	const ports = host(testEntry({ original: { source: 0 } }));
	expect(targetAction(masquerade, "", ports)(testSkb(leaving))).toBe(NF_ACCEPT);
	expect(ports.translated).toEqual([]);
});

test("with a base port, what the kernel does is unknown", () => {
	const action = targetAction(masquerade, "--to-ports 10-20/30", host());
	expect(() => action(testSkb(leaving))).toThrow(UnknownOutcome);
});
