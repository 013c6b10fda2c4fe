/** Compilers: the machine's own, or those of another release in a root file system of their own. */

import {
	cpSync,
	existsSync,
	lstatSync,
	mkdirSync,
	rmSync,
	symlinkSync,
} from "node:fs";
import { join } from "node:path";
import type { Release } from "../../../sim/linux/linux.ts";
import { execute, type Finished, mustExecute } from "../../execute.ts";
import { type PackageStore, unpack } from "./packages.ts";
import { hostRelease } from "./releases.ts";

/** Runs programs of one release. Folders that it works on are the same for it and for us. */
export interface Toolchain {
	/** The folder that it sees as `/`; "" where that is ours. */
	readonly root: string;
	/** As it sees a path of ours below `root`. */
	inside(path: string): string;
	/** Runs a program, whatever its exit code. */
	tries(words: readonly string[], env?: Environment): Promise<Finished>;
	/**
	 * Runs a program that has to succeed.
	 * @param what it is to do, for messages
	 * @throws LabError (`build`)
	 */
	run(
		what: string,
		words: readonly string[],
		env?: Environment,
	): Promise<string>;
}

type Environment = Readonly<Record<string, string>>;

/** What compiling a kernel's modules and the guest's programs takes. */
const COMPILERS = [
	"bash",
	"binutils",
	"coreutils",
	"dash",
	"diffutils",
	"findutils",
	"gawk",
	"gcc",
	"grep",
	"libc6-dev",
	"make",
	"sed",
];

/** The machine's own compilers do where it is of that release. */
export function compilesHere(release: Release): boolean {
	return hostRelease() === release;
}

/** The machine's own. */
export const HOST_TOOLCHAIN: Toolchain = toolchainIn("");

/** @param root the folder that it sees as `/`; "": ours */
function toolchainIn(root: string): Toolchain {
	const command = (words: readonly string[]) => {
		const [program = "", ...rest] = root === "" ? words : below(root, words);
		return [program, rest] as const;
	};
	const inEnvironment = (env: Environment = {}) => ({
		env: root === "" ? env : { ...CLEAN, ...env },
	});
	return {
		root,
		inside: (path) => path.slice(root.length),
		tries: (words, env) => execute(...command(words), inEnvironment(env)),
		run: (what, words, env) =>
			mustExecute(what, ...command(words), inEnvironment(env)),
	};
}

/**
 * The compilers of a release, unpacked and not installed.
 * @param folder to become its root file system
 * @param more packages that are unpacked there as well: a kernel's headers
 */
export async function unpackToolchain(
	store: PackageStore,
	folder: string,
	more: readonly string[],
): Promise<Toolchain> {
	const packages = await store.closure(
		[...COMPILERS, ...more],
		isWantedByCompilers,
	);
	await unpack(await store.download(packages), folder);
	mergeFolders(folder);
	for (const name of ["dev", "tmp", "proc"])
		mkdirSync(join(folder, name), { recursive: true });
	for (const [name, program] of [
		["sh", "dash"],
		["awk", "gawk"],
	] as const) {
		const link = join(folder, "usr", "bin", name);
		if (lstatSync(link, { throwIfNoEntry: false }) === undefined)
			symlinkSync(program, link);
	}
	return toolchainIn(folder);
}

/** Not what only an installation wants: links of its own, configuration, kernels, documentation. */
function isWantedByCompilers(name: string): boolean {
	return !/^(base-|linux-image|initramfs|debconf|dpkg|install-info|kmod|perl|python)/.test(
		name,
	);
}

/**
 * `/bin` → `/usr/bin` and so on, as Debian has had it since bookworm. An installation gets these links
 * first; packages of older releases still have files in both.
 */
function mergeFolders(root: string): void {
	for (const name of ["bin", "sbin", "lib", "lib64"]) {
		const outer = join(root, name);
		const inner = join(root, "usr", name);
		mkdirSync(inner, { recursive: true });
		if (existsSync(outer)) {
			cpSync(outer, inner, {
				recursive: true,
				force: true,
				verbatimSymlinks: true,
			});
			rmSync(outer, { recursive: true });
		}
		symlinkSync(`usr/${name}`, outer);
	}
}

/** What is mounted below, of the machine's own: kernels' tools look at themselves there. */
const MOUNTS =
	': >> "$1/dev/null" && mount --bind /dev/null "$1/dev/null" && mount --rbind /proc "$1/proc"';

/**
 * In a namespace of mounts, so that nothing of them is left; users other than root have one of users as
 * well, in which they may mount.
 */
function below(root: string, words: readonly string[]): readonly string[] {
	return [
		"unshare",
		...(process.getuid?.() === 0 ? [] : ["--map-root-user"]),
		"--mount",
		"sh",
		"-c",
		`${MOUNTS} && root=$1 && shift && exec chroot "$root" /usr/bin/env "$@"`,
		"sh",
		root,
		...words,
	];
}

/** Nothing of the machine's own paths. */
const CLEAN = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", TMPDIR: "/tmp" };
