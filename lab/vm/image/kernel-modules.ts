/** Compiles modules for a kernel that is only unpacked, not installed: xt_condition, and our own. */
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { findProgram, mustExecute } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { GUEST_SOURCES } from "./recipe.ts";

export interface Compiled {
	/** The `.ko` files, without what only a debugger wants. */
	readonly files: readonly string[];
}

/**
 * @param root of the unpacked packages: headers, and the source of xtables-addons
 * @param version of the kernel: `6.1.0-56-cloud-amd64`
 * @param folder to work in
 */
export async function compileModules(
	root: string,
	version: string,
	folder: string,
): Promise<Compiled> {
	const headers = join(root, "usr", "src", `linux-headers-${version}`);
	if (!existsSync(headers))
		throw new LabError({
			code: "build",
			place: `kernel ${version}`,
			message: `its headers are not there: ${headers}`,
			remedy:
				"Unpack them beside the kernel, so that usr/src/linux-headers-VERSION is in the same folder.",
		});
	mkdirSync(folder, { recursive: true });
	mendPaths(headers, root);
	const sources = addonsFolder(root);
	for (const name of readdirSync(sources))
		if (/^(xt_condition|compat_\w+)\.[ch]$/.test(name))
			copyFileSync(join(sources, name), join(folder, name));
	copyFileSync(join(GUEST_SOURCES, "marktwin.c"), join(folder, "marktwin.c"));
	writeFileSync(
		join(folder, "Makefile"),
		"obj-m += xt_condition.o marktwin.o\n",
	);
	await mustExecute(
		`compiling modules for ${version}`,
		"make",
		[
			"-C",
			headers,
			`M=${folder}`,
			`CC=${compiler(headers)}`,
			// Types for BPF, which pahole makes of what is stripped below. As a variable of make alone: the
			// layout of what is compiled follows the kernel's own configuration.
			"CONFIG_DEBUG_INFO_BTF_MODULES=",
			"modules",
		],
		{ env: { LD_LIBRARY_PATH: toolLibraries(root, folder) } },
	);
	const files = ["xt_condition.ko", "marktwin.ko"].map((name) =>
		join(folder, name),
	);
	for (const file of files)
		await mustExecute(`stripping ${file}`, "strip", ["--strip-debug", file]);
	return { files };
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
		...["agent.c", "ports.c", "programs.c"].map((name) =>
			join(GUEST_SOURCES, name),
		),
	]);
	return program;
}

/**
 * Compiles what keeps programs standing by. The guest's library of C may be older than the one here:
 * what the source calls has been in it since 2.34.
 */
export async function compileStandby(folder: string): Promise<string> {
	mkdirSync(folder, { recursive: true });
	const library = join(folder, "standby.so");
	await mustExecute("compiling what keeps programs standing by", "gcc", [
		"-O2",
		"-Wall",
		"-shared",
		"-fPIC",
		"-s",
		"-o",
		library,
		join(GUEST_SOURCES, "standby.c"),
	]);
	return library;
}

/** The one that the kernel was built with, where there is one; any other does as well. */
function compiler(headers: string): string {
	const variables = join(headers, ".kernelvariables");
	const text = existsSync(variables) ? readFileSync(variables, "utf8") : "";
	const own = /gcc-\d+/.exec(text)?.[0] ?? "gcc";
	return findProgram(own) === null ? "gcc" : own;
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
