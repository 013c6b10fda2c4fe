/** What the lab's images are made of. Images that were made of anything else are not used. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LabError } from "../../lab-error.ts";
import { GUEST_SOURCES } from "../../vm/image/recipe.ts";

/** In an order in which they can be built: all others stand on the first. */
export const IMAGE_NAMES = [
	"base",
	"tools",
	"router",
	"machine",
	"mail",
	"proxies",
	"builder",
] as const;

export type ImageName = (typeof IMAGE_NAMES)[number];

/** To be raised whenever the way in which images are made changes. */
const RECIPE = 1;

const FOLDERS = fileURLToPath(new URL("../images", import.meta.url));
const PROGRAMS = fileURLToPath(new URL("../programs/built", import.meta.url));

/** A file that goes into a build, and where. */
export interface ContextFile {
	/** As the Dockerfile calls it. */
	readonly name: string;
	readonly path: string;
	/** Stands for the content where that is long: not everything is read to find that nothing changed. */
	readonly fingerprint: string | null;
}

/** Everything that an image is made of, besides the image that it stands on; sorted. */
export function contextFiles(image: ImageName): readonly ContextFile[] {
	const folder = join(FOLDERS, image);
	const own = filesIn(folder).map((name) => ({
		name,
		path: join(folder, name),
		fingerprint: null,
	}));
	const more = MORE[image]?.() ?? [];
	return [...own, ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What some of them have in them besides the files of their folder. */
const MORE: Readonly<Partial<Record<ImageName, () => readonly ContextFile[]>>> =
	{
		tools: () => [nodeBinary(), ...programs()],
		builder: () => [nodeBinary(), ...programs(), ...guestSources()],
	};

/**
 * Tells whether an image was made the way we would make it.
 * @param base the content hash of the image that it stands on; "" for the first
 */
export function contentHash(image: ImageName, base: string): string {
	return hashFiles(`${RECIPE} ${image} ${base}`, contextFiles(image));
}

/** @param seed what else has to be the same */
export function hashFiles(seed: string, files: readonly ContextFile[]): string {
	const hash = createHash("sha256").update(`${seed}\n`);
	for (const { name, path, fingerprint } of files) {
		const content = fingerprint ?? readFileSync(path);
		const octets = Buffer.byteLength(content);
		// The mode as well: a script that cannot be run makes another image.
		const mode = statSync(path).mode & 0o111 ? "x" : "-";
		hash.update(`${name} ${mode} ${octets}\n`).update(content);
	}
	return hash.digest("hex").slice(0, 12);
}

/** The Node that runs us. Nobody reads a hundred megabytes at every start of a lab. */
function nodeBinary(): ContextFile {
	const path = process.execPath;
	const { version, arch } = process;
	const fingerprint = `${version} ${arch} ${statSync(path).size}`;
	return { name: "node", path, fingerprint };
}

function programs(): readonly ContextFile[] {
	const names = existsSync(PROGRAMS) ? filesIn(PROGRAMS) : [];
	if (names.length === 0)
		throw new LabError({
			code: "missing",
			place: PROGRAMS,
			message: "the programs that run in containers have not been bundled",
			remedy: "npm run bundle",
		});
	return names.map((name) => ({
		name: `programs/${name}`,
		path: join(PROGRAMS, name),
		fingerprint: null,
	}));
}

function guestSources(): readonly ContextFile[] {
	return filesIn(GUEST_SOURCES).map((name) => ({
		name: `guest/${name}`,
		path: join(GUEST_SOURCES, name),
		fingerprint: null,
	}));
}

function filesIn(folder: string): readonly string[] {
	return readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => entry.name);
}
