/** For tests that need a machine: whether there can be one here, and one driver for all of a file's tests. */
import { afterAll, describe } from "vitest";
import { missingFor } from "../doctor.ts";
import { requireImage } from "./image/image.ts";
import {
	createVmDriver,
	type VmDriver,
	type VmDriverOptions,
} from "./vm-driver.ts";

/** Why there can be no machine here, and what to do about it; `null` when there can. */
function whyNot(): string | null {
	const missing = missingFor("vm");
	if (missing !== null) return missing.message;
	try {
		requireImage();
		return null;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

const reason = whyNot();

/** `describe`, where there can be a machine; elsewhere skipped, and the name says why. */
export function describeOnVm(name: string, tests: () => void): void {
	const why = reason?.replaceAll(/\n\s*/g, "; ");
	if (why === undefined) describe(name, tests);
	else {
		process.stderr.write(`skipped, ${name}: ${why}\n`);
		describe.skip(`${name} (${why})`, tests);
	}
}

/** A driver that is closed after the file's tests. */
export function vmDriver(options: VmDriverOptions = {}): () => VmDriver {
	let driver: VmDriver | null = null;
	afterAll(async () => driver?.close());
	return () => {
		driver ??= createVmDriver(options);
		return driver;
	};
}
