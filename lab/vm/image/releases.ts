/** Where the packages of Debian's releases are, as data. */
import { existsSync, readFileSync } from "node:fs";
import { RELEASES, type Release } from "../../../sim/linux/linux.ts";
import { DEBIAN_KEYS } from "../../doctor.ts";

/** A line of apt's sources, as far as releases differ in it. */
interface Suite {
	readonly archive: "debian" | "debian-security";
	readonly suite: string;
}

const SUITES: Readonly<Record<Release, readonly Suite[]>> = {
	// Its security suite lists packages that the mirrors have moved to the archive.
	bullseye: [{ archive: "debian", suite: "bullseye" }],
	bookworm: [
		{ archive: "debian", suite: "bookworm" },
		{ archive: "debian-security", suite: "bookworm-security" },
	],
	trixie: [
		{ archive: "debian", suite: "trixie" },
		{ archive: "debian-security", suite: "trixie-security" },
	],
	sid: [{ archive: "debian", suite: "sid" }],
};

const MIRROR = "http://deb.debian.org";

/** The lines of apt's sources for a release, and for nothing else. */
export function sourcesOf(release: Release): string {
	return SUITES[release]
		.map(
			({ archive, suite }) =>
				`deb [arch=amd64 signed-by=${DEBIAN_KEYS}] ${MIRROR}/${archive} ${suite} main\n`,
		)
		.join("");
}

/**
 * The release of the machine that this runs on.
 * @param file as of os-release(5)
 * @returns `null` where it is none of these
 */
export function hostRelease(file = "/etc/os-release"): Release | null {
	if (!existsSync(file)) return null;
	const text = readFileSync(file, "utf8");
	const value = (name: string) =>
		new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
	return value("ID") === "debian"
		? (RELEASES.find((one) => one === value("VERSION_CODENAME")) ?? null)
		: null;
}
