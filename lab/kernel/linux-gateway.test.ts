import { describe, expect, it } from "vitest";
import { LabError } from "../lab-error.ts";
import {
	conntrackOf,
	type Linux,
	type LinuxGateway,
	loadConfiguration,
	observeLinux,
	operateLinux,
	type ProgramResult,
	readConfiguration,
	restoreWords,
} from "./linux-gateway.ts";

interface Script {
	/** Results of programs, by their words; several: one a call, the last one for all that follow. */
	readonly programs?: Readonly<
		Record<string, Partial<ProgramResult> | readonly Partial<ProgramResult>[]>
	>;
	/** Contents of files: one text a reading, the last one for all that follow. */
	readonly files?: Readonly<Record<string, readonly string[]>>;
	/** By path: the errno of a write. */
	readonly errnos?: Readonly<Record<string, number>>;
}

/** A gateway that writes down what it is asked to do, and answers as the script says. */
function scripted({ programs = {}, files = {}, errnos = {} }: Script = {}) {
	const asked: string[] = [];
	const readings = new Map<string, number>();
	const calls = new Map<string, number>();
	const linux: Linux = {
		async run(words, input) {
			const line = words.join(" ");
			asked.push(input === undefined ? line : `${line} < ${input}`);
			const results = [programs[line] ?? {}].flat();
			const call = calls.get(line) ?? 0;
			calls.set(line, call + 1);
			const result = results[call] ?? results.at(-1);
			return { status: 0, out: "", err: "", ...result };
		},
		async must(words, input) {
			return (await linux.run(words, input)).out;
		},
		async read(path) {
			const reading = readings.get(path) ?? 0;
			readings.set(path, reading + 1);
			return files[path]?.[reading] ?? files[path]?.at(-1) ?? null;
		},
		async write(path, text) {
			asked.push(`${text} > ${path}`);
			return errnos[path] ?? 0;
		},
	};
	const gateway: LinuxGateway = {
		linux,
		interfaces: [{ name: "outside" }, { name: "inside" }],
		async setSysctl(name, value) {
			asked.push(`sysctl ${name}=${value}`);
			return { ok: true };
		},
		async setLink(name, up) {
			asked.push(`link ${name} ${up ? "up" : "down"}`);
		},
		async forgetNeighbour(name, address) {
			asked.push(`forget ${address} on ${name}`);
		},
	};
	return { gateway, linux, asked, readings };
}

describe("an operation", () => {
	it.each([
		[
			{
				kind: "restore",
				text: "*nat\nCOMMIT\n",
				file: "a.rules",
				noflush: true,
				counters: false,
			},
			["iptables-restore --noflush < *nat\nCOMMIT\n"],
		],
		[{ kind: "iptables", command: "-t nat -F" }, ["iptables -t nat -F"]],
		[
			{
				kind: "iptables",
				command: 'iptables -A INPUT -m comment --comment "a b"',
			},
			["iptables -A INPUT -m comment --comment a b"],
		],
		[
			{ kind: "condition", name: "up", write: "1" },
			["1 > /proc/net/nf_condition/up"],
		],
		[
			{ kind: "sysctl", name: "ipv4.ip_forward", value: 0 },
			["sysctl ipv4.ip_forward=0"],
		],
		[{ kind: "link", interface: "inside", up: false }, ["link inside down"]],
		[
			{ kind: "forget-neighbour", address: "10.0.0.9" },
			["forget 10.0.0.9 on outside", "forget 10.0.0.9 on inside"],
		],
	] as const)("%j: %j", async (operation, expected) => {
		const { gateway, asked } = scripted();
		expect(await operateLinux(gateway, operation)).toEqual({ ok: true });
		expect(asked).toEqual(expected);
	});

	it("that a program refuses has its words as outcome", async () => {
		const { gateway } = scripted({
			programs: { "iptables -Q": { status: 2, err: "unknown option\n" } },
		});
		const operation = { kind: "iptables", command: "-Q" } as const;
		expect(await operateLinux(gateway, operation)).toEqual({
			ok: false,
			exitCode: 2,
			message: "unknown option",
		});
	});

	it.each([
		[2, "No such file or directory"],
		[22, "errno 22"],
	])("that a file refuses with errno %d says so", async (errno, reason) => {
		const path = "/proc/net/nf_condition/up";
		const { gateway } = scripted({ errnos: { [path]: errno } });
		const operation = { kind: "condition", name: "up", write: "x" } as const;
		expect(await operateLinux(gateway, operation)).toEqual({
			ok: false,
			message: `${path}: ${reason}`,
		});
	});
});

describe("an eviction", () => {
	const operation = {
		kind: "evict",
		filter: { protocol: "tcp", replySource: "192.168.0.1" },
	} as const;
	const program = "conntrack -D -p tcp --reply-src 192.168.0.1";
	const by = (...results: readonly Partial<ProgramResult>[]) =>
		scripted({ programs: { [program]: results } }).gateway;
	const found = (count: number) =>
		`conntrack v1.4.7 (conntrack-tools): ${count} flow entries have been deleted.\n`;

	it("counts what it has removed", async () => {
		expect(await operateLinux(by({ err: found(3) }), operation)).toEqual({
			ok: true,
			count: 3,
		});
	});

	it("of nothing fails, unless nothing is as good", async () => {
		const nothing = by({ status: 1, err: found(0) });
		expect(await operateLinux(nothing, operation)).toMatchObject({ ok: false });
		const outcome = operateLinux(nothing, { ...operation, orNone: true });
		expect(await outcome).toEqual({ ok: true, count: 0 });
	});

	const stopped = {
		status: 1,
		out: "tcp 6 one\ntcp 6 another\n",
		err: "conntrack v1.4.6 (conntrack-tools): Operation failed: such conntrack doesn't exist",
	};

	it("that stops at an entry which went by itself goes on", async () => {
		const rest = by(stopped, { err: found(3) });
		expect(await operateLinux(rest, operation)).toEqual({ ok: true, count: 5 });
		const nothing = by(stopped, { status: 1, err: found(0) });
		expect(await operateLinux(nothing, operation)).toEqual({
			ok: true,
			count: 2,
		});
	});

	it("that stops each time is not taken for done", async () => {
		await expect(operateLinux(by(stopped), operation)).rejects.toThrow(
			LabError,
		);
	});

	it("that cannot be counted is not taken for done", async () => {
		const broken = by({ status: 127, err: "conntrack: not found" });
		await expect(operateLinux(broken, operation)).rejects.toThrow(LabError);
	});
});

const SAVED = `# Generated by iptables-save
*nat
:PREROUTING ACCEPT [1:60]
-A PREROUTING -m condition --condition "up" -j ACCEPT
COMMIT
*filter
COMMIT
`;
const CONDITION = { "/proc/net/nf_condition/up": ["1\n"] };

it("is observed with counters, conditions and connections, without comments", async () => {
	const { linux } = scripted({
		programs: { "iptables-save -c": { out: SAVED } },
		files: CONDITION,
	});
	const { ruleset, conditions, conntrack } = await observeLinux(linux);
	expect(ruleset).toBe(SAVED.slice(SAVED.indexOf("\n") + 1));
	expect(conditions).toEqual({ up: 1 });
	expect(conntrack).toEqual([]);
});

it.each([
	["legacy", "the newest table last", ["*filter", "*nat"]],
	["nft", "as they were saved", ["*nat", "*filter"]],
] as const)(
	"hands its rules, without counters, and its conditions to another one: %s, %s",
	async (backend, _, order) => {
		const old = scripted({
			programs: { "iptables-save": { out: SAVED } },
			files: CONDITION,
		});
		const other = scripted();
		const configuration = await readConfiguration(old.linux);
		await loadConfiguration(other.linux, configuration, backend);
		expect(old.asked).toEqual(["iptables-save"]);
		const [load, ...rest] = other.asked;
		expect(load?.match(/\*\w+/g)).toEqual(order);
		expect(rest).toEqual(["1 > /proc/net/nf_condition/up"]);
	},
);

describe("the connection table", () => {
	const file = "/proc/net/nf_conntrack";
	const line =
		"ipv4     2 udp      17 29 src=10.0.0.2 dst=10.0.0.1 sport=1 dport=53 [UNREPLIED] src=10.0.0.1 dst=10.0.0.2 sport=53 dport=1 mark=0 use=2\n";

	it("is read until nothing has expired since the reading before", async () => {
		const texts = [3, 2, 1, 1].map((count) => line.repeat(count));
		const { linux, readings } = scripted({ files: { [file]: texts } });
		expect(await conntrackOf(linux)).toHaveLength(1);
		expect(readings.get(file)).toBe(4);
	});

	it("is read five times at most", async () => {
		const texts = [9, 8, 7, 6, 5, 4].map((count) => line.repeat(count));
		const { linux, readings } = scripted({ files: { [file]: texts } });
		expect(await conntrackOf(linux)).toHaveLength(5);
		expect(readings.get(file)).toBe(5);
	});
});

it("spells the options of iptables-restore", () => {
	expect(restoreWords({ noflush: true, counters: true })).toEqual([
		"iptables-restore",
		"--noflush",
		"--counters",
	]);
});
