/** What is in an image, and where from. */

interface PackageRecord {
	readonly name: string;
	readonly version: string;
	readonly architecture: string;
	readonly sha256: string;
}

export interface Manifest {
	readonly recipe: string;
	/** As it was asked for: a package, or a folder. */
	readonly kernel: string;
	/** `uname -r`: `6.1.0-56-cloud-amd64`. */
	readonly release: string;
	/** Of the kernel's package: `6.1.192-2`; the release where there was none. */
	readonly version: string;
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
		[fields.recipe, fields.kernel, fields.release, fields.version].every(
			(field) => typeof field === "string",
		) &&
		Array.isArray(fields.packages) &&
		typeof fields.files === "object" &&
		fields.files !== null
	);
}
