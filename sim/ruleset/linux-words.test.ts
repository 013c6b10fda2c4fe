/** What versions and backends of iptables say and print of one line: each was asked in a virtual machine. */
import { describe, expect, test } from "vitest";
import { DEFAULT_LINUX, parseLinux } from "../linux/linux.ts";
import { checkRuleset, EMPTY_RULESET, restoreText } from "./parse.ts";
import { printRuleset } from "./print.ts";

const on = (name: string, ...lines: readonly string[]) =>
	checkRuleset(`*filter\n${lines.join("\n")}\nCOMMIT\n`, {
		linux: parseLinux(name) ?? undefined,
	} as Parameters<typeof checkRuleset>[1]);

const said = (name: string, ...lines: readonly string[]) => {
	const [fault] = on(name, ...lines).faults;
	return fault === undefined ? "" : `${fault.exitCode} ${fault.message}`;
};

const saved = (name: string, line: string) => {
	const linux = parseLinux(name);
	const { ruleset } = on(name, line);
	if (linux === null || ruleset === null) return null;
	const printed = printRuleset(ruleset, { linux }).split("\n");
	return printed.find((one) => one.startsWith("-A"));
};

describe("a value attached to an option that takes none", () => {
	test.each([
		["-A INPUT -p tcp -m tcp --syn=x", "--syn=x", "-3"],
		["-A INPUT --numeric=3", "--numeric=3", "-n"],
		["-A INPUT --line-numbers=3", "--line-numbers=3", "-0"],
		["-A INPUT -m recent --set=5", "--set=5", "-"],
		["-A INPUT -m rateest --rateest-bps=8bit", "--rateest-bps=8bit", "-\u0004"],
		["-A INPUT -j LOG --log-uid=1", "--log-uid=1", "-\u0003"],
		["-A INPUT -m ipp2p --ares=x", "--ares=x", "-f"],
		["-A INPUT -p tcp --foo=3", "--foo=3", "--foo=3"],
		["-A INPUT -fQ", "-fQ", "-Q"],
		['-A INPUT -p tcp "-f !a"', "-p", "-!"],
	])("is named as each version does: %s", (line, before, after) => {
		expect(said("bookworm", line)).toBe(`2 unknown option "${before}"`);
		for (const name of ["trixie", "trixie/nft", "sid"])
			expect(said(name, line)).toBe(`2 unknown option "${after}"`);
	});
});

describe("counters in front of a rule that are no numbers", () => {
	test.each([
		["bookworm", "-c"],
		["bookworm/nft", "-c"],
		["trixie", "--set-counters"],
		["trixie/nft", "--set-counters"],
	])("are named as %s names the option", (name, option) => {
		const linux = parseLinux(name) ?? undefined;
		const text = "*filter\n[x:y] -A INPUT -j DROP\nCOMMIT\n";
		const options = { counters: true, linux } as Parameters<
			typeof checkRuleset
		>[1];
		expect(checkRuleset(text, options).faults[0]?.message).toBe(
			`${option} packet counter not numeric`,
		);
	});
});

test("extensions of a rule for mptcp are not taken where iptables-nft asks twice", () => {
	const line = "-A INPUT -p mptcp -m multiport --dports 1 -j DROP";
	const [fault] = on("bookworm/nft", line).faults;
	expect(fault?.from).toBe("marktwin");
	expect(on("bookworm/nft", "-A INPUT -p mptcp -j DROP").faults).toEqual([]);
});

describe("masks with gaps", () => {
	test.each([
		["-m conntrack --ctorigsrc 10.0.0.1/255.0.255.0", "/255.0.255.0"],
		["-m conntrack ! --ctrepldst 0.0.0.1/0.0.0.1", "/0.0.0.1"],
		[
			"-m policy --dir in --pol ipsec --strict --mode tunnel --tunnel-src 10.0.0.1/0.0.0.255",
			"/0.0.0.255",
		],
	])("are kept from 1.8.10 on: %s", (words, mask) => {
		const line = `-A INPUT ${words} -j DROP`;
		for (const name of ["trixie", "trixie/nft", "sid/nft"])
			expect(saved(name, line)).toBe(line);
		for (const name of ["bullseye", "bookworm", "bookworm/nft"])
			expect(saved(name, line)).toBe(line.replace(mask, ""));
	});
});

describe("an interface that no packet has", () => {
	test.each([
		["bookworm", "-A INPUT -j DROP"],
		["bullseye/nft", "-A INPUT -j DROP"],
		["bookworm/nft", "-A INPUT ! -i + -j DROP"],
		["trixie", "-A INPUT ! -i + -j DROP"],
	])("as %s prints it", (name, printed) => {
		expect(saved(name, "-A INPUT ! -i + -j DROP")).toBe(printed);
	});
});

describe("a rule of the same file that iptables-nft 1.8.13 replaces", () => {
	const from = (n: number) => `-s 10.0.0.${n}/32 -j ACCEPT`;
	const put = (n: number) => `-A ONE ${from(n)}`;
	const replace = (number: number, n: number) => `-R ONE ${number} ${from(n)}`;
	const insert = (number: number, n: number) => `-I ONE ${number} ${from(n)}`;
	const linux = parseLinux("sid/nft") ?? undefined;
	const refused = "! -s 10.0.0.1/0.0.0.0 -j ACCEPT";

	/** The last numbers of the sources, or what is said. */
	const loaded = (lines: readonly string[], onto = "") => {
		const how = { noflush: true, counters: false, linux } as Parameters<
			typeof restoreText
		>[2];
		const empty = { tables: [] };
		const made = restoreText(
			empty,
			`*filter\n:ONE - [0:0]\n${onto}COMMIT\n`,
			how,
		).ruleset;
		const text = `*filter\n${lines.join("\n")}\nCOMMIT\n`;
		const { ruleset, faults } = restoreText(made, text, how);
		const [fault] = faults;
		if (fault !== undefined) return `${fault.exitCode} ${fault.message}`;
		const saved = printRuleset(ruleset, linux === undefined ? {} : { linux });
		return [...saved.matchAll(/-A ONE -s 10\.0\.0\.(\d+)/g)]
			.map(([, number]) => number)
			.join(" ");
	};
	const TWO = `${put(11)}\n${put(12)}\n`;

	test.each([
		[[put(1), put(2), replace(1, 3), replace(1, 4)], "3 4"],
		[[put(1), put(2), replace(1, 3), "-D ONE 1"], "3"],
		[[put(1), put(2), replace(2, 3), insert(2, 9)], "1 3 9"],
		[[put(1), put(2), put(3), replace(2, 4), insert(2, 9)], "1 4 9 3"],
		[[put(1), replace(1, 3), "-A ONE -j DROP", replace(1, 5)], "3 5"],
		[[put(1), replace(1, 3), "-F ONE", put(4)], "4"],
		[
			[
				put(1),
				put(2),
				replace(1, 3),
				insert(1, 9),
				replace(1, 4),
				insert(2, 8),
			],
			"4 3 2 8",
		],
	])("is counted and found no more: %s", (lines, numbers) => {
		expect(loaded(lines)).toBe(numbers);
	});

	test("has no number", () => {
		expect(loaded([put(1), replace(1, 3), replace(1, 4)])).toBe(
			"1 line 4 failed: Index of replacement too big.",
		);
		expect(loaded([put(1), replace(1, 3), `-D ONE ${from(3)}`])).toBe(
			"1 line 4 failed: Bad rule (does a matching rule exist in that chain?).",
		);
		expect(loaded([put(1), "-Z ONE 1", replace(1, 3)])).toBe(
			"1 line 4 failed: Index of replacement too big.",
		);
	});

	test("is in its chain all the same", () => {
		expect(loaded([put(1), replace(1, 3), "-X ONE"])).toBe(
			"4 line 4: CHAIN_DEL failed (Device or resource busy): chain ONE",
		);
	});

	test("is not sent, and the other one as it would have been", () => {
		expect(loaded([`-A ONE ${refused}`, replace(1, 3)])).toBe("3");
		expect(loaded([put(1), `-R ONE 1 ${refused}`])).toBe(
			"4 line 2: RULE_APPEND failed (Invalid argument): rule in chain ONE",
		);
	});

	test("was there before, and may be replaced once", () => {
		expect(loaded([replace(1, 3), replace(2, 4)], TWO)).toBe("3 4");
		expect(loaded([insert(1, 9), replace(1, 4), replace(1, 5)], TWO)).toBe(
			"4 5 12",
		);
		for (const again of [replace(1, 4), "-Z ONE 1"])
			expect(loaded([replace(1, 3), again], TWO)).toBe(
				"139 Segmentation fault",
			);
		expect(loaded(["-Z ONE 1", replace(1, 4)], TWO)).toBe(
			"139 Segmentation fault",
		);
	});
});

describe("the interface `+` of iptables-nft 1.8.7", () => {
	const dropped = (header: string) =>
		saved("bullseye/nft", `-A FORWARD ${header} -j DROP`);

	test.each([
		["-i + -s 65.66.67.68", "-s 65.66.67.68/32 -i ABCD+"],
		["-i + ! -s 65.66.67.68", "! -s 65.66.67.68/32 ! -i ABCD+"],
		["! -i + -s 65.66.67.68", "-s 65.66.67.68/32 -i ABCD+"],
		["-i + -s 65.66.0.0/16", "-s 65.66.0.0/16 -i AB+"],
		["-i + -s 65.66.67.65/18", "-s 65.66.64.0/18 -i AB@"],
		["-i + -s 65.0.67.68", "-s 65.0.67.68/32 -i ACD+"],
		["-i + -s 0.0.0.0/8", "-s 0.0.0.0/8 -i "],
		["-i + -s 255.66.67.68", "-s 255.66.67.68/32 -i \ufffdBCD+"],
		["-i + -s 65.66.67.68/255.240.255.0", "-s 65.64.67.0/255.240.255.0 -i A@C"],
		[
			"-i + -s 65.66.64.0/18 -d 65.66.67.68",
			"-s 65.66.64.0/18 -d 65.66.67.68/32 -i AB@",
		],
		[
			"-i eth+ -o + ! -s 65.66.67.68 ! -f",
			"! -s 65.66.67.68/32 -i eth+ ! -o ABCD+ ! -f",
		],
		["-i + -o + -s 65.66.67.68", "-s 65.66.67.68/32 -o ABCD+"],
		["-i + -o eth0 -s 65.66.67.68", "-s 65.66.67.68/32 -o eth0"],
		["-i + -f", "! -i  -f"],
		["-o + ! -f", "-o  ! -f"],
		["-i + -p tcp -s 65.66.67.68", "-s 65.66.67.68/32 -p tcp"],
	])("has the name of what is compared behind it: %s", (header, printed) => {
		expect(dropped(header)).toBe(`-A FORWARD ${printed} -j DROP`);
	});

	test("is that of the rule for which -D looks", () => {
		const put = "-A FORWARD -i + -s 65.66.67.68 -j DROP";
		const take = (header: string) =>
			said("bullseye/nft", put, `-D FORWARD ${header} -j DROP`);
		expect(take("-i + -s 65.66.67.68")).toBe("");
		expect(take("-s 65.66.67.68")).not.toBe("");
	});
});

describe("SNAT of 1.8.7", () => {
	const printed = (name: string, words: string) =>
		saved(name, `COMMIT\n*nat\n-A POSTROUTING -p tcp -j SNAT ${words}`);

	test.each([
		["--persistent --to-source 10.0.0.1", "--to-source 10.0.0.1"],
		[
			"--random --persistent --to-source 10.0.0.1",
			"--to-source 10.0.0.1 --random",
		],
		["--to-source 10.0.0.1 --persistent", "--to-source 10.0.0.1 --persistent"],
	])("loses --persistent in front of its address: %s", (words, target) => {
		for (const name of ["bullseye", "bullseye/nft"])
			expect(printed(name, words)).toBe(
				`-A POSTROUTING -p tcp -j SNAT ${target}`,
			);
	});

	test("does not take a second address, as DNAT does not", () => {
		const twice = (name: string, target: string, option: string) =>
			said(
				name,
				`-A ${target === "SNAT" ? "INPUT" : "OUTPUT"} -j ${target} --${option} 10.0.0.1 --${option} 10.0.0.2`,
			);
		expect(twice("bullseye", "SNAT", "to-source")).toBe(
			"2 SNAT: Multiple --to-source not supported",
		);
		expect(twice("bullseye/nft", "DNAT", "to-destination")).toBe(
			"2 DNAT: Multiple --to-destination not supported",
		);
		expect(twice("bookworm", "SNAT", "to-source")).toBe(
			'2 SNAT: option "--to-source" can only be used once.',
		);
	});
});

describe("a number that -Z has of a rule of the same file", () => {
	const lines = ["-A INPUT -j DROP", "-Z INPUT 1"];
	test("ends iptables-nft up to 1.8.11", () => {
		for (const name of ["bookworm/nft", "trixie/nft"])
			expect(said(name, ...lines)).toBe("139 Segmentation fault");
		for (const name of ["bookworm", "trixie", "sid", "sid/nft"])
			expect(said(name, ...lines)).toBe("");
	});
});

describe("what iptables-nft writes in nf_tables' own terms", () => {
	const tcp = "-A INPUT -p tcp -m tcp";
	test.each([
		// Of what both ask for, the second one's is printed; a ! stays.
		[
			`${tcp} --tcp-flags URG NONE -m tcp --sport 0 -j DROP`,
			`${tcp} --sport 0 --tcp-flags URG NONE -j DROP`,
		],
		[`${tcp} --dport 25:80 -m tcp --dport 79`, `${tcp} --dport 79`],
		[`${tcp} --dport 25 -m tcp --dport 0:80`, `${tcp} --dport 25:80`],
		[`${tcp} ! --dport 25 -m tcp --dport 80`, `${tcp} ! --dport 80`],
		[
			`${tcp} --dport 25 -m tcp --tcp-option 2`,
			`${tcp} --dport 25 -m tcp --tcp-option 2`,
		],
		[
			"-A INPUT -p udp -m udp --dport 1 -m udp --sport 2",
			"-A INPUT -p udp -m udp --sport 2 --dport 1",
		],
		[`${tcp} ! --dport 0:1023`, `${tcp} --dport 1024:65535`],
		[`${tcp} --tcp-flags NONE SYN`, "-A INPUT -p tcp"],
		[`${tcp} --dport 25 ! --tcp-flags NONE NONE`, `${tcp} --dport 25`],
	])("%s", (line, printed) => {
		for (const name of ["bookworm/nft", "trixie/nft"])
			expect(saved(name, line)).toBe(printed);
	});

	test.each([
		["--tcp-option 2 -m tcp --dport 0", "--dport 0 --tcp-option 2"],
		[
			"--dport 1:2 --tcp-option 2 -m tcp --sport 3",
			"--sport 3 --dport 1:2 --tcp-option 2",
		],
		["-m mark --mark 0x1 -m tcp --dport 80", "--dport 80 -m mark --mark 0x1"],
		[
			"--tcp-option 2 -m mark --mark 0x1 -m tcp --sport 1",
			"--sport 1 --tcp-option 2 -m mark --mark 0x1",
		],
	])(
		"behind one with --tcp-option or nothing, from 1.8.10 on: %s",
		(asked, printed) => {
			expect(saved("bookworm/nft", `${tcp} ${asked}`)).toBe(`${tcp} ${asked}`);
			for (const name of ["trixie/nft", "sid/nft"])
				expect(saved(name, `${tcp} ${asked}`)).toBe(`${tcp} ${printed}`);
		},
	);

	test("behind a -m udp that asks nothing", () => {
		const rule = "-A INPUT -p udp -m udp -m udp --dport 0";
		expect(saved("bookworm/nft", rule)).toBe(rule);
		expect(saved("trixie/nft", rule)).toBe("-A INPUT -p udp -m udp --dport 0");
	});

	test.each([
		["bookworm", "-A INPUT -p udp -m udp"],
		["bookworm/nft", "-A INPUT -p udp"],
		["trixie/nft", "-A INPUT -p udp -m udp ! --dport 0:65535"],
		["bullseye/nft", "-A INPUT -p udp -m udp "],
	])("all ports, inverted, on %s", (name, printed) => {
		expect(saved(name, "-A INPUT -p udp -m udp ! --dport 0:65535")).toBe(
			printed,
		);
	});
});

describe("a chain that is renamed", () => {
	const clash = "2 chain name may not clash with target name";
	const long = "A2345678901234567890123456789";
	test.each([
		["ACCEPT", "1 line 3 failed (File exists)", clash],
		["MARK", "", clash],
		[long, "", `2 chain name \`${long}' too long (must be under 29 chars)`],
	])("to %s", (to, before, after) => {
		expect(said("bookworm", ":A - [0:0]", `-E A ${to}`)).toBe(before);
		for (const name of ["trixie", "trixie/nft", "sid"])
			expect(said(name, ":A - [0:0]", `-E A ${to}`)).toBe(after);
	});
});

describe("iptables-nft renames with the COMMIT, as the kernel lets it", () => {
	const NOT_THERE =
		"CHAIN_RENAME failed (No such file or directory): chain TWO";
	const ON = "*filter\n:ONE - [0:0]\n:THREE - [0:0]\n-A INPUT -j ONE\nCOMMIT\n";
	/** Onto chains that are there: what is said, or the rules and chains that are there then. */
	const after = (...lines: readonly string[]) => {
		const linux = parseLinux("bookworm/nft");
		if (linux === null) throw new Error("no such Linux");
		const { ruleset } = restoreText({ tables: [] }, ON, { linux });
		const text = `*filter\n${lines.join("\n")}\nCOMMIT\n`;
		const applied = restoreText(ruleset, text, { linux, noflush: true });
		const [fault] = applied.faults;
		return fault === undefined
			? printRuleset(applied.ruleset, { linux })
					.split("\n")
					.filter((line) => /^(-A|:.* -)/.test(line))
					.join(" ")
			: `${fault.exitCode} ${fault.message}`;
	};
	const long = (octets: number) => "B".repeat(octets);

	test.each([
		[["-A ONE -j DROP"], `4 line 3: ${NOT_THERE}`],
		[
			["-A TWO -j DROP"],
			"1 line 4 failed: No chain/target/match by that name.",
		],
		[["-N TWO"], `4 line 3: ${NOT_THERE}`],
		[["-N ONE"], "1 line 4 failed: Chain already exists."],
		[["-X ONE"], `4 line 3: ${NOT_THERE}`],
		[["-E ONE TWO"], `4 line 3: ${NOT_THERE}`],
		[["-E NOPE TWO"], "1 line 4 failed: No chain/target/match by that name."],
	])("a chain of the same file, and then %s", (then, words) => {
		const lines = [":ONE - [0:0]", "-E ONE TWO", ...then];
		expect(said("bookworm/nft", ...lines)).toBe(words);
	});

	test.each([
		[
			["-E ONE TWO", "-A ONE -j DROP"],
			":THREE - [0:0] :TWO - [0:0] -A INPUT -j TWO -A TWO -j DROP",
		],
		[
			["-E ONE TWO", "-E ONE FOUR"],
			":FOUR - [0:0] :THREE - [0:0] -A INPUT -j FOUR",
		],
		[["-E THREE TWO", "-X THREE"], ":ONE - [0:0] -A INPUT -j ONE"],
		[["-E ONE TWO", "-E THREE ONE"], "1 line 3 failed: File exists."],
		[
			["-E ONE TWO", "-E THREE TWO"],
			"4 line 3: CHAIN_RENAME failed (File exists): chain TWO",
		],
		[["-E ONE TWO", ":TWO - [0:0]"], "null a second chain of the name TWO"],
		[
			[`-E THREE ${long(256)}`],
			`4 line 2: CHAIN_RENAME failed (Numerical result out of range): chain ${long(256)}`,
		],
		[
			[`-E THREE ${long(255)}`],
			`:${long(255)} - [0:0] :ONE - [0:0] -A INPUT -j ONE`,
		],
	])("a chain that is there: %j", (lines, expected) => {
		expect(after(...lines)).toBe(expected);
	});
});

describe("iptables-nft sends a rule that the same file deletes", () => {
	const bad = "INPUT -m addrtype --src-type LOCAL --limit-iface-out -j ACCEPT";
	const words = (name: string, ...lines: readonly string[]) =>
		on(name, ...lines).faults.map(({ message }) => message);
	test.each([`-D ${bad}`, "-D INPUT 1"])(
		"and the kernel refuses both: %s",
		(delete_) => {
			const refused = (line: number, what: string) =>
				`line ${line}: ${what}: rule in chain INPUT`;
			const append = "RULE_APPEND failed (Invalid argument)";
			const gone = "RULE_DELETE failed (No such file or directory)";
			for (const name of ["bookworm/nft", "trixie/nft", "sid/nft"])
				expect(words(name, `-A ${bad}`, delete_)).toEqual([
					refused(2, append),
					refused(3, gone),
				]);
			expect(words("bullseye/nft", `-A ${bad}`, delete_)).toEqual([
				refused(4, append),
				refused(4, gone),
			]);
			expect(words("bookworm", `-A ${bad}`, delete_)).toEqual([]);
		},
	);

	test("unless the chain is flushed", () => {
		expect(words("bookworm/nft", `-A ${bad}`, "-F INPUT")).toEqual([]);
	});
});

describe("names of chains in commands of 1.8.7", () => {
	const long = "A2345678901234567890123456789";
	test.each(["-A %s -j DROP", "-F %s", "-X %s", "-P %s DROP", "-E %s B"])(
		"29 characters: %s",
		(command) => {
			const line = command.replace("%s", long);
			expect(said("bullseye", line)).toMatch(/^1 line 2 failed /);
			for (const name of ["bookworm", "bullseye/nft", "sid/nft"])
				expect(said(name, line)).toBe(
					`2 chain name \`${long}' too long (must be under 29 chars)`,
				);
		},
	);

	test("blanks, which iptables-nft takes", () => {
		expect(said("bullseye/nft", '-N "A B"')).toBe("");
		for (const name of ["bullseye", "bookworm", "bookworm/nft"])
			expect(said(name, '-N "A B"')).toBe("2 Invalid chain name `A B'");
	});
});

describe("the number of a rule that is deleted", () => {
	const added = "-A OUTPUT -j ACCEPT";
	test.each([
		["1", "", ""],
		["01", "", ""],
		["0x1", "", "2 Invalid rule number `0x1'"],
		["0", "2 Invalid rule number `0'", "2 Invalid rule number `0'"],
		["1x", "2 Invalid rule number `1x'", "2 Invalid rule number `1x'"],
	])("%s", (number, before, after) => {
		expect(said("bookworm", added, `-D OUTPUT ${number}`)).toBe(before);
		for (const name of ["trixie", "trixie/nft"])
			expect(said(name, added, `-D OUTPUT ${number}`)).toBe(after);
	});
});

describe("what iptables-nft writes in nf_tables' own terms", () => {
	test.each([
		["-p tcp -m tcp ! --dport 0:1023", "-p tcp -m tcp --dport 1024:65535"],
		["-p udp -m udp ! --dport 0:1023", "-p udp -m udp --dport 1024:65535"],
		["-p tcp -m tcp ! --dport 14097:65535", "="],
		["-p tcp -m tcp ! --dport 0:1023 --tcp-option 5", "="],
		["-p tcp -m tcp --tcp-flags NONE ACK", "-p tcp"],
		["-p tcp -m tcp ! --tcp-flags NONE ACK", "-p tcp"],
		["-p tcp -m tcp --tcp-flags NONE NONE", "-p tcp -m tcp"],
		[
			"-p tcp -m tcp --tcp-flags NONE ACK --dport 25",
			"-p tcp -m tcp --dport 25",
		],
		["-p udp -m udp --dport 0:65535", "-p udp -m udp"],
	])("is printed as it is there: %s", (rule, printed) => {
		for (const name of ["bookworm/nft", "trixie/nft", "sid/nft"])
			expect(saved(name, `-A INPUT ${rule}`)).toBe(
				`-A INPUT ${printed === "=" ? rule : printed}`,
			);
	});

	test("no port at all is nothing up to 1.8.9", () => {
		const rule = "-A INPUT -p tcp -m tcp ! --dport 0:65535";
		expect(saved("bookworm/nft", rule)).toBe("-A INPUT -p tcp");
		expect(saved("trixie/nft", rule)).toBe(rule);
	});

	test.each([
		["-m tcp --dport 25", "2 TCP match requires '-p tcp'"],
		["-p udp -m tcp --dport 25", "2 TCP match requires '-p tcp'"],
		["-m udp --dport 25", "2 UDP match requires '-p udp'"],
		[
			"-m tcp --tcp-option 5",
			"4 line 2: RULE_APPEND failed (Invalid argument): rule in chain INPUT",
		],
		[
			"-m udp",
			"4 line 2: RULE_APPEND failed (Invalid argument): rule in chain INPUT",
		],
	])("needs its protocol: %s", (rule, words) => {
		for (const name of ["bookworm/nft", "trixie/nft"])
			expect(said(name, `-A INPUT ${rule}`)).toContain(words);
	});
});

describe("the exit code and words of listing and zeroing in one command", () => {
	test.each(["-n -L A -Z", "-L A -Z --line-numbers", "-x -Z -L A"])(
		"are refused by 1.8.11 alone: %s",
		(command) => {
			for (const name of ["bullseye", "bookworm", "sid", "sid/nft"])
				expect(said(name, ":A - [0:0]", command)).toBe("");
			for (const name of ["trixie", "trixie/nft"])
				expect(said(name, ":A - [0:0]", command)).toMatch(
					/^2 Illegal option `--(numeric|line-numbers|exact)' with this command$/,
				);
		},
	);

	test("-v is no matter", () => {
		for (const name of ["bookworm", "trixie"])
			expect(said(name, ":A - [0:0]", "-L A -Z -v")).toBe("");
	});
});

describe("libraries of 1.8.7", () => {
	const inNat = (name: string, rule: string) => {
		const linux = parseLinux(name);
		const { ruleset, faults } = checkRuleset(
			`*nat\n${rule}\nCOMMIT\n`,
			linux === null ? {} : { linux },
		);
		if (ruleset === null || linux === null) return faults[0]?.message;
		const printed = printRuleset(ruleset, { linux }).split("\n");
		return printed.find((line) => line.startsWith("-A"));
	};

	test.each([
		["-j NFLOG --nflog-prefix seen", "-j NFLOG --nflog-prefix  seen"],
		[
			'-m string --string "x" --algo bm --from 5',
			'-m string --string "x" --algo bm --from 5 --to 65535',
		],
	])("print %s otherwise", (rule, printed) => {
		expect(saved("bullseye", `-A INPUT ${rule}`)).toBe(`-A INPUT ${printed}`);
		expect(saved("bookworm", `-A INPUT ${rule}`)).toBe(`-A INPUT ${rule}`);
	});

	test.each([
		["-j REDIRECT --random", "-A PREROUTING -p tcp -j REDIRECT"],
		[
			"-j REDIRECT --to-ports 5-9 --random",
			"-A PREROUTING -p tcp -j REDIRECT --to-ports 5-9 --random",
		],
		[
			"-j REDIRECT --to-ports http",
			"-A PREROUTING -p tcp -j REDIRECT --to-ports 80",
		],
		[
			"-j REDIRECT --to-ports 9-5",
			'REDIRECT: Bad value for "--to-ports" option: "9-5"',
		],
		["-j DNAT --to-destination :http", "Port `http' not valid"],
		["-j DNAT --to-destination :9-5", "Port range `9-5' funky"],
		[
			"-j DNAT --to-destination :5-9x",
			"-A PREROUTING -p tcp -j DNAT --to-destination :5-9",
		],
	])("read %s otherwise", (rule, answer) => {
		expect(inNat("bullseye", `-A PREROUTING -p tcp ${rule}`)).toBe(answer);
	});

	test.each([
		[
			"-j MASQUERADE --to-ports http",
			'MASQUERADE: Bad value for "--to-ports" option: "http"',
		],
		[
			"-j SNAT --to-source 10.0.0.1:5-9/3",
			"-A POSTROUTING -p tcp -j SNAT --to-source 10.0.0.1:5-9",
		],
	])("read %s otherwise", (rule, answer) => {
		expect(inNat("bullseye", `-A POSTROUTING -p tcp ${rule}`)).toBe(answer);
	});

	test.each(["I_DATA", "PAD", "RE_CONFIG", "I_FORWARD_TSN"])(
		"do not know the chunk %s",
		(chunk) => {
			const rule = `-A INPUT -p sctp -m sctp --chunk-types any ${chunk}`;
			expect(said("bullseye", rule)).toBe(`2 Unknown sctp chunk \`${chunk}'`);
			expect(said("bookworm", rule)).toBe("");
		},
	);
});

test.each(["-R ONE 1 -j RETURN", "-Z ONE 1", "-D ONE 1"])(
	"of a chain that iptables-nft has emptied and not forgotten, %s is not followed",
	(command) => {
		const linux = parseLinux("trixie/nft") ?? DEFAULT_LINUX;
		const before = "*filter\n:ONE - [0:0]\n-A ONE -p tcp\nCOMMIT\n";
		const { ruleset } = restoreText(EMPTY_RULESET, before, { linux });
		const again = `*filter\n:ONE - [0:0]\n-A ONE -p udp\n${command}\nCOMMIT\n`;
		const { faults } = restoreText(ruleset, again, { linux, noflush: true });
		expect(faults.map(({ message }) => message)).toEqual([
			"a rule of ONE, whose line :ONE iptables-nft has emptied and not forgotten",
		]);
	},
);

test.each([
	[":ACCEPT - [0:0]", "2 error creating chain 'ACCEPT':File exists"],
	[
		":INPUT BAD [0:0]",
		"1 Can't set policy `BAD' on `INPUT' line 2: Bad policy name",
	],
])(
	"the declaration %s is refused with an exit code of its own",
	(line, words) => {
		expect(said("bookworm", line)).toBe(words);
	},
);

// `strtol`, kept in an `unsigned int` (1.8.10).
describe("the number of a rule that is deleted", () => {
	const rule = "-A INPUT -j ACCEPT";
	test.each([
		["4294967296", "2 Invalid rule number `4294967296'"],
		["4294967297", ""],
		["4294967298", "1 line 3 failed: Index of deletion too big."],
		["2147483648", "1 line 3 failed: Index of deletion too big."],
		["2147483649", "139 Segmentation fault"],
		["18446744073709551617", "139 Segmentation fault"],
	])("-D INPUT %s", (number, words) => {
		expect(said("trixie/nft", rule, `-D INPUT ${number}`)).toBe(words);
	});

	test("is none for a chain that is not there", () => {
		expect(said("trixie/nft", "-D NOPE 4294967295")).toBe(
			"1 line 2 failed: Bad rule (does a matching rule exist in that chain?).",
		);
	});

	test("has more octets in older versions", () => {
		expect(said("bookworm", rule, "-D INPUT 4294967297")).toBe(
			"2 Invalid rule number `4294967297'",
		);
	});
});

describe("a jump to a built-in chain that is not there", () => {
	const refused = (rule: string) => said("bookworm/nft", ":ONE -", rule);

	test("is refused behind the matches of its rule", () => {
		const words = (error: string) =>
			`4 line 3: RULE_APPEND failed (${error}): rule in chain ONE`;
		expect(refused("-A ONE -p tcp -m tcp -j INPUT")).toBe(
			words("No such file or directory"),
		);
		expect(refused("-A ONE -m tcp -j INPUT")).toBe(words("Invalid argument"));
	});
});

test("iptables-nft dies of a rule of the same file when it sends it: what cannot be carried out is found before", () => {
	const dies = ["-A INPUT -j ACCEPT", "-Z INPUT 1"];
	expect(said("trixie/nft", ...dies)).toBe("139 Segmentation fault");
	expect(said("trixie/nft", ...dies, "-I OUTPUT 99 -j ACCEPT")).toBe(
		"1 line 4 failed: Index of insertion too big.",
	);
});

describe("addresses and ports of SNAT and DNAT, as 1.8.7 reads them", () => {
	const nat = (read: typeof said, name: string, to: string) =>
		[
			`-A POSTROUTING -p tcp -j SNAT --to-source ${to}`,
			`-A PREROUTING -p tcp -j DNAT --to-destination ${to}`,
		].map((line) => read(name, `COMMIT\n*nat\n${line}`));

	test.each([
		["[::1]:25", "Port `:1]:25' not valid"],
		["[1.2.3.4]:25", 'Bad IP address "[1.2.3.4]"'],
		["1.2.3.4:25:26", "Invalid port:port syntax - use dash"],
		["1.2.3.4:25-26:27", "Invalid port:port syntax - use dash"],
		["1.2.3.4:0:1", "Port `0:1' not valid"],
		["1.2.3.4.5", 'Bad IP address "1.2.3.4.5"'],
		["1.2.3.4:99999999999999999999", "Port `99999999999999999999' not valid"],
	])("%s is refused", (to, words) => {
		for (const name of ["bullseye", "bullseye/nft"])
			for (const one of nat(said, name, to)) expect(one).toBe(`2 ${words}`);
	});

	test.each([
		["1.2.3:5", "1.2.3.0:5"],
		["01.2.3.4", "1.2.3.4"],
		["1.2.3.4:4294967301", "1.2.3.4:5"],
		["1.2.3.4:5/7-8", "1.2.3.4:5-8"],
	])("%s is read as %s", (to, read) => {
		for (const name of ["bullseye", "bullseye/nft"])
			for (const rule of nat((on, line) => saved(on, line) ?? "", name, to))
				expect(rule.endsWith(` ${read}`)).toBe(true);
	});

	test("need a protocol that has ports before all else", () => {
		expect(
			said(
				"bullseye",
				"COMMIT\n*nat\n-A POSTROUTING -j SNAT --to-source [::1]:25",
			),
		).toBe("2 Need TCP, UDP, SCTP or DCCP with port specification");
	});
});

test("a -t in a file is refused with its line by 1.8.7 alone", () => {
	const words = (name: string) => said(name, "-A INPUT -t nat");
	for (const name of ["bullseye", "bullseye/nft"])
		expect(words(name)).toBe(
			"2 The -t option (seen in line 2) cannot be used in iptables-restore.",
		);
	for (const name of ["bookworm", "bookworm/nft", "sid"])
		expect(words(name)).toBe(
			"2 The -t option cannot be used in iptables-restore.",
		);
});

describe("a chain that is called like a target", () => {
	const ofMark = (words: string) => [":MARK - [0:0]", `-A INPUT -j ${words}`];

	test.each([
		[
			"MARK --set-xmark 1/2/3",
			'MARK: trailing garbage after value for option "--set-xmark".',
		],
		[
			"MARK",
			"MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required",
		],
	])("has 1.8.7 read the target's words: %s", (words, refusal) => {
		for (const name of ["bullseye", "bullseye/nft"])
			expect(said(name, ...ofMark(words))).toBe(`2 ${refusal}`);
	});

	test.each([
		["bullseye", "-A INPUT -j MARK"],
		["bullseye/nft", "-A INPUT -j MARK --set-xmark 0x1/0xffffffff"],
	])("is the target under iptables-nft alone: %s", (name, rule) => {
		expect(saved(name, ofMark("MARK --set-mark 1").join("\n"))).toBe(rule);
	});

	test.each(["bookworm", "bookworm/nft", "sid/nft"])(
		"is a chain from 1.8.8 on, without options: %s",
		(name) => {
			expect(said(name, ...ofMark("MARK --set-mark 1"))).toBe(
				'2 unknown option "--set-mark"',
			);
			expect(saved(name, ofMark("MARK").join("\n"))).toBe("-A INPUT -j MARK");
		},
	);

	test.each([
		["bookworm", "-A INPUT -j REJECT"],
		["bookworm/nft", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"],
		["bullseye/nft", "-A INPUT -j REJECT --reject-with icmp-port-unreachable"],
	])("and is there before the file: %s", (name, rule) => {
		const how = {
			noflush: true,
			counters: false,
			linux: parseLinux(name) ?? undefined,
		} as Parameters<typeof restoreText>[2];
		const text = "*filter\n:REJECT - [0:0]\nCOMMIT\n";
		const { ruleset } = restoreText({ tables: [] }, text, how);
		const more = "*filter\n-A INPUT -j REJECT\nCOMMIT\n";
		const loaded = restoreText(ruleset, more, how).ruleset;
		expect(printRuleset(loaded, how).split("\n")).toContain(rule);
	});

	test("is not followed where iptables-nft 1.8.7 saves a jump as the target", () => {
		const own = (name: string, ...lines: readonly string[]) =>
			on(name, ...lines).faults.map(({ from }) => from);
		const lines = [":LOG - [0:0]", "-A INPUT -g LOG"];
		expect(own("bullseye/nft", ...lines)).toEqual(["marktwin"]);
		expect(own("bullseye", ...lines)).toEqual([]);
		expect(own("bullseye/nft", "-N X", "-E X LOG")).toEqual(["marktwin"]);
	});
});

describe("a transaction of which the kernel refuses a rule and a rename", () => {
	const rule = "-A INPUT -j SNAT --to-source 10.0.0.1";
	const ofRule = "RULE_APPEND failed (Invalid argument): rule in chain INPUT";
	const ofName = "CHAIN_RENAME failed (No such file or directory): chain TWO";
	const words = (name: string, ...lines: readonly string[]) =>
		on(name, ":ONE - [0:0]", ...lines).faults.map(({ message }) => message);

	test("is refused for what was sent first", () => {
		for (const name of ["bookworm/nft", "sid/nft"]) {
			expect(words(name, rule, "-E ONE TWO")).toEqual([
				`line 3: ${ofRule}`,
				`line 4: ${ofName}`,
			]);
			expect(words(name, "-E ONE TWO", rule)).toEqual([
				`line 3: ${ofName}`,
				`line 4: ${ofRule}`,
			]);
		}
		expect(words("bullseye/nft", rule, "-E ONE TWO")).toEqual([
			`line 5: ${ofRule}`,
			`line 5: ${ofName}`,
		]);
	});

	test("and for what iptables-nft finds before it sends anything", () => {
		const lines = [rule, "-E ONE TWO", "-D INPUT -j DROP"];
		expect(words("bookworm/nft", ...lines)).toHaveLength(1);
	});
});
