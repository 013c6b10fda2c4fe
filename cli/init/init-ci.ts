/** `marktwin init --ci`: writes what a CI system reads. */
import { readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, normalize, relative, sep } from "node:path";
import { codeOf, reasonOf } from "../../scenarios/files/file-failure.ts";
import { linuxName } from "../../sim/linux/linux.ts";
import { EXIT } from "../base/exit-code.ts";
import { version } from "../base/version.ts";
import { makeOutputFolder, STANDARD, writeWhole } from "../files/files.ts";
import type { WorldOptions } from "../options/world-options.ts";
import { scenarioFilesBelow } from "../play/find-files.ts";
import { InputError } from "../screen/input-error.ts";
import { out } from "../screen/screen.ts";
import { nameText } from "../screen/screen-text.ts";
import { CI_FILE, type CiJob, type CiSystem, ciText } from "./ci-files.ts";
import { mustBeFree } from "./must-be-free.ts";

export interface InitCiOptions extends WorldOptions {
	readonly ci: CiSystem;
	/** What npm installs there. */
	readonly package?: string;
	readonly output?: string;
	readonly force: boolean;
}

/**
 * @param rules files below the current folder, which is the top of the repository
 * @returns the exit code
 */
export async function initCi(
	rules: readonly string[],
	options: InitCiOptions,
): Promise<number> {
	const files: string[] = [];
	for (const file of rules) files.push(await ruleFile(file));
	const install = await installation(options.package);
	const job: CiJob = {
		rules: files,
		router: await routerWords(options),
		hasScenarios: (await scenarioFilesBelow(".")).length > 0,
		install,
	};
	const path = options.output ?? CI_FILE[options.ci];
	const text = ciText(options.ci, job);
	if (path === STANDARD) {
		out.data(text);
		return EXIT.holds;
	}
	if (!options.force) await mustBeFree(path, text);
	makeOutputFolder(dirname(path));
	await writeWhole(path, text);
	out.show([
		`${nameText(path)} is written: ${rules.length === 1 ? "the ruleset is" : `${rules.length} rulesets are`} checked with every push`,
		...(install?.isFile === true && (await kindOf(install.spec)) !== "file"
			? [
					`It installs ${nameText(install.spec)}, which is not there yet: npm pack in a checkout of marktwin makes it.`,
				]
			: []),
		...(job.hasScenarios
			? []
			: [
					"There are no scenarios below this folder: once there are, write it anew with --force.",
				]),
	]);
	return EXIT.holds;
}

/**
 * What is told of the router, as it is told to the commands of the job.
 * @throws InputError for a file that a checkout of the repository does not have
 */
async function routerWords(options: InitCiOptions): Promise<CiJob["router"]> {
	const words = async (name: string, path: string | undefined) => {
		if (path === undefined) return [];
		const there = inRepository(path);
		if (path === STANDARD || there === null || (await kindOf(path)) === null)
			throw new InputError(
				`${name} ${path} is not below this folder`,
				"CI checks out the repository: put it there, and name it from its top.",
			);
		return [name, there];
	};
	const { linux, otherTables, assume = new Map() } = options;
	const check = [
		...(linux === undefined ? [] : ["--linux", linuxName(linux)]),
		...(await words("--sets", options.sets)),
		...(await words("--geoip", options.geoip)),
		...(otherTables === undefined ? [] : ["--other-tables", otherTables]),
	];
	const analysis = [
		...check,
		...(await words("--addresses", options.addresses)),
		...(await words("--routes", options.routes)),
		...(await words("--routing-rules", options.routingRules)),
		...(await words("--capture", options.capture)),
		...[...assume].flatMap(([key, value]) => ["--assume", `${key}=${value}`]),
	];
	return { check, analysis };
}

/** @throws InputError for a file that a checkout of the repository does not have */
async function ruleFile(file: string): Promise<string> {
	const path = inRepository(file);
	if (file === STANDARD || path === null)
		throw new InputError(
			`${file} is no file below this folder`,
			"CI checks out the repository: run marktwin init at its top, and name files in it.",
		);
	const kind = await kindOf(file);
	if (kind !== "file")
		throw new InputError(
			`cannot read ${file}: ${kind === null ? "no such file" : "it is a folder"}`,
		);
	return path;
}

/** As a checkout has it, with `/`; `null`: it lies elsewhere, or its name cannot stand in a line of YAML. */
function inRepository(file: string): string | null {
	const path = relative(".", file);
	const outside = isAbsolute(path) || path.split(sep)[0] === "..";
	if (path === "" || outside || /[\p{C}\p{Zl}\p{Zp}]/u.test(path)) return null;
	return normalize(path).split(sep).join("/");
}

/** Where marktwin comes from: `package.json`, if it is a dependency there, or what `--package` names. */
async function installation(named?: string): Promise<CiJob["install"]> {
	if (named === undefined && (await isDependency())) return null;
	const spec = named ?? `marktwin-${version()}.tgz`;
	if (/[\p{C}\p{Zl}\p{Zp}]/u.test(spec) || spec === "")
		throw new InputError(`--package ${spec}: npm installs no such thing`);
	const isFile = /\.(?:tgz|tar\.gz|tar)$/.test(spec) && !/^[a-z+]+:/.test(spec);
	const path = isFile ? inRepository(spec) : spec;
	if (path === null)
		throw new InputError(
			`--package ${spec} is no file below this folder`,
			"CI checks out the repository: put the package into it, or name a URL.",
		);
	return { spec: path, isFile };
}

async function isDependency(): Promise<boolean> {
	let text: string;
	try {
		text = await readFile("package.json", "utf8");
	} catch (error) {
		if (codeOf(error) === "ENOENT") return false;
		throw new InputError(`cannot read package.json: ${reasonOf(error)}`);
	}
	try {
		const { dependencies, devDependencies } = JSON.parse(text) as Partial<
			Record<"dependencies" | "devDependencies", object>
		>;
		return [dependencies, devDependencies].some(
			(all) => all !== undefined && Object.hasOwn(all, "marktwin"),
		);
	} catch (error) {
		throw new InputError(`package.json is no JSON: ${reasonOf(error)}`);
	}
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
	try {
		return (await stat(path)).isDirectory() ? "folder" : "file";
	} catch (error) {
		if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return null;
		throw new InputError(`cannot read ${path}: ${reasonOf(error)}`);
	}
}
