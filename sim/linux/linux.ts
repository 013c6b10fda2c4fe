/** Which Linux a gateway is: kernel, iptables, and which of the two programs that are called iptables. */

import { nearest } from "../edit-distance.ts";

/** Kernels whose behaviour was compared, oldest first. */
export const KERNELS = ["5.10", "6.1", "6.12", "7.2"] as const;
/** A kernel by the numbers of its series. @public */
export type KernelSeries = (typeof KERNELS)[number];

/** Versions of iptables whose behaviour was compared, oldest first. */
export const IPTABLES_VERSIONS = [
	"1.8.7",
	"1.8.9",
	"1.8.11",
	"1.8.13",
] as const;
/** A version of iptables, as `iptables --version` prints it. @public */
export type IptablesVersion = (typeof IPTABLES_VERSIONS)[number];

/** What `iptables` is: the old program, or the one that writes rules for nf_tables. */
export const BACKENDS = ["legacy", "nft"] as const;
/** Which of the two programs `iptables` is; `iptables --version` prints it in brackets. @public */
export type Backend = (typeof BACKENDS)[number];

/** Debian's releases that are followed, oldest first. */
export const RELEASES = ["bullseye", "bookworm", "trixie", "sid"] as const;
/** A release of Debian by its name. */
export type Release = (typeof RELEASES)[number];

/** A Linux, as far as rules are concerned. @public */
export interface Linux {
	readonly kernel: KernelSeries;
	readonly iptables: IptablesVersion;
	readonly backend: Backend;
}

/** What Debian's releases have. */
export const DEBIAN: Readonly<Record<Release, Omit<Linux, "backend">>> = {
	bullseye: { kernel: "5.10", iptables: "1.8.7" },
	bookworm: { kernel: "6.1", iptables: "1.8.9" },
	trixie: { kernel: "6.12", iptables: "1.8.11" },
	sid: { kernel: "7.2", iptables: "1.8.13" },
};

/** The one that the model follows unless another one is named. */
export const DEFAULT_RELEASE: Release = "bookworm";

/** Debian 12 with iptables-legacy. */
export const DEFAULT_LINUX: Linux = {
	...DEBIAN[DEFAULT_RELEASE],
	backend: "legacy",
};

/** How a Linux may be written, for messages. */
export const LINUX_FORMS = `bookworm, trixie/nft, 6.12+1.8.9/legacy: a release of Debian (${RELEASES.join(", ")}), or a kernel (${KERNELS.join(", ")}) and a version of iptables (${IPTABLES_VERSIONS.join(", ")}) with a + between them; then /legacy, the default, or /nft`;

/**
 * Reads `bookworm`, `trixie/nft`, `trixie+bookworm`, `6.12+1.8.9/nft`. In front of the `+` stands
 * whose kernel it is, behind it whose iptables; a release alone is both.
 * @returns `null` for anything else
 */
export function parseLinux(text: string): Linux | null {
	const [versions = "", backendName = "legacy", ...more] = text.split("/");
	const [kernelName = "", iptablesName, ...others] = versions.split("+");
	const backend = BACKENDS.find((one) => one === backendName);
	const kernel = releaseOf(kernelName)?.kernel ?? named(KERNELS, kernelName);
	// A kernel alone tells nothing of iptables.
	const iptables =
		releaseOf(iptablesName ?? kernelName)?.iptables ??
		named(IPTABLES_VERSIONS, iptablesName ?? "");
	if (kernel === null || iptables === null || backend === undefined)
		return null;
	return more.length + others.length > 0 ? null : { kernel, iptables, backend };
}

/** What a text that `parseLinux` does not read may have meant, by its kernel or its iptables too; `null`: nothing near. */
export function nearestLinux(text: string): string | null {
	const [versions = "", backend = ""] = text.trim().toLowerCase().split("/");
	const known = RELEASES.flatMap((release) => {
		const { kernel, iptables } = DEBIAN[release];
		return [release, kernel, iptables].map((name) => ({ name, release }));
	});
	const ofLength = (name: string) => Math.abs(name.length - versions.length);
	const names = known.map(({ name }) => name);
	names.sort((one, other) => ofLength(one) - ofLength(other));
	const meant = nearest(versions, names);
	const found = known.find(({ name }) => name === meant);
	if (found === undefined) return null;
	const end = nearest(backend, BACKENDS);
	return end === null ? found.release : `${found.release}/${end}`;
}

/** As `parseLinux` reads it, by the names of Debian's releases: `trixie+bookworm/nft`. */
export function linuxName({ kernel, iptables, backend }: Linux): string {
	return `${releasesName(kernel, iptables)}/${backend}`;
}

/** What it is made of: `linux 6.1, iptables-legacy 1.8.9`. */
export function linuxWords({ kernel, iptables, backend }: Linux): string {
	return `linux ${kernel}, iptables-${backend} ${iptables}`;
}

/** `trixie`, or `trixie+bookworm`. */
function releasesName(kernel: KernelSeries, iptables: IptablesVersion): string {
	const one = releaseWith("kernel", kernel);
	const other = releaseWith("iptables", iptables);
	return one === other ? one : `${one}+${other}`;
}

/** The release of Debian that has this kernel, or this iptables. */
export function releaseWith(
	part: "kernel" | "iptables",
	version: KernelSeries | IptablesVersion,
): Release {
	return (
		RELEASES.find((name) => DEBIAN[name][part] === version) ?? DEFAULT_RELEASE
	);
}

function releaseOf(name: string): Omit<Linux, "backend"> | null {
	const release = named(RELEASES, name);
	return release === null ? null : DEBIAN[release];
}

function named<Name extends string>(
	names: readonly Name[],
	name: string,
): Name | null {
	return names.find((one) => one === name) ?? null;
}
