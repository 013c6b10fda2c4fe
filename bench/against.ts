/**
 * Measures two states of the sources in turns: `make bench AGAINST=v0.5.0`, `make bench AGAINST=main ONLY=plays`.
 * What else the machine does meets both alike, so that ratios tell more than figures of two runs.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Figures, median, ratioOf } from "./series.ts";

const ROUNDS = 3;

const [reference = "", only = ""] = process.argv.slice(2);
const folder = resolve("build/against");

/** Sources of the reference, measured by the bench of today: so both are asked the same. */
function prepare(): string {
	rmSync(folder, { recursive: true, force: true });
	mkdirSync(folder, { recursive: true });
	const archive = join(folder, "sources.tar");
	execFileSync("git", ["archive", "--output", archive, reference]);
	execFileSync("tar", ["-xf", archive, "-C", folder]);
	rmSync(join(folder, "bench"), { recursive: true });
	cpSync("bench", join(folder, "bench"), { recursive: true });
	symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
	return build(folder);
}

function build(root: string): string {
	const typescript = resolve("node_modules/typescript/bin/tsc");
	const configuration = join(root, "tsconfig.bench.json");
	execFileSync(process.execPath, [typescript, "-p", configuration], {
		stdio: "inherit",
	});
	return root;
}

function measure(root: string): Figures {
	const main = join(root, "build/bench/bench/main.js");
	const words = only === "" ? ["--json"] : ["--json", only];
	const text = execFileSync(process.execPath, ["--expose-gc", main, ...words], {
		cwd: root,
		encoding: "utf8",
		stdio: ["ignore", "pipe", "inherit"],
	});
	return JSON.parse(text) as Figures;
}

const roots = [prepare(), build(process.cwd())] as const;
const rounds = Array.from({ length: ROUNDS }, () => roots.map(measure));
const names = Object.keys(rounds[0]?.[1] ?? {});
const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
console.log(
	`${"".padEnd(34)} ${reference.padStart(14)} ${"now".padStart(14)}   median of ${ROUNDS} rounds in turns`,
);
for (const name of names) {
	const [before, now] = [0, 1].map((index) =>
		median(rounds.map((round) => round[index]?.[name] ?? Number.NaN)),
	) as [number, number];
	const cells = [before, now].map((one) => number.format(one).padStart(14));
	console.log(name.padEnd(34), ...cells, ` ${ratioOf(now, before)}`);
}
rmSync(folder, { recursive: true, force: true });
