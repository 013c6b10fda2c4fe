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
	DEFAULT_KERNEL,
	followsDependency,
	GUEST_PACKAGES,
	recipeHash,
} from "./recipe.ts";

export interface BuildOptions {
	/** A package, or a folder into which a kernel and its headers were unpacked. */
	readonly kernel?: string;
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
	const { kernel = DEFAULT_KERNEL, fresh = false, say = () => {} } = options;
	const built = fresh ? null : findImage(kernel);
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
		return await buildAlone(kernel, fresh, say);
	} catch (error) {
		throw unusableFolder(cacheFolder(), CACHE_USE, error);
	}
}

async function buildAlone(
	kernel: string,
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
		const meanwhile = fresh ? null : findImage(kernel);
		if (meanwhile !== null) return meanwhile;
		for (const name of readdirSync(cache))
			if (name.startsWith(WORK_PREFIX)) removeWork(join(cache, name));
		const work = mkdtempSync(join(cache, WORK_PREFIX));
		try {
			await buildIn(work, kernel, say);
		} finally {
			removeWork(work);
		}
		return requireImage(kernel);
	} finally {
		await lock.release();
	}
}

async function buildIn(
	work: string,
	kernel: string,
	say: (line: string) => void,
): Promise<void> {
	const root = join(work, "root");
	const store = createPackageStore(cacheFolder(), say);
	const packages = await choosePackages(store, kernel);
	const files = await store.download(packages);
	say(`unpacking ${files.length} packages`);
	mkdirSync(root);
	if (kernel.includes("/"))
		await mustExecute(`copying ${kernel}`, "cp", [
			"-a",
			"--no-target-directory",
			resolve(kernel),
			root,
		]);
	await unpack(files, root);
	const release = releaseIn(root, kernel);
	say(`compiling the modules of xtables-addons for ${release}`);
	const compiled = await compileModules(root, release, join(work, "modules"));
	if (compiled.leftOut.length > 0)
		say(`left out, not compilable here: ${compiled.leftOut.join(", ")}`);
	const agent = await compileAgent(join(work, "agent"));
	const standby = await compileStandby(join(work, "standby"));
	say("putting the image together");
	const modules = await readModules(
		modulesFolder(root, release),
		compiled.files,
	);
	const initrd = await createInitrd({ root, agent, standby, modules });
	const made = join(work, "image");
	mkdirSync(made);
	copyFileSync(
		join(root, "boot", `vmlinuz-${release}`),
		join(made, KERNEL_FILE),
	);
	writeFileSync(join(made, INITRD_FILE), initrd);
	const manifest: Manifest = {
		recipe: recipeHash(),
		kernel,
		release,
		version: versionOf(packages, release),
		packages: packages.map(({ name, version, architecture, sha256 }) => ({
			name,
			version,
			architecture,
			sha256,
		})),
		files: Object.fromEntries(
			[KERNEL_FILE, INITRD_FILE].map((name) => [
				name,
				createHash("sha256")
					.update(readFileSync(join(made, name)))
					.digest("hex"),
			]),
		),
	};
	writeFileSync(
		join(made, MANIFEST_FILE),
		`${JSON.stringify(manifest, null, "\t")}\n`,
	);
	takePlace(made, imageFolder(kernel), work);
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

/** The kernel and its headers have to be of the same version; the rest is what Debian has now. */
async function choosePackages(
	store: PackageStore,
	kernel: string,
): Promise<readonly Package[]> {
	if (kernel.includes("/")) {
		if (!existsSync(join(kernel, "boot")))
			throw new LabError({
				code: "missing",
				place: kernel,
				message: "there is no unpacked kernel in it",
				remedy:
					"It has to have boot/vmlinuz-VERSION, lib/modules/VERSION and usr/src/linux-headers-VERSION, as `dpkg -x` makes them.",
			});
		return store.closure(GUEST_PACKAGES, followsDependency);
	}
	const named = await store.find(kernel);
	// A package that stands for the newest kernel of its kind has nothing in it but a dependency.
	const concrete =
		named?.depends.find((name) => /^linux-image-\d/.test(name)) ?? kernel;
	const headers = concrete
		.replace(/^linux-image-(unsigned-)?/, "linux-headers-")
		.replace(/-unsigned$/, "");
	return store.closure(
		[...new Set([kernel, concrete, headers, ...GUEST_PACKAGES])],
		followsDependency,
	);
}

function releaseIn(root: string, kernel: string): string {
	const boot = join(root, "boot");
	const found = readdirSync(boot).filter((name) => name.startsWith("vmlinuz-"));
	const [one, ...others] = found;
	if (one !== undefined && others.length === 0)
		return one.slice("vmlinuz-".length);
	throw new LabError({
		code: "build",
		place: kernel,
		message:
			one === undefined
				? "there is no boot/vmlinuz-VERSION in it"
				: `there are several kernels in it: ${found.join(", ")}`,
		remedy: "Name a package, or a folder, with one kernel.",
	});
}

function modulesFolder(root: string, release: string): string {
	const folders = ["lib/modules", "usr/lib/modules"].map((part) =>
		join(root, part, release),
	);
	return folders.find((path) => existsSync(join(path, "kernel"))) ?? join(root);
}

function versionOf(packages: readonly Package[], release: string): string {
	return (
		packages.find(({ name }) => name === `linux-image-${release}`)?.version ??
		release
	);
}

/** Under its name, the image is whole at every moment; an older one goes once it has none. */
function takePlace(made: string, folder: string, work: string): void {
	mkdirSync(dirname(folder), { recursive: true });
	if (existsSync(folder) && statSync(folder).isDirectory())
		renameSync(folder, join(work, "old"));
	renameSync(made, folder);
}
