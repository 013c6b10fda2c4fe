import { names, RATE_NAME } from "../values/syntax-values.ts";
import { each, long, numbers, one, type Values } from "../values/values.ts";
import { eachTakes, type MatchUse } from "./use.ts";

const BIT_RATE: Values = {
	sound: each(`1 8bit 5kbit 2MBps 1.5Mibit 3gbit 0x10bit 1e3 100bps 7TiBps`),
	odd: each(`x bit 1parsec 1␣bit inf nan 1e`),
};
const RATES = [
	"rateest-bps1",
	"rateest-pps1",
	"rateest-bps2",
	"rateest-pps2",
	"rateest-bps",
	"rateest-pps",
];
const rateest: MatchUse = {
	neverMet: "a rule before it has to make its estimator",
	place: {
		after: ["RE1", "RE2"].map(
			(name) =>
				`-j RATEEST --rateest-name ${name} --rateest-interval 250ms --rateest-ewmalog 500ms`,
		),
	},
	frames: [
		{ rateest: null, "rateest-lt": null, "rateest-bps": null },
		{ rateest: null, "rateest-eq": null, "rateest-pps": null },
		{
			rateest1: null,
			rateest2: null,
			"rateest-gt": null,
			"rateest-pps": null,
		},
		{
			rateest1: null,
			"rateest-delta": null,
			"rateest-gt": null,
			"rateest-bps1": null,
			"rateest-bps2": null,
		},
		{
			rateest1: null,
			"rateest-delta": null,
			"rateest-gt": null,
			"rateest-pps1": null,
			"rateest-pps2": null,
		},
	],
	onlyInFrames: [...RATES, "rateest2", "rateest-delta"],
	neverNegated: [...RATES, "rateest1", "rateest", "rateest2", "rateest-delta"],
	values: {
		...eachTakes(RATE_NAME, "rateest1", "rateest", "rateest2"),
		...eachTakes(BIT_RATE, "rateest-bps1", "rateest-bps2", "rateest-bps"),
		...eachTakes(
			numbers(0, 0xffffffff),
			"rateest-pps1",
			"rateest-pps2",
			"rateest-pps",
		),
	},
};

export const UNMODELLED_MATCHES: Readonly<Record<string, MatchUse>> = {
	dccp: {
		neverMet: "connections of DCCP are not modelled",
		values: {
			"dccp-types": names(
				["REQUEST", "response", "Data", "ACK", "CLOSE", "INVALID"],
				["R", "∅", "DATA,,ACK", "11"],
			),
		},
	},
	osf: {
		neverMet: "of SYNs only the machine's fingerprints tell",
		values: {
			genre: { sound: one("Linux", "unknown"), odd: long([31, 32]) },
		},
	},
	rateest,
};
