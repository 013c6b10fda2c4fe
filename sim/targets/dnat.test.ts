import { expect, test } from "vitest";
import { ip, testPorts, testSkb } from "../extension/test-host.ts";
import { NF_ACCEPT, NF_DROP } from "../packet/skb/skb.ts";
import { dnat } from "./dnat.ts";
import { targetAction } from "./test-target.ts";

const b1 = ip("192.168.0.1");
const b2 = ip("192.168.0.2");

function mapping(text: string) {
	const ports = testPorts();
	targetAction(dnat, text, ports)(testSkb({ entry: 0 }));
	return ports.translated;
}

test("a connection goes to a backend, its port as it was", () => {
	expect(mapping("--to-destination 192.168.0.1")).toMatchObject([
		{
			manip: "destination",
			range: { addresses: { min: b1, max: b1 }, ports: null, random: false },
		},
	]);
});

test("ranges, ports and flags reach the translation", () => {
	expect(
		mapping(
			"--to-destination 192.168.0.1-192.168.0.2:2525-2530/25 --random --persistent",
		),
	).toMatchObject([
		{
			range: {
				addresses: { min: b1, max: b2 },
				ports: { min: 2525, max: 2530 },
				basePort: 25,
				random: true,
				persistent: true,
			},
		},
	]);
});

test("a port alone leaves the address", () => {
	expect(mapping("--to-destination :2525")).toMatchObject([
		{ range: { addresses: null, ports: { min: 2525, max: 2525 } } },
	]);
});

test.each([NF_ACCEPT, NF_DROP])(
	"the verdict %i is the translation's",
	(verdict) => {
		const ports = testPorts({ nat: { setup: () => verdict } });
		const action = targetAction(dnat, "--to-destination 192.168.0.1", ports);
		expect(action(testSkb({ entry: 0 }))).toBe(verdict);
	},
);
