/** Machines that never are any: a program that calls itself QEMU. */
import { execFileSync } from "node:child_process";
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RECIPE_GATEWAY } from "../../../scenarios/language/build/build.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { missingFor } from "../../doctor.ts";
import { findProgram } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { requireImage } from "../image/image.ts";
import { makeTestImage } from "../test-image.ts";
import { createVmDriver } from "../vm-driver.ts";
import { acceleratorsToTry, rememberKvm, whyNotKvm } from "./accelerator.ts";
import { startMachine } from "./machine.ts";

const above = temporaryFolder();
let temporary = "";

beforeEach(() => {
	// QEMU has to take any path.
	temporary = mkdtempSync(join(above, "a b,c-"));
	vi.stubEnv("TMPDIR", temporary);
	vi.stubEnv("XDG_CACHE_HOME", mkdtempSync(join(above, "cache-")));
	makeTestImage();
});
afterEach(() => vi.unstubAllEnvs());

/** @param script what it does instead of running a machine */
function qemuThat(
	script: string,
	version = "echo QEMU emulator version 9.0.0",
): void {
	const folder = mkdtempSync(join(above, "programs-"));
	writeFileSync(
		join(folder, "qemu-system-x86_64"),
		`#!/bin/sh\nif [ "$1" = --version ]; then ${version}; exit; fi\n${script}\n`,
		{ mode: 0o755 },
	);
	vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
}

async function failureOf(promise: Promise<unknown>): Promise<LabError> {
	try {
		await promise;
	} catch (error) {
		if (error instanceof LabError) return error;
		throw error;
	}
	throw new Error("nothing failed");
}

const start = () =>
	startMachine({ image: requireImage(), accelerator: "tcg", bootMs: 2_000 });

describe.skipIf(findProgram("setpriv") === null)(
	"a machine that does not come up",
	() => {
		it.each([
			["says nothing", "exec sleep 600", []],
			[
				"says something",
				"echo first >&2; echo last >&2; exec sleep 600",
				["first", "last"],
			],
			["has left a program running", "echo x >&2; sleep 600 & wait", ["x"]],
		])(
			"is given up when it %s, with its last lines",
			async (_, script, lines) => {
				qemuThat(script);
				const error = await failureOf(start());
				expect(error.code).toBe("start");
				expect(error.message).toContain("no sign of life 2 s after the start");
				expect(error.console).toEqual(lines);
				expect(readdirSync(temporary)).toEqual([]);
			},
		);

		it("is given up when it talks without an end, of which the end is kept", async () => {
			qemuThat(
				"while :; do echo 'a line that it says again and again'; done >&2",
			);
			const error = await failureOf(start());
			expect(error.code).toBe("start");
			expect(error.console.length).toBeLessThanOrEqual(25);
			expect(error.console).toContain("a line that it says again and again");
		});

		it("ends by itself, and a program of its own holds its standard error", async () => {
			qemuThat("echo no room >&2; sleep 600 & exit 1");
			const error = await failureOf(start());
			expect(error).toMatchObject({ code: "died", console: ["no room"] });
			expect(readdirSync(temporary)).toEqual([]);
		});

		it("costs its time once, not once for each scenario", async () => {
			qemuThat(`echo >> '${join(temporary, "starts")}'; exec sleep 600`);
			const driver = createVmDriver({ accelerator: "tcg", bootMs: 2_000 });
			const first = await failureOf(driver.open(RECIPE_GATEWAY));
			expect(first.code).toBe("start");
			expect(await failureOf(driver.open(RECIPE_GATEWAY))).toBe(first);
			await driver.close();
			const starts = readFileSync(join(temporary, "starts"), "utf8");
			expect(starts).toBe("\n");
		});

		it("is not even tried where there is no place for its sockets", async () => {
			qemuThat("exec sleep 600");
			vi.stubEnv("TMPDIR", join(temporary, "nosuch"));
			const error = await failureOf(start());
			expect(error.message).toContain("TMPDIR names another one");
		});

		it("is none where it does not even say its version", () => {
			qemuThat("", "exec yes");
			expect(missingFor("vm")?.place).toBe("QEMU 7.2 or newer");
		});
	},
);

describe("what is remembered of KVM", () => {
	const file = () => {
		const folder = join(process.env.XDG_CACHE_HOME ?? "", "marktwin");
		mkdirSync(folder, { recursive: true });
		return join(folder, "kvm.json");
	};

	it("is why it did not work", () => {
		rememberKvm(false, "no luck");
		expect(whyNotKvm()).toBe("no luck");
	});

	it.each([
		"",
		"{",
		"null",
		"7",
		'"x"',
		"[]",
		'{"boot":1}',
		"\u0000".repeat(1000),
	])("is nothing where %j is in its place", (text) => {
		writeFileSync(file(), text);
		expect(whyNotKvm()).toBe("");
		expect(acceleratorsToTry()).toContain("tcg");
	});

	it("is nothing where a named pipe is in its place, for which nobody waits", () => {
		execFileSync("mkfifo", [file()]);
		expect(whyNotKvm()).toBe("");
	});

	it("is nothing where it cannot be kept", () => {
		mkdirSync(file());
		rememberKvm(false, "no luck");
		expect(whyNotKvm()).toBe("");
	});
});
