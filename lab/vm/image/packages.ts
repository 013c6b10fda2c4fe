/** Debian's packages: what there is, what they need, and how they get here. Without root, and without installing any. */

import { createHash } from "node:crypto";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Release } from "../../../sim/linux/linux.ts";
import { DEBIAN_KEYS } from "../../doctor.ts";
import { execute, findProgram, mustExecute } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { hostRelease, sourcesOf } from "./releases.ts";

/** A package as `apt-cache show` describes it. */
export interface Package {
	readonly name: string;
	readonly version: string;
	readonly architecture: string;
	readonly sha256: string;
	/** Octets of the file. */
	readonly size: number;
	/** Names alone, the first one where there are alternatives. */
	readonly depends: readonly string[];
}

export interface PackageStore {
	/** `null` when apt knows no such package. */
	find(name: string): Promise<Package | null>;
	/** The packages and those of their dependencies that `follows` wants, sorted by name. */
	closure(
		names: readonly string[],
		follows: (name: string) => boolean,
	): Promise<readonly Package[]>;
	/** Brings the files here. @returns their paths, in the same order */
	download(packages: readonly Package[]): Promise<readonly string[]>;
}

/**
 * The packages of a release, on whatever release this runs.
 * @param folder keeps the files between builds
 * @throws LabError (`missing`) on a machine that has no apt
 */
export function createPackageStore(
	folder: string,
	release: Release,
	say: (line: string) => void,
): PackageStore {
	for (const program of ["apt-get", "apt-cache", "dpkg-deb"])
		if (findProgram(program) === null)
			throw new LabError({
				code: "missing",
				place: program,
				message: "the image is made of Debian's packages, and apt is not here",
				remedy:
					"Build it on Debian or Ubuntu (or in a container of theirs) with XDG_CACHE_HOME on a folder that is shared, and use it from there.",
			});
	const files = join(folder, "packages");
	mkdirSync(files, { recursive: true });
	const lists = createLists(join(folder, "apt"), release, say);

	async function fetch(packages: readonly Package[]): Promise<void> {
		// What was begun and not finished is not taken for a package.
		const beside = mkdtempSync(join(files, ".part-"));
		try {
			const words = packages.map(({ name, version }) => `${name}=${version}`);
			const arguments_ = [...lists.options, "-q", "download", ...words];
			const { code, err } = await execute("apt-get", arguments_, {
				cwd: beside,
			});
			if (code !== 0) throw unreachable(err);
			for (const name of readdirSync(beside))
				renameSync(join(beside, name), join(files, name));
		} finally {
			rmSync(beside, { recursive: true, force: true });
		}
	}

	return {
		find: async (name) => (await lists.find([name]))[0] ?? null,
		async closure(names, follows) {
			const found = new Map<string, Package>();
			let wanted: readonly string[] = names;
			while (wanted.length > 0) {
				const packages = await lists.find(wanted);
				const missing = names.filter(lists.lacks);
				if (missing.length > 0) throw unknownPackages(missing);
				for (const one of packages) found.set(one.name, one);
				const next = packages.flatMap(({ depends }) => depends);
				wanted = [...new Set(next)].filter(
					(name) => follows(name) && !found.has(name),
				);
			}
			return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
		},
		async download(packages) {
			const pathOf = (one: Package) => join(files, fileName(one));
			const missing = packages.filter((one) => !isWhole(pathOf(one), one));
			if (missing.length > 0) {
				const octets = missing.reduce((sum, { size }) => sum + size, 0);
				say(
					`downloading ${missing.length} packages, ${(octets / 1e6).toFixed(0)} MB`,
				);
				await fetch(missing);
			}
			const broken = packages.filter((one) => !isWhole(pathOf(one), one));
			if (broken.length === 0) return packages.map(pathOf);
			throw new LabError({
				code: "packages",
				place: broken.map(fileName).join(", "),
				message: "not what Debian's lists say (another checksum)",
				remedy: "Is there a proxy in between? Try again later.",
			});
		},
	};
}

/**
 * The lists of packages that apt reads: lists of our own, as of now. Those of the machine are root's, may
 * be old (an image would have the kernel of then), of another release, or not there at all.
 */
function createLists(
	folder: string,
	release: Release,
	say: (line: string) => void,
) {
	const isHosts = hostRelease() === release;
	let options: readonly string[] = ["-o", "APT::Sandbox::User=root"];
	let isFresh = false;
	const known = new Map<string, Package | null>();

	async function show(names: readonly string[]): Promise<void> {
		const { out } = await execute("apt-cache", [
			...options,
			"show",
			"--no-all-versions",
			...names,
		]);
		for (const name of names) known.set(name, null);
		for (const one of parsePackages(out)) known.set(one.name, one);
	}

	/** From where the machine has its packages, if it is of that release: it may have a mirror of its own. */
	async function refresh(): Promise<void> {
		isFresh = true;
		say(`reading the lists of the packages of ${release}`);
		const own = join(folder, release);
		mkdirSync(join(own, "lists", "partial"), { recursive: true });
		mkdirSync(join(own, "cache", "archives", "partial"), { recursive: true });
		const settings = [
			`Dir::State::lists=${join(own, "lists")}`,
			`Dir::Cache=${join(own, "cache")}`,
			...(isHosts ? [] : ofRelease(own, release)),
		];
		options = [...options, ...settings.flatMap((one) => ["-o", one])];
		const { code, err } = await execute("apt-get", [
			...options,
			"update",
			"-q",
		]);
		if (code !== 0) throw unreachable(err);
	}

	return {
		/** For apt's programs, so that they read the same lists. */
		get options(): readonly string[] {
			return options;
		},
		/** apt was asked for it, and knows no such package. */
		lacks: (name: string): boolean => known.get(name) === null,
		/** Those of the names that apt knows, in their order. */
		async find(names: readonly string[]): Promise<readonly Package[]> {
			if (!isFresh) await refresh();
			const asked = names.filter((name) => !known.has(name));
			if (asked.length > 0) await show(asked);
			return names.flatMap((name) => known.get(name) ?? []);
		},
	};
}

/** Settings of apt by which it sees that release, and neither the machine's sources nor what is installed there. */
function ofRelease(folder: string, release: Release): readonly string[] {
	if (!existsSync(DEBIAN_KEYS))
		throw new LabError({
			code: "missing",
			place: DEBIAN_KEYS,
			message: `without Debian's keys, apt trusts no list of ${release}`,
			remedy: "apt-get install debian-archive-keyring",
		});
	const sources = join(folder, "sources.list");
	const status = join(folder, "status");
	writeFileSync(sources, sourcesOf(release));
	writeFileSync(status, "");
	return [
		`Dir::Etc::sourcelist=${sources}`,
		"Dir::Etc::sourceparts=/dev/null",
		"Dir::Etc::preferences=/dev/null",
		"Dir::Etc::preferencesparts=/dev/null",
		`Dir::State::status=${status}`,
		"APT::Architecture=amd64",
		"APT::Architectures=amd64",
		"APT::Default-Release=",
	];
}

/** Reads the paragraphs that `apt-cache show` prints. */
export function parsePackages(text: string): readonly Package[] {
	return text
		.split(/\n\n+/)
		.filter((paragraph) => paragraph.startsWith("Package:"))
		.map((paragraph) => {
			const field = (name: string) =>
				new RegExp(`^${name}: (.*)$`, "m").exec(paragraph)?.[1] ?? "";
			const depends = [field("Pre-Depends"), field("Depends")]
				.filter((list) => list !== "")
				.join(",");
			return {
				name: field("Package"),
				version: field("Version"),
				architecture: field("Architecture"),
				sha256: field("SHA256"),
				size: Number(field("Size")),
				depends: depends
					.split(",")
					.map((one) => /^\s*([a-z0-9][a-z0-9.+-]*)/.exec(one)?.[1] ?? "")
					.filter((name) => name !== ""),
			};
		});
}

/** As apt names the file: a colon in a version is no part of a file name. */
export function fileName({ name, version, architecture }: Package): string {
	return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}

/** Unpacks packages into one tree. */
export async function unpack(
	files: readonly string[],
	folder: string,
): Promise<void> {
	mkdirSync(folder, { recursive: true });
	for (const file of files)
		await mustExecute(`unpacking ${file}`, "dpkg-deb", ["-x", file, folder]);
}

function isWhole(path: string, { sha256 }: Package): boolean {
	if (!existsSync(path)) return false;
	return (
		createHash("sha256").update(readFileSync(path)).digest("hex") === sha256
	);
}

function unreachable(words: string): LabError {
	return new LabError({
		code: "packages",
		place: "apt-get",
		message: "Debian's packages cannot be had",
		remedy:
			"Is there a network? Behind a proxy, apt has to know it (/etc/apt/apt.conf.d, or http_proxy).",
		console: words.trim().split("\n").slice(-10),
	});
}

function unknownPackages(names: readonly string[]): LabError {
	return new LabError({
		code: "packages",
		place: names.join(", "),
		message: "apt knows no such package",
		remedy:
			"`apt-cache search --names-only '^linux-image-'` lists the kernels that there are (--kernel).",
	});
}
