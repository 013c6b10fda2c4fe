/**
 * The lab's images: built by the engine when they are needed, and never again until something that
 * they are made of changes. An image gets its name when it is whole, and only by its name is it found.
 */
import { join } from "node:path";
import type Docker from "dockerode";
import { CACHE_USE, cacheFolder } from "../../cache-folder.ts";
import { makeFolder } from "../../usable-folder.ts";
import { type Lock, takeLock } from "../../vm/image/lock.ts";
import { engineError, engineStatus } from "../engine/engine-error.ts";
import { CONTENT_LABEL, IMAGE_LABEL, ROOT_LABEL } from "../resources/labels.ts";
import { type AptSettings, aptWords, hostAptSettings } from "./apt-settings.ts";
import { buildImage } from "./image-build.ts";
import {
	contentHash,
	contextFiles,
	IMAGE_NAMES,
	type ImageName,
} from "./image-recipes.ts";
import { ensureRoot, originOf } from "./image-root.ts";

export type { ImageName } from "./image-recipes.ts";

/**
 * Builds what is not there. Once it is there, nothing outside of the engine is asked.
 * @param say is told what is being done, a line at a time
 * @returns ids by name, of the images asked for
 * @throws LabError
 */
export async function ensureImages(
	docker: Docker,
	names: readonly ImageName[],
	say: (line: string) => void = () => {},
): Promise<ReadonlyMap<ImageName, string>> {
	const found = await findImages(docker, names);
	if (found !== null) return found;
	const lock = await lockBuilds(say);
	try {
		const apt = await hostAptSettings();
		const base = (await findImage(docker, "base", "")) ?? (await buildBase());
		const ids = new Map<ImageName, string>();
		for (const name of inOrder(names))
			ids.set(
				name,
				name === "base"
					? base
					: ((await findImage(docker, name, base)) ??
							(await build(docker, { name, base, apt, say }))),
			);
		const gone = await removeSuperseded(docker, base);
		if (gone > 0) say(`removed ${gone} images that these take the place of`);
		return ids;

		async function buildBase(): Promise<string> {
			const root = await ensureRoot(docker, apt, say);
			return build(docker, { name: "base", base: "", root, apt, say });
		}
	} catch (error) {
		throw engineError("the lab's images", error);
	} finally {
		await lock.release();
	}
}

/** Those that are not there, and would be built. */
export async function missingImages(
	docker: Docker,
	names: readonly ImageName[],
): Promise<readonly ImageName[]> {
	const base = await findImage(docker, "base", "");
	if (base === null) return names;
	const missing: ImageName[] = [];
	for (const name of names)
		if ((await findImage(docker, name, base)) === null) missing.push(name);
	return missing;
}

/**
 * Removes images that have a successor, and what is left of builds that were interrupted. What a
 * container or another image needs stays. Nobody else may be building meanwhile.
 * @returns how many went
 */
export async function removeSuperseded(
	docker: Docker,
	base: string,
): Promise<number> {
	const current = new Map<string, string>([["base", base]]);
	for (const name of IMAGE_NAMES) {
		const id = name === "base" ? base : await findImage(docker, name, base);
		if (id !== null) current.set(name, id);
	}
	let removed = 0;
	// An image goes when none stands on it any more: so as long as any goes, others may.
	for (let before = -1; before !== removed; ) {
		before = removed;
		const images = await docker.listImages({
			filters: { label: [IMAGE_LABEL] },
		});
		for (const { Id: id, Labels } of images) {
			const successor = current.get(Labels[IMAGE_LABEL] ?? "");
			if (successor === undefined || successor === id) continue;
			if (await remove(docker, id)) removed++;
		}
	}
	return removed;
}

interface Build {
	readonly name: ImageName;
	/** Id of the image that it stands on; "" for the first. */
	readonly base: string;
	readonly root?: string;
	readonly apt: AptSettings;
	readonly say: (line: string) => void;
}

async function build(
	docker: Docker,
	{ name, base, root, apt, say }: Build,
): Promise<string> {
	const began = performance.now();
	const content = contentHash(name, base);
	const tag = tagOf(name, content);
	say(`building ${tag}`);
	await buildImage(
		docker,
		{
			place: `image ${name}`,
			tag,
			files: contextFiles(name),
			labels: {
				[IMAGE_LABEL]: name,
				[CONTENT_LABEL]: content,
				...(root === undefined
					? {}
					: { [ROOT_LABEL]: await originOf(docker, root) }),
			},
			arguments: {
				...apt.proxies,
				APT_OPTIONS: aptWords(apt),
				...(root === undefined ? { BASE: base } : { ROOT: root }),
			},
		},
		say,
	);
	const { Id: id, Size: octets } = await docker.getImage(tag).inspect();
	const seconds = ((performance.now() - began) / 1000).toFixed(1);
	say(`built ${tag}: ${(octets / 1e6).toFixed(0)} MB in ${seconds} s`);
	return id;
}

/** All of them, or `null` when one is missing: then it takes a lock to go on. */
async function findImages(
	docker: Docker,
	names: readonly ImageName[],
): Promise<ReadonlyMap<ImageName, string> | null> {
	const base = await findImage(docker, "base", "");
	if (base === null) return null;
	const ids = new Map<ImageName, string>();
	for (const name of inOrder(names)) {
		const id = name === "base" ? base : await findImage(docker, name, base);
		if (id === null) return null;
		ids.set(name, id);
	}
	return ids;
}

/**
 * By its name, which an image gets when it is whole. By its labels would be wrong: what is left of a
 * build that was interrupted has the labels of the image that it stands on.
 */
async function findImage(
	docker: Docker,
	name: ImageName,
	base: string,
): Promise<string | null> {
	const content = contentHash(name, base);
	try {
		const image = await docker.getImage(tagOf(name, content)).inspect();
		const { [CONTENT_LABEL]: label } = image.Config.Labels ?? {};
		return label === content ? image.Id : null;
	} catch (error) {
		if (engineStatus(error) === 404) return null;
		throw engineError(`image ${name}`, error);
	}
}

async function remove(docker: Docker, id: string): Promise<boolean> {
	try {
		await docker.getImage(id).remove();
		return true;
	} catch (error) {
		// Gone already, or another image or a container is made of it.
		const status = engineStatus(error);
		if (status === 404 || status === 409) return false;
		throw engineError(`image ${id}`, error);
	}
}

/** One build at a time on this machine: a second one finds what the first has built. */
function lockBuilds(say: (line: string) => void): Promise<Lock> {
	makeFolder(cacheFolder(), CACHE_USE);
	return takeLock(join(cacheFolder(), "docker-images.lock"), () =>
		say("waiting for another build"),
	);
}

function tagOf(name: ImageName, content: string): string {
	return `marktwin/${name}:${content}`;
}

function inOrder(names: readonly ImageName[]): readonly ImageName[] {
	return IMAGE_NAMES.filter((name) => names.includes(name));
}
