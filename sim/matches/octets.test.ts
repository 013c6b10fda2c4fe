/** Matches that look into a packet's octets, and those that ask what the gateway has. */
import { describe, expect, it } from "vitest";
import { buildOptions } from "../extension/options/test-build-options.ts";
import {
	compileMatch,
	ip,
	testEntry,
	testMatch,
	testPorts,
	testSkb,
	UnknownOutcome,
} from "../extension/test-host.ts";
import { parsePacket } from "../packet/notation/notation.ts";
import { ACK, UDP } from "../packet/packet.ts";
import { skbOf } from "../packet/skb/skb-packet.ts";
import { bpf } from "./bpf/bpf.ts";
import { cgroup } from "./cgroup.ts";
import { cluster } from "./cluster.ts";
import { dccp } from "./dccp.ts";
import { ecn } from "./ecn.ts";
import { esp } from "./esp.ts";
import { owner } from "./owner.ts";
import { quota } from "./quota.ts";
import { rpfilter } from "./rpfilter.ts";
import { sctp } from "./sctp/sctp.ts";
import { socket } from "./socket.ts";
import { string } from "./string.ts";

const packet = (line: string) => skbOf(parsePacket(line));
const MAIL = packet(
	'tcp 10.0.0.10:40000 > 10.0.0.1:25 PA seq 1 ack 1 data "EHLO a\\r\\nQUIT"',
);

describe("string", () => {
	it.each([
		["--string QUIT --algo bm", true],
		["--string quit --algo bm", false],
		["--string quit --algo kmp --icase", true],
		["! --string QUIT --algo bm", false],
		["--hex-string |0d0a|QUIT --algo bm", true],
		["--string QUIT --algo bm --from 48", true],
		["--string QUIT --algo bm --from 49", false],
		["--string QUIT --algo bm --to 52", true],
		["--string QUIT --algo bm --to 51", false],
		["--hex-string |0a00000a| --algo bm --to 16", true],
	])("%s: %s", (use, holds) => {
		expect(testMatch(string, use)(MAIL)).toBe(holds);
	});

	it("by bm does not look across the parts of a packet that was put together", () => {
		const skb = packet('udp 10.0.0.10:1 > 10.0.0.1:2 data "0123456789abcdef"');
		const whole = parsePacket("udp 10.0.0.10:1 > 10.0.0.1:2");
		const parts = { lengths: [16, 8], greatest: 36, dontFragment: false };
		const reassembled = { ...skb, receivedParts: { ...parts, whole } };
		expect(testMatch(string, "--string 789 --algo bm")(reassembled)).toBe(
			false,
		);
		expect(testMatch(string, "--string 789 --algo kmp")(reassembled)).toBe(
			true,
		);
		expect(testMatch(string, "--string 89a --algo bm")(reassembled)).toBe(true);
	});
});

describe("bpf", () => {
	const run = (program: string, skb = MAIL) => {
		const [, ...lines] = program.split(",");
		const instructions = lines.map((line) => line.split(" ").map(Number));
		const options = { program: instructions, path: "" };
		return compileMatch(bpf, options, testPorts())?.(skb);
	};

	it.each([
		["the protocol is TCP", "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0", true],
		[
			"the port is 25, past the header",
			"5,177 0 0 0,72 0 0 2,21 0 1 25,6 0 0 1,6 0 0 0",
			true,
		],
		["the length", "4,128 0 0 0,21 0 1 52,6 0 0 1,6 0 0 0", true],
		["what is beyond the packet", "3,32 0 0 50,6 0 0 1,6 0 0 1", false],
		["a division by zero", "4,0 0 0 1,1 0 0 0,60 0 0 0,6 0 0 1", false],
		["memory", "4,0 0 0 7,2 0 0 3,96 0 0 3,22 0 0 0", true],
	] as const)("%s", (_, program, holds) => {
		expect(run(program)).toBe(holds);
	});

	it("reads the mark", () => {
		const program = "4,32 0 0 4294963220,21 0 1 7,6 0 0 1,6 0 0 0";
		expect(run(program, { ...MAIL, mark: 7 })).toBe(true);
		expect(run(program, { ...MAIL, mark: 6 })).toBe(false);
	});

	it("does not know what else the kernel knows", () => {
		expect(() => run("2,32 0 0 4294963208,22 0 0 0")).toThrow(UnknownOutcome);
	});
});

describe("sctp", () => {
	it.each([
		["--dport 25", "INIT itag 1", true],
		["! --dport 25", "INIT itag 1", false],
		["--chunk-types any INIT,ABORT", "INIT itag 1", true],
		["--chunk-types all DATA,SACK", "DATA SACK", true],
		["--chunk-types all DATA,SACK", "DATA", false],
		["--chunk-types only DATA", "DATA SACK", false],
		["--chunk-types any ABORT:T", "ABORT/1", true],
		["--chunk-types any ABORT:t", "ABORT/1", false],
		["! --chunk-types any ABORT", "DATA", true],
	])("%s of %s: %s", (use, chunks, holds) => {
		const skb = packet(`sctp 10.0.0.10:40000 > 10.0.0.1:25 ${chunks}`);
		expect(testMatch(sctp, use, undefined, { protocol: "sctp" })(skb)).toBe(
			holds,
		);
	});

	it("drops what has no whole chunk", () => {
		const skb = packet("proto 132 10.0.0.10 > 10.0.0.1 len 14");
		const use = "! --chunk-types any INIT";
		testMatch(sctp, use, undefined, { protocol: "sctp" })(skb);
		expect(skb.hotdrop).toBe(true);
	});
});

describe("dccp", () => {
	/** A REQUEST with the option 7 behind its service code. */
	const request = packet(
		'proto 33 10.0.0.10 > 10.0.0.1 data "\\x9c\\x40\\x00\\x19\\x05\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x07\\x02\\x00\\x00"',
	);

	it.each([
		["--dport 25", true],
		["! --sport 40000", false],
		["--dccp-types REQUEST,DATA", true],
		["! --dccp-types REQUEST", false],
		["--dccp-option 7", true],
		["--dccp-option 8", false],
	])("%s: %s", (use, holds) => {
		const test = testMatch(dccp, use, undefined, { protocol: "dccp" });
		expect(test(request)).toBe(holds);
	});
});

it("esp finds its index, and drops what has no header", () => {
	const test = testMatch(esp, "--espspi 258", undefined, { protocol: "esp" });
	const line = "proto 50 10.0.0.10 > 10.0.0.1 data";
	expect(
		test(packet(`${line} "\\x00\\x00\\x01\\x02\\x00\\x00\\x00\\x00"`)),
	).toBe(true);
	const short = packet(`${line} "\\x00\\x00\\x01\\x02"`);
	expect(test(short)).toBe(false);
	expect(short.hotdrop).toBe(true);
});

it("ecn looks at the two bits of IPv4 and at TCP's", () => {
	const skb = testSkb({ tos: 0x0b, tcpFlags: 64 });
	const asks = (use: string) =>
		testMatch(ecn, use, undefined, { protocol: "tcp" })(skb);
	expect(asks("--ecn-ip-ect 3")).toBe(true);
	expect(asks("! --ecn-ip-ect 3")).toBe(false);
	expect(asks("--ecn-tcp-ece")).toBe(true);
	expect(asks("--ecn-tcp-cwr")).toBe(false);
	expect(asks("! --ecn-tcp-cwr --ecn-ip-ect 3")).toBe(true);
});

it("quota is used up by the packet that does not fit", () => {
	const options = buildOptions(quota, "--quota 100");
	const test = compileMatch(quota, options, testPorts());
	const of = (length: number) => test?.(testSkb({ length }));
	expect([of(60), of(50), of(1), of(0)]).toEqual([true, false, false, true]);
});

it("cluster gives each client to one node", () => {
	const entries = Array.from({ length: 100 }, (_, index) =>
		testEntry({ original: { source: ip(`10.0.0.${index}`) } }),
	);
	const ports = testPorts({ entries });
	const nodes = [1, 2, 3].map((node) =>
		testMatch(
			cluster,
			`--cluster-total-nodes 3 --cluster-local-node ${node} --cluster-hash-seed 0xdeadbeef`,
			ports,
		),
	);
	for (const entry of entries.keys()) {
		const skb = testSkb({ entry });
		expect(nodes.filter((test) => test(skb))).toHaveLength(1);
	}
	expect(nodes[0]?.(testSkb())).toBe(false);
});

describe("owner", () => {
	it.each([
		["--uid-owner 0", [true, false, false]],
		["! --uid-owner 0", [false, true, true]],
		["--uid-owner 1000-2000", [false, false, false]],
		["--gid-owner 0", [true, false, false]],
		["--socket-exists", [true, true, false]],
		["! --socket-exists", [false, false, true]],
		["! --gid-owner 0 --suppl-groups", [false, true, false]],
	])("%s", (use, holds) => {
		const found = (["process", "kernel", "none"] as const).map((socket) =>
			testMatch(owner, use)(testSkb({ socket })),
		);
		expect(found).toEqual(holds);
	});
});

describe("cgroup", () => {
	it("never matches what has no socket", () => {
		const skb = testSkb({ socket: "none", hook: 3 });
		expect(testMatch(cgroup, "--cgroup 1")(skb)).toBe(false);
		expect(testMatch(cgroup, "! --cgroup 1")(skb)).toBe(false);
	});

	it("does not know in which group a process is, but that it is below the root", () => {
		const skb = testSkb({ socket: "process", hook: 3 });
		expect(testMatch(cgroup, "--path /")(skb)).toBe(true);
		expect(() => testMatch(cgroup, "--path /system.slice")(skb)).toThrow(
			UnknownOutcome,
		);
	});
});

describe("socket", () => {
	const at = (held: "address" | "any") =>
		testPorts({
			portHeldAt: (_, _address, port) => (port === 53 ? held : null),
		});
	const datagram = (destinationPort: number) =>
		testSkb({ protocol: UDP, destinationPort, mark: 5 });

	it.each([
		["", "address", true, 5],
		["", "any", false, 5],
		["--nowildcard", "any", true, 5],
		["--nowildcard --restore-skmark", "any", true, 0],
		["--restore-skmark", "any", false, 5],
		["--transparent", "address", false, 5],
	] as const)("%s, of a program at %s", (use, held, holds, mark) => {
		const test = testMatch(socket, use, at(held));
		const skb = datagram(53);
		expect(test(skb)).toBe(holds);
		expect(skb.mark).toBe(mark);
		expect(test(datagram(54))).toBe(false);
	});

	it("does not know which connections a program at all addresses has", () => {
		const segment = testSkb({ destinationPort: 53, tcpFlags: ACK });
		expect(() => testMatch(socket, "", at("any"))(segment)).toThrow(
			UnknownOutcome,
		);
		expect(testMatch(socket, "", at("address"))(segment)).toBe(true);
	});
});

describe("rpfilter", () => {
	const by = (index: number, type: "local" | "unicast" = "unicast") =>
		testPorts({ routeBack: () => ({ type, interfaces: [index] }) });

	it.each([
		["", by(2), true],
		["", by(3), false],
		["--loose", by(3), true],
		["--invert", by(3), true],
		["", by(2, "local"), false],
		["--accept-local", by(2, "local"), true],
		["--loose", testPorts(), false],
	])("%s", (use, ports, holds) => {
		const skb = testSkb({ inInterface: 2 });
		expect(testMatch(rpfilter, use, ports)(skb)).toBe(holds);
	});
});
