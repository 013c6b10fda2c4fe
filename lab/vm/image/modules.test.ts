import { expect, it } from "vitest";
import { type Module, moduleTable } from "./modules.ts";

const module = (
	name: string,
	depends: readonly string[],
	aliases: readonly string[] = [],
): Module => ({
	name,
	depends,
	aliases,
	data: Buffer.alloc(0),
	path: `lib/modules/${name}.ko`,
});

it("a module is loaded after everything that it needs, each once", () => {
	const table = moduleTable([
		module("iptable_nat", ["nf_nat", "ip_tables"]),
		module("nf_nat", ["nf_conntrack"]),
		module("xt_DNAT", ["nf_nat", "nf_conntrack"], ["ipt_DNAT"]),
		// libcrc32c is built into this kernel, so there is no file.
		module("nf_conntrack", ["libcrc32c"]),
		module("ip_tables", []),
	]);
	const of = (name: string) =>
		table.split("\n").find((line) => line.startsWith(`${name} `));
	expect(of("ipt_DNAT")).toBe(
		"ipt_DNAT /lib/modules/nf_conntrack.ko /lib/modules/nf_nat.ko /lib/modules/xt_DNAT.ko",
	);
	expect(of("iptable_nat")).toBe(
		"iptable_nat /lib/modules/nf_conntrack.ko /lib/modules/nf_nat.ko /lib/modules/ip_tables.ko /lib/modules/iptable_nat.ko",
	);
});
