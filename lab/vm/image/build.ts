/**
 * `marktwin lab build`: Debian's packages → a kernel and an initramfs that are ready to boot. Can be
 * interrupted anywhere: what is not whole has no name yet, and the next build clears it away.
 */

import { createHash } from "node:crypto";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Release } from "../../../sim/linux/linux.ts";
import { CACHE_USE, cacheFolder } from "../../cache-folder.ts";
import { missingFor } from "../../doctor.ts";
import { mustExecute } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { makeFolder, unusableFolder } from "../../usable-folder.ts";
import {
	findImage,
	type Image,
	INITRD_FILE,
	imageFolder,
	KERNEL_FILE,
	MANIFEST_FILE,
	requireImage,
} from "./image.ts";
import { createInitrd } from "./initrd.ts";
import {
	compileAgent,
	compileModules,
	compileStandby,
} from "./kernel-modules.ts";
import { takeLock } from "./lock.ts";
import type { Manifest } from "./manifest.ts";
import { readModules } from "./modules.ts";
import {
	createPackageStore,
	type Package,
	type PackageStore,
	unpack,
} from "./packages.ts";
import {
	followsDependency,
	GUEST_PACKAGES,
	MODULE_SOURCES,
	recipeHash,
} from "./recipe.ts";
import {
	compilesHere,
	HOST_TOOLCHAIN,
	type Toolchain,
	unpackToolchain,
} from "./toolchain.ts";
import {
	DEFAULT_IMAGE,
	type ImageWish,
	imageName,
	USUAL_KERNEL,
} from "./wish.ts";

export interface BuildOptions {
	/** Left out: the release that the model follows. */
	readonly image?: ImageWish;
	/** Build it again, with the newest packages, though it is there. */
	readonly fresh?: boolean;
	/** Is told what is being done. */
	readonly say?: (line: string) => void;
}

const WORK_PREFIX = "work-";

/**
 * Builds the image, or finds it built.
 * @throws LabError
 */
export async function buildImage(options: BuildOptions = {}): Promise<Image> {
	const {
		image: wish = DEFAULT_IMAGE,
		fresh = false,
		say = () => {},
	} = options;
	const built = fresh ? null : findImage(wish);
	if (built !== null) return built;
	if (process.arch !== "x64")
		throw new LabError({
			code: "unsupported",
			place: `a machine with ${process.arch}`,
			message: "the image is made of packages for amd64",
			remedy: "Build and run it on amd64.",
		});
	const missing = missingFor("build");
	if (missing !== null) throw missing;
	try {
		return await buildAlone(wish, fresh, say);
	} catch (error) {
		throw unusableFolder(cacheFolder(), CACHE_USE, error);
	}
}

async function buildAlone(
	wish: ImageWish,
	fresh: boolean,
	say: (line: string) => void,
): Promise<Image> {
	const cache = cacheFolder();
	makeFolder(cache, CACHE_USE);
	const lock = await takeLock(join(cache, "build.lock"), () =>
		say("another build is at it; waiting for it to end"),
	);
	try {
		// Somebody may have built it while we waited.
		const meanwhile = fresh ? null : findImage(wish);
		if (meanwhile !== null) return meanwhile;
		for (const name of readdirSync(cache))
			if (name.startsWith(WORK_PREFIX)) removeWork(join(cache, name));
		const work = mkdtempSync(join(cache, WORK_PREFIX));
		try {
			await buildIn(work, wish, say);
		} finally {
			removeWork(work);
		}
		return requireImage(wish);
	} finally {
		await lock.release();
	}
}

async function buildIn(
	work: string,
	wish: ImageWish,
	say: (line: string) => void,
): Promise<void> {
	const stores = storesOf(wish, say);
	const programs = await stores.programs.closure(
		GUEST_PACKAGES,
		followsDependency,
	);
	const chosen = await chooseKernel(stores.kernel, wish.kernel ?? USUAL_KERNEL);
	const files = await stores.programs.download(programs);
	say(`unpacking ${files.length + chosen.packages.length} packages`);
	const root = join(work, "root");
	await unpack(files, root);
	const kernelRoot = join(work, "kernel");
	await unpackKernel(stores.kernel, chosen, kernelRoot);
	const release = releaseIn(kernelRoot, imageName(wish));
	const compiled = await compileAll(
		{ work, kernelRoot, release, wish },
		{ stores, chosen, say },
	);
	say("putting the image together");
	const modules = await readModules(
		modulesFolder(kernelRoot, release),
		compiled.modules,
	);
	const { agent, standby } = compiled;
	const initrd = await createInitrd({ root, agent, standby, modules });
	const made = join(work, "image");
	mkdirSync(made);
	copyFileSync(kernelFile(kernelRoot, release), join(made, KERNEL_FILE));
	writeFileSync(join(made, INITRD_FILE), initrd);
	const manifest = manifestOf(wish, release, {
		packages: [...programs, ...chosen.packages],
		folder: made,
	});
	writeFileSync(
		join(made, MANIFEST_FILE),
		`${JSON.stringify(manifest, null, "\t")}\n`,
	);
	takePlace(made, imageFolder(wish), work);
}

function manifestOf(
	wish: ImageWish,
	release: string,
	made: { readonly packages: readonly Package[]; readonly folder: string },
): Manifest {
	const versionOf = (name: string) =>
		made.packages.find((one) => one.name === name)?.version;
	const packages = made.packages
		.map(({ name, version, architecture, sha256 }) => ({
			name,
			version,
			architecture,
			sha256,
		}))
		.sort((a, b) => (a.name < b.name ? -1 : 1));
	return {
		recipe: recipeHash(),
		wish,
		release,
		version: versionOf(`linux-image-${release}`) ?? release,
		iptables: versionOf("iptables") ?? "",
		packages,
		files: Object.fromEntries(
			[KERNEL_FILE, INITRD_FILE].map((name) => [
				name,
				createHash("sha256")
					.update(readFileSync(join(made.folder, name)))
					.digest("hex"),
			]),
		),
	};
}

/** Packages by the release that they are of. */
interface Stores {
	readonly kernel: PackageStore;
	readonly programs: PackageStore;
}

function storesOf(wish: ImageWish, say: (line: string) => void): Stores {
	const { kernelRelease, iptablesRelease } = wish;
	const programs = createPackageStore(cacheFolder(), iptablesRelease, say);
	const kernel =
		kernelRelease === iptablesRelease
			? programs
			: createPackageStore(cacheFolder(), kernelRelease, say);
	return { kernel, programs };
}

/** What is compiled for the guest, each with the compilers of its release. */
async function compileAll(
	of: {
		readonly work: string;
		readonly kernelRoot: string;
		readonly release: string;
		readonly wish: ImageWish;
	},
	how: {
		readonly stores: Stores;
		readonly chosen: ChosenKernel;
		readonly say: (line: string) => void;
	},
): Promise<{
	readonly modules: readonly string[];
	readonly agent: string;
	readonly standby: string;
}> {
	const { work, kernelRoot, release, wish } = of;
	const { kernelRelease, iptablesRelease } = wish;
	const { stores, chosen, say } = how;
	const toolchain = async (one: Release, store: PackageStore) => {
		if (compilesHere(one)) return HOST_TOOLCHAIN;
		say(`unpacking the compilers of ${one}`);
		const more = one === kernelRelease ? chosen.headers : [];
		return unpackToolchain(store, join(work, `root-of-${one}`), more);
	};
	const forKernel = await toolchain(kernelRelease, stores.kernel);
	const forPrograms =
		kernelRelease === iptablesRelease
			? forKernel
			: await toolchain(iptablesRelease, stores.programs);
	const folderIn = ({ root }: Toolchain, name: string) =>
		join(root === "" ? work : root, name);
	const sources = await headersIn(forKernel, kernelRoot, chosen);
	say(`compiling the modules of xtables-addons for ${release}`);
	const { files, leftOut } = await compileModules(
		forKernel,
		sources,
		release,
		folderIn(forKernel, "modules"),
	);
	if (leftOut.length > 0)
		say(`left out, not compilable here: ${leftOut.join(", ")}`);
	return {
		modules: files,
		agent: await compileAgent(join(work, "agent")),
		standby: await compileStandby(
			forPrograms,
			folderIn(forPrograms, "standby"),
		),
	};
}

/** A kernel that was unpacked by somebody else has its headers beside it; the compilers have to see them. */
async function headersIn(
	{ root }: Toolchain,
	kernelRoot: string,
	{ folder }: ChosenKernel,
): Promise<string> {
	if (root === "") return kernelRoot;
	if (folder !== null)
		await mustExecute(`copying the headers of ${folder}`, "cp", [
			"-a",
			join(kernelRoot, "usr", "src"),
			join(root, "usr"),
		]);
	return root;
}

/** Compilers of a build that was killed may still be writing there, for a moment. */
function removeWork(folder: string): void {
	rmSync(folder, {
		recursive: true,
		force: true,
		maxRetries: 20,
		retryDelay: 250,
	});
}

/** A kernel and what compiling modules for it takes. */
interface ChosenKernel {
	/** What is unpacked: kernel, headers, the source of xt_condition. */
	readonly packages: readonly Package[];
	/** Names of the packages that compilers want. */
	readonly headers: readonly string[];
	/** Where a kernel was unpacked already. */
	readonly folder: string | null;
}

/** The kernel and its headers have to be of the same version; the rest is what Debian has now. */
async function chooseKernel(
	store: PackageStore,
	kernel: string,
): Promise<ChosenKernel> {
	if (kernel.includes("/")) {
		if (!existsSync(join(kernel, "boot")))
			throw new LabError({
				code: "missing",
				place: kernel,
				message: "there is no unpacked kernel in it",
				remedy:
					"It has to have boot/vmlinuz-VERSION, lib/modules/VERSION and usr/src/linux-headers-VERSION, as `dpkg -x` makes them.",
			});
		return {
			packages: await store.closure(MODULE_SOURCES, followsDependency),
			headers: MODULE_SOURCES,
			folder: kernel,
		};
	}
	const named = await store.find(kernel);
	// A package that stands for the newest kernel of its kind has nothing in it but a dependency.
	const concrete =
		named?.depends.find((name) => /^linux-image-\d/.test(name)) ?? kernel;
	const headers = [
		concrete
			.replace(/^linux-image-(unsigned-)?/, "linux-headers-")
			.replace(/-unsigned$/, ""),
		...MODULE_SOURCES,
	];
	const packages = await store.closure(
		[...new Set([kernel, concrete, ...headers])],
		followsDependency,
	);
	return { packages, headers, folder: null };
}

async function unpackKernel(
	store: PackageStore,
	{ packages, folder }: ChosenKernel,
	into: string,
): Promise<void> {
	mkdirSync(into);
	if (folder !== null)
		await mustExecute(`copying ${folder}`, "cp", [
			"-a",
			"--no-target-directory",
			resolve(folder),
			into,
		]);
	await unpack(await store.download(packages), into);
}

/** Where kernels lie, in Debian's packages up to trixie and since. */
function kernelFile(root: string, release: string): string {
	const inBoot = join(root, "boot", `vmlinuz-${release}`);
	return existsSync(inBoot)
		? inBoot
		: join(root, "usr", "lib", "modules", release, "vmlinuz");
}

function releaseIn(root: string, kernel: string): string {
	const names = (folder: string) =>
		existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
	const found = new Set([
		...names("boot")
			.filter((name) => name.startsWith("vmlinuz-"))
			.map((name) => name.slice("vmlinuz-".length)),
		...names("usr/lib/modules").filter((name) =>
			existsSync(join(root, "usr/lib/modules", name, "vmlinuz")),
		),
	]);
	const [one, ...others] = found;
	if (one !== undefined && others.length === 0) return one;
	throw new LabError({
		code: "build",
		place: kernel,
		message:
			one === undefined
				? "there is neither boot/vmlinuz-VERSION nor usr/lib/modules/VERSION/vmlinuz in it"
				: `there are several kernels in it: ${[...found].join(", ")}`,
		remedy: "Name a package, or a folder, with one kernel.",
	});
}

function modulesFolder(root: string, release: string): string {
	const folders = ["lib/modules", "usr/lib/modules"].map((part) =>
		join(root, part, release),
	);
	return folders.find((path) => existsSync(join(path, "kernel"))) ?? join(root);
}

/** Under its name, the image is whole at every moment; an older one goes once it has none. */
function takePlace(made: string, folder: string, work: string): void {
	mkdirSync(dirname(folder), { recursive: true });
	if (existsSync(folder) && statSync(folder).isDirectory())
		renameSync(folder, join(work, "old"));
	renameSync(made, folder);
}
