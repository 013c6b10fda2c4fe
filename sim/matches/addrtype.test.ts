import { expect, test } from "vitest";
import { ip, testMatch, testPorts, testSkb } from "../extension/test-host.ts";
import { addrtype } from "./addrtype.ts";

const ports = testPorts({
	addressTypes: { "10.0.0.1": "LOCAL", "10.255.255.255": "BROADCAST" },
});

test.each([
	["--dst-type LOCAL", "10.0.0.10", "10.0.0.1", true],
	["! --dst-type LOCAL", "10.0.0.10", "10.0.0.1", false],
	["--dst-type LOCAL,BROADCAST", "10.0.0.10", "10.255.255.255", true],
	["--dst-type LOCAL,BROADCAST", "10.0.0.10", "10.0.0.2", false],
	["--src-type UNICAST --dst-type LOCAL", "10.0.0.10", "10.0.0.1", true],
	["! --src-type UNICAST --dst-type LOCAL", "10.0.0.10", "10.0.0.1", false],
	["--dst-type THROW", "10.0.0.10", "10.0.0.1", false],
])("%s of %s > %s: %s", (options, source, destination, expected) => {
	const packet = testSkb({ source: ip(source), destination: ip(destination) });
	expect(testMatch(addrtype, options, ports)(packet)).toBe(expected);
});

test("an interface limits where the address is looked up", () => {
	const asked: number[] = [];
	const watched = testPorts({
		addressType(_address, interfaceIndex) {
			asked.push(interfaceIndex);
			return "UNICAST";
		},
	});
	const packet = testSkb({ inInterface: 1, outInterface: 2 });
	testMatch(addrtype, "--dst-type LOCAL", watched)(packet);
	testMatch(addrtype, "--dst-type LOCAL --limit-iface-in", watched)(packet);
	testMatch(addrtype, "--dst-type LOCAL --limit-iface-out", watched)(packet);
	expect(asked).toEqual([0, 1, 2]);
});
