/** What an image is made of. Images made from another recipe are not used. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { matches } from "../../../sim/matches/index.ts";
import { targets } from "../../../sim/targets/index.ts";

/** To be raised whenever the way in which an image is made changes. */
const RECIPE = 6;

/** Sources that are compiled for the guest. */
export const GUEST_SOURCES = fileURLToPath(
	new URL("../guest", import.meta.url),
);

/** Packages of the guest's programs. */
export const GUEST_PACKAGES = [
	"busybox-static",
	"conntrack",
	"iproute2",
	"ipset",
	"iptables",
	"netbase",
	"nfacct",
	"xtables-addons-common",
];

/** Has the source of xt_condition; a release's is for its kernel. */
export const MODULE_SOURCES = ["xtables-addons-dkms"];

/**
 * Libraries of iptables that are mapped before it is asked for anything: those of the extensions that are
 * modelled, which most rules use. Each takes 0.08 ms of every run of iptables under TCG, and saves
 * 1.2 ms where it is used. Their constructors register them and do nothing else (iptables 1.8.9).
 */
export const COMMON_EXTENSIONS: readonly string[] = [
	"xt_standard",
	...[...matches.values(), ...targets.values()]
		.filter(({ compile, library }) => compile !== null && !library?.readsFiles)
		.map(({ name, library }) => `${library?.prefix ?? "xt"}_${name}`),
];

/** Dependencies that are wanted too: libraries, and the parts of a kernel. Perl and such are not. */
export function followsDependency(name: string): boolean {
	return (
		/^linux-(image|binary|modules|base-\d|headers|kbuild|compiler)/.test(
			name,
		) || /^(lib(?!perl|gcc)|zlib)/.test(name)
	);
}

/** Tells whether an image was made the way we would make it. */
export function recipeHash(): string {
	const hash = createHash("sha256").update(
		`${RECIPE}\n${[...GUEST_PACKAGES, ...MODULE_SOURCES].join("\n")}\n`,
	);
	for (const name of readdirSync(GUEST_SOURCES).sort())
		hash.update(readFileSync(join(GUEST_SOURCES, name)));
	return hash.digest("hex").slice(0, 12);
}
