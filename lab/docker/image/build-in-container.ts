/** `marktwin lab build` where there is no apt: the same build, in a container of Debian's. */
import { CACHE_USE, cacheFolder } from "../../cache-folder.ts";
import { missingFor } from "../../doctor.ts";
import { LabError } from "../../lab-error.ts";
import { makeFolder } from "../../usable-folder.ts";
import type { BuildOptions } from "../../vm/image/build.ts";
import { findImage, type Image, requireImage } from "../../vm/image/image.ts";
import { connectEngine } from "../engine/engine.ts";
import { ROLE_LABEL } from "../resources/labels.ts";
import { runOnce } from "../resources/run-once.ts";
import { hostAptSettings } from "./apt-settings.ts";
import { ensureImages } from "./images.ts";

/** Compiling and downloading on a slow line. */
const BUILD_MS = 30 * 60_000;
/** What unpacking packages takes, whose files belong to many users. */
const CAPABILITIES = [
	"CHOWN",
	"DAC_OVERRIDE",
	"FOWNER",
	"SETGID",
	"SETUID",
	// For compilers of another release, in a root of their own.
	"SYS_ADMIN",
	"SYS_CHROOT",
];

/** Has this machine all that a build of its own needs? */
export function canBuildHere(): boolean {
	return missingFor("build") === null;
}

/**
 * Builds the image, or finds it built. It lies in this machine's cache afterwards, and is ours.
 * @throws LabError
 */
export async function buildInContainer(
	options: BuildOptions = {},
): Promise<Image> {
	const { image, fresh = false, say = () => {} } = options;
	const built = fresh ? null : findImage(image);
	const kernel = image?.kernel;
	if (built !== null) return built;
	if (kernel?.includes("/"))
		throw new LabError({
			code: "unsupported",
			place: kernel,
			message: "a kernel in a folder can be built only where there is apt",
			remedy: "Name a package of Debian's instead.",
		});
	const docker = await connectEngine();
	const images = await ensureImages(docker, ["builder"], say);
	const cache = cacheFolder();
	makeFolder(cache, CACHE_USE);
	say("building in a container; it takes a minute or two");
	const { proxies } = await hostAptSettings();
	const { code, err } = await runOnce(docker, {
		image: images.get("builder") ?? "",
		words: [
			"env",
			"XDG_CACHE_HOME=/cache",
			...Object.entries(proxies).map(([name, value]) => `${name}=${value}`),
			"sh",
			"-c",
			SCRIPT,
			"build",
			owner(),
			JSON.stringify({ fresh, ...(image === undefined ? {} : { image }) }),
		],
		labels: { [ROLE_LABEL]: "builder" },
		capabilities: CAPABILITIES,
		securityOptions: ["apparmor=unconfined"],
		networkMode: "host",
		binds: [`${cache}:/cache/marktwin`],
		timeoutMs: BUILD_MS,
	});
	for (const line of err.trim().split("\n")) say(line);
	if (code === 0) return requireImage(image);
	throw new LabError({
		code: "build",
		place: "the container that builds the image",
		message: `it ended with ${code}`,
		remedy: "",
		console: err.trim().split("\n").slice(-20),
	});
}

/** What root has made in there belongs to whoever asked for it, also when the build fails. */
const SCRIPT =
	'node /opt/marktwin/lab-build.mjs "$2"; code=$?; chown -R "$1" /cache/marktwin; exit $code';

function owner(): string {
	return `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}
