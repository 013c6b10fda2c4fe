import { allOf } from "../../extension/all-of.ts";
import { defineMatch, type Test } from "../../extension/extension.ts";
import { SCTP } from "../../kernel.ts";
import { SCTP_HEADER_LENGTH } from "../../packet/bytes/sctp.ts";
import { portAt } from "../../packet/skb/payload-ports.ts";
import { readPortRange } from "../shared/old-ports.ts";
import { isIn, type PortRange, portComparisons } from "../shared/port-range.ts";
import { type Chunks, chunkTest, readChunks } from "./sctp-chunks.ts";

interface Options {
	readonly source: PortRange | null;
	readonly destination: PortRange | null;
	readonly chunks: Chunks | null;
}

const port = (name: string, sameAs?: string) => ({
	name,
	type: "string" as const,
	invertible: true,
	repeatable: true,
	...(sameAs === undefined ? {} : { sameAs }),
});

/** SCTP's ports and chunks (iptables 1.8.9 libxt_sctp.c, kernel 6.1 xt_sctp.c). */
export const sctp = defineMatch<Options>({
	name: "sctp",
	onFragments: "needs-header",
	protocols: [SCTP],
	options: [
		port("source-port"),
		port("sport", "source-port"),
		port("destination-port"),
		port("dport", "destination-port"),
		{
			name: "chunk-types",
			type: "string",
			words: 2,
			lacksSecond: "--chunk-types requires two args",
			invertible: true,
			repeatable: true,
		},
	],
	build: (given) => ({
		source: readPortRange(given, "source-port", "sctp"),
		destination: readPortRange(given, "destination-port", "sctp"),
		chunks: readChunks(given),
	}),
	print({ source, destination, chunks }) {
		const text = printRange("sport", source) + printRange("dport", destination);
		if (chunks === null) return text;
		const { inverted, mode, types } = chunks;
		return `${text}${inverted ? " !" : ""} --chunk-types ${mode} ${types.join(",")}`;
	},
	compares: portComparisons,
	compile({ source, destination, chunks }) {
		const tests: Test[] = [];
		if (source) tests.push((skb) => isIn(portAt(skb, 0), source));
		if (destination) tests.push((skb) => isIn(portAt(skb, 2), destination));
		if (chunks) tests.push(chunkTest(chunks));
		const test = allOf(tests);
		return (skb) => {
			if (skb.payload.length >= SCTP_HEADER_LENGTH) return test(skb);
			skb.hotdrop = true;
			return false;
		};
	},
});

/** As it was given, also where it is all ports. */
export function printRange(name: string, range: PortRange | null): string {
	if (range === null) return "";
	const { min, max, inverted } = range;
	const ports = min === max ? `${min}` : `${min}:${max}`;
	return `${inverted ? " !" : ""} --${name} ${ports}`;
}
