/** What this machine has, what is missing, and the command that gets it. */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { findProgram } from "./execute.ts";
import { LabError } from "./lab-error.ts";

/**
 * What somebody may want to do: build the image, boot it, run containers, make the Debian that is in
 * them where no registry gives it, test pages.
 */
export type Purpose = "build" | "vm" | "docker" | "debian" | "browser";

export interface Need {
	readonly purpose: Purpose;
	/** What it is, in a word or two. */
	readonly name: string;
	/** Debian's package. */
	readonly package: string;
	/** What was found (a path, a version), or `null`. */
	readonly find: () => string | null;
}

const program =
	(...names: readonly string[]) =>
	() =>
		names.map(findProgram).find((path) => path !== null) ?? null;

/** Debian's keys, by which apt knows that its lists are Debian's. */
export const DEBIAN_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Everything that the lab needs of a machine. `.ci/run` installs what is listed here. */
export const NEEDS: readonly Need[] = [
	{
		purpose: "vm",
		name: "QEMU 7.2 or newer",
		package: "qemu-system-x86",
		find: () => qemuVersion(),
	},
	{
		purpose: "vm",
		name: "setpriv",
		package: "util-linux",
		find: program("setpriv"),
	},
	{
		purpose: "build",
		name: "apt",
		package: "apt",
		find: program("apt-get"),
	},
	{
		purpose: "build",
		name: "dpkg",
		package: "dpkg",
		find: program("dpkg-deb"),
	},
	{
		purpose: "build",
		name: "flock",
		package: "util-linux",
		find: program("flock"),
	},
	{
		purpose: "build",
		name: "a C compiler",
		package: "gcc",
		find: program("gcc"),
	},
	{
		purpose: "build",
		name: "a C library to link with",
		package: "libc6-dev",
		find: () => staticLibrary(),
	},
	{
		purpose: "build",
		name: "binutils",
		package: "binutils",
		find: program("strip"),
	},
	{
		purpose: "build",
		name: "make",
		package: "make",
		find: program("make"),
	},
	{
		purpose: "build",
		name: "xz, for modules of kernels since 6.12",
		package: "xz-utils",
		find: program("xz"),
	},
	{
		purpose: "build",
		name: "unshare, for compilers of other releases",
		package: "util-linux",
		find: program("unshare"),
	},
	{
		purpose: "build",
		name: "mount, for compilers of other releases",
		package: "mount",
		find: program("mount"),
	},
	{
		purpose: "docker",
		name: "Docker's engine",
		package: "docker.io",
		find: () => engineHere(),
	},
	{
		purpose: "debian",
		name: "mmdebstrap",
		package: "mmdebstrap",
		find: program("mmdebstrap"),
	},
	{
		purpose: "debian",
		name: "Debian's keys",
		package: "debian-archive-keyring",
		find: () => debianKeys(),
	},
	{
		purpose: "browser",
		name: "Chromium",
		package: "chromium",
		find: program("chromium", "chromium-browser", "google-chrome"),
	},
];

/** A program that is asked for its version has so long. */
const ANSWER_MS = 15_000;
const OLDEST_QEMU = [7, 2] as const;

/** A need and what was found of it. */
export interface Finding {
	readonly need: Need;
	readonly found: string | null;
}

/** Looks at everything. */
export function examine(
	purposes: readonly Purpose[] = ["vm", "build", "docker", "debian", "browser"],
): readonly Finding[] {
	return NEEDS.filter(({ purpose }) => purposes.includes(purpose)).map(
		(need) => ({ need, found: need.find() }),
	);
}

/** The one command that gets everything that is missing; "" when nothing is. */
export function remedyFor(findings: readonly Finding[]): string {
	const packages = new Set(
		findings
			.filter(({ found }) => found === null)
			.map(({ need }) => need.package),
	);
	if (packages.size === 0) return "";
	const sudo = process.getuid?.() === 0 ? "" : "sudo ";
	return `${sudo}apt-get install --no-install-recommends ${[...packages].join(" ")}`;
}

/** What a purpose lacks on this machine, in words; `null` when it lacks nothing. */
export function missingFor(purpose: Purpose): LabError | null {
	const findings = examine([purpose]);
	const missing = findings.filter(({ found }) => found === null);
	if (missing.length === 0) return null;
	return new LabError({
		code: "missing",
		place: missing.map(({ need }) => need.name).join(", "),
		message: `not on this machine, and needed ${purpose === "build" ? "to build the image" : "for virtual machines"}`,
		remedy: remedyFor(findings),
	});
}

/** Whether this user may try KVM; whether it works is found out by a machine that boots. */
export function mayUseKvm(): boolean {
	try {
		accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
		return true;
	} catch {
		// Not there, or not for us: QEMU translates instead.
		return false;
	}
}

function qemuVersion(): string | null {
	const path = findProgram("qemu-system-x86_64");
	if (path === null) return null;
	const version = /version (\d+)\.(\d+)\S*/.exec(output(path, ["--version"]));
	if (version === null) return null;
	const [whole, major, minor] = version;
	const age = Number(major) - OLDEST_QEMU[0] || Number(minor) - OLDEST_QEMU[1];
	return age < 0 ? null : whole;
}

function staticLibrary(): string | null {
	const gcc = findProgram("gcc");
	if (gcc === null) return null;
	const path = output(gcc, ["-print-file-name=libc.a"]).trim();
	return isAbsolute(path) && existsSync(path) ? path : null;
}

/** One that may run elsewhere, or one that could be started; whether it answers is another question. */
function engineHere(): string | null {
	const { DOCKER_HOST: host = "" } = process.env;
	if (host !== "") return host;
	const socket = "/var/run/docker.sock";
	return existsSync(socket) ? socket : findProgram("dockerd");
}

function debianKeys(): string | null {
	return existsSync(DEBIAN_KEYS) ? DEBIAN_KEYS : null;
}

function output(path: string, words: readonly string[]): string {
	try {
		return execFileSync(path, words, {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
			timeout: ANSWER_MS,
			killSignal: "SIGKILL",
		});
	} catch {
		// A program that cannot say what it is, or says it without an end, cannot be used either.
		return "";
	}
}
