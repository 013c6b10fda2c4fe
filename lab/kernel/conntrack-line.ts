/** Reads `/proc/net/nf_conntrack` (`ct_seq_show`, nf_conntrack_standalone.c, 6.1). */
import type {
	ConntrackLine,
	ConntrackTuple,
} from "../../sim/contract/gateway.ts";

/** All entries of IPv4, in the kernel's order. Lines of a form that is not known are an error of ours. */
export function parseConntrack(text: string): readonly ConntrackLine[] {
	return text
		.split("\n")
		.filter((line) => line.startsWith("ipv4"))
		.map(parseLine);
}

function parseLine(line: string): ConntrackLine {
	const text = line.trimEnd();
	const words = text.split(/ +/);
	const [, , protocol = "", , timeout = "", next = ""] = words;
	// TCP and a few others show their state, a word without `=` or brackets.
	const state = /^[A-Z][A-Z0-9_]*$/.test(next) ? next : "";
	const numbers = new Map<string, string[]>();
	for (const word of words) {
		const [key = "", value] = word.split("=");
		if (value === undefined) continue;
		const values = numbers.get(key);
		if (values === undefined) numbers.set(key, [value]);
		else values.push(value);
	}
	const value = (key: string, index = 0) => numbers.get(key)?.[index] ?? "";
	// ICMP has an identifier in the place of its ports.
	const isQuery = numbers.has("id");
	const tuple = (index: number): ConntrackTuple => ({
		source: value("src", index),
		destination: value("dst", index),
		sourcePort: Number(value(isQuery ? "id" : "sport", index)),
		destinationPort: isQuery ? 0 : Number(value("dport", index)),
	});
	return {
		text,
		protocol,
		state,
		timeoutS: Number(timeout),
		original: tuple(0),
		reply: tuple(1),
		unreplied: words.includes("[UNREPLIED]"),
		assured: words.includes("[ASSURED]"),
		// As everywhere in the model: signed.
		mark: Number(value("mark")) | 0,
	};
}
