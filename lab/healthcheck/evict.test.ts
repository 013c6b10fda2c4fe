import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { evictWith } from "./evict.ts";
import { commandEnd } from "./probes/run-command.ts";

const folder = temporaryFolder();
const said = join(folder, "said");

/** What stands for conntrack: notes its words, and does as is said. */
function program(rest: string): readonly string[] {
	const file = join(folder, "conntrack");
	writeFileSync(file, `#!/bin/sh\necho "$@" > ${said}\n${rest}\n`);
	chmodSync(file, 0o755);
	return [file, "before"];
}

const DELETED =
	"conntrack v1.4.7 (conntrack-tools): 3 flow entries have been deleted.";

test.each([
	{ does: `echo '${DELETED}' >&2`, is: { entries: 3 } },
	{
		does: `echo '${DELETED.replace("3", "0")}' >&2; exit 1`,
		is: { entries: 0 },
	},
	{ does: "true", is: { entries: null } },
	{
		does: "echo 'Operation failed: no permission' >&2; exit 1",
		is: { reason: "Operation failed: no permission" },
	},
])("$does: $is", async ({ does, is }) => {
	expect(await evictWith(program(does))("192.168.0.1")).toEqual(is);
	expect(readFileSync(said, "utf8")).toBe(
		"before -D --reply-src 192.168.0.1\n",
	);
});

test("what stops at an entry that went by itself is asked again", async () => {
	const met = join(folder, "met");
	const stops = `test -e ${met} || { touch ${met}; echo "Operation failed: such conntrack doesn't exist" >&2; exit 1; }`;
	const evict = evictWith(program(`${stops}\necho '${DELETED}' >&2`));
	expect(await evict("192.168.0.1")).toEqual({ entries: 3 });
});

test("a program that is not there is no bug", async () => {
	expect(await evictWith(["no-such-conntrack"])("192.168.0.1")).toEqual({
		reason: "no-such-conntrack: no such file or folder",
	});
});

test("patience ends", async () => {
	expect(await commandEnd(["sleep", "60"], 50)).toMatchObject({
		code: null,
		words: "no end in 50 ms",
	});
});
