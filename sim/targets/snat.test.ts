import { expect, test } from "vitest";
import { ip, testPorts, testSkb } from "../extension/test-host.ts";
import { snat } from "./snat.ts";
import { targetAction } from "./test-target.ts";

test("a connection leaves with another source", () => {
	const ports = testPorts();
	const text = "--to-source 10.0.0.1:1024-2048 --random-fully";
	targetAction(snat, text, ports)(testSkb({ entry: 0 }));
	const address = ip("10.0.0.1");
	expect(ports.translated).toMatchObject([
		{
			manip: "source",
			range: {
				addresses: { min: address, max: address },
				ports: { min: 1024, max: 2048 },
				basePort: null,
				randomFully: true,
			},
		},
	]);
});

test("a base port counts as 0: the kernel's structure has no room for it", () => {
	const ports = testPorts();
	targetAction(
		snat,
		"--to-source 10.0.0.1:10-20/15",
		ports,
	)(testSkb({ entry: 0 }));
	expect(ports.translated[0]?.range.basePort).toBe(0);
});
