/** The checker as a process, in live time, with real sockets; a folder stands for /proc/net/nf_condition. */
import { EventEmitter } from "node:events";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { runDaemon } from "./daemon.ts";
import type { LogEvent } from "./log/log.ts";
import { mailServer, serverThat, type TestServer } from "./probes/test-smtp.ts";
import { findStatus } from "./status/status.ts";

const above = temporaryFolder();

/** A slow machine is no broken one. */
const soon = (check: () => void) =>
	vi.waitFor(check, { timeout: 30_000, interval: 10 });

interface Running {
	readonly log: readonly LogEvent[];
	readonly folder: string;
	readonly server: TestServer;
	/** @param more instead of what the configuration says so far */
	configure(more: object): void;
	send(signal: string): void;
	readonly ended: Promise<string>;
	/** What the condition holds; `null` when it is not there. */
	condition(): string | null;
	setCondition(value: string | null): void;
	/** Everything of that event, without its name. */
	all(event: LogEvent["event"]): readonly object[];
}

/** One backend that is well, and its checker. */
async function start(
	more: object = {},
	isVerbose = false,
	found: string | null = "0",
): Promise<Running> {
	const folder = mkdtempSync(join(above, "daemon-"));
	const [config, condition] = [
		join(folder, "healthcheck.json"),
		join(folder, "nf_condition", "mail1up"),
	];
	mkdirSync(join(folder, "nf_condition"));
	const server = await serverThat(mailServer("220 mail1 ESMTP"));
	const given = {
		targets: [
			{
				backend: "b1",
				address: "127.0.0.1",
				port: server.port,
				condition: "mail1up",
			},
		],
		conditions: "nf_condition",
		intervalMs: 400,
		...more,
	};
	const setCondition = (value: string | null) =>
		value === null ? rmSync(condition) : writeFileSync(condition, `${value}\n`);
	const configure = (changes: object) =>
		writeFileSync(config, JSON.stringify({ ...given, ...changes }));
	if (found !== null) setCondition(found);
	configure({});
	const log: LogEvent[] = [];
	const signals = new EventEmitter();
	const ended = runDaemon(config, isVerbose, {
		openLog: () => (event) => log.push(event),
		signals,
	});
	onTestFinished(async () => {
		signals.emit("SIGTERM");
		await ended;
		// Nobody listens any more.
		expect(signals.eventNames()).toEqual([]);
	});
	return {
		log,
		folder,
		server,
		ended,
		configure,
		setCondition,
		send: (signal) => signals.emit(signal),
		condition: () =>
			existsSync(condition) ? readFileSync(condition, "utf8").trim() : null,
		all: (name) =>
			log.flatMap(({ event, ...rest }) => (event === name ? [rest] : [])),
	};
}

test("a backend dies, is marked dead, evicted, and comes back", async () => {
	const checker = await start({ evict: true, conntrack: ["true"] });
	const { server, all, condition } = checker;
	await soon(() => expect(all("probe")).toHaveLength(1));
	await server.become(null);
	await soon(() => expect(all("evicted")).toHaveLength(1));
	expect(condition()).toBe("1");
	await server.become(mailServer("220 mail1 ESMTP"));
	await soon(() => expect(condition()).toBe("0"));
	expect(all("belief")).toEqual([
		{ backend: "b1", alive: false },
		{ backend: "b1", alive: true },
	]);
	expect(all("condition")).toEqual(
		["0", "1", "0"].map((value) => ({ name: "mail1up", value })),
	);
	const tookMs = expect.any(Number);
	for (const probe of [
		{ backend: "b1", ok: true, reason: "220 mail1 ESMTP", tookMs },
		{ backend: "b1", ok: false, reason: "refused", tookMs },
	])
		expect(all("probe")).toContainEqual(probe);
});

test("a backend that says nothing for too long is dead", async () => {
	const { server, all, condition } = await start();
	await server.become((socket) => {
		const timer = setTimeout(() => socket.write("220 late\r\n"), 2_000);
		socket.on("close", () => clearTimeout(timer));
	});
	await soon(() => expect(condition()).toBe("1"));
	expect(all("probe").at(-1)).toMatchObject({ ok: false, reason: "timeout" });
});

test("rules that are loaded later, and again, hold what they should", async () => {
	const checker = await start({}, false, null);
	const { server, all, condition, setCondition } = checker;
	await server.become(null);
	await soon(() => expect(all("belief")).toHaveLength(1));
	expect(condition()).toBeNull();
	setCondition("0");
	await soon(() => expect(condition()).toBe("1"));
	setCondition("0");
	await soon(() => expect(condition()).toBe("1"));
	await soon(() => expect(all("rewritten")).toHaveLength(1));
	expect(all("not-written")).toEqual([
		{ name: "mail1up", value: "0", reason: "no such file or folder" },
	]);
});

test("a restart believes what it finds", async () => {
	const { server, all, condition } = await start(
		{ rise: 1_000, fall: 1_000 },
		true,
		"1",
	);
	await soon(() => expect(all("probe").length).toBeGreaterThan(1));
	expect(condition()).toBe("1");
	expect(all("belief")).toEqual([]);
	expect(server.heard).toContain("QUIT");
});

test.each([
	{ onExit: "keep", found: "1", left: "1" },
	{ onExit: "alive", found: "1", left: "0" },
	{ onExit: "dead", found: "0", left: "1" },
])("SIGTERM: $onExit leaves $left of $found", async (given) => {
	const { onExit, found, left } = given;
	const settings = { onExit, rise: 1_000, status: "status.json" };
	const checker = await start(settings, false, found);
	const { folder, ended, all, condition, send } = checker;
	await soon(() => expect(all("probe")).toHaveLength(1));
	const status = join(folder, "status.json");
	await soon(() => expect(findStatus(status).kind).toBe("running"));
	send("SIGTERM");
	send("SIGTERM");
	expect(await ended).toBe("SIGTERM");
	expect(condition()).toBe(left);
	expect(all("exit")).toEqual([{ why: "SIGTERM", left: onExit }]);
	expect(existsSync(status)).toBe(false);
});

test("SIGINT in the middle of a probe", async () => {
	const { server, ended, send, log } = await start({ intervalMs: 60_000 });
	await server.become(() => {});
	send("SIGINT");
	expect(await ended).toBe("SIGINT");
	expect(log.at(-1)).toMatchObject({ event: "exit", why: "SIGINT" });
});

test("SIGHUP reads the file again, keeps what is known, and keeps a file that is right", async () => {
	const checker = await start({ status: "old.json" });
	const { server, folder, all, condition, configure, send } = checker;
	await server.become(null);
	await soon(() => expect(condition()).toBe("1"));
	configure({ rise: 0 });
	send("SIGHUP");
	await soon(() => expect(all("not-reloaded")).toHaveLength(1));
	expect(all("not-reloaded")).toMatchObject([
		{ faults: ["rise: 0 is less than 1"] },
	]);
	configure({ status: "new.json", intervalMs: 300, fall: 1_000 });
	send("SIGHUP");
	send("SIGHUP");
	await soon(() => expect(all("reloaded")).toHaveLength(2));
	const probes = all("probe").length;
	await soon(() =>
		expect(findStatus(join(folder, "new.json"))).toMatchObject({
			kind: "running",
			status: { targets: [{ alive: false, value: "1", isWritten: true }] },
		}),
	);
	expect(existsSync(join(folder, "old.json"))).toBe(false);
	// It never passed for alive, and that it is still refused is no news.
	expect(all("condition").slice(1)).not.toContainEqual({
		name: "mail1up",
		value: "0",
	});
	expect(all("probe")).toHaveLength(probes);
	await server.become(mailServer("220 mail1 ESMTP"));
	await soon(() => expect(condition()).toBe("0"));
});

test("SIGUSR1 tells what is believed", async () => {
	const { all, send } = await start();
	await soon(() => expect(all("probe")).toHaveLength(1));
	send("SIGUSR1");
	expect(all("status")).toMatchObject([
		{
			backend: "b1",
			alive: true,
			condition: "mail1up",
			value: "0",
			isWritten: true,
		},
	]);
});

test("a log that nobody reads ends it", async () => {
	const folder = mkdtempSync(join(above, "daemon-"));
	const config = join(folder, "healthcheck.json");
	writeFileSync(
		config,
		JSON.stringify({
			targets: [
				{ backend: "b1", address: "127.0.0.1", port: 1, condition: "mail1up" },
			],
			conditions: ".",
		}),
	);
	const end = await runDaemon(config, false, {
		openLog: (unread) => () => unread(),
		signals: new EventEmitter(),
	});
	expect(end).toBe("unread");
});
