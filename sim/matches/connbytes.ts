import { defineMatch } from "../extension/extension.ts";
import type { ConntrackApi } from "../extension/host.ts";
import { NO_ENTRY } from "../packet/skb/skb.ts";

const DIRECTIONS = ["original", "reply", "both"] as const;
const MODES = ["packets", "bytes", "avgpkt"] as const;

interface Options {
	/** 64-bit, in decimal digits, since plain data has no integers of that width. */
	readonly from: string;
	/** The other end; less than `from` when inverted, which is how the kernel is told. */
	readonly to: string;
	readonly direction: (typeof DIRECTIONS)[number];
	readonly mode: (typeof MODES)[number];
}

const MOST = (1n << 64n) - 1n;

/** How much a connection has carried so far (iptables 1.8.9 libxt_connbytes.c, kernel 6.1 xt_connbytes.c). */
export const connbytes = defineMatch<Options>({
	name: "connbytes",
	needsConntrack: true,
	options: [
		{
			name: "connbytes",
			type: "uint64Range",
			mandatory: true,
			invertible: true,
		},
		{ name: "connbytes-dir", type: "string", mandatory: true },
		{ name: "connbytes-mode", type: "string", mandatory: true },
	],
	build(given) {
		const range = given.get("connbytes", "uint64Range");
		const [from, second] = range?.value ?? [0n, MOST];
		const to = range?.text.includes(":") ? second : MOST;
		if (to < from)
			return given.refuse(
				`${from} should be less than ${to}`,
				`Turn it round: ${to}:${from}.`,
				"connbytes",
			);
		const directionText = given.get("connbytes-dir", "string")?.text ?? "both";
		const modeText = given.get("connbytes-mode", "string")?.text ?? "bytes";
		const direction =
			DIRECTIONS.find((name) => name === directionText) ??
			given.refuse(
				`Unknown --connbytes-dir \`${directionText}'`,
				`The directions are ${DIRECTIONS.join(", ")}.`,
				"connbytes-dir",
			);
		const mode =
			MODES.find((name) => name === modeText) ??
			given.refuse(
				`Unknown --connbytes-mode \`${modeText}'`,
				`The modes are ${MODES.join(", ")}.`,
				"connbytes-mode",
			);
		const [start, end] = range?.inverted ? [to, from] : [from, to];
		return { from: `${start}`, to: `${end}`, direction, mode };
	},
	print({ from, to, direction, mode }) {
		const inverted = BigInt(from) > BigInt(to);
		const [low, high] = inverted ? [to, from] : [from, to];
		const end = high === "0" || BigInt(high) === MOST ? "" : `:${high}`;
		const not = inverted ? " !" : "";
		return `${not} --connbytes ${low}${end} --connbytes-mode ${mode} --connbytes-dir ${direction}`;
	},
	actsAtLoad: true,
	compile({ from, to, direction, mode }, { conntrack }) {
		conntrack.countTraffic();
		const start = Number(from);
		const end = Number(to);
		const inverted = start > end;
		const amount = AMOUNTS[mode];
		const original = direction !== "reply";
		const reply = direction !== "original";
		return ({ entry }) => {
			if (entry === NO_ENTRY || !isCounted(conntrack, entry)) return false;
			const counted = amount(conntrack, entry, original, reply);
			return inverted
				? counted < end || counted > start
				: counted >= start && counted <= end;
		};
	},
});

/** An entry from before counting began has no counters; all others have counted their first packet. */
function isCounted(conntrack: ConntrackApi, entry: number): boolean {
	return (
		conntrack.packets(entry, "original") + conntrack.packets(entry, "reply") > 0
	);
}

type Amount = (
	conntrack: ConntrackApi,
	entry: number,
	original: boolean,
	reply: boolean,
) => number;

const packets: Amount = (conntrack, entry, original, reply) =>
	(original ? conntrack.packets(entry, "original") : 0) +
	(reply ? conntrack.packets(entry, "reply") : 0);

const bytes: Amount = (conntrack, entry, original, reply) =>
	(original ? conntrack.bytes(entry, "original") : 0) +
	(reply ? conntrack.bytes(entry, "reply") : 0);

const AMOUNTS: Readonly<Record<Options["mode"], Amount>> = {
	packets,
	bytes,
	avgpkt(conntrack, entry, original, reply) {
		const count = packets(conntrack, entry, original, reply);
		return count === 0
			? 0
			: Math.floor(bytes(conntrack, entry, original, reply) / count);
	},
};
