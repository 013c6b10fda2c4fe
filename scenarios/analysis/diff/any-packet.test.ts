import { describe, expect, it } from "vitest";
import { compared } from "./test-diff.ts";

const ESTABLISHED = "FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT";
const RELATED = "FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
const INVALID = "FORWARD -m conntrack --ctstate INVALID -j DROP";
const NEW = "FORWARD -m conntrack --ctstate NEW -j ACCEPT";

function filter(...rules: readonly string[]): string {
	return `*filter\n:INPUT DROP\n:FORWARD DROP\n${rules.map((rule) => `-A ${rule}\n`).join("")}COMMIT\n`;
}

/** A service, which asks for more or not. */
function service(more: string): string {
	return `*nat\n-A PREROUTING -d 10.0.0.1 -p tcp --dport 80 ${more} -j DNAT --to-destination 192.168.0.1\nCOMMIT\n`;
}

const documentOf = (old: string, young: string) =>
	compared(old, young).document;

describe("what walked packets do not vary", () => {
	it.each([
		"-m length --length 0:1000",
		"-m conntrack --ctstate NEW,ESTABLISHED",
		"-m conntrack ! --ctstate INVALID",
		"-m conntrack ! --ctstatus EXPECTED",
		"! -f",
		"-m ttl --ttl-gt 40",
		"-m tos ! --tos 0x10",
		"-m dscp ! --dscp 0x2e",
		"-m ecn ! --ecn-ip-ect 3",
		"-m mac ! --mac-source 00:11:22:33:44:55",
		"-m pkttype --pkt-type unicast",
		"-m addrtype ! --src-type MULTICAST",
		"-p tcp --tcp-flags FIN,RST NONE",
		"-p tcp ! --tcp-flags RST RST",
		"-p tcp ! --tcp-option 5",
		"-p icmp --icmp-type echo-request",
	])(
		"is unknown where a rule comes to ask for it, or no longer does: %s",
		(match) => {
			const [protocol = ""] = match.match(/^-p \S+/) ?? [];
			const plain = filter(`FORWARD ${protocol} -j ACCEPT`);
			const asking = filter(`FORWARD ${match} -j ACCEPT`);
			for (const [one, other] of [
				[plain, asking],
				[asking, plain],
			] as const) {
				const { verdict, unknown } = documentOf(one, other);
				expect(verdict).toBe("unknown");
				expect(unknown.join("\n")).toMatch(
					/it depends on whether packets .*\(line 4: -A FORWARD/,
				);
			}
		},
	);

	it.each([
		"-m ttl --ttl-gt 40",
		"-m tos ! --tos 0x10",
		"-m mac ! --mac-source 00:11:22:33:44:55",
		"-m tcpmss --mss 536:65535",
		"-m length --length 40:80",
		"-m pkttype --pkt-type unicast",
	])("is unknown where a service asks for it: %s", (match) => {
		const { verdict, unknown } = documentOf(service(""), service(match));
		expect(verdict).toBe("unknown");
		expect(unknown.join("\n")).toContain("tcp 10.0.0.1:80: it depends on");
	});

	it("is unknown where the bounds of a value change", () => {
		const file = (most: number) =>
			filter(`FORWARD -m length --length 0:${most} -j ACCEPT`);
		expect(documentOf(file(1000), file(1400)).verdict).toBe("unknown");
	});

	it.each([
		["FORWARD", RELATED, ESTABLISHED, NEW],
		[
			"INPUT",
			RELATED.replace("FORWARD", "INPUT"),
			ESTABLISHED.replace("FORWARD", "INPUT"),
			NEW.replace("FORWARD", "INPUT"),
		],
	])("are packets that are RELATED, in %s", (_, wide, narrow, then) => {
		const { verdict, unknown } = documentOf(
			filter(wide, then),
			filter(narrow, then),
		);
		expect(verdict).toBe("unknown");
		expect(unknown.join("\n")).toContain("whether packets are RELATED (line 4");
	});

	it.each([
		["mangle", "-j CONNMARK --set-mark 1"],
		["raw", "-j CT --notrack"],
		["raw", "-j CT --zone 1"],
	])(
		"is unknown where it decides what is kept of connections: %s, %s",
		(table, target) => {
			const file = (match: string) =>
				`*${table}\n-A PREROUTING ${match} ${target}\nCOMMIT\n*filter\n-A FORWARD -m connmark --mark 7 -j DROP\nCOMMIT\n`;
			const { verdict, unknown } = documentOf(
				file(""),
				file("-m ttl --ttl-gt 40"),
			);
			expect(verdict).toBe("unknown");
			expect(unknown.join("\n")).toContain("-m ttl --ttl-gt 40 (line 2");
		},
	);

	it("is unknown where the policy is another one behind rules that ask", () => {
		const file = (policy: string) =>
			`*filter\n:FORWARD ${policy}\n-A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT\nCOMMIT\n`;
		expect(documentOf(file("DROP"), file("ACCEPT")).verdict).toBe("unknown");
	});

	it("is unknown where a rule that stays takes the packet that was walked from one that goes", () => {
		const stays = "FORWARD -p udp -m ttl --ttl-gt 40 -j ACCEPT";
		const goes = "FORWARD -d 10.1.0.0/16 -j ACCEPT";
		const other = "FORWARD -p tcp -j ACCEPT";
		const old = filter(stays, other, goes);
		expect(documentOf(old, filter(stays, other)).verdict).not.toBe("same");
	});
});

describe("is the same", () => {
	it.each([
		[
			"a rule that asks in front of one that takes all",
			["FORWARD -j ACCEPT"],
			["FORWARD -m ttl --ttl-gt 40 -j ACCEPT", "FORWARD -j ACCEPT"],
		],
		[
			"a state that is left behind the others",
			[RELATED, INVALID, "FORWARD -p tcp --dport 80 -j ACCEPT"],
			[
				RELATED,
				INVALID,
				"FORWARD -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT",
			],
		],
		["rules of the same end that are moved", [RELATED, NEW], [NEW, RELATED]],
		[
			"a remark on a rule that asks",
			["FORWARD -p tcp --syn -j ACCEPT"],
			["FORWARD -p tcp --syn -m comment --comment web -j ACCEPT"],
		],
		[
			"any type of ICMP",
			["FORWARD -p icmp -j ACCEPT"],
			["FORWARD -p icmp --icmp-type any -j ACCEPT"],
		],
		[
			"addresses of the gateway's own",
			["INPUT -j ACCEPT"],
			["INPUT -m addrtype --dst-type LOCAL -j ACCEPT", "INPUT -j ACCEPT"],
		],
	])("%s", (_, olds, news) => {
		const { verdict, unknown } = documentOf(filter(...olds), filter(...news));
		expect(unknown).toEqual([]);
		expect(verdict).toBe("same");
	});

	it("where a service asks for new connections: no others come to its table", () => {
		const asking = service("-m conntrack --ctstate NEW");
		expect(documentOf(service(""), asking).verdict).toBe("same");
	});
});
