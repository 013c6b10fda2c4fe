/** Rules that ask for what a walk has made up of a packet: they leave open what they decide. */
import { expect, it } from "vitest";
import { rulesAlone } from "../test-facts.ts";
import { unknownOf } from "./unknown.ts";

const WEB = "-d 10.0.0.1 -p tcp --dport 80";
const DNAT = "-j DNAT --to-destination";

const unknown = (...tables: readonly string[]) =>
	unknownOf(rulesAlone(tables.join("")));

const table = (name: string, ...lines: readonly string[]) =>
	`*${name}\n${lines.join("\n")}\nCOMMIT\n`;

const nat = (...matches: readonly string[]) =>
	table(
		"nat",
		...matches.map(
			(one, index) =>
				`-A PREROUTING ${WEB} ${one} ${DNAT} 192.168.0.${index + 1}`,
		),
	);
const accepting = (...rules: readonly string[]) =>
	table("filter", ":FORWARD ACCEPT [0:0]", ...rules);
const dropping = (...rules: readonly string[]) =>
	table("filter", ":FORWARD DROP [0:0]", ...rules);

it.each([
	['-m u32 --u32 "12&0x1=0"', "octets of the packet"],
	["-m ttl --ttl-lt 33", "the TTL"],
	["-m tos --tos 0x10", "the TOS"],
	["-m dscp --dscp 10", "the TOS"],
	["-m length --length 60", "the length"],
	["-m tcp --sport 1024:32767", "the client's port"],
	["-m multiport --sports 5060,2000:3000", "the client's port"],
	["-m tcpmss --mss 1400:1500", "the MSS"],
	["-m mac --mac-source 02:00:00:00:00:01", "the hardware address"],
	["-m tcp --tcp-option 8", "the TCP option 8"],
	["-m ecn --ecn-tcp-ece", "the ECN flags"],
	// A SYN of DF alone, whatever its TTL is: `ldb [8]; jgt #64; ret`.
	['-m bpf --bytecode "4,48 0 0 8,37 0 1 64,6 0 0 1,6 0 0 0"', "octets of"],
])("shares rest on %s", (match, on) => {
	expect(unknown(nat(match))).toEqual([expect.stringContaining(on)]);
	expect(
		unknown(nat(""), accepting(`-A FORWARD -p tcp ${match} -j DROP`)),
	).toContainEqual(expect.stringContaining(`depend on ${on}`));
});

it.each([
	"-m tcp ! --sport 1:100",
	"-m multiport ! --sports 1:100",
	"-m multiport --sports 1024:65535",
	"-m ttl --ttl-gt 0",
	"-m length --length 40:1500",
	"-m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
	"-m tcp --tcp-option 2",
	'-m u32 --u32 "6&0xff=6 && 4&0x1fff=0 && 0>>22&0x3C@0&0xffff=80"',
	'-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"',
])("what holds for all packets of clients is decided: %s", (match) => {
	expect(unknown(nat(match))).toEqual([]);
});

it.each([
	[["-m ttl --ttl-lt 33", "-m ttl --ttl-gt 32"]],
	[["-m ttl --ttl-lt 33", "-m ttl ! --ttl-lt 33"]],
	[["-m ttl --ttl-lt 33", ""]],
])("shares rest on it, and all are served by one of %s", (matches) => {
	const { services } = rulesAlone(
		nat(...matches.filter((one) => one !== "-m ttl ! --ttl-lt 33")),
	);
	const parts = services[0]?.classes[0]?.vectors[0]?.split.parts ?? [];
	expect(parts.some(({ key }) => key.startsWith("no backend"))).toBe(
		matches.includes("-m ttl ! --ttl-lt 33"),
	);
});

it("says nothing where both ways end alike", () => {
	const marks = table(
		"mangle",
		"-A PREROUTING -m ttl --ttl-lt 33 -j MARK --set-mark 1",
		"-A PREROUTING -m length --length 0:64 -j TOS --set-tos 0x10",
	);
	expect(unknown(marks, nat(""))).toEqual([]);
});

it("keeps to what a rule has written over", () => {
	const marks = table("mangle", "-A PREROUTING -j TOS --set-tos 0x10");
	expect(unknown(marks, nat("-m tos --tos 0x10/0xff"))).toEqual([]);
});

it.each([
	[
		"answers with data",
		table(
			"raw",
			"-A PREROUTING -s 192.168.0.1 -p tcp -m length --length 60: -m tcp --tcp-flags ACK,PSH ACK,PSH -j DROP",
		),
	],
	["long packets", dropping("-A FORWARD -m length --length 0:1000 -j ACCEPT")],
	[
		"segments that are pushed",
		accepting("-A FORWARD -p tcp -m tcp --tcp-flags PSH PSH -j DROP"),
	],
	[
		"answers to some ports",
		dropping(
			"-A FORWARD -p tcp --dport 80 -j ACCEPT",
			"-A FORWARD -p tcp --sport 80 --dport 32768:61000 -j ACCEPT",
		),
	],
])("packets behind the first one that rules take away: %s", (_, rules) => {
	expect(unknown(rules, nat(""))).toContainEqual(
		expect.stringMatching(/^tcp 10\.0\.0\.1:80: whether .* come through/),
	);
});

it.each([
	[
		"a SYN alone, and known connections",
		dropping(
			"-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
			"-A FORWARD -p tcp ! --syn -m conntrack --ctstate NEW -j DROP",
			"-A FORWARD -p tcp --syn --dport 80 -j ACCEPT",
		),
	],
	[
		"scans, and what clamps the MSS",
		accepting(
			"-A FORWARD -p tcp --tcp-flags ALL NONE -j DROP",
			"-A FORWARD -p tcp --tcp-flags SYN,FIN SYN,FIN -j DROP",
			"-A FORWARD -p tcp --tcp-flags FIN,ACK FIN -j DROP",
		) +
			table(
				"mangle",
				"-A FORWARD -p tcp --tcp-flags SYN,RST SYN -m tcpmss --mss 1400:65495 -j TCPMSS --clamp-mss-to-pmtu",
			),
	],
	[
		"answers by ports",
		dropping(
			"-A FORWARD -p tcp --dport 80 -j ACCEPT",
			"-A FORWARD -p tcp --sport 80 --dport 1024:65535 -j ACCEPT",
		),
	],
])("ordinary rules leave nothing open: %s", (_, rules) => {
	expect(unknown(rules, nat(""))).toEqual([]);
});

it("a client keeps its TTL from packet to packet", () => {
	const low = table(
		"raw",
		`-A PREROUTING ${WEB} -m ttl --ttl-lt 33 -j CT --notrack`,
	);
	expect(unknown(low, nat(""))).toEqual([
		expect.stringMatching(/its shares are unknown.* the TTL of the packet/),
	]);
});
