/** Which image is wanted: whose kernel, and whose programs. */
import { createHash } from "node:crypto";
import { basename, resolve } from "node:path";
import {
	DEFAULT_LINUX,
	type Linux,
	type Release,
	releaseWith,
} from "../../../sim/linux/linux.ts";

/** Kernel and programs may be of different releases: so one finds out to which of them a difference belongs. */
export interface ImageWish {
	readonly kernelRelease: Release;
	/** Of iptables, conntrack, ipset and the libraries that they need. */
	readonly iptablesRelease: Release;
	/** A package of the release, or a folder into which a kernel was unpacked; left out: `linux-image-cloud-amd64`. */
	readonly kernel?: string;
}

/** The kernel that each release has for virtual machines: small, and quick to boot. */
export const USUAL_KERNEL = "linux-image-cloud-amd64";

/** Of what image a Linux is played on. */
export function imageOf(linux: Linux, kernel?: string): ImageWish {
	return {
		kernelRelease: releaseWith("kernel", linux.kernel),
		iptablesRelease: releaseWith("iptables", linux.iptables),
		...(kernel === undefined ? {} : { kernel }),
	};
}

/** The one that is built unless another one is named: that of the Linux that the model follows. */
export const DEFAULT_IMAGE: ImageWish = imageOf(DEFAULT_LINUX);

/** As its image's folder is called, and as users spell it where no kernel is named. */
export function imageName(wish: ImageWish): string {
	const { kernelRelease, iptablesRelease, kernel } = wish;
	const releases =
		kernelRelease === iptablesRelease
			? kernelRelease
			: `${kernelRelease}+${iptablesRelease}`;
	if (kernel === undefined || kernel === USUAL_KERNEL) return releases;
	if (!kernel.includes("/")) return `${releases}-${kernel}`;
	const path = resolve(kernel);
	const hash = createHash("sha256").update(path).digest("hex").slice(0, 8);
	return `${releases}-${basename(path)}-${hash}`;
}

/** The options of `marktwin lab build` that make it. */
export function buildOptionsOf(wish: ImageWish): readonly string[] {
	const { kernelRelease, iptablesRelease, kernel } = wish;
	const releases =
		kernelRelease !== iptablesRelease
			? [
					"--kernel-release",
					kernelRelease,
					"--iptables-release",
					iptablesRelease,
				]
			: kernelRelease === DEFAULT_IMAGE.kernelRelease
				? []
				: ["--release", kernelRelease];
	const named =
		kernel === undefined || kernel === USUAL_KERNEL ? [] : ["--kernel", kernel];
	return [...releases, ...named];
}
