/** Uses of matches that ask what was before: connections, counters, buckets. */
import fc from "fast-check";
import {
	hex,
	inverted,
	mark,
	mask,
	network,
	ports,
	subset,
	type Uses,
} from "./values.ts";

const CT_STATES = ["NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"];
const CT_STATUSES = ["EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"];

export const marked = (option: string, name: string): Uses =>
	inverted(
		fc.tuple(mark, mask),
		(not, [value, bits]) =>
			`-m ${name} ${not}--${option} ${hex(value)}/${hex(bits)}`,
	);

export const conntrack: Uses = fc.oneof(
	inverted(
		subset([...CT_STATES, "SNAT", "DNAT"]),
		(not, states) => `-m conntrack ${not}--ctstate ${states}`,
	),
	inverted(
		subset(CT_STATUSES),
		(not, statuses) => `-m conntrack ${not}--ctstatus ${statuses}`,
	),
	inverted(
		fc.constantFrom("tcp", "udp", "icmp", "6"),
		(not, protocol) => `-m conntrack ${not}--ctproto ${protocol}`,
	),
	inverted(
		fc.tuple(
			fc.constantFrom("origsrc", "origdst", "replsrc", "repldst"),
			network,
		),
		(not, [end, of]) => `-m conntrack ${not}--ct${end} ${of}`,
	),
	inverted(
		fc.tuple(
			fc.constantFrom("origsrc", "origdst", "replsrc", "repldst"),
			ports,
		),
		(not, [end, of]) => `-m conntrack ${not}--ct${end}port ${of}`,
	),
	fc
		.constantFrom("ORIGINAL", "REPLY")
		.map((way) => `-m conntrack --ctdir ${way}`),
	inverted(
		fc.constantFrom("0:100", "100:1000", "1000:432000", "120"),
		(not, range) => `-m conntrack ${not}--ctexpire ${range}`,
	),
);

export const statistic: Uses = inverted(
	fc
		.integer({ min: 1, max: 4 })
		.chain((every) =>
			fc.tuple(fc.constant(every), fc.integer({ min: 0, max: every - 1 })),
		),
	(not, [every, packet]) =>
		`-m statistic --mode nth ${not}--every ${every} --packet ${packet}`,
);

/**
 * Where time does not decide: a bucket that fills within hours, or one that is never empty: 40 come
 * again with every tick, and a tick's packets are fewer. What several timers send may come in one tick
 * or in two.
 */
const rate = (most: number) =>
	fc.oneof(
		fc.tuple(
			fc.constantFrom("1/hour", "20/hour"),
			fc.integer({ min: 1, max: most }),
		),
		fc.tuple(fc.constant("10000/sec"), fc.integer({ min: 41, max: 60 })),
	);
export const limit: Uses = rate(6).map(
	([of, burst]) => `-m limit --limit ${of} --limit-burst ${burst}`,
);

export const hashlimit: Uses = fc
	.tuple(
		fc.constantFrom("upto", "above"),
		rate(4),
		fc.subarray(["srcip", "dstip", "srcport", "dstport"]),
		fc.constantFrom("", " --hashlimit-srcmask 24", " --hashlimit-dstmask 8"),
		fc.constantFrom("h1", "h2", "h3"),
	)
	.map(
		([verb, [of, burst], mode, bits, name]) =>
			`-m hashlimit --hashlimit-${verb} ${of} --hashlimit-burst ${burst}${
				mode.length > 0 ? ` --hashlimit-mode ${mode.join(",")}` : ""
			}${bits} --hashlimit-htable-expire 3600000 --hashlimit-name ${name}`,
	);

export const recent: Uses = inverted(
	fc.tuple(
		fc.constantFrom(
			"--set",
			"--rcheck",
			"--update",
			"--remove",
			"--rcheck --hitcount 2",
			"--update --seconds 60 --hitcount 3",
			"--rcheck --rttl",
		),
		fc.constantFrom("", " --name r1", " --name r2"),
		fc.constantFrom("", " --rdest", " --rsource --mask 255.255.255.0"),
	),
	(not, [what, name, side]) => `-m recent ${not}${what}${name}${side}`,
);

/**
 * Of new connections: whether an address is remembered of which none is left follows from a secret
 * (`conncount_rnd`, nf_conncount.c).
 */
export const connlimit: Uses = fc
	.tuple(
		fc.constantFrom("above", "upto"),
		fc.nat(3),
		fc.constantFrom("", " --connlimit-mask 24", " --connlimit-daddr"),
	)
	.map(
		([verb, count, of]) =>
			`-m conntrack --ctstate NEW -m connlimit --connlimit-${verb} ${count}${of}`,
	);

export const connbytes: Uses = inverted(
	fc.tuple(
		fc.constantFrom("2:4", "3", "100:400", "0:1", "60:120"),
		fc.constantFrom("packets", "bytes", "avgpkt"),
		fc.constantFrom("original", "reply", "both"),
	),
	(not, [range, mode, way]) =>
		`-m connbytes ${not}--connbytes ${range} --connbytes-mode ${mode} --connbytes-dir ${way}`,
);
