import { describe, expect, it } from "vitest";
import { ipCommandFault } from "./check-command.ts";
import { parseIpCommand } from "./parse-command.ts";

const parsed = (line: string) => {
	const found = parseIpCommand(line);
	return found.kind === "command" ? found.command : found;
};

describe("a command of iproute2", () => {
	it.each([
		["ip rule add fwmark 0x100/0x3f00 lookup 1 pref 2001"],
		["ip ru a prio 2001 fwmark 256/0x3f00 table 1"],
		["rule add order 2001 table 1 fwmark 0x100/0x3f00"],
	])("%s names a mark with its mask", (line) => {
		expect(parsed(line)).toMatchObject({
			object: "rule",
			action: "add",
			rule: {
				priority: 2001,
				mark: 0x100,
				markMask: 0x3f00,
				action: { kind: "table", table: 1 },
			},
		});
	});

	it("compares all bits of a mark without a mask, unless it is 0", () => {
		expect(parsed("ip rule add fwmark 5")).toMatchObject({
			rule: { mark: 5, markMask: -1, action: { kind: "table", table: 254 } },
		});
		expect(parsed("ip rule add fwmark 0")).toMatchObject({
			rule: { markMask: 0 },
		});
	});

	it("takes next hops with their weights", () => {
		const line =
			"ip route replace default proto static nexthop via 10.0.0.1 dev a weight 3 nexthop dev b onlink";
		expect(parsed(line)).toMatchObject({
			object: "route",
			action: "replace",
			route: {
				to: { address: 0, length: 0 },
				isKernel: false,
				nexthops: [
					{ dev: "a", weight: 3, onlink: false },
					{ dev: "b", via: null, weight: 1, onlink: true },
				],
			},
		});
	});

	it.each([
		["ip rule add from all to 10/8 suppress_prefixlength 0 lookup main"],
		["ip rule del not iif lo tos 0x10 ipproto tcp dport 80-90"],
		["ip rule add pref 9 goto 100"],
		["ip rule add unreachable from 192.0.2.1"],
		["ip r a blackhole 10.0.0.0/8 metric 1000 table 7"],
		["ip route add throw default table 7"],
		["ip route append 10.0.0.1 dev a scope link src 10.0.0.9 mtu 1400"],
		["ip link set dev a up mtu 1400"],
		["ip -4 route flush table main dev a proto kernel"],
		["ip route flush cache"],
		["ip route del default"],
		["ip addr add 10.0.0.1 peer 10.0.0.2/32 dev ppp0"],
		["ip address replace 10.0.0.1/24 brd + dev a scope global noprefixroute"],
		["ip addr flush dev a"],
		["ip link set dev a down"],
		["ip neigh flush dev a"],
		["ip neigh del 10.0.0.1 dev a"],
	])("%s is understood", (line) => {
		expect(parseIpCommand(line).kind).toBe("command");
	});

	it.each([
		["ip rule del", '"ip rule del" requires arguments.'],
		["ip rule add", '"ip rule add" requires arguments.'],
		[
			"ip rule add fwmark 4294967296 table 6",
			'argument "4294967296" is wrong: fwmark value is invalid',
		],
		[
			"ip rule add fwmark 1/4294967296 table 6",
			'argument "4294967296" is wrong: fwmask value is invalid',
		],
		[
			"ip rule add iif averyveryverylongname table 6",
			'argument "averyveryverylongname" is wrong: "iif"/"dev" not a valid ifname',
		],
		["ip rule add oif a/b table 6", '"a/b" is wrong: "oif" not a valid ifname'],
		[
			"ip route add 10.8.0.0/16 via 10.0.0.1 tos 0x11",
			"Error: Invalid dsfield (tos): ECN bits must be 0.",
		],
		[
			"ip route add any via 10.0.0.1",
			'Error: any valid prefix is expected rather than "via".',
		],
		["ip route add 10.0.0.300 dev a", "any valid prefix is expected"],
		[
			"ip route add default via x",
			'any valid address is expected rather than "x"',
		],
		["ip route add 10.0.0.0/8 via x", "inet address is expected"],
		["ip ruel add table 3", 'Object "ruel" is unknown, try "ip help".'],
		["ip route addd default", 'Command "addd" is unknown, try "ip route help"'],
		["ip link ste a up", 'Command "ste" is unknown, try "ip link help"'],
		["ip route add default vai 10.0.0.1", 'or "vai" is a garbage.'],
		["ip route flush tabel 3", 'prefix is expected rather than "tabel"'],
		["ip rule add fwmak 1 table 5", "Failed to parse rule type"],
		["ip addr add 10.0.0.1/24 dve a", 'or "dve" is a garbage.'],
		["ip link set a upp", 'Error: either "dev" is duplicate, or "upp"'],
		["ip neigh del 10.0.0.1 dv a", 'Error: either "to" is duplicate, or "dv"'],
		["ip addr add 10.0.0.1/24", '"dev" argument is required'],
		["ip rule add pref x", "preference value is invalid"],
		["ip route add default via", "Command line is not complete"],
	])("%s is refused: %s", (line, words) => {
		const found = parseIpCommand(line);
		expect(found.kind).toBe("refused");
		expect("message" in found && found.message).toContain(words);
	});

	it.each([
		["ip route add default via 10.0.0.1 encap mpls 7", "encap"],
		["ip rule add uidrange 0-9 table 7", "uidrange"],
		["ip rule add table isp1", "rt_tables"],
		["ip link set a mtu 60", "mtu"],
		["ip -6 route add default dev a", "-6"],
		["ip tunnel add", "tunnel"],
	])("%s is not understood: %s", (line, words) => {
		expect(ipCommandFault(line, ["a"])).toContain(words);
	});

	it("names interfaces that are there", () => {
		expect(ipCommandFault("ip link set b up", ["lo", "a"])).toBe(
			'there is no interface "b"; there are lo, a',
		);
		expect(ipCommandFault("ip rule add iif a table 7", ["lo", "a"])).toBeNull();
	});
});
