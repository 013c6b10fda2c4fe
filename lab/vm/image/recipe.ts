/** What an image is made of. Images made from another recipe are not used. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** To be raised whenever the way in which an image is made changes. */
const RECIPE = 2;

/** Sources that are compiled for the guest. */
export const GUEST_SOURCES = fileURLToPath(
	new URL("../guest", import.meta.url),
);

/** The kernel that the model follows: small, and quick to boot. */
export const DEFAULT_KERNEL = "linux-image-cloud-amd64";

/** Packages besides the kernel and its headers. */
export const GUEST_PACKAGES = [
	"busybox-static",
	"conntrack",
	"iptables",
	"netbase",
	"xtables-addons-common",
	"xtables-addons-dkms",
];

/** Dependencies that are wanted too: libraries, and the parts of a kernel. Perl and such are not. */
export function followsDependency(name: string): boolean {
	return (
		/^linux-(image|modules|headers|kbuild|compiler)/.test(name) ||
		/^lib(?!perl|gcc)/.test(name)
	);
}

/** Tells whether an image was made the way we would make it. */
export function recipeHash(): string {
	const hash = createHash("sha256").update(`${RECIPE}\n`);
	for (const name of ["agent.c", "marktwin.c"])
		hash.update(readFileSync(join(GUEST_SOURCES, name)));
	return hash.digest("hex").slice(0, 12);
}
