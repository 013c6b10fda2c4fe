/** A checker that runs out of something of its own, in a process whose limits are set for it. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { mailServer, serverThat } from "./healthcheck/probes/test-smtp.ts";
import { shortageOf } from "./shortage.ts";

const folder = temporaryFolder();

/**
 * Opens files until none is left, also those that a probe under way gives back when it ends; checks
 * for some rounds, closes them, and goes on.
 */
const PROGRAM = `
import { closeSync, openSync } from "node:fs";
import { EventEmitter } from "node:events";
import { runDaemon } from "DAEMON";
const signals = new EventEmitter();
const held = [];
const fill = () => {
	try { for (;;) held.push(openSync("/dev/null", "r")); } catch {}
};
let filling;
const free = () => {
	clearInterval(filling);
	for (const one of held.splice(0)) closeSync(one);
};
process.stdin.on("data", (text) => {
	if (String(text).includes("fill")) filling = setInterval(fill, 5);
	else if (String(text).includes("free")) free();
	else signals.emit("SIGTERM");
});
const end = await runDaemon(process.argv.at(-1), true, {
	openLog: () => (event) => process.stdout.write(JSON.stringify(event) + "\\n"),
	signals,
});
process.exit(end === "SIGTERM" ? 0 : 1);
`;

test.each([
	{ probe: { kind: "smtp" } },
	{ probe: { kind: "tcp" } },
	{ probe: { kind: "command", command: ["true"] } },
])(
	"no descriptor left: nothing is learnt of a backend ($probe.kind)",
	async ({ probe }) => {
		const server = await serverThat(mailServer("220 mail1 ESMTP"));
		const own = join(folder, probe.kind);
		mkdirSync(join(own, "nf_condition"), { recursive: true });
		const condition = join(own, "nf_condition", "mail1up");
		writeFileSync(condition, "0\n");
		const config = join(own, "healthcheck.json");
		const target = {
			backend: "b1",
			address: "127.0.0.1",
			port: server.port,
			condition: "mail1up",
		};
		writeFileSync(
			config,
			JSON.stringify({
				targets: [target],
				probe,
				fall: 1,
				intervalMs: 1_000,
				conditions: "nf_condition",
				status: "status.json",
			}),
		);
		const daemon = new URL("./healthcheck/daemon.ts", import.meta.url).href;
		const program = join(own, "program.mts");
		writeFileSync(program, PROGRAM.replace("DAEMON", daemon));
		const node = `exec "${process.execPath}" --import tsx "${program}" "${config}"`;
		const child = spawn("sh", ["-c", `ulimit -n 128; ${node}`], {
			stdio: ["pipe", "pipe", "inherit"],
		});
		onTestFinished(() => void child.kill("SIGKILL"));
		let said = "";
		child.stdout.on("data", (text) => {
			said += text;
		});
		const events = (name: string) =>
			said
				.split("\n")
				.filter((line) => line.includes(`"event":"${name}"`))
				.map((line) => JSON.parse(line));
		const soon = (check: () => void) =>
			vi.waitFor(check, { timeout: 30_000, interval: 20 });

		await soon(() => expect(events("probe").length).toBeGreaterThan(0));
		child.stdin.write("fill\n");
		await soon(() => expect(events("not-probed")).toHaveLength(1));
		expect(events("not-probed")[0].reason).toContain("ulimit -n");
		const probes = events("probe").length;
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		child.stdin.write("free\n");
		await soon(() => expect(events("probe").length).toBeGreaterThan(probes));
		expect(events("belief")).toEqual([]);
		expect(events("probe").every(({ ok }) => ok)).toBe(true);
		expect(readFileSync(condition, "utf8")).toBe("0\n");
		const ended = new Promise((resolve) => child.once("close", resolve));
		child.stdin.write("end\n");
		expect(await ended).toBe(0);
	},
);

test.each(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS", "EAGAIN", "EADDRNOTAVAIL"])(
	"%s is our shortage",
	(code) => {
		expect(shortageOf(Object.assign(new Error(), { code }))).not.toBeNull();
	},
);

test.each(["ECONNREFUSED", "ETIMEDOUT", "toString", "__proto__"])(
	"%s is none",
	(code) => {
		expect(shortageOf(Object.assign(new Error(), { code }))).toBeNull();
	},
);
