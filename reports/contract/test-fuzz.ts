/** A fuzz by hand, for the tests of whoever shows one: something is missing, known, not known and wrong in it. */
import type { ChanceView, CoverageView, FuzzView } from "./report.ts";

const TRANSITIONS: CoverageView = {
	kind: "grid",
	title: "TCP transitions",
	axes: ["segment", "state"],
	about: "Segments with these flags that came to an entry in this state.",
	total: 7,
	holes: ["reply fin SYN_SENT2", "reply ack SYN_SENT"],
	columns: ["NONE", "SYN_SENT", "SYN_SENT2"],
	rows: [
		{ name: "original syn", times: [12_345, 678, 9] },
		{ name: "reply fin", times: [null, 10, 0] },
		{ name: "reply ack", times: [null, 0, null] },
	],
};

const CHAINS: CoverageView = {
	kind: "grid",
	title: "Built-in chains",
	axes: ["table", "hook"],
	about: "Rulesets in which a packet met a rule or the policy.",
	total: 3,
	holes: [],
	columns: ["PREROUTING", "OUTPUT"],
	rows: [
		{ name: "raw", times: [1_000, 990] },
		{ name: "nat", times: [987, null] },
	],
};

const MATCHES: CoverageView = {
	kind: "list",
	title: "Matches",
	total: 4,
	holes: ["u32"],
	about: "Rules with it that matched a packet.",
	met: [
		{ what: "tcp", times: 120_000 },
		{ what: "mark", times: 345 },
		{ what: "statistic", times: 6 },
	],
};

export const INSIDE: ChanceView = {
	rule: "! --probability 0.25000000000",
	packets: 2_000,
	model: 1_512,
	kernel: 1_490,
	low: 1_403,
	high: 1_593,
	isInside: true,
};
export const OUTSIDE: ChanceView = {
	rule: "--probability 0.50000000000",
	packets: 2_000,
	isInside: false,
	model: 1_003,
	kernel: 1_112,
	low: 891,
	high: 1_109,
};

/** Model and kernel agree in it. */
export function fuzzView(parts: Partial<FuzzView> = {}): FuzzView {
	return {
		status: "holds",
		seeds: [3],
		divergences: 0,
		lost: 0,
		leftOut: [],
		kernels: ["vm (linux 6.1.0-56-cloud-amd64, tcg)"],
		rulesets: 1_000,
		packets: 51_234,
		texts: 1_000,
		tookMs: 192_000,
		coverage: [MATCHES, TRANSITIONS, CHAINS],
		unknown: [
			{ what: "packets handed to programs are not modelled", times: 2 },
		],
		chances: [INSIDE],
		known: [
			{
				name: "order of evictions",
				times: 4,
				reason: "early_drop_list looks at eight buckets from a secret one on",
			},
		],
		...parts,
	};
}
