/** Which Linux of the model a router is taken for: by `uname -r` and `iptables --version`. */
import {
	type Backend,
	DEFAULT_LINUX,
	IPTABLES_VERSIONS,
	type IptablesVersion,
	KERNELS,
	type KernelSeries,
	type Linux,
} from "../../../sim/linux/linux.ts";

/** What a router told of itself; `null`: nothing. */
interface Told {
	/** `6.1.0-18-amd64` */
	readonly kernel: string | null;
	/** `iptables v1.8.9 (nf_tables)` */
	readonly iptables: string | null;
	/** The command that its rules are from. */
	readonly rulesBy: string;
}

interface RouterLinux {
	/** `null`: it is the usual one, or nothing is known of it. */
	readonly linux: Linux | null;
	/** What is taken for something else, a sentence each. */
	readonly notes: readonly string[];
}

export function linuxOfRouter({
	kernel,
	iptables,
	rulesBy,
}: Told): RouterLinux {
	if (kernel === null && iptables === null) return { linux: null, notes: [] };
	const notes: string[] = [];
	const series = kernelOf(kernel, notes);
	const version = iptablesOf(iptables, notes);
	const backend = backendOf(iptables, rulesBy);
	const isUsual =
		series === DEFAULT_LINUX.kernel &&
		version === DEFAULT_LINUX.iptables &&
		backend === DEFAULT_LINUX.backend;
	const linux = isUsual ? null : { kernel: series, iptables: version, backend };
	return { linux, notes };
}

/** Releases of Linux up to the first of each major version, 4.0 being 0. */
const RELEASES_BEFORE: Readonly<Record<number, number>> = {
	4: 0,
	5: 21,
	6: 41,
	7: 61,
};
const NAME_IT = "name another Linux with --linux";

function kernelOf(told: string | null, notes: string[]): KernelSeries {
	const [series = ""] = /^\d+\.\d+/.exec(told ?? "") ?? [];
	const known = KERNELS.find((one) => one === series);
	if (known !== undefined) return known;
	const taken =
		series === "" ? DEFAULT_LINUX.kernel : nearest(KERNELS, series, ageOf);
	notes.push(
		series === ""
			? `The router did not tell its kernel: it is taken for ${taken}; ${NAME_IT}.`
			: `The router's kernel is ${told}. marktwin follows ${listed(KERNELS)}, and takes it for ${taken}; ${NAME_IT}.`,
	);
	return taken;
}

function ageOf(series: string): number {
	const [major = 0, minor = 0] = series.split(".").map(Number);
	const before = RELEASES_BEFORE[major];
	if (before !== undefined) return before + minor;
	return major < 4 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function iptablesOf(told: string | null, notes: string[]): IptablesVersion {
	const [, version = ""] = /\bv(\d+\.\d+(?:\.\d+)*)/.exec(told ?? "") ?? [];
	const known = IPTABLES_VERSIONS.find((one) => one === version);
	if (known !== undefined) return known;
	const taken =
		version === ""
			? DEFAULT_LINUX.iptables
			: nearest(IPTABLES_VERSIONS, version, orderOf);
	notes.push(
		version === ""
			? `The router did not tell its version of iptables: it is taken for ${taken}; ${NAME_IT}.`
			: `The router has iptables ${version}. marktwin follows ${listed(IPTABLES_VERSIONS)}, and takes it for ${taken}; ${NAME_IT}.`,
	);
	return taken;
}

function orderOf(version: string): number {
	const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
	return (major * 100 + minor) * 100 + patch;
}

/** Of two that are as near, the newer one. */
function nearest<Name extends string>(
	names: readonly Name[],
	name: string,
	place: (name: string) => number,
): Name {
	const at = place(name);
	let best = names[0] as Name;
	for (const one of names)
		if (distance(place(one), at) <= distance(place(best), at)) best = one;
	return best;
}

/** What is older than all, or newer, is as far from the oldest or the newest as can be. */
function distance(one: number, at: number): number {
	if (at === Number.NEGATIVE_INFINITY) return one;
	if (at === Number.POSITIVE_INFINITY) return -one;
	return Math.abs(one - at);
}

/** Whose rules they are; versions that do not say so have one kind alone. */
function backendOf(iptables: string | null, rulesBy: string): Backend {
	if (rulesBy.startsWith("iptables-legacy")) return "legacy";
	if (rulesBy.startsWith("iptables-nft")) return "nft";
	return iptables?.includes("(nf_tables)") ? "nft" : "legacy";
}

function listed(names: readonly string[]): string {
	return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
