import {
	chmodSync,
	mkdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type ConditionKeeper, keepCondition } from "./condition-keeper.ts";
import {
	type Conditions,
	conditionFiles,
	openConditions,
} from "./conditions.ts";
import type { LogEvent } from "./log/log.ts";

const folder = join(temporaryFolder(), "nf_condition");
const file = join(folder, "mail1up");
let log: LogEvent[] = [];

beforeEach(() => {
	log = [];
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder);
});

function keep(
	conditions: Conditions = conditionFiles(folder),
	isVerbose = false,
): ConditionKeeper {
	return keepCondition(
		"mail1up",
		conditions,
		(one) => log.push(one),
		isVerbose,
	);
}

/** The rules are loaded: the kernel makes the file. */
const load = () => writeFileSync(file, "0\n");

async function checked(keeper: ConditionKeeper): Promise<string> {
	keeper.check();
	await keeper.settled();
	return readFileSync(file, "utf8");
}

const condition = (value: string) => ({
	event: "condition",
	name: "mail1up",
	value,
});

test("a value is written, and told when it is news", async () => {
	load();
	const keeper = keep();
	for (const value of ["1", "1", "0"]) {
		keeper.want(value);
		expect(await keeper.settled()).toBe(true);
		expect(readFileSync(file, "utf8")).toBe(`${value}\n`);
	}
	expect(log).toEqual([condition("1"), condition("0")]);
});

test("nothing is written before something is decided", async () => {
	writeFileSync(file, "1\n");
	expect(await checked(keep())).toBe("1\n");
	expect(log).toEqual([]);
});

test("rules that are not loaded yet are waited for, and told once", async () => {
	const keeper = keep();
	keeper.want("1");
	expect(await keeper.settled()).toBe(false);
	for (let round = 0; round < 3; round++) {
		keeper.check();
		expect(await keeper.settled()).toBe(false);
	}
	// Whoever made the file himself would write into nothing.
	expect(() => readFileSync(file)).toThrow("ENOENT");
	const missing = {
		event: "not-written",
		name: "mail1up",
		value: "1",
		reason: "no such file or folder",
	};
	expect(log).toEqual([missing]);
	load();
	expect(await checked(keeper)).toBe("1\n");
	expect(log).toEqual([missing, condition("1")]);
});

test("a flush and a load between two looks is mended", async () => {
	load();
	const keeper = keep();
	keeper.want("1");
	await keeper.settled();
	load();
	expect(await checked(keeper)).toBe("1\n");
	expect(log.slice(1)).toEqual([
		{ event: "rewritten", name: "mail1up", value: "1", found: "0" },
	]);
	expect(await checked(keeper)).toBe("1\n");
	expect(log).toHaveLength(2);
});

test("a flush that is seen, and the load after it", async () => {
	load();
	const keeper = keep();
	keeper.want("1");
	await keeper.settled();
	rmSync(file);
	keeper.check();
	expect(await keeper.settled()).toBe(false);
	load();
	expect(await checked(keeper)).toBe("1\n");
	expect(log.map(({ event }) => event)).toEqual([
		"condition",
		"not-written",
		"condition",
	]);
});

test("writes that change nothing are told to whoever wants to know all", async () => {
	load();
	const keeper = keep(conditionFiles(folder), true);
	keeper.want("0");
	await keeper.settled();
	keeper.want("0");
	await keeper.settled();
	expect(log).toEqual([condition("0"), condition("0")]);
});

test("while one write takes its time, only the newest value waits", async () => {
	const written: string[] = [];
	let finish: (reason: string | null) => void = () => {};
	const keeper = keep({
		write(_, value) {
			written.push(value);
			return new Promise((resolve) => {
				finish = resolve;
			});
		},
		read: null,
	});
	for (const value of ["0", "1", "0", "1"]) keeper.want(value);
	expect(written).toEqual(["0"]);
	finish(null);
	await new Promise(setImmediate);
	expect(written).toEqual(["0", "1"]);
	// It is under way: nothing to mend.
	keeper.check();
	finish("no route to host");
	expect(await keeper.settled()).toBe(false);
	keeper.check();
	finish(null);
	expect(await keeper.settled()).toBe(true);
	// What cannot be read is taken at its word.
	keeper.check();
	expect(written).toEqual(["0", "1", "1"]);
});

test("a command is given name and value, and tells why it failed", async () => {
	const script = join(folder, "write");
	writeFileSync(
		script,
		`#!/bin/sh\ncd "$1" || exit\necho "$3" > "$2" || exit\n[ "$3" = 0 ] || { echo "too bad" >&2; exit 1; }\n`,
	);
	chmodSync(script, 0o755);
	const keeper = keep(
		openConditions({
			conditions: "/nowhere",
			write: { command: [script, folder] },
		}),
	);
	keeper.want("0");
	expect(await keeper.settled()).toBe(true);
	expect(readFileSync(file, "utf8")).toBe("0\n");
	keeper.want("1");
	expect(await keeper.settled()).toBe(false);
	expect(log.at(-1)).toMatchObject({ event: "not-written", reason: "too bad" });
});
