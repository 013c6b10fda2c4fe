import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { marktwin } from "../../test/marktwin.ts";
import { CLIENT_SYN, RECIPE } from "../../test/recipe.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const CLIENT = ["--in", "bond0.204", "--packet", CLIENT_SYN];
const trace = (...words: readonly string[]) =>
	marktwin(["trace", RECIPE, ...words]);

describe("marktwin trace", () => {
	it("plays what the router itself sends", async () => {
		const { code, out } = await trace(
			"--in",
			"lo",
			"--packet",
			"udp 192.168.0.254:4000 > 192.168.0.1:53",
		);
		expect(code).toBe(0);
		expect(out).toContain("mangle:OUTPUT:policy");
		expect(out).toMatch(/^bond0\.205 → udp 192\.168\.0\.254:4000 /m);
	});

	it("shows the rules that match, the marks, and what comes out", async () => {
		const { code, out, err } = await trace(...CLIENT);
		expect({ code, err }).toEqual({ code: 0, err: "" });
		expect(out).toMatch(
			/^bond0\.204 ← tcp 10\.0\.0\.10:40000 > 10\.0\.0\.1:25 S\n/,
		);
		expect(out).toMatch(
			/^ {2}mangle:MAILMARK:rule:2 +-A MAILMARK .*--every 2 .*\n +mark 0x0 → 0x1$/m,
		);
		expect(out).toMatch(
			/^ {2}nat:PREROUTING:rule:1 +.*--to-destination 192\.168\.0\.1$/m,
		);
		expect(out).toMatch(
			/^bond0\.205 → tcp 10\.0\.0\.10:40000 > 192\.168\.0\.1:25 S ttl 63$/m,
		);
		expect(out).toMatch(/^ {2}.* SYN_SENT src=10\.0\.0\.10 .* mark=1 .*$/m);
	});

	it("goes by what is assumed of matches, and says how often", async () => {
		const file = join(temporaryFolder(), "blocked.rules");
		writeFileSync(
			file,
			"*filter\n-A INPUT -p tcp -m set --match-set blocked src -j DROP\nCOMMIT\n",
		);
		const to = (...words: readonly string[]) =>
			marktwin(["trace", file, ...CLIENT, ...words]);
		expect(await to()).toMatchObject({ code: 3 });
		const blocked = await to("--assume", "set:blocked=yes");
		expect(blocked.out).toContain("dropped");
		expect(blocked.err).toContain(
			"assumed set:blocked=yes, which answered once",
		);
		const open = await to("--assume", "set:blocked=either");
		expect(open).toMatchObject({
			code: 2,
			err: expect.stringContaining("a packet that is traced goes one way"),
		});
		const none = await to("--assume", "blocked=no");
		expect(none.err).toContain('"blocked" is nothing that can be assumed');
		const misspelt = await to("--assume", "set:blokced=no");
		expect(misspelt).toMatchObject({
			code: 2,
			err: expect.stringContaining("Did you mean set:blocked=no?"),
		});
	});

	it("follows the routing rules of the router", async () => {
		const folder = temporaryFolder();
		const file = (name: string, text: string) => {
			writeFileSync(join(folder, name), text);
			return join(folder, name);
		};
		const link = (ifname: string, local: string) => ({
			ifname,
			mtu: 1500,
			addr_info: [{ family: "inet", local, prefixlen: 24 }],
		});
		const addresses = file(
			"addresses.json",
			JSON.stringify([
				link("office0", "10.99.0.1"),
				link("dsl0", "203.0.113.10"),
				link("lte0", "198.51.100.10"),
			]),
		);
		const routes = file(
			"routes.json",
			JSON.stringify([
				{ dst: "default", gateway: "203.0.113.1", dev: "dsl0", flags: [] },
				{
					dst: "default",
					gateway: "198.51.100.1",
					dev: "lte0",
					table: "122",
					flags: [],
				},
			]),
		);
		const routing = file(
			"routing.json",
			JSON.stringify([
				{ priority: 1001, src: "all", fwmark: "0x16", table: "122" },
			]),
		);
		const rules = file(
			"in.rules",
			"*mangle\n-A PREROUTING -i lte0 -m conntrack --ctstate NEW -j CONNMARK --set-mark 22\n-A PREROUTING -i office0 -j CONNMARK --restore-mark\nCOMMIT\n*nat\n-A PREROUTING -d 198.51.100.10 -p tcp --dport 443 -j DNAT --to-destination 10.99.0.5\nCOMMIT\n",
		);
		const world = [
			`--addresses=${addresses}`,
			`--routes=${routes}`,
			`--routing-rules=${routing}`,
		];
		const syn = "tcp 100.64.7.7:40000 > 198.51.100.10:443 S";
		const answer = "tcp 10.99.0.5:443 > 100.64.7.7:40000 SA";
		const packets = ["-i", "lte0", "-p", syn, "-i", "office0", "-p", answer];
		const words = ["trace", rules, ...world, ...packets];
		const { code, out } = await marktwin(words);
		expect(code).toBe(0);
		expect(out).toMatch(/^lte0 → tcp 198\.51\.100\.10:443 > 100\.64\.7\.7/m);
		expect(out).not.toMatch(/^dsl0 →/m);
	});

	it("shows the line of a rule whose set is missing", async () => {
		const folder = temporaryFolder();
		const rules = join(folder, "set.rules");
		const sets = join(folder, "sets.save");
		writeFileSync(
			rules,
			"*filter\n-A INPUT -m set --match-set vips dst -j DROP\nCOMMIT\n",
		);
		writeFileSync(sets, "create bad hash:ip\n");
		const words = ["trace", rules, "--sets", sets, ...CLIENT];
		const { code, err } = await marktwin(words);
		expect(code).toBe(2);
		expect(err).toMatch(/: Set vips doesn't exist\.\n {2}2 \| -A INPUT/);
		expect(err).not.toContain("U+000A");
	});

	it("plays several packets in order, each by its interface", async () => {
		const { code, out } = await trace(
			...CLIENT,
			"--in",
			"bond0.205",
			"--packet",
			"tcp 192.168.0.1:25 > 10.0.0.10:40000 SA seq 7 ack 1",
			"--in",
			"bond0.204",
			"--packet",
			"tcp 10.0.0.11:40000 > 10.0.0.1:25 S",
		);
		expect(code).toBe(0);
		const came = out.match(/^bond0\.\d+ → .*$/gm);
		expect(came).toEqual([
			"bond0.205 → tcp 10.0.0.10:40000 > 192.168.0.1:25 S ttl 63",
			"bond0.204 → tcp 10.0.0.1:25 > 10.0.0.10:40000 SA seq 7 ack 1 ttl 63",
			"bond0.205 → tcp 10.0.0.11:40000 > 192.168.0.2:25 S ttl 63",
		]);
	});

	it("writes conditions first: both dead, and the router itself answers", async () => {
		const { code, out } = await trace(
			...CLIENT,
			"--condition",
			"mail1up=1",
			"--condition",
			"mail2up=1",
		);
		expect(code).toBe(0);
		expect(out).toContain("delivered to the gateway itself\n");
		expect(out).toMatch(
			/^bond0\.204 → tcp 10\.0\.0\.1:25 > 10\.0\.0\.10:40000 RA /m,
		);
		expect(out).toContain("conntrack: no entry\n");
	});

	it("ends with 3 where a packet passes a million rules, and shows the first of them", async () => {
		const folder = temporaryFolder();
		const file = join(folder, "twice.rules");
		const names = Array.from({ length: 41 }, (_, index) => `C${index}`);
		const jumps = names.slice(1).map((next, index) => {
			const rule = `-A C${index} -j ${next}\n`;
			return rule + rule;
		});
		writeFileSync(
			file,
			`*filter\n${names.map((name) => `:${name} -\n`).join("")}-A FORWARD -j C0\n${jumps.join("")}COMMIT\n`,
		);
		const { code, out } = await marktwin([
			"trace",
			file,
			"--in",
			"bond0.204",
			"--packet",
			"udp 10.0.0.10:40000 > 192.168.0.1:53 len 1",
		]);
		expect(code).toBe(3);
		expect(out).toMatch(
			/\n {2}… and 9\d\d,\d+ more rules\nunknown: more than 1,000,000 rules for one packet \(filter:C\d+:/,
		);
	});

	it("prints what the kernel logs for TRACE", async () => {
		const { code, out } = await trace("--kernel-log", ...CLIENT);
		expect(code).toBe(0);
		const lines = out.trimEnd().split("\n");
		for (const line of lines) expect(line).toMatch(/^TRACE: (mangle|nat):/);
		expect(lines[2]).toMatch(
			/^TRACE: mangle:MAILMARK:rule:2 IN=bond0\.204 OUT= .*SRC=10\.0\.0\.10 DST=10\.0\.0\.1 .* SYN URGP=0/,
		);
	});

	it("prints what xtables-monitor prints under iptables-nft", async () => {
		const { code, out } = await trace(
			"--kernel-log",
			"--linux=trixie/nft",
			...CLIENT,
		);
		expect(code).toBe(0);
		expect(out).toMatch(
			/^PACKET: 2 00000001 IN=bond0\.204 SRC=10\.0\.0\.10 .* SPORT=40000 DPORT=25 SYN $/m,
		);
		expect(out).toMatch(
			/^ TRACE: 2 00000001 mangle:MAILMARK:rule:0x2:CONTINUE {2}iptables -t mangle -A MAILMARK /m,
		);
	});

	it("shows the rule that rejects before the way of its answer", async () => {
		const folder = temporaryFolder();
		const file = join(folder, "reject.rules");
		writeFileSync(
			file,
			"*filter\n:B -\n-A INPUT -p tcp -j B\n-A OUTPUT -p tcp\n-A B -p tcp -j REJECT --reject-with tcp-reset\nCOMMIT\n",
		);
		const { out } = await marktwin(["trace", file, ...CLIENT]);
		const lines = out.split("\n").slice(1, 6);
		expect(lines.map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
			"filter:INPUT:rule:1",
			"filter:B:rule:1",
			"answer: tcp 10.0.0.1:25 > 10.0.0.10:40000 RA ack 1 win 0 DF",
			"filter:OUTPUT:rule:1",
			"filter:OUTPUT:policy:2",
		]);
	});

	it("says which rule dropped a packet", async () => {
		const { out } = await marktwin(["trace", "-", ...CLIENT], {
			input: "*filter\n-A INPUT -p tcp --dport 25 -j DROP\nCOMMIT\n",
		});
		expect(out).toContain(
			"dropped: filter:INPUT:rule:1  -A INPUT -p tcp -m tcp --dport 25 -j DROP\n",
		);
	});

	it("says why the stack dropped a packet, and where the kernel does it", async () => {
		const { out } = await marktwin(
			[
				"trace",
				"-",
				"--in",
				"bond0.204",
				"--packet",
				"tcp 10.0.0.1:40000 > 192.168.0.1:25 S",
			],
			{ input: "*filter\nCOMMIT\n" },
		);
		expect(out).toContain(
			"dropped: spoofed source: one of the gateway's own addresses  (fib_validate_source,",
		);
	});

	it("takes another router", async () => {
		const { code, out } = await marktwin(
			[
				"trace",
				"-",
				"--in",
				"eth0",
				"--packet",
				"udp 192.0.2.7:9 > 203.0.113.5:53",
				"--address",
				"eth0=192.0.2.1/24",
				"--address",
				"eth1=198.51.100.1/24",
				"--route",
				"default via 198.51.100.254 dev eth1",
			],
			{ input: "*filter\nCOMMIT\n" },
		);
		expect(code).toBe(0);
		expect(out).toMatch(
			/^eth1 → udp 192\.0\.2\.7:9 > 203\.0\.113\.5:53 ttl 63$/m,
		);
	});

	it("ends with 3 where the model does not know, and says why", async () => {
		const { code, out } = await marktwin(["trace", "-", ...CLIENT], {
			input: "*filter\n-A INPUT -m set --match-set bad src -j DROP\nCOMMIT\n",
		});
		expect(code).toBe(3);
		expect(out).toMatch(/unknown: .*set.*filter:INPUT:rule:1/);
	});

	it("shows once where a packet cannot be read", async () => {
		const packet = "tcp 10.0.0.10:70000 > 10.0.0.1:25 S";
		const { err } = await trace("--in", "bond0.204", "--packet", packet);
		expect(err.split("\n")).toEqual([
			expect.stringMatching(/^marktwin: --packet: packet, column 5: expected/),
			`  ${packet}`,
			"      ^",
			"",
		]);
	});

	it.each([
		{
			words: ["--in", "bond0.2o4", "--packet", CLIENT_SYN],
			says: "Did you mean bond0.204?",
		},
		{
			words: [
				...CLIENT,
				"--sysctl",
				"ip_forward=1",
				"--sysctl",
				"ip_forward=0",
			],
			says: "ip_forward is given twice: 1 and 0. Say it once.",
		},
		{
			words: [...CLIENT, "--assume", "set:a=yes", "--assume", "set:a=no"],
			says: "set:a is given twice: yes and no. Say it once.",
		},
		{
			words: [
				"--in",
				"bond0.204",
				"--packet",
				"tcp 10.0.0.300:1 > 10.0.0.1:25 S",
			],
			says: "    ^",
		},
		{
			words: [...CLIENT, "--condition", "mail1pu=1"],
			says: "Did you mean mail1up?",
		},
		{ words: [...CLIENT, "--condition", "mail1up"], says: "mail1up=1" },
		{
			words: [...CLIENT, "--address", "eth0=10.0.0.1"],
			says: "no such interface",
		},
		{
			words: [...CLIENT, "--address", "bond0.204=10.0.0.999/8"],
			says: "10.0.0.999/8",
		},
		{ words: [...CLIENT, "--route", "to the left"], says: "--route" },
		{
			words: [
				...CLIENT,
				...["a=10.0.0.1/8", "a=10.0.0.1/8"].flatMap((one) => ["-a", one]),
			],
			says: "--address a=10.0.0.1/8 is given twice",
		},
		{
			words: [...CLIENT, "--address", "abcdefghijklmnop=10.0.0.1/8"],
			says: 'interface "abcdefghijklmnop": no interface has such a name',
		},
		{
			words: [...CLIENT, "--address", "bond0.204=10.0.0.1/40"],
			says: '10.0.0.1/40": a prefix length is at most 32',
		},
		{
			words: [...CLIENT, "--sysctl", "netfilter.nosuch=1"],
			says: "--sysctl netfilter.nosuch=1: sysctl: cannot stat",
		},
		{
			words: [...CLIENT, "--sysctl", "ipv4.ip_forward=on"],
			says: "not a whole number",
		},
		{ words: [...CLIENT, "--seed", "-1"], says: "A seed is a whole number" },
	])("refuses $words", async ({ words, says }) => {
		const { code, out, err } = await trace(...words);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(says);
	});
});
