/** The guest's whole file system: the agent, a shell, iptables, conntrack, ip, ipset, nfacct, their libraries, and modules. */
import {
	existsSync,
	lstatSync,
	readdirSync,
	readFileSync,
	readlinkSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { BACKENDS } from "../../../sim/linux/linux.ts";
import { mustExecute } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { type ArchiveEntry, createArchive } from "./cpio.ts";
import { neededLibraries } from "./elf.ts";
import { type Module, moduleTable } from "./modules.ts";
import { COMMON_EXTENSIONS } from "./recipe.ts";

const LIBRARIES = "usr/lib/x86_64-linux-gnu";
const LIBRARY_FOLDERS = [
	LIBRARIES,
	"lib/x86_64-linux-gnu",
	"lib64",
	"usr/lib64",
];
const PROGRAM_FOLDERS = ["usr/sbin", "sbin", "usr/bin", "bin"];
const LOADER = "lib64/ld-linux-x86-64.so.2";
const NAME_SERVICE = "libnss_files.so.2";
/** Programs, and the names by which they are called. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
	"xtables-legacy-multi": [
		"iptables",
		"iptables-save",
		"iptables-restore",
		"iptables-legacy",
		"iptables-legacy-save",
		"iptables-legacy-restore",
	],
	"xtables-nft-multi": [
		"iptables-nft",
		"iptables-nft-save",
		"iptables-nft-restore",
	],
	conntrack: [],
	ip: [],
	ipset: [],
	nfacct: [],
};
/** Programs that stand by (`guest/standby.c`), and the extensions that are mapped in advance; iptables' is one of two. */
const STANDING_BY: Readonly<Record<string, readonly string[]>> = {
	conntrack: [],
	ipset: [],
};
const FOLDERS = [
	"bin",
	"dev",
	"etc",
	"lib",
	"lib/marktwin",
	"lib/modules",
	"lib64",
	"proc",
	"run",
	"sbin",
	"sys",
	"tmp",
	"usr",
	"usr/bin",
	"usr/lib",
	LIBRARIES,
	`${LIBRARIES}/xtables`,
	"usr/sbin",
];

export interface InitrdParts {
	/** Unpacked packages. */
	readonly root: string;
	/** The compiled agent. */
	readonly agent: string;
	/** The compiled library that keeps programs standing by. */
	readonly standby: string;
	readonly modules: readonly Module[];
}

/** Puts it together. */
export async function createInitrd(parts: InitrdParts): Promise<Buffer> {
	const { root, modules } = parts;
	const entries = new Map<string, ArchiveEntry>();
	const add = (entry: ArchiveEntry) => entries.set(entry.path, entry);
	const addFile = (path: string, data: Buffer | string, mode = 0o755) =>
		add({ kind: "file", path, mode, data: Buffer.from(data) });
	const addLink = (path: string, to: string) => add({ kind: "link", path, to });

	for (const path of FOLDERS) add({ kind: "folder", path });
	add({ kind: "device", path: "dev/console", major: 5, minor: 1 });
	addFile("init", readFileSync(parts.agent));
	addLink("sbin/modprobe", "/init");
	addFile("lib/marktwin/standby.so", readFileSync(parts.standby));
	addFile("lib/marktwin/modules", moduleTable(modules), 0o644);
	for (const { path, data } of modules) addFile(path, data, 0o644);

	const busybox = find(root, ["bin", "usr/bin"], "busybox");
	addFile("bin/busybox", readFileSync(busybox));
	for (const applet of await appletsOf(busybox))
		addLink(`bin/${applet}`, "busybox");

	const needed: string[] = [];
	const addProgram = (path: string, file: string) => {
		const data = readFileSync(file);
		addFile(path, data);
		needed.push(...neededLibraries(data));
	};
	for (const [name, calls] of Object.entries(PROGRAMS)) {
		const file = find(root, PROGRAM_FOLDERS, name);
		addProgram(`usr/sbin/${name}`, file);
		for (const call of calls) addLink(`usr/sbin/${call}`, name);
	}
	const extensions = join(root, LIBRARIES, "xtables");
	for (const name of readdirSync(extensions).sort()) {
		if (!/^libxt_|^libipt_/.test(name)) continue;
		const file = join(extensions, name);
		const path = `${LIBRARIES}/xtables/${name}`;
		if (lstatSync(file).isSymbolicLink()) addLink(path, readlinkSync(file));
		else addProgram(path, file);
	}
	for (const backend of BACKENDS) {
		const programs = {
			[`xtables-${backend}-multi`]: COMMON_EXTENSIONS,
			...STANDING_BY,
		};
		const standingBy = Object.entries(programs).map(([name, libraries]) => {
			const paths = libraries.map(
				(one) => `/${LIBRARIES}/xtables/lib${one}.so`,
			);
			return `${[`/usr/sbin/${name}`, ...paths].join(" ")}\n`;
		});
		addFile(`lib/marktwin/programs-${backend}`, standingBy.join(""), 0o644);
	}
	// The C library opens it by itself, up to 2.33; the names of protocols come from there.
	if (LIBRARY_FOLDERS.some((one) => existsSync(join(root, one, NAME_SERVICE))))
		needed.push(NAME_SERVICE);
	for (const library of needed) {
		const path = `${LIBRARIES}/${library}`;
		if (entries.has(path) || library === basename(LOADER)) continue;
		// Those that libraries need are found on the way.
		addProgram(path, find(root, LIBRARY_FOLDERS, library));
	}
	addFile(LOADER, readFileSync(find(root, LIBRARY_FOLDERS, basename(LOADER))));
	for (const name of ["protocols", "services"])
		addFile(`etc/${name}`, readFileSync(join(root, "etc", name)), 0o644);
	addFile("etc/hosts", "127.0.0.1 localhost\n", 0o644);
	addFile(
		"etc/nsswitch.conf",
		"hosts: files\nnetworks: files\nprotocols: files\nservices: files\n",
		0o644,
	);
	return createArchive([...entries.values()]);
}

function find(root: string, folders: readonly string[], name: string): string {
	for (const folder of folders) {
		const path = followLinks(root, join(root, folder, name));
		if (existsSync(path)) return path;
	}
	throw new LabError({
		code: "build",
		place: name,
		message: `is in none of the packages that were unpacked (${folders.join(", ")})`,
		remedy: "",
	});
}

/** Links of packages begin at the root that they are made for, not at the machine's. */
function followLinks(root: string, path: string): string {
	if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true)
		return path;
	const to = readlinkSync(path);
	return followLinks(
		root,
		isAbsolute(to) ? join(root, to) : join(dirname(path), to),
	);
}

/** The small programs that busybox is, by their names. Loading modules is the agent's, and `ip` is iproute2's. */
async function appletsOf(busybox: string): Promise<readonly string[]> {
	const list = await mustExecute("asking busybox", busybox, ["--list"]);
	const ours = /^(busybox|init|ip|linuxrc|modprobe|insmod|rmmod|depmod)$/;
	return list.split("\n").filter((name) => name !== "" && !ours.test(name));
}
