/** What is in an image, and where from. */

import { RELEASES } from "../../../sim/linux/linux.ts";
import type { ImageWish } from "./wish.ts";

interface PackageRecord {
	readonly name: string;
	readonly version: string;
	readonly architecture: string;
	readonly sha256: string;
}

export interface Manifest {
	readonly recipe: string;
	/** As it was asked for. */
	readonly wish: ImageWish;
	/** `uname -r`: `6.1.0-56-cloud-amd64`. */
	readonly release: string;
	/** Of the kernel's package: `6.1.192-2`; the release where there was none. */
	readonly version: string;
	/** Of the package iptables: `1.8.9-2`. */
	readonly iptables: string;
	/** Everything that was unpacked, sorted by name. */
	readonly packages: readonly PackageRecord[];
	/** SHA-256 of the files beside the manifest. */
	readonly files: Readonly<Record<string, string>>;
}

/** @returns `null` for what is no manifest */
export function parseManifest(text: string): Manifest | null {
	let given: unknown;
	try {
		given = JSON.parse(text);
	} catch {
		// Half a file, or not ours: the image is built again.
		return null;
	}
	return isManifest(given) ? given : null;
}

function isManifest(given: unknown): given is Manifest {
	if (typeof given !== "object" || given === null) return false;
	const fields = given as Partial<Record<keyof Manifest, unknown>>;
	return (
		[fields.recipe, fields.release, fields.version, fields.iptables].every(
			(field) => typeof field === "string",
		) &&
		isWish(fields.wish) &&
		Array.isArray(fields.packages) &&
		typeof fields.files === "object" &&
		fields.files !== null
	);
}

function isWish(given: unknown): given is ImageWish {
	if (typeof given !== "object" || given === null) return false;
	const fields = given as Partial<Record<keyof ImageWish, unknown>>;
	return (
		[fields.kernelRelease, fields.iptablesRelease].every((name) =>
			RELEASES.some((one) => one === name),
		) && ["string", "undefined"].includes(typeof fields.kernel)
	);
}
