import { defineTarget } from "../extension/extension.ts";
import { EOPNOTSUPP } from "../extension/kernel-refusal.ts";
import type { GivenOptions } from "../extension/options.ts";
import { formatAddress } from "../packet/address.ts";

interface Options {
	/** `null` for one that another rule has made. */
	readonly cluster: {
		readonly mode: string;
		readonly mac: string;
		readonly totalNodes: number;
		readonly localNode: number;
		readonly seed: number;
	} | null;
}

const MODES = [
	"sourceip",
	"sourceip-sourceport",
	"sourceip-sourceport-destport",
];
const PARTS = ["hashmode", "clustermac", "total-nodes", "local-node"];
/** CLUSTERIP_MAX_NODES. */
const MOST_NODES = 16;

/** Several machines that share an address (iptables 1.8.9 libipt_CLUSTERIP.c, kernel 6.1 ipt_CLUSTERIP.c). */
export const clusterip = defineTarget<Options>({
	name: "CLUSTERIP",
	flagCodes: { new: 0 },
	library: { prefix: "ipt" },
	needsConntrack: true,
	options: [
		{ name: "new", type: "none" },
		{ name: "hashmode", type: "string", requires: ["new"] },
		{ name: "clustermac", type: "mac", requires: ["new"] },
		{
			name: "total-nodes",
			type: "uint16",
			max: MOST_NODES,
			requires: ["new"],
		},
		{
			name: "local-node",
			type: "uint16",
			max: MOST_NODES,
			requires: ["new"],
		},
		{ name: "hash-init", type: "uint32", requires: ["new"] },
	],
	checkFirst(given) {
		mode(given);
		mac(given);
		checkWhole(given);
	},
	build(given) {
		const known = { mode: mode(given), mac: mac(given) };
		if (!given.has("new")) return { cluster: null };
		return {
			cluster: {
				...known,
				totalNodes: given.get("total-nodes", "uint16")?.value ?? 0,
				localNode: given.get("local-node", "uint16")?.value ?? 0,
				seed: given.get("hash-init", "uint32")?.value ?? 0,
			},
		};
	},
	print: ({ cluster }) =>
		cluster
			? ` --new --hashmode ${cluster.mode} --clustermac ${cluster.mac.toUpperCase()} --total-nodes ${cluster.totalNodes} --local-node ${cluster.localNode} --hash-init ${cluster.seed}`
			: "",
	check({ cluster }, { header, behaviour }) {
		if (behaviour.clusterIp === "is gone")
			return "x_tables: there is no CLUSTERIP";
		if (behaviour.clusterIp === "refuses nft")
			return {
				error: EOPNOTSUPP,
				reason: "cannot use CLUSTERIP target from nftables compat",
			};
		const { destination, inInterface } = header;
		if (destination.mask !== -1 || destination.address === 0)
			return "ipt_CLUSTERIP: Please specify destination IP";
		return cluster !== null && inInterface === null
			? "ipt_CLUSTERIP: Please specify an interface name"
			: null;
	},
	needs({ cluster }, { destination, inInterface }) {
		if (cluster === null)
			return [{ kind: "cluster", name: formatAddress(destination.address) }];
		return inInterface === null
			? []
			: [{ kind: "interface", name: inInterface.name }];
	},
	makes: ({ cluster }, { destination }) =>
		cluster === null
			? null
			: { kind: "cluster", name: formatAddress(destination.address) },
	compile: null,
});

function mode(given: GivenOptions): string {
	const text = given.get("hashmode", "string")?.text;
	if (text === undefined || MODES.includes(text)) return text ?? "";
	return given.refuse(
		`Unknown hashmode "${text}"`,
		`The modes are ${MODES.join(", ")}.`,
		"hashmode",
	);
}

function mac(given: GivenOptions): string {
	const text = given.get("clustermac", "mac")?.value ?? "";
	if (text === "" || Number.parseInt(text, 16) & 1) return text;
	return given.refuse(
		"MAC has to be a multicast ethernet address",
		"Its first octet is odd: `01:02:03:04:05:06`.",
		"clustermac",
	);
}

function checkWhole(given: GivenOptions): void {
	const names = ["new", ...PARTS, "hash-init"];
	if (
		names.some((name) => given.has(name)) &&
		!["new", ...PARTS].every((name) => given.has(name))
	)
		given.refuse(
			"CLUSTERIP target: Invalid parameter combination",
			`Write all of --new, ${PARTS.map((name) => `--${name}`).join(", ")}, or nothing.`,
		);
}
