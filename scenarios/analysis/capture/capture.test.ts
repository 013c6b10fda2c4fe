import { execFileSync } from "node:child_process";
import {
	chmodSync,
	mkdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { ScenarioError } from "../../language/scenario-error.ts";
import { captureFiles, INDEX_FILE, parseCapture } from "./capture-text.ts";
import { type Capture, readCapture } from "./read-capture.ts";
import { captureScript } from "./script.ts";

const RULES = `*nat
:PREROUTING ACCEPT [0:0]
[3:180] -A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.168.0.2
COMMIT
`;
const ADDRESSES = `[{"ifname":"eth0","flags":["UP"],"mtu":1500,"addr_info":[{"family":"inet","local":"10.0.0.1","prefixlen":8}]}]`;
const ADDRESSES_TEXT = `2: eth0: <BROADCAST,UP> mtu 1500
    inet 10.0.0.1/8 scope global eth0
`;

/** Commands of a router, each a shell script. */
type Commands = Readonly<Record<string, string>>;

const DEBIAN: Commands = {
	"iptables-save": `cat <<'END'\n${RULES}END`,
	iptables: "echo 'iptables v1.8.9 (nf_tables)'",
	ip: `case "$*" in
"-j addr") echo '${ADDRESSES}' ;;
"-j route show table all") echo '[{"dst":"default","gateway":"10.0.0.254","dev":"eth0","flags":[]}]' ;;
"-j rule") echo '[{"priority":0,"src":"all","table":"local"}]' ;;
*) exit 1 ;;
esac`,
};

/** Without JSON, as busybox has it. */
const OPENWRT: Commands = {
	"iptables-save": DEBIAN["iptables-save"] ?? "",
	iptables: "echo 'iptables v1.8.7 (legacy)'",
	ip: `case "$*" in
addr) printf '%s' '${ADDRESSES_TEXT}' ;;
"route show table all") echo 'default via 10.0.0.254 dev eth0 ' ;;
rule) printf '0:\\tfrom all lookup local\\n' ;;
*) echo "ip: invalid argument '-j'" >&2; exit 1 ;;
esac`,
};

const NEEDED = ["sed", "cat", "grep", "uname"];
const SHELLS = [["sh"], ["dash"], ["bash"], ["busybox", "sh"]].filter(
	([name = ""]) => pathOf(name) !== "",
);

function pathOf(command: string): string {
	return execFileSync("sh", ["-c", `command -v ${command} || true`], {
		encoding: "utf8",
	}).trim();
}

/** What the script prints on a router with these commands and no others. */
function run(shell: readonly string[], commands: Commands): string {
	const folder = temporaryFolder();
	for (const [name, text] of Object.entries(commands)) {
		writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
		chmodSync(join(folder, name), 0o755);
	}
	const [name = "sh", ...more] = shell;
	for (const needed of NEEDED)
		symlinkSync(pathOf(needed), join(folder, needed));
	const script = captureScript().replace(/^PATH=.*$/m, `PATH=${folder}`);
	return execFileSync(pathOf(name), more, { input: script, encoding: "utf8" });
}

async function folderOf(text: string): Promise<Capture> {
	const folder = temporaryFolder();
	for (const file of captureFiles(parseCapture(text, "router.txt")))
		writeFileSync(join(folder, file.name), file.text);
	return readCapture(folder);
}

describe.each(SHELLS)("the script in %s", (...shell) => {
	it("tells rules, addresses, routes and settings", async () => {
		const capture = await folderOf(run(shell, DEBIAN));
		expect(capture.rules.text).toBe(RULES);
		expect(capture.given).toMatchObject({
			interfaces: [{ name: "eth0", addresses: ["10.0.0.1/8"], mtu: 1500 }],
			routes: [
				{ destination: "0.0.0.0/0", via: "10.0.0.254", interface: "eth0" },
			],
			markRoutes: [],
		});
		expect(capture.given.sysctls).toMatchObject({ "ipv4.ip_default_ttl": 64 });
		expect(capture.iptables).toBe("iptables v1.8.9 (nf_tables)");
		expect(capture.kernel).toMatch(/^\d/);
		expect(capture.notes).toEqual([]);
	});

	it("tells the same where ip knows no JSON", async () => {
		const { given } = await folderOf(run(shell, OPENWRT));
		expect(given.interfaces).toEqual([
			{ name: "eth0", addresses: ["10.0.0.1/8"], mtu: 1500 },
		]);
		expect(given.routes).toHaveLength(1);
		expect(given.markRoutes).toEqual([]);
	});

	it("records what the router does not have, and what fails", async () => {
		const { ip: _, ...noIp } = DEBIAN;
		const { given } = await folderOf(run(shell, noIp));
		expect(given.interfaces).toBeNull();
		expect(given.notes.slice(0, 3)).toEqual([
			"The router has no command for `ip addr`: what it would tell is assumed.",
			"The router has no command for `ip route show table all`: what it would tell is assumed.",
			"The router has no command for `ip rule`: what it would tell is assumed.",
		]);
		const { "iptables-save": __, ...noRules } = DEBIAN;
		await expect(folderOf(run(shell, noRules))).rejects.toThrow(
			"the router has no iptables-save",
		);
		const user = {
			...DEBIAN,
			"iptables-save":
				"echo 'iptables-save: Permission denied (you must be root)' >&2; exit 4",
		};
		await expect(folderOf(run(shell, user))).rejects.toThrow(
			/failed on the router: iptables-save: Permission denied[\s\S]*Run the script as root/,
		);
	});

	it("keeps what looks like its own lines apart", async () => {
		const odd = `${RULES}# == rules: x\n== connections: y\nexit 7\n`;
		const { rules } = await folderOf(
			run(shell, { ...DEBIAN, "iptables-save": `cat <<'END'\n${odd}END` }),
		);
		expect(rules.text).toBe(odd);
	});
});

const HAS_NAMESPACES = hasNamespaces();

function hasNamespaces(): boolean {
	try {
		execFileSync("unshare", ["-n", "iptables-save"], { stdio: "ignore" });
		return true;
	} catch {
		return false;
	}
}

// Needs root, unshare, iptables and ip: a namespace of its own, which ends with the test.
describe.runIf(HAS_NAMESPACES)("the script in a network namespace", () => {
	const WIRING = `
ip link add eth0 type veth peer name peer0
ip link set eth0 up && ip link set peer0 up && ip link set lo up
ip addr add 10.0.0.1/8 dev eth0 && ip addr add 203.0.113.9/32 dev lo
ip route add default via 10.0.0.254
ip route add default via 10.0.0.253 table 100
ip rule add fwmark 0x1/0xff lookup 100
iptables-restore <<'END'
${RULES.replaceAll(/^\[3:180\] /gm, "")}END
`;

	it("tells what the kernel has, and changes nothing", async () => {
		const state =
			"iptables-save; ip -d addr; ip route show table all; ip rule; sysctl -a 2>/dev/null | grep '^net.ipv4.conf'";
		const folder = temporaryFolder();
		writeFileSync(join(folder, "script"), captureScript());
		const text = execFileSync(
			"unshare",
			[
				"-n",
				"sh",
				"-c",
				`{ ${WIRING}\n} >/dev/null 2>&1; (${state}) >${folder}/before; sh ${folder}/script; (${state}) >${folder}/after`,
			],
			{ encoding: "utf8" },
		);
		const plain = (name: string) =>
			readFileSync(join(folder, name), "utf8")
				.replace(/ on [A-Z].*$/gm, "")
				.replace(/valid_lft.*|tentative/g, "");
		expect(plain("after")).toBe(plain("before"));
		const capture = await folderOf(text);
		expect(capture.rules.text).toContain("--to-destination 192.168.0.2");
		expect(
			capture.given.interfaces?.find(({ name }) => name === "eth0")?.addresses,
		).toEqual(["10.0.0.1/8"]);
		expect(
			capture.given.interfaces?.flatMap(({ addresses }) => addresses),
		).toContain("203.0.113.9/32");
		expect(capture.given.routes).toEqual([
			{ destination: "0.0.0.0/0", via: "10.0.0.254", interface: "eth0" },
		]);
		expect(capture.given.markRoutes).toEqual([
			{
				priority: expect.any(Number),
				mark: 1,
				mask: 0xff,
				table: "100",
				via: "10.0.0.253",
				interface: "eth0",
			},
		]);
	});
});

describe("a capture's text", () => {
	let text = "";
	beforeAll(() => {
		// This machine may have tables of the other iptables.
		text = run(["sh"], DEBIAN).replace(/^== other-rules: [^=]*/m, "");
	});

	it("may stand behind what a login says, and end its lines as Windows does", () => {
		const other = `Welcome!\n\n${text}`.replaceAll("\n", "\r\n");
		expect(parseCapture(other, "a")).toEqual(parseCapture(text, "a"));
	});

	it.each([
		["nothing", "", "this is not the output of the script"],
		["another text", "hello\n", "this is not the output of the script"],
		[
			"another version's",
			"marktwin capture 99\n",
			'it says "marktwin capture 99"',
		],
	])("is refused: %s", (_, other, message) => {
		expect(() => parseCapture(other, "a")).toThrow(message);
	});

	it("may have sections of any name", () => {
		const odd = text.replace("== kernel:", "== constructor:");
		const names = captureFiles(parseCapture(odd, "a")).map(({ name }) => name);
		expect(names).toContain("constructor.txt");
	});

	it("is refused wherever it is cut off", () => {
		const lines = text.split("\n");
		for (let count = 1; count < lines.length - 1; count++)
			expect(
				() => parseCapture(lines.slice(0, count).join("\n"), "a"),
				`after ${count} lines`,
			).toThrow(ScenarioError);
	});

	it("tells conditions and connections", async () => {
		const told = text
			.replace(
				/^== conditions: conditions\n[^=]*/m,
				"== conditions: conditions\n /proc/net/nf_condition/mail1up:1\n /proc/net/nf_condition/mail2up:0\n \n exit 0\n",
			)
			.replace(/^(== connections: .*\n)[^=]*/m, "$1 17\n \n exit 0\n");
		expect(await folderOf(told)).toMatchObject({
			conditions: { mail1up: 1, mail2up: 0 },
			connections: 17,
		});
	});

	it("has rules of the other iptables where the usual one shows none, and says so where both have some", async () => {
		const section = (name: string, rules: string) =>
			`== ${name}: ${name}-save\n${rules.replace(/^/gm, " ")}\n exit 0\n`;
		const other = section("other-rules", RULES);
		const none = text.replace(
			/^== rules: [^=]*/m,
			`== rules: iptables-save -c\n \n exit 0\n${other}`,
		);
		const one = await folderOf(none);
		expect(one.rules.text).toBe(RULES);
		expect(one.notes[0]).toBe(
			"The rules are those of `other-rules-save`: `iptables-save -c` shows none.",
		);
		const both = await folderOf(
			text.replace(/^== addresses/m, `${other}== addresses`),
		);
		expect(both.notes[0]).toContain("rules of two kinds of iptables");
	});
});

describe("a folder", () => {
	it("without a capture is refused, with the command that writes one", async () => {
		const folder = temporaryFolder();
		await expect(readCapture(folder)).rejects.toThrow(
			/it is a folder, and holds no whole capture: [\s\S]*marktwin capture --into FOLDER/,
		);
		mkdirSync(join(folder, "x"));
		writeFileSync(join(folder, "x", INDEX_FILE), "{}");
		await expect(readCapture(join(folder, "x"))).rejects.toThrow(/format/);
	});
});
