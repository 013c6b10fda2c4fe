import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

const folders: string[] = [];

// A hook that is asked for while a test runs is never called.
afterAll(() => {
	for (const folder of folders)
		rmSync(folder, { recursive: true, force: true });
});

/** An empty folder, far from the project, that is gone after the file's tests. */
export function temporaryFolder(): string {
	const folder = mkdtempSync(join(tmpdir(), "marktwin-test-"));
	folders.push(folder);
	return folder;
}
