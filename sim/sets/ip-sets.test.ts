import { expect, it } from "vitest";
import { behaviourOf, DEFAULT_BEHAVIOUR } from "../linux/behaviour.ts";
import { parseLinux } from "../linux/linux.ts";
import { carryOutIpset, normalSets, restoreSets } from "./command/restore.ts";
import { IpSets } from "./ip-sets.ts";

function testSets(behaviour = DEFAULT_BEHAVIOUR) {
	const clock = { nowMs: 0 };
	const sets = new IpSets({
		behaviour,
		nowMs: () => clock.nowMs,
		interfaces: ["", "lo", "eth0"],
		usesInRules: () => 0,
		isWrittenByRules: () => false,
		unknown(reason) {
			throw new Error(reason);
		},
	});
	const run = (line: string, input = "") => {
		const outcome = carryOutIpset(sets, line.split(" "), input);
		return outcome.ok ? "ok" : outcome.message;
	};
	return { sets, clock, run };
}

it("prints what it was given", () => {
	const { sets } = testSets();
	const text = `create a hash:ip family inet maxelem 65536 timeout 60 counters comment skbinfo bucketsize 12
add a 10.0.0.1 timeout 59 packets 3 bytes 120 comment "a b" skbmark 0x1/0xff skbprio 1:10 skbqueue 3
create n hash:net family inet maxelem 65536 bucketsize 12
add n 10.0.0.0/8 nomatch
add n 10.1.2.3
create p bitmap:port range 0-1023
add p 25
create pp hash:ip,port family inet maxelem 65536 bucketsize 12
add pp 10.0.0.1,icmp:echo-request
add pp 10.0.0.1,tcp:80
create l list:set size 8
add l n
add l a
`;
	expect(restoreSets(sets, text, false)).toEqual({ ok: true });
	expect(normalSets(sets.print())).toBe(text);
});

it("stores null addresses as the kernel does", () => {
	const commands = [
		"create h6 hash:ip family inet6",
		"add h6 0::0",
		"create p hash:ip,port",
		"add p 0.0.0.0,tcp:25",
		"test p 0.0.0.0,tcp:25",
		"add p 0.0.0.0-0.0.0.2,tcp:80",
		"create p6 hash:ip,port family inet6",
		"add p6 ::,tcp:25",
		"add p6 ::1,tcp:25",
		"create n hash:net,net",
		"add n 0.0.0.0,0.0.0.0",
		"create n6 hash:net,net family inet6",
		"add n6 ::,::",
		"add n6 ::/64,::",
	];
	const saidOn = (name: string) => {
		const linux = parseLinux(name);
		if (linux === null) throw new Error(`no Linux ${name}`);
		const { run } = testSets(behaviourOf(linux));
		return commands
			.map((command) => [command, run(command)])
			.filter(([, said]) => said !== "ok");
	};
	const inHashIp = [
		"add h6 0::0",
		"ipset v7.17: Null-valued element, cannot be stored in a hash type of set",
	];
	const invalid = "ipset v7.17: Kernel error received: Invalid argument";
	expect(saidOn("bookworm/nft")).toEqual([inHashIp]);
	expect(saidOn("trixie/nft")).toEqual([
		inHashIp,
		["add p 0.0.0.0,tcp:25", invalid],
		["test p 0.0.0.0,tcp:25", "0.0.0.0,tcp:25 is NOT in set p."],
		["add p 0.0.0.0-0.0.0.2,tcp:80", invalid],
		["add p6 ::,tcp:25", invalid],
		[
			"add n6 ::,::",
			"ipset v7.17: Null-valued element, cannot be stored in a hash type of set",
		],
	]);
});

it("says what ipset says", () => {
	const { run, clock } = testSets();
	expect(run("create a hash:ip timeout 5")).toBe("ok");
	expect(run("create a hash:ip")).toBe(
		"ipset v7.17: Set cannot be created: set with the same name already exists",
	);
	expect(run("add a 10.0.0.1")).toBe("ok");
	expect(run("add a 10.0.0.1")).toBe(
		"ipset v7.17: Element cannot be added to the set: it's already added",
	);
	expect(run("test a 10.0.0.1")).toBe("ok");
	clock.nowMs = 5004;
	expect(run("test a 10.0.0.1")).toBe("10.0.0.1 is NOT in set a.");
	expect(run("del a 10.0.0.1")).toBe(
		"ipset v7.17: Element cannot be deleted from the set: it's not added",
	);
	expect(run("add b 10.0.0.1")).toBe(
		"ipset v7.17: The set with the given name does not exist",
	);
});
