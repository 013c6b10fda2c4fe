/** The file behind the command: it has to be read by a Node that reads nothing else of marktwin. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { expect, inject, it } from "vitest";
import { execute } from "../../test/marktwin.ts";
import { ROOT } from "../../test/source-files.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

const folder = temporaryFolder();
const SOURCE = readFileSync(join(ROOT, "cli", "marktwin.cjs"), "utf8");

/** The command, on a Node that says it is another one. */
function onNode(version: string) {
	const preload = join(folder, `${version}.cjs`);
	writeFileSync(
		preload,
		`Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
	);
	const words = ["--require", preload, inject("command"), "--version"];
	return execute(process.execPath, words);
}

it.each(["0.10.48", "8.17.0", "18.20.4", "20.18.3"])(
	"Node %s is too old: 2, with what is needed",
	async (version) => {
		const { code, out, err } = await onNode(version);
		expect({ code, out }).toEqual({ code: 2, out: "" });
		expect(err).toContain(
			`marktwin: needs Node 20.19 or newer; this is Node ${version} (`,
		);
	},
);

it.each(["20.19.0", "21.0.0", "100.1.0"])(
	"Node %s will do",
	async (version) => {
		expect((await onNode(version)).code).toBe(0);
	},
);

it("asks for the Node that the package asks for", () => {
	const { engines } = JSON.parse(
		readFileSync(join(ROOT, "package.json"), "utf8"),
	);
	const [, needed = ""] = /NEEDED = \[(.*?)\]/.exec(SOURCE) ?? [];
	expect(engines.node).toBe(`>=${needed.replace(", ", ".")}`);
});

it("is ECMAScript 5: nothing in it has to be translated", () => {
	const [old, current] = (["es5", "esnext"] as const).map(
		(target) => transformSync(SOURCE, { target }).code,
	);
	expect(old).toBe(current);
});
