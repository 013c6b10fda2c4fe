import { execFileSync } from "node:child_process";
import {
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { healthcheck, outcomeOfStatus } from "../command.ts";
import { validateConfig } from "../config/read-config.ts";
import type { LogEvent } from "../log/log.ts";
import { printStatus } from "../print.ts";
import { findStatus, openStatus } from "./status.ts";
import type { Status, TargetReport } from "./target-report.ts";

const folder = temporaryFolder();
const file = join(folder, "status.json");
const config = validateConfig(
	{
		targets: ["1", "2"].map((number) => ({
			backend: `b${number}`,
			address: `192.168.0.${number}`,
			port: 25,
			condition: `mail${number}up`,
		})),
		status: file,
	},
	join(folder, "healthcheck.json"),
);
const [b1, b2] = config.targets;
if (b1 === undefined || b2 === undefined) throw new Error("two targets");
const SINCE = "2026-01-01T00:00:00.000Z";
const report: readonly TargetReport[] = [
	{
		target: b1,
		alive: true,
		since: SINCE,
		value: "0",
		isWritten: true,
		last: { ok: true, reason: "220 mail1 ESMTP", at: SINCE, tookMs: 3 },
		notProbed: null,
	},
	{
		target: b2,
		alive: false,
		since: SINCE,
		value: "1",
		isWritten: false,
		last: null,
		notProbed: null,
	},
];

async function written(): Promise<Status> {
	rmSync(file, { force: true });
	const status = openStatus(
		config,
		"healthcheck.json",
		() => report,
		() => {},
	);
	status.touch();
	status.touch();
	await vi.waitFor(() => statSync(file));
	return JSON.parse(readFileSync(file, "utf8")) as Status;
}

test("is written whole, for everybody to read, and shown", async () => {
	await written();
	expect(statSync(file).mode & 0o777).toBe(0o644);
	const found = findStatus(file);
	// How a target is probed is in the file, and not shown.
	const shown = report.map(({ target: { probe: _, ...target }, ...one }) => ({
		...one,
		target,
	}));
	expect(found).toMatchObject({ kind: "running", status: { targets: shown } });
	if (found.kind === "none") return;
	expect(printStatus(found).split("\n")).toEqual([
		"BACKEND  ADDRESS         BELIEVED  SINCE                     CONDITION                LAST PROBE",
		`b1       192.168.0.1:25  alive     ${SINCE}  mail1up=0                ✓ 220 mail1 ESMTP (3 ms)`,
		`b2       192.168.0.2:25  dead      ${SINCE}  mail2up=1 (not written)  none yet`,
		"",
		`✗ process ${process.pid}: 1 of 2 dead, 1 of 2 conditions not written`,
		"",
	]);
});

test("is not well where all are alive and a condition could not be written", async () => {
	const status = await written();
	const targets = report.map((one) => ({ ...one, alive: true, last: null }));
	writeFileSync(file, JSON.stringify({ ...status, targets }));
	const found = findStatus(file);
	if (found.kind === "none") throw new Error(found.reason);
	expect(printStatus(found)).toContain("✗ process");
	expect(printStatus(found)).toContain("1 of 2 conditions not written\n");
	expect(outcomeOfStatus(found)).toBe("not-written");
});

test("is well where nothing has been decided yet", async () => {
	const status = await written();
	const targets = report.map((one) => ({
		...one,
		alive: true,
		last: null,
		value: null,
		isWritten: false,
	}));
	writeFileSync(file, JSON.stringify({ ...status, targets }));
	const found = findStatus(file);
	if (found.kind === "none") throw new Error(found.reason);
	expect(printStatus(found)).toContain("all alive\n");
	expect(outcomeOfStatus(found)).toBe("well");
});

test.each<{
	readonly says: string;
	readonly change: (status: Status) => Partial<Status>;
	readonly shown: RegExp;
}>([
	{
		says: "of a checker that has said nothing for long",
		change: ({ sinceBootMs }) => ({ sinceBootMs: sinceBootMs - 60_000 }),
		shown: /✗ not running, or stuck: process \d+ has said nothing for 6\d s/,
	},
	{
		says: "from before the machine was booted",
		change: () => ({ boot: "another" }),
		shown: /✗ not running: this is from before the machine was booted/,
	},
])("is stale: $says", async ({ change, shown }) => {
	const status = await written();
	writeFileSync(file, JSON.stringify({ ...status, ...change(status) }));
	const found = findStatus(file);
	expect(found.kind).toBe("stale");
	if (found.kind !== "none") expect(printStatus(found)).toMatch(shown);
});

test.each(["", "{}", "[]", "null", '{"targets":[]}', "\u0000"])(
	"is no status: %j",
	(text) => {
		writeFileSync(file, text);
		expect(findStatus(file)).toEqual({
			kind: "none",
			reason: "this is no status file",
		});
	},
);

test("there is none where no checker runs", () => {
	expect(findStatus(join(folder, "none.json"))).toEqual({
		kind: "none",
		reason: "no checker runs",
	});
});

test("a place where it cannot be written is told once, and harms nobody", async () => {
	const log: LogEvent[] = [];
	const status = openStatus(
		{ ...config, status: join(folder, "no-such-folder", "status.json") },
		"healthcheck.json",
		() => report,
		(event) => log.push(event),
	);
	for (let round = 0; round < 3; round++) {
		status.touch();
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	status.remove();
	expect(log).toEqual([
		{ event: "status-not-written", reason: "no such file or folder" },
	]);
});

/** What is in the place of a status file, and how it is refused. */
const IN_ITS_PLACE: readonly {
	readonly kind: string;
	readonly make: (file: string) => void;
	readonly reason: string;
}[] = [
	{ kind: "folder", make: (path) => mkdirSync(path), reason: "it is a folder" },
	{
		kind: "named pipe",
		make: (path) => void execFileSync("mkfifo", [path]),
		reason: "it is a named pipe, not a file",
	},
	{
		kind: "link to another file",
		make: (path) => {
			writeFileSync(`${path}.target`, "precious");
			symlinkSync(`${path}.target`, path);
		},
		reason: "it is a link, not a file",
	},
	{
		kind: "link that leads nowhere",
		make: (path) => symlinkSync("/nosuch/file", path),
		reason: "it is a link, not a file",
	},
	{
		kind: "file of another kind",
		make: (path) => writeFileSync(path, "precious"),
		reason: "it is there already and is no status of a checker",
	},
];

/** A status file in a folder of its own. */
function inOwnFolder() {
	const own = mkdtempSync(join(folder, "place-"));
	const path = join(own, "status.json");
	const log: LogEvent[] = [];
	const status = openStatus(
		{ ...config, status: path },
		"healthcheck.json",
		() => report,
		(event) => log.push(event),
	);
	return { own, path, log, status };
}

test.each(IN_ITS_PLACE)(
	"a $kind in its place stays, at the end too",
	async ({ make, reason }) => {
		const { own, path, log, status } = inOwnFolder();
		make(path);
		const seen = () => {
			const { ino, mtimeMs } = lstatSync(path);
			return { ino, mtimeMs, names: readdirSync(own) };
		};
		const before = seen();
		status.touch();
		await vi.waitFor(() => expect(log).toHaveLength(1));
		expect(log).toEqual([{ event: "status-not-written", reason }]);
		// Nothing is left beside it, and nothing hangs that looks at it.
		expect(seen()).toEqual(before);
		expect(findStatus(path).kind).toBe("none");
		status.remove();
		expect(seen()).toEqual(before);
	},
);

test("what is put in its place while the checker runs stays", async () => {
	const { path, log, status } = inOwnFolder();
	status.touch();
	await vi.waitFor(() => statSync(path));
	writeFileSync(path, "precious");
	status.touch();
	await vi.waitFor(() => expect(log).toHaveLength(1));
	status.remove();
	expect(readFileSync(path, "utf8")).toBe("precious");
	expect(log).toEqual([
		{
			event: "status-not-written",
			reason: "it is there already and is no status of a checker",
		},
	]);
});

test("the status of a checker that was killed is replaced, and removed at the end", async () => {
	const { path, log, status } = inOwnFolder();
	writeFileSync(path, '{"pid":1,"boot":"b","sinceBootMs":5,"targets":[]}\n');
	status.touch();
	await vi.waitFor(() => expect(findStatus(path).kind).toBe("running"));
	status.remove();
	expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
	expect(log).toEqual([]);
});

test("what cannot be said of the targets is not written either, and the checker goes on", async () => {
	const log: LogEvent[] = [];
	const status = openStatus(
		config,
		"healthcheck.json",
		() => {
			throw Object.assign(new Error("open"), { code: "EMFILE" });
		},
		(event) => log.push(event),
	);
	status.touch();
	await vi.waitFor(() => expect(log).toHaveLength(1));
	expect(log).toMatchObject([
		{
			event: "status-not-written",
			reason: expect.stringMatching(/may open no more files/),
		},
	]);
});

const FORGED: readonly ((status: Status) => unknown)[] = [
	({ targets: _, ...rest }) => rest,
	(status) => ({ ...status, targets: [null] }),
	(status) => ({ ...status, targets: [{}] }),
	(status) => ({ ...status, targets: [{ ...report[0], target: null }] }),
	(status) => ({ ...status, targets: [{ ...report[0], since: 7 }] }),
	(status) => ({ ...status, targets: [{ ...report[0], last: {} }] }),
	(status) => ({ ...status, pid: "1" }),
	(status) => ({ ...status, boot: ["x"] }),
	(status) => ({ ...status, staleAfterMs: null }),
	(status) => ({ ...status, sinceBootMs: status.sinceBootMs + 1e12 }),
];

test.each(FORGED.map((forge, index) => [index, forge] as const))(
	"forged, %i: is no status",
	async (_, forge) => {
		const status = await written();
		writeFileSync(file, JSON.stringify(forge(status)));
		expect(findStatus(file)).toEqual({
			kind: "none",
			reason: "this is no status file",
		});
	},
);

test("what a terminal would obey is not shown to it", async () => {
	const status = await written();
	const nasty = "\u001b[2J\u009b31m\n::error::\u202e";
	const [one] = report;
	const target = { ...b1, backend: nasty, condition: nasty };
	const last = { ok: true, reason: nasty, at: SINCE, tookMs: 1 };
	const targets = [{ ...one, target, since: nasty, value: nasty, last }];
	writeFileSync(file, JSON.stringify({ ...status, targets }));
	const found = findStatus(file);
	if (found.kind === "none") throw new Error(found.reason);
	const shown = printStatus(found);
	expect(shown).not.toMatch(/[^\P{C}\n]/u);
	expect(shown.split("\n")).toHaveLength(5);
});

test("a backend that cannot be probed is not shown as well", async () => {
	const status = await written();
	const [one] = report;
	const targets = [{ ...one, notProbed: "no local port left" }];
	writeFileSync(file, JSON.stringify({ ...status, targets }));
	const write = (text: string) => shown.push(text);
	const shown: string[] = [];
	const own = join(folder, "healthcheck.json");
	writeFileSync(
		own,
		JSON.stringify({
			targets: config.targets.map(({ probe: _, ...target }) => target),
			status: file,
		}),
	);
	const asked = { checkConfig: false, once: false, verbose: false };
	const options = { ...asked, config: own, status: true };
	expect(await healthcheck(options, write)).toBe("not-probed");
	expect(shown.join("")).toContain("? not probed: no local port left");
	expect(shown.join("")).toMatch(/^\? process \d+: 1 of 1 cannot be probed$/m);
});
