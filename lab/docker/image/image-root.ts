/** The Debian on which all images stand: from a registry, or made here of Debian's packages. */
import { createReadStream, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { DEFAULT_RELEASE } from "../../../sim/linux/linux.ts";
import { CACHE_USE, cacheFolder } from "../../cache-folder.ts";
import { execute, findProgram, lastLines } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { makeFolder } from "../../usable-folder.ts";
import { engineMessage, engineStatus } from "../engine/engine-error.ts";
import { IMAGE_LABEL } from "../resources/labels.ts";
import { type AptSettings, aptConf } from "./apt-settings.ts";
import { followBuild } from "./image-build.ts";

/** Debian 12: its kernel is the one that the model follows, and its iptables the one that is spoken. */
const RELEASE = DEFAULT_RELEASE;
const PULLED = `debian:${RELEASE}-slim`;
const BOOTSTRAPPED = "marktwin/debian";
const MADE_HERE = `${BOOTSTRAPPED}:${RELEASE}`;
const WORK_PREFIX = "debian-";
/** What nobody reads in a container; the official image leaves it out as well. */
const LEFT_OUT = [
	"path-exclude=/usr/share/doc/*",
	"path-include=/usr/share/doc/*/copyright",
	"path-exclude=/usr/share/man/*",
	"path-exclude=/usr/share/info/*",
	"path-exclude=/usr/share/locale/*",
];

/** @returns the name of an image that is here now */
export async function ensureRoot(
	docker: Docker,
	apt: AptSettings,
	say: (line: string) => void,
): Promise<string> {
	const here = await findRoot(docker);
	if (here !== null) return here;
	const why = await pull(docker, say);
	if (why === null) return PULLED;
	say(`${PULLED} cannot be pulled (${why}): making Debian of its packages`);
	await bootstrap(docker, apt);
	return MADE_HERE;
}

/**
 * Which Debian it is, for good: a name of a registry's comes to mean another image with every update.
 * @param root as it is called here
 */
export async function originOf(docker: Docker, root: string): Promise<string> {
	const { RepoDigests } = await docker.getImage(root).inspect();
	return pinned(root, RepoDigests);
}

/** @param digests `debian@sha256:…`; none of an image that was made here */
export function pinned(root: string, digests: readonly string[]): string {
	const [digest] = digests.flatMap((one) => one.split("@").slice(1));
	return digest === undefined ? root : `${root}@${digest}`;
}

/** The name of one that is here already. */
export async function findRoot(docker: Docker): Promise<string | null> {
	for (const image of [PULLED, MADE_HERE])
		if (await isHere(docker, image)) return image;
	return null;
}

async function isHere(docker: Docker, image: string): Promise<boolean> {
	try {
		await docker.getImage(image).inspect();
		return true;
	} catch (error) {
		if (engineStatus(error) === 404) return false;
		throw error;
	}
}

/** @returns why it could not be had, or `null` */
async function pull(
	docker: Docker,
	say: (line: string) => void,
): Promise<string | null> {
	say(`pulling ${PULLED}`);
	try {
		await followBuild(docker, await docker.pull(PULLED), "pull", () => {});
		return null;
	} catch (error) {
		// No registry answers, or it does not let us: there is another way.
		return error instanceof LabError
			? (error.console.at(-1) ?? error.message)
			: engineMessage(error);
	}
}

/** The file is whole before the engine sees any of it: half a Debian would be an image as well. */
async function bootstrap(docker: Docker, apt: AptSettings): Promise<void> {
	if (findProgram("mmdebstrap") === null)
		throw new LabError({
			code: "missing",
			place: PULLED,
			message: "no registry gives it to us, and it cannot be made here",
			remedy:
				"Debian or Ubuntu: sudo apt-get install mmdebstrap debian-archive-keyring",
		});
	const cache = cacheFolder();
	makeFolder(cache, CACHE_USE);
	// Only one builds at a time: what lies here is from one that was killed.
	for (const name of readdirSync(cache))
		if (name.startsWith(WORK_PREFIX))
			rmSync(join(cache, name), { recursive: true, force: true });
	const folder = mkdtempSync(join(cache, WORK_PREFIX));
	try {
		const file = join(folder, "root.tar");
		await makeRoot(file, apt);
		const imported = await docker.importImage(createReadStream(file), {
			repo: BOOTSTRAPPED,
			tag: RELEASE,
			changes: `LABEL ${IMAGE_LABEL}=debian`,
		});
		await followBuild(docker, imported, "importing Debian", () => {});
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function makeRoot(file: string, apt: AptSettings): Promise<void> {
	const conf = '"$1/etc/apt/apt.conf.d/98host"';
	const write = `mkdir -p "$1/etc/apt/apt.conf.d"; printf %s "$MARKTWIN_APT" > ${conf}`;
	const { code, out, err } = await execute(
		"mmdebstrap",
		[
			"--variant=minbase",
			"--format=tar",
			...LEFT_OUT.map((option) => `--dpkgopt=${option}`),
			`--setup-hook=${write}`,
			`--customize-hook=rm ${conf}`,
			RELEASE,
			file,
		],
		{ env: { ...apt.proxies, MARKTWIN_APT: aptConf(apt) } },
	);
	if (code === 0) return;
	throw new LabError({
		code: "packages",
		place: `Debian ${RELEASE} by mmdebstrap`,
		message: `mmdebstrap ended with ${code}`,
		remedy:
			"Does `apt-get update` work here? Is debian-archive-keyring installed?",
		console: lastLines(`${out}\n${err}`, 20),
	});
}
