/** What `marktwin lab doctor` says about containers: whether an engine answers, and what it has already. */
import type Docker from "dockerode";
import { connectEngine } from "../../lab/docker/engine/engine.ts";
import { lacksDockerode } from "../../lab/docker/engine/optional-package.ts";
import { findRoot } from "../../lab/docker/image/image-root.ts";
import { missingImages } from "../../lab/docker/image/images.ts";
import { LAB_IMAGES } from "../../lab/docker/play/docker-lab.ts";
import { examine, remedyFor } from "../../lab/doctor.ts";
import { LabError } from "../../lab/lab-error.ts";
import { examineImage, type FoundImage } from "../../lab/vm/image/image.ts";

/** What was found, or that it is missing. */
export type SayFound = (found: string | null, name: string) => string;

/** A router on the host's kernel, or with one of its own. */
const IMAGES = [...LAB_IMAGES, "router", "machine"] as const;

export async function containerLines(
	line: SayFound,
): Promise<readonly string[]> {
	const engine = await engineOrWhy();
	return [
		...("why" in engine
			? engineMissing(engine.why, line)
			: await engineLines(engine.docker, line)),
		...kernelLines(line),
	];
}

async function engineOrWhy(): Promise<
	{ readonly docker: Docker } | { readonly why: LabError }
> {
	try {
		return { docker: await connectEngine() };
	} catch (error) {
		if (error instanceof LabError) return { why: error };
		throw error;
	}
}

function engineMissing(why: LabError, line: SayFound): readonly string[] {
	const { message, remedy } = why;
	const install = remedyFor(examine(["docker"]));
	// Not even there; else it has to be started, or to let us in.
	const remedies = lacksDockerode(why)
		? [remedy, install]
		: [install || remedy];
	return [
		line(null, message.split("\n")[0] ?? ""),
		...remedies.filter((text) => text !== "").map((text) => `  → ${text}`),
	];
}

async function engineLines(
	docker: Docker,
	line: SayFound,
): Promise<readonly string[]> {
	const { Version: version, KernelVersion: kernel } = await docker.version();
	const missing = await missingImages(docker, IMAGES);
	const has = `${IMAGES.length - missing.length} of ${IMAGES.length} built`;
	return [
		line(`${version} on linux ${kernel}`, "Docker's engine"),
		...(missing.length === 0
			? [line("built", "the lab's images")]
			: [
					line(null, `the lab's images (${has})`),
					...((await findRoot(docker)) === null ? debianLines(line) : []),
					"  → marktwin run --on docker live-both-dead   (builds them, once)",
				]),
	];
}

/** Only a registry that is asked tells whether it answers. */
function debianLines(line: SayFound): readonly string[] {
	const findings = examine(["debian"]);
	const isMissing = remedyFor(findings) !== "";
	const found = isMissing
		? "from a registry"
		: "from a registry, or made here by mmdebstrap";
	return [
		line(found, "Debian for them"),
		...(isMissing
			? [`           where none can be reached: ${remedyFor(findings)}`]
			: []),
	];
}

function kernelLines(line: SayFound): readonly string[] {
	const name = "the router's kernel, where the host's has no xt_condition";
	return imageLines(examineImage(), line, name);
}

/** An image that was cut or changed is as good as none. */
export function imageLines(
	found: FoundImage,
	line: SayFound,
	name: string,
): readonly string[] {
	if (found.kind === "ready")
		return [line(`kernel ${found.image.manifest.release}`, name)];
	const why = found.kind === "broken" ? ` (${found.reason})` : "";
	return [line(null, `${name}${why}`), "  → marktwin lab build"];
}
