import { defineMatch } from "../extension/extension.ts";
import { hashOneWord, scale } from "../packet/jhash.ts";
import { swap32 } from "../packet/numbers.ts";
import { HOOK_POSTROUTING, NO_ENTRY } from "../packet/skb/skb.ts";

interface Options {
	readonly totalNodes: number;
	/** Unsigned; a bit for each node. */
	readonly nodeMask: number;
	readonly inverted: boolean;
	readonly hashSeed: number;
}

/** XT_CLUSTER_NODES_MAX (include/uapi/linux/netfilter/xt_cluster.h, 6.1). */
const MOST_NODES = 32;

/**
 * Is this connection ours? (iptables 1.8.9 libxt_cluster.c, kernel 6.1 xt_cluster.c) */
export const cluster = defineMatch<Options>({
	name: "cluster",
	needsConntrack: true,
	options: [
		{
			name: "cluster-total-nodes",
			type: "uint32",
			mandatory: true,
			min: 1,
			max: MOST_NODES,
		},
		{
			name: "cluster-local-node",
			type: "uint32",
			invertible: true,
			min: 1,
			max: MOST_NODES,
			excludes: ["cluster-local-nodemask"],
		},
		{
			name: "cluster-local-nodemask",
			type: "uint32",
			invertible: true,
			min: 1,
			max: MOST_NODES,
			excludes: ["cluster-local-node"],
		},
		{ name: "cluster-hash-seed", type: "uint32", mandatory: true },
	],
	checkFirst(given) {
		if (
			!given.has("cluster-local-node") &&
			!given.has("cluster-local-nodemask")
		)
			given.refuse(
				"cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing",
				"Say which node this is: `--cluster-local-node 1`.",
			);
	},
	build(given) {
		const totalNodes = given.get("cluster-total-nodes", "uint32")?.value ?? 0;
		const node = given.get("cluster-local-node", "uint32");
		const mask = given.get("cluster-local-nodemask", "uint32");
		const nodeMask = node ? 2 ** (node.value - 1) : (mask?.value ?? 0);
		const isWhole =
			given.has("cluster-total-nodes") && given.has("cluster-hash-seed");
		if (isWhole && nodeMask >= 2 ** totalNodes)
			return given.refuseAtEnd(
				node
					? "cluster match: `--cluster-local-node' must be <= `--cluster-total-nodes'"
					: "cluster match: `--cluster-local-nodemask' too big for `--cluster-total-nodes'",
				`There are ${totalNodes} nodes.`,
				node ? "cluster-local-node" : "cluster-local-nodemask",
			);
		return {
			totalNodes,
			nodeMask,
			inverted: (node ?? mask)?.inverted ?? false,
			hashSeed: given.get("cluster-hash-seed", "uint32")?.value ?? 0,
		};
	},
	print({ totalNodes, nodeMask, inverted, hashSeed }) {
		const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
		return `${inverted ? " !" : ""} --cluster-local-nodemask ${hex(nodeMask)} --cluster-total-nodes ${totalNodes} --cluster-hash-seed ${hex(hashSeed)}`;
	},
	hasOneAnswer: "packet",
	/** Each node has the clients whose addresses have its hash. */
	question: () => ({
		kind: "open",
		on: "the hash of the client's address",
		isUnknown: true,
	}),
	compile({ totalNodes, nodeMask, inverted, hashSeed }, ports) {
		const { conntrack, choice } = ports;
		return (skb) => {
			// A template of -j CT is no connection (`xt_cluster_mt`, 6.1).
			if (skb.entry === NO_ENTRY) return false;
			const source = conntrack.source(skb.entry, "original");
			// The address is hashed as it lies in the memory of a little-endian processor.
			const hash = hashOneWord(swap32(source), hashSeed);
			const label =
				skb.hook === HOOK_POSTROUTING ? "cluster routed" : "cluster";
			const picked = choice.spread?.(totalNodes, label, hash) ?? null;
			const node = picked ?? scale(hash, totalNodes);
			return ((nodeMask & (1 << node)) !== 0) !== inverted;
		};
	},
});
