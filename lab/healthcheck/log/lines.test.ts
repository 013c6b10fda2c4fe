import { execFileSync } from "node:child_process";
import {
	closeSync,
	constants,
	mkdtempSync,
	openSync,
	readFileSync,
	readSync,
} from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { openLines } from "./lines.ts";

const above = temporaryFolder();

/** A pipe whose writing end waits, as a program's standard output does, and which is read when the test says so. */
function pipe() {
	const file = join(mkdtempSync(join(above, "pipe-")), "pipe");
	execFileSync("mkfifo", [file]);
	const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
	const writer = openSync(file, constants.O_WRONLY);
	let isOpen = true;
	const leave = () => {
		if (isOpen) closeSync(reader);
		isOpen = false;
	};
	onTestFinished(() => {
		leave();
		closeSync(writer);
	});
	/** What is in it now. */
	const read = (): string => {
		const bytes = Buffer.alloc(1 << 20);
		try {
			return bytes.toString("latin1", 0, readSync(reader, bytes));
		} catch {
			// Nothing at present.
			return "";
		}
	};
	return { writer, read, leave };
}

function lines(descriptor: number) {
	let unread = 0;
	const writer = openLines(descriptor, {
		unread: () => unread++,
		lost: (count) => `lost ${count}\n`,
	});
	return { ...writer, unread: () => unread };
}

/** Reads until a line is there that is wanted. */
async function readUntil(read: () => string, last: RegExp): Promise<string[]> {
	let text = "";
	await vi.waitFor(
		() => {
			text += read();
			expect(last.test(text)).toBe(true);
		},
		{ timeout: 30_000, interval: 10 },
	);
	return text.trimEnd().split("\n");
}

test("nobody reads: lines are kept up to a bound, then lost and counted, and none is waited for", async () => {
	const { writer, read } = pipe();
	const { write, close, unread } = lines(writer);
	const count = 500;
	const line = (number: number) => `${number} ${"x".repeat(10_000)}`;
	for (let number = 0; number < count; number++) write(`${line(number)}\n`);
	const first = await readUntil(read, /^lost \d+\n/m);
	write("after\n");
	const all = [...first, ...(await readUntil(read, /^after\n/m))];
	// How many a pipe holds is the kernel's affair.
	const kept = all.length - 2;
	expect(kept).toBeGreaterThan(50);
	expect(all).toEqual([
		...Array.from({ length: kept }, (_, number) => line(number)),
		`lost ${count - kept}`,
		"after",
	]);
	expect(unread()).toBe(0);
	await close();
});

test("a line that is longer than a pipe is whole, and the next one a line of its own", async () => {
	const { writer, read } = pipe();
	const { write, close } = lines(writer);
	const long = "y".repeat(300_000);
	write(`${long}\n`);
	write("next\n");
	expect(await readUntil(read, /^next\n/m)).toEqual([long, "next"]);
	await close();
});

test("the end is waited for, for a moment", async () => {
	const { writer, read } = pipe();
	const { write, close } = lines(writer);
	write(`${"z".repeat(100_000)}\n`);
	write("last\n");
	const reading = readUntil(read, /^last\n/m);
	await close();
	expect((await reading).at(-1)).toBe("last");
});

test("the end is waited for no longer", async () => {
	const { writer } = pipe();
	const { write, close } = lines(writer);
	write(`${"z".repeat(100_000)}\n`);
	await close();
	write("after the end\n");
});

test("a reader that is gone is told", () => {
	const { writer, leave } = pipe();
	const { write, unread } = lines(writer);
	write("one\n");
	leave();
	write("two\n");
	write("three\n");
	expect(unread()).toBe(1);
});

test("a reader that was gone before is told", () => {
	const { writer, leave } = pipe();
	leave();
	const { write, unread } = lines(writer);
	write("one\n");
	expect(unread()).toBe(1);
});

test("a file is appended to where it is", async () => {
	const file = join(mkdtempSync(join(above, "file-")), "log");
	const descriptor = openSync(file, "a");
	const { write, close } = lines(descriptor);
	write("one\n");
	write("two\n");
	await close();
	closeSync(descriptor);
	expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
});

test("a full disk is no reader that is gone", async () => {
	const descriptor = openSync("/dev/full", "w");
	const { write, close, unread } = lines(descriptor);
	for (let number = 0; number < 200; number++) write(`${"x".repeat(10_000)}\n`);
	await close();
	expect(unread()).toBe(0);
	closeSync(descriptor);
});
