import { expect, test } from "vitest";
import { ip, testPorts, testSkb } from "../extension/test-host.ts";
import {
	HOOK_INPUT,
	HOOK_OUTPUT,
	HOOK_POSTROUTING,
	HOOK_PREROUTING,
} from "../packet/skb/skb.ts";
import { netmap } from "./netmap.ts";
import { targetAction } from "./test-target.ts";

// The packet goes from 10.0.0.10 to 10.0.0.1.
test.each([
	["PREROUTING", HOOK_PREROUTING, "destination", "192.168.7.1"],
	["OUTPUT", HOOK_OUTPUT, "destination", "192.168.7.1"],
	["INPUT", HOOK_INPUT, "source", "192.168.7.10"],
	["POSTROUTING", HOOK_POSTROUTING, "source", "192.168.7.10"],
] as const)(
	"in %s the host part stays and the network moves",
	(_name, hook, manip, address) => {
		const ports = testPorts();
		const skb = testSkb({ entry: 0, hook });
		targetAction(netmap, "--to 192.168.7.0/24", ports)(skb);
		expect(ports.translated).toMatchObject([
			{ manip, range: { addresses: { min: ip(address), max: ip(address) } } },
		]);
	},
);
