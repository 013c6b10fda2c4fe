/** Compiles modules for a kernel that is only unpacked, not installed: those of xtables-addons, and our own. */
import {
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { findProgram, mustExecute } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { GUEST_SOURCES } from "./recipe.ts";
import type { Toolchain } from "./toolchain.ts";

export interface Compiled {
	/** The `.ko` files, without what only a debugger wants. */
	readonly files: readonly string[];
	/** Modules of xtables-addons that cannot be compiled for this kernel. */
	readonly leftOut: readonly string[];
}

/** Without these no image is of use. */
const NEEDED = ["xt_condition", "marktwin"];

/**
 * @param sources where headers, and the source of xtables-addons, were unpacked: below the toolchain's
 *   root, where it has one
 * @param version of the kernel: `6.1.0-56-cloud-amd64`
 * @param folder to work in, below that root as well
 */
export async function compileModules(
	toolchain: Toolchain,
	sources: string,
	version: string,
	folder: string,
): Promise<Compiled> {
	const headers = join(sources, "usr", "src", `linux-headers-${version}`);
	if (!existsSync(headers))
		throw new LabError({
			code: "build",
			place: `kernel ${version}`,
			message: `its headers are not there: ${headers}`,
			remedy:
				"Unpack them beside the kernel, so that usr/src/linux-headers-VERSION is in the same folder.",
		});
	mkdirSync(folder, { recursive: true });
	if (toolchain.root === "") mendPaths(headers, sources);
	cpSync(addonsFolder(sources), folder, { recursive: true });
	copyFileSync(join(GUEST_SOURCES, "marktwin.c"), join(folder, "marktwin.c"));
	const all = sourcesOfModules(folder);
	const make = (...more: readonly string[]) => [
		"make",
		...more,
		`-j${availableParallelism()}`,
		"-C",
		toolchain.inside(headers),
		`M=${toolchain.inside(folder)}`,
		`CC=${compiler(toolchain, headers)}`,
		// Types for BPF, which pahole makes of what is stripped below. As a variable of make alone: the
		// layout of what is compiled follows the kernel's own configuration.
		"CONFIG_DEBUG_INFO_BTF_MODULES=",
		"modules",
	];
	const env =
		toolchain.root === ""
			? { LD_LIBRARY_PATH: toolLibraries(sources, folder) }
			: {};
	writeMakefile(folder, all);
	// xtables-addons follows new kernels some time after they are out.
	const isWhole = (await toolchain.tries(make("--keep-going"), env)).code === 0;
	const compiled = isWhole
		? all
		: all.filter(
				(name) =>
					NEEDED.includes(name) || existsSync(join(folder, `${name}.o`)),
			);
	if (!isWhole) {
		writeMakefile(folder, compiled);
		await toolchain.run(`compiling modules for ${version}`, make(), env);
	}
	const files = compiled.map((name) => join(folder, `${name}.ko`));
	await mustExecute("stripping modules", "strip", ["--strip-debug", ...files]);
	return {
		files,
		leftOut: all
			.filter((name) => !compiled.includes(name))
			.map((name) => basename(name)),
	};
}

/** The modules whose sources lie in a folder and those below it: paths in it, without suffix. */
function sourcesOfModules(folder: string): readonly string[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" })
		.filter((path) => /^(\w+\/)?\w+\.c$/.test(path))
		.map((path) => path.slice(0, -".c".length))
		.sort();
}

function writeMakefile(folder: string, modules: readonly string[]): void {
	// The sources' own, which ask for the whole of xtables-addons.
	for (const name of readdirSync(folder, {
		recursive: true,
		encoding: "utf8",
	}))
		if (basename(name) === "Kbuild") rmSync(join(folder, name));
	const objects = modules.map((name) => `${name}.o`).join(" ");
	writeFileSync(
		join(folder, "Makefile"),
		`obj-m += ${objects}\nccflags-y += -I$(src)\n`,
	);
}

/** Compiles the guest's first process, which has to run without any library. */
export async function compileAgent(folder: string): Promise<string> {
	mkdirSync(folder, { recursive: true });
	const program = join(folder, "agent");
	await mustExecute("compiling the guest's agent", "gcc", [
		"-O2",
		"-Wall",
		"-static",
		"-s",
		"-o",
		program,
		...["agent.c", "nfnetlink.c", "ports.c", "programs.c"].map((name) =>
			join(GUEST_SOURCES, name),
		),
	]);
	return program;
}

/**
 * Compiles what keeps programs standing by, for the library of C that they have.
 * @param folder to work in, below the toolchain's root
 */
export async function compileStandby(
	toolchain: Toolchain,
	folder: string,
): Promise<string> {
	mkdirSync(folder, { recursive: true });
	for (const name of ["standby.c", "agent.h"])
		copyFileSync(join(GUEST_SOURCES, name), join(folder, name));
	const library = join(folder, "standby.so");
	await toolchain.run("compiling what keeps programs standing by", [
		"gcc",
		"-O2",
		"-Wall",
		"-shared",
		"-fPIC",
		"-s",
		"-o",
		toolchain.inside(library),
		toolchain.inside(join(folder, "standby.c")),
		// A part of the C library since 2.34.
		"-ldl",
	]);
	return library;
}

/** The one that the kernel was built with, where there is one; any other does as well. */
function compiler({ root }: Toolchain, headers: string): string {
	const variables = join(headers, ".kernelvariables");
	const text = existsSync(variables) ? readFileSync(variables, "utf8") : "";
	const own = /gcc-\d+/.exec(text)?.[0] ?? "gcc";
	const isThere =
		root === ""
			? findProgram(own) !== null
			: existsSync(join(root, "usr", "bin", own));
	return isThere ? own : "gcc";
}

/** The headers speak of `/usr/src`, where they would be if they were installed. */
function mendPaths(headers: string, root: string): void {
	const file = join(headers, "Makefile");
	const text = readFileSync(file, "utf8");
	const mended = text.replace(
		/(^|\s)\/usr\/src\//gm,
		`$1${join(root, "usr", "src")}/`,
	);
	if (mended !== text) writeFileSync(file, mended);
}

function addonsFolder(root: string): string {
	const sources = join(root, "usr", "src");
	const addons = readdirSync(sources).find((name) =>
		name.startsWith("xtables-addons-"),
	);
	if (addons !== undefined) return join(sources, addons, "extensions");
	throw new LabError({
		code: "build",
		place: "xtables-addons-dkms",
		message: `has no source in ${sources}`,
		remedy: "",
	});
}

/**
 * The kernel's own build tools want libelf, which the host may lack. That library alone is shown to
 * them: the others that were unpacked are of another system than the host's.
 */
function toolLibraries(root: string, folder: string): string {
	const shown = join(folder, "libraries");
	mkdirSync(shown, { recursive: true });
	for (const part of ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"]) {
		const library = join(root, part, "libelf.so.1");
		const link = join(shown, "libelf.so.1");
		if (existsSync(library) && !existsSync(link)) symlinkSync(library, link);
	}
	return shown;
}
