/** Which of a kernel's modules go into the image, and in which order they have to be loaded. */
import {
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { executeBytes, mustExecute } from "../../execute.ts";
import { LabError } from "../../lab-error.ts";
import { moduleInfo } from "./elf.ts";

export interface Module {
	/** With underscores, as the kernel names it. */
	readonly name: string;
	/** In the guest, from the root. */
	readonly path: string;
	readonly data: Buffer;
	readonly aliases: readonly string[];
	readonly depends: readonly string[];
}

/** Where the modules lie that a router of IPv4 can ask for, below `kernel/`. */
const WANTED = [
	/^net\/netfilter\/[^/]*$/,
	/^net\/netfilter\/ipset\//,
	/^net\/ipv4\/netfilter\//,
	/^net\/8021q\//,
	/^net\/802\//,
	/^net\/llc\//,
	/^net\/ipv6\/netfilter\/nf_(defrag|reject|tproxy|socket|dup)_ipv6/,
	/^lib\/(ts_|libcrc32c|crc)/,
	/^crypto\/crc32c/,
	/^drivers\/virtio\/virtio(_ring|_pci|_pci_legacy_dev|_pci_modern_dev)?\.ko/,
	/^drivers\/net\/(virtio_net|net_failover)\.ko/,
	/^net\/core\/failover\.ko/,
	/^drivers\/char\/virtio_console\.ko/,
];

/** Loaded before anything else happens; the kernel asks for the others when a rule names them. */
const AT_BOOT = [
	"virtio_pci",
	"virtio_console",
	"virtio_net",
	"8021q",
	"nf_conntrack",
	"nf_conntrack_netlink",
	"nf_nat",
	"nf_log_syslog",
	"ip_tables",
	"x_tables",
	"xt_tcpudp",
	"xt_conntrack",
	"xt_mark",
	"xt_connmark",
	"xt_statistic",
	"xt_nat",
	"xt_condition",
	"iptable_mangle",
	"iptable_nat",
	"iptable_filter",
	"iptable_raw",
	"marktwin",
];

/** Functions of the kernel's in whose place a module asks our own (`guest/marktwin.c`). */
const REPLACED: Readonly<Record<string, readonly [string, string]>> = {
	nft_limit: ["ktime_get", "marktwin_ktime_get"],
};

/**
 * The wanted modules of an unpacked kernel, those of our own among them.
 * @param folder `…/lib/modules/VERSION`
 * @param own files built for this kernel
 */
export async function readModules(
	folder: string,
	own: readonly string[],
): Promise<readonly Module[]> {
	const kernel = join(folder, "kernel");
	const files = readdirSync(kernel, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.filter((path) => {
			const below = path.slice(kernel.length + 1);
			return WANTED.some((pattern) => pattern.test(below));
		});
	const modules: Module[] = [];
	for (const file of [...files.sort(), ...own]) {
		const name = nameOf(file);
		const data = await replaced(name, await readModule(file));
		const info = moduleInfo(data);
		const values = (key: string) =>
			info.filter(([name]) => name === key).map(([, value]) => value);
		modules.push({
			name,
			path: `lib/modules/${name}.ko`,
			data,
			aliases: values("alias"),
			depends: (values("depends")[0] ?? "")
				.split(",")
				.filter((one) => one !== "")
				.map((one) => one.replaceAll("-", "_")),
		});
	}
	return modules;
}

/**
 * What the guest's modprobe reads: a line per name and alias, with the files in the order in which
 * they have to be loaded. Whatever is built into the kernel is in no file, and needs none.
 */
export function moduleTable(modules: readonly Module[]): string {
	const byName = new Map(modules.map((one) => [one.name, one]));
	const order = (names: readonly string[]): readonly string[] => {
		const paths = new Set<string>();
		const add = (name: string) => {
			const module = byName.get(name);
			if (module === undefined || paths.has(`/${module.path}`)) return;
			for (const needed of module.depends) add(needed);
			paths.add(`/${module.path}`);
		};
		for (const name of names) add(name);
		return [...paths];
	};
	const lines = [["at-boot", ...order(AT_BOOT)]];
	for (const module of modules)
		for (const name of [module.name, ...module.aliases])
			lines.push([name, ...order([module.name])]);
	return lines.map((words) => `${words.join(" ")}\n`).join("");
}

/** `kernel/net/netfilter/xt_mark.ko.xz` → `xt_mark`. */
function nameOf(file: string): string {
	return basename(file)
		.replace(/\.ko(\.\w+)?$/, "")
		.replaceAll("-", "_");
}

const UNPACKERS: Readonly<Record<string, string>> = {
	xz: "xz",
	zst: "zstd",
	gz: "gzip",
};

async function readModule(file: string): Promise<Buffer> {
	const suffix = /\.ko\.(\w+)$/.exec(file)?.[1];
	if (suffix === undefined) return readFileSync(file);
	const { code, out, err } = await executeBytes(UNPACKERS[suffix] ?? suffix, [
		"-dc",
		file,
	]);
	if (code === 0) return out;
	throw new LabError({
		code: "build",
		place: file,
		message: `cannot be unpacked: ${err.trim()}`,
		remedy: "",
	});
}

/** With the name of another function where one of our own is asked. @throws LabError (`build`) */
async function replaced(name: string, data: Buffer): Promise<Buffer> {
	const names = REPLACED[name];
	if (names === undefined) return data;
	const folder = mkdtempSync(join(tmpdir(), "marktwin-"));
	try {
		const file = join(folder, `${name}.ko`);
		writeFileSync(file, data);
		const words = ["--redefine-sym", names.join("="), file];
		await mustExecute(`giving ${name} another clock`, "objcopy", words);
		return readFileSync(file);
	} finally {
		rmSync(folder, { recursive: true });
	}
}
