import { describe, expect, it } from "vitest";
import { DEFAULT_LINUX, parseLinux } from "../../linux/linux.ts";
import { parsePacket, printPacket } from "../../packet/notation/notation.ts";
import { packetLength } from "../../packet/packet-length.ts";
import { createTestGateway, IN, OUT, SETUP } from "../test-gateway.ts";

const TRACKED =
	"*nat\n-A PREROUTING -d 10.0.0.1 -p udp --dport 53 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";
const NARROW = {
	interfaces: SETUP.interfaces.map((one) =>
		one.name === IN ? { ...one, mtu: 576 } : one,
	),
};
/** 48 octets behind its IPv4 header. */
const QUESTION = "udp 10.0.0.10:40000 > 10.0.0.1:53 ipid 7 len 40";
/** The same behind DNAT. */
const ASKED = "udp 10.0.0.10:40000 > 192.168.0.1:53 ttl 63 ipid 7 len 40";

/** A line as it comes out. */
function out(line: string): string {
	return `${IN} ${printPacket(parsePacket(line))}`;
}

/** What comes out when these lines come in, one after the other. */
function outOf(gateway: ReturnType<typeof createTestGateway>, lines: string[]) {
	return lines.flatMap((line) => gateway.send(OUT, line));
}

describe("fragments, where connections are tracked", () => {
	it.each([
		[
			[0, 24],
			[24, 48],
		],
		[
			[24, 48],
			[0, 24],
		],
		[
			[32, 48],
			[0, 8],
			[8, 32],
		],
	])("%j, %j … are put together, and go on as they came", (...parts) => {
		const gateway = createTestGateway(TRACKED);
		const came = parts.map(([from, to]) => `${QUESTION} part ${from}-${to}`);
		expect(outOf(gateway, came.slice(0, -1))).toEqual([]);
		const inOrder = parts.toSorted(([a = 0], [b = 0]) => a - b);
		expect(outOf(gateway, came.slice(-1))).toEqual(
			inOrder.map(([from, to]) => out(`${ASKED} part ${from}-${to}`)),
		);
		expect(gateway.matched).toContain("nat:PREROUTING:rule:1");
	});

	it.each([
		["there twice", ["0-24", "0-24", "24-48"], true],
		["within two that followed", ["0-8", "8-24", "0-16", "24-48"], true],
		["overlapping", ["0-24", "16-40", "40-48", "24-48"], false],
		["behind the end", ["40-48", "48-56", "0-40"], false],
	] as const)("one that is %s", (_, parts, comesThrough) => {
		const gateway = createTestGateway(TRACKED);
		const longer = QUESTION.replace("len 40", "len 80");
		const came = parts.map((part) =>
			part === "48-56" ? `${longer} part ${part}` : `${QUESTION} part ${part}`,
		);
		expect(outOf(gateway, came).length > 0).toBe(comesThrough);
	});

	it("says congested if one was, and nothing of those that disagree on whether they can", () => {
		const congested = QUESTION.replace("ipid", "tos 0x3 ipid");
		const capable = QUESTION.replace("ipid", "tos 0x2 ipid");
		const gateway = createTestGateway(TRACKED);
		expect(
			outOf(gateway, [`${capable} part 0-24`, `${congested} part 24-48`])[0],
		).toContain("tos 0x3");
		expect(
			outOf(gateway, [`${QUESTION} part 0-24`, `${capable} part 24-48`]),
		).toEqual([]);
	});

	it("forgets those of another packet that took its number, long after", () => {
		const gateway = createTestGateway(TRACKED);
		gateway.send(OUT, `${QUESTION} part 0-24`);
		for (let id = 100; id < 165; id++)
			gateway.send(
				OUT,
				`${QUESTION.replace("ipid 7", `ipid ${id}`)} part 0-24`,
			);
		expect(gateway.send(OUT, `${QUESTION} part 24-48`)).toEqual([]);
		expect(gateway.send(OUT, `${QUESTION} part 0-24`)).toHaveLength(2);
	});

	it("does not put together what different ones are waiting for", () => {
		const gateway = createTestGateway(TRACKED);
		gateway.send(OUT, `${QUESTION} part 0-24`);
		const own = QUESTION.replace("10.0.0.10:", "10.0.0.1:").replace(
			"> 10.0.0.1:",
			"> 10.0.0.10:",
		);
		expect(gateway.send("lo", `${own} part 0-24`)).toEqual([]);
		expect(gateway.send("lo", `${own} part 24-48`)).toEqual([
			`${OUT} ${printPacket(parsePacket(`${own} part 0-24`))}`,
			`${OUT} ${printPacket(parsePacket(`${own} part 24-48`))}`,
		]);
	});
});

describe("fragments whose rest does not come", () => {
	it("are given up after ipfrag_time, and the sender of what was for the gateway gets an error", () => {
		const gateway = createTestGateway(TRACKED, {
			sysctls: { "ipv4.ip_forward": 1, "ipv4.ipfrag_time": 10 },
		});
		gateway.send(OUT, `${QUESTION} part 0-24`);
		gateway.send(OUT, `${QUESTION.replace("ipid 7", "ipid 8")} part 24-48`);
		gateway.send(
			OUT,
			`${QUESTION.replace("10.0.0.1:", "192.168.0.1:")} part 0-24`,
		);
		expect(gateway.wait(9_999)).toEqual([]);
		expect(gateway.wait(1)).toEqual([
			expect.stringMatching(
				/^bond0.204 icmp 10.0.0.1 > 10.0.0.10 ttl-zero-during-reassembly .*\(proto 17 10.0.0.10 > 10.0.0.1 ipid 7 MF /,
			),
		]);
		expect(gateway.send(OUT, `${QUESTION} part 24-48`)).toEqual([]);
	});
});

describe("fragments, where nothing is tracked", () => {
	const RULES = [
		"*filter",
		"-A FORWARD -f",
		"-A FORWARD ! -f",
		"-A FORWARD -p udp",
		"-A FORWARD -p udp -m udp --dport 53",
		"-A FORWARD -p tcp -m tcp --dport 25",
		"COMMIT\n",
	].join("\n");
	const matchedBy = (line: string) => {
		const gateway = createTestGateway(RULES);
		gateway.send(OUT, line);
		return gateway.matched.flatMap((rule) => /rule:(\d)/.exec(rule)?.[1] ?? []);
	};

	it("are seen one by one, and only the first has ports", () => {
		const line = "udp 10.0.0.10:40000 > 192.168.0.1:53 len 40";
		expect(matchedBy(line)).toEqual(["2", "3", "4"]);
		expect(matchedBy(`${line} part 0-24`)).toEqual(["2", "3", "4"]);
		expect(matchedBy(`${line} part 24-48`)).toEqual(["1", "3"]);
	});

	it("are dropped if they would hide what TCP's header says (RFC 1858)", () => {
		const line = "tcp 10.0.0.10:40000 > 192.168.0.1:25 S len 40";
		const gateway = createTestGateway(RULES);
		expect(matchedBy(`${line} part 24-48`)).toEqual(["1"]);
		for (const part of ["0-16", "8-48"])
			expect(gateway.fate(OUT, `${line} part ${part}`)).toEqual({
				kind: "dropped",
				by: "filter:FORWARD:rule:5",
			});
	});

	it("go on as they are, and are cut again where a link is too narrow", () => {
		const gateway = createTestGateway("", NARROW);
		const line = "udp 10.0.0.10:1 > 192.168.0.1:2 ipid 7 len 1400";
		const behind = line.replace("ipid", "ttl 63 ipid");
		expect(gateway.send(OUT, `${line} part 8-1000`)).toEqual([
			out(`${behind} part 8-560`),
			out(`${behind} part 560-1000`),
		]);
		expect(gateway.send(OUT, line)).toEqual([
			out(`${behind} part 0-552`),
			out(`${behind} part 552-1104`),
			out(`${behind} part 1104-1408`),
		]);
	});

	it("are not cut if they say so, and only for the first somebody is told", () => {
		const gateway = createTestGateway("", NARROW);
		const line = "udp 10.0.0.10:1 > 192.168.0.1:2 ipid 7 DF len 1400";
		expect(gateway.send(OUT, `${line} part 0-1000`)[0]).toContain("mtu 576");
		expect(gateway.send(OUT, `${line} part 8-1000`)).toEqual([]);
	});

	it("are put together before INPUT", () => {
		const gateway = createTestGateway("*filter\n-A INPUT -p icmp\nCOMMIT\n");
		const line = "icmp 10.0.0.10 > 10.0.0.1 echo-request id 7 seq 1 len 24";
		expect(gateway.send(OUT, `${line} part 0-16`)).toEqual([]);
		expect(gateway.matched).toEqual([]);
		expect(gateway.send(OUT, `${line} part 16-32`)).toEqual([
			`${OUT} icmp 10.0.0.1 > 10.0.0.10 echo-reply id 7 seq 1 len 24`,
		]);
		expect(gateway.matched).toContain("filter:INPUT:rule:1");
	});

	it("are answered in the name of the address that they were for", () => {
		const gateway = createTestGateway("");
		const line = "udp 192.168.0.1:1 > 10.0.0.1:25 len 24";
		expect(gateway.send(IN, `${line} part 0-8`)).toEqual([]);
		const [error] = gateway.send(IN, `${line} part 8-32`);
		expect(error).toContain("icmp 10.0.0.1 > 192.168.0.1 port-unreachable");
	});
});

// What nf_tables itself compares, it reads of what is there (`nft_payload_fast_eval`).
it.each([
	["bookworm/legacy", [0, 0]],
	["bookworm/nft", [1, 1]],
	["sid/nft", [0, 0]],
] as const)(
	"further fragments have ports and flags by their first octets on %s",
	(name, counted) => {
		const rules = ["! --sport 25", "--tcp-flags SYN SYN"].map(
			(asks) => `-A FORWARD -p tcp -m tcp ${asks}`,
		);
		const gateway = createTestGateway(
			`*filter\n${rules.join("\n")}\nCOMMIT\n`,
			{ linux: parseLinux(name) ?? DEFAULT_LINUX },
		);
		const octets = `${"\\x00".repeat(13)}\\x02\\x00\\x00`;
		gateway.send(
			OUT,
			`proto 6 10.0.0.10 > 192.168.0.1 ipid 7 frag 64 data "${octets}"`,
		);
		const { observation } = gateway.model.answer({ kind: "observe", atMs: 0 });
		const found = [
			...(observation?.ruleset ?? "").matchAll(/\[(\d+):\d+\] -A/g),
		];
		expect(found.map(([, packets]) => Number(packets))).toEqual(counted);
	},
);

it("a target that writes TCP's header joins what a short first fragment has of it", () => {
	const gateway = createTestGateway(
		`${TRACKED}*mangle\n-A POSTROUTING -p tcp -j ECN --ecn-tcp-ece 1\nCOMMIT\n`,
	);
	const segment = "tcp 10.0.0.1:25 > 10.0.0.10:40000 A seq 1 ipid 7 len 24";
	gateway.send("lo", `${segment} part 0-8`);
	const sent = gateway.send("lo", `${segment} part 8-44`);
	const lengths = sent.map((one) => parsePacket(one.replace(/^\S+ /, "")));
	expect(lengths.map(packetLength)).toEqual([52, 32]);
});

it("an error about a fragment has the ports of its first octets for socket", () => {
	const gateway = createTestGateway(
		"*filter\n-A INPUT -m socket --nowildcard\nCOMMIT\n",
		{ listeners: [{ protocol: "tcp", port: 25 }] },
	);
	gateway.send(
		OUT,
		'icmp 10.0.0.10 > 10.0.0.1 host-unreachable (proto 6 10.0.0.1 > 203.0.113.7 MF data "\\x00\\x19\\x04\\x00\\x00\\x00\\x00\\x00")',
	);
	expect(gateway.matched).toContain("filter:INPUT:rule:1");
});
