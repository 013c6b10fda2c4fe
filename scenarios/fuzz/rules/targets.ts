/** Uses of every target that is modelled, by the place where they may stand. */
import fc from "fast-check";
import type { TableName } from "../../../sim/contract/ruleset.ts";
import { hex, mark, mask, type RuleProtocol, type Uses } from "./values.ts";

export interface TargetPlace {
	readonly table: TableName;
	readonly chain: string;
	readonly protocol: RuleProtocol;
}

const marks: Uses = fc.oneof(
	fc
		.tuple(mark, mask)
		.map(([value, bits]) => `--set-xmark ${hex(value)}/${hex(bits)}`),
	mark.map((value) => `--set-mark ${hex(value)}`),
	fc
		.tuple(fc.constantFrom("and", "or", "xor"), mark)
		.map(([verb, value]) => `--${verb}-mark ${hex(value)}`),
);

const connmarks: Uses = fc.oneof(
	fc
		.tuple(mark, mask)
		.map(([value, bits]) => `--set-xmark ${hex(value)}/${hex(bits)}`),
	fc
		.tuple(fc.constantFrom("and", "or", "xor"), mark)
		.map(([verb, value]) => `--${verb}-mark ${hex(value)}`),
	fc
		.tuple(fc.constantFrom("save", "restore"), fc.option(fc.tuple(mask, mask)))
		.map(
			([verb, masks]) =>
				`--${verb}-mark${masks ? ` --nfmask ${hex(masks[0])} --ctmask ${hex(masks[1])}` : ""}`,
		),
	fc
		.tuple(fc.constantFrom("save", "restore"), mask)
		.map(([verb, bits]) => `--${verb}-mark --mask ${hex(bits)}`),
);

const ANYWHERE: Readonly<Record<string, Uses>> = {
	MARK: marks.map((use) => `MARK ${use}`),
	CONNMARK: connmarks.map((use) => `CONNMARK ${use}`),
	LOG: fc.constantFrom("LOG", 'LOG --log-prefix "fuzz "'),
	NFLOG: fc.constantFrom("NFLOG", "NFLOG --nflog-group 3"),
	AUDIT: fc.constant("AUDIT --type accept"),
	IDLETIMER: fc.constant("IDLETIMER --timeout 600 --label fuzz"),
	LED: fc.constant("LED --led-trigger-id fuzz --led-delay 0"),
	RATEEST: fc.constant(
		"RATEEST --rateest-name fuzz --rateest-interval 250ms --rateest-ewmalog 500ms",
	),
};

const MANGLE: Readonly<Record<string, Uses>> = {
	TTL: fc.constantFrom(
		"TTL --ttl-set 64",
		"TTL --ttl-set 1",
		"TTL --ttl-dec 1",
		"TTL --ttl-inc 3",
		"TTL --ttl-dec 64",
	),
	TOS: fc.constantFrom(
		"TOS --set-tos 0x10",
		"TOS --set-tos 0x10/0x3f",
		"TOS --or-tos 0x08",
		"TOS --and-tos 0xfc",
		"TOS --xor-tos 0xff",
	),
	DSCP: fc.constantFrom(
		"DSCP --set-dscp 46",
		"DSCP --set-dscp-class CS1",
		"DSCP --set-dscp 0",
	),
	HMARK: fc.constantFrom(
		"HMARK --hmark-tuple src,dst,sport,dport,proto --hmark-rnd 0xcafe --hmark-mod 2 --hmark-offset 1",
		"HMARK --hmark-tuple ct,src,dst --hmark-rnd 1 --hmark-mod 3",
	),
	CHECKSUM: fc.constant("CHECKSUM --checksum-fill"),
};

/** Sent by the box's own links only. */
const MANGLE_OUT: Readonly<Record<string, Uses>> = {
	CLASSIFY: fc.constant("CLASSIFY --set-class 1:10"),
};

const RAW: Readonly<Record<string, Uses>> = {
	CT: fc.constantFrom(
		"CT --notrack",
		"CT --zone 1",
		"CT --zone-orig 2",
		"CT --zone-reply 2",
		"CT",
	),
	NOTRACK: fc.constant("NOTRACK"),
	TRACE: fc.constant("TRACE"),
};

const portSuffix = (protocol: RuleProtocol, list: readonly string[]) =>
	protocol === "tcp" || protocol === "udp"
		? fc.oneof(
				{ weight: 2, arbitrary: fc.constant("") },
				{ weight: 3, arbitrary: fc.constantFrom(...list) },
			)
		: fc.constant("");

const flags = (words: readonly string[]) =>
	fc
		.subarray([...words])
		.map((some) => some.map((word) => ` --${word}`).join(""));

function natIn({ protocol }: TargetPlace): Readonly<Record<string, Uses>> {
	const to = fc.constantFrom(
		"192.168.0.1",
		"192.168.0.2",
		"192.168.0.1-192.168.0.2",
		"10.0.0.11",
		"203.0.113.7",
		"192.168.0.254",
		"192.168.0.9",
		"10.0.0.1",
	);
	return {
		DNAT: fc
			.tuple(
				to,
				portSuffix(protocol, [":25", ":80", ":2525", ":5000-5003"]),
				fc.constantFrom("", "", " --persistent"),
			)
			.map(
				([address, port, more]) =>
					`DNAT --to-destination ${address}${port}${more}`,
			),
		REDIRECT: portSuffix(protocol, [
			" --to-ports 25",
			" --to-ports 587",
			" --to-ports 8000-8003",
		]).map((port) => `REDIRECT${port}`),
	};
}

function natOut({ protocol }: TargetPlace): Readonly<Record<string, Uses>> {
	const from = fc.constantFrom(
		"192.168.0.254",
		"10.0.0.1",
		"10.0.0.2",
		"10.0.0.1-10.0.0.2",
		"172.16.0.1",
		"192.168.0.77",
		"10.0.0.10",
	);
	return {
		SNAT: fc
			.tuple(
				from,
				portSuffix(protocol, [
					":1024-65535",
					":40000",
					":40000-40001",
					":1000-1010",
				]),
				flags(["persistent", "random", "random-fully"]),
			)
			.map(
				([address, port, more]) => `SNAT --to-source ${address}${port}${more}`,
			),
	};
}

const masquerade = (protocol: RuleProtocol): Uses =>
	fc
		.tuple(
			portSuffix(protocol, [
				" --to-ports 40000-40001",
				" --to-ports 2000-2999",
			]),
			fc.constantFrom("", "", " --random"),
		)
		.map(([port, more]) => `MASQUERADE${port}${more}`);

const NETMAP: Uses = fc.constantFrom(
	"NETMAP --to 192.168.0.0/24",
	"NETMAP --to 10.0.0.0/28",
	"NETMAP --to 192.168.0.2",
);

const reject = (protocol: RuleProtocol): Uses =>
	fc
		.constantFrom(
			"icmp-net-unreachable",
			"icmp-host-unreachable",
			"icmp-port-unreachable",
			"icmp-proto-unreachable",
			"icmp-net-prohibited",
			"icmp-host-prohibited",
			"icmp-admin-prohibited",
			...(protocol === "tcp" ? ["tcp-reset", "tcp-reset"] : []),
		)
		.map((answer) => `REJECT --reject-with ${answer}`);

/**
 * What a rule may do there, besides verdicts and jumps.
 * @param place `chain` is a built-in chain, or stands for all from which a chain of the user's own is reached
 */
export function targetsFor(place: TargetPlace): Readonly<Record<string, Uses>> {
	const { table, chain, protocol } = place;
	switch (table) {
		case "raw":
			return { ...ANYWHERE, ...RAW };
		case "mangle":
			return {
				...ANYWHERE,
				...MANGLE,
				...(["FORWARD", "OUTPUT", "POSTROUTING"].includes(chain)
					? MANGLE_OUT
					: {}),
			};
		case "nat":
			if (chain === "INPUT") return { ...ANYWHERE, ...natOut(place) };
			return chain === "POSTROUTING"
				? {
						...ANYWHERE,
						...natOut(place),
						MASQUERADE: masquerade(protocol),
						NETMAP,
					}
				: { ...ANYWHERE, ...natIn(place), NETMAP };
		default:
			return { ...ANYWHERE, REJECT: reject(protocol) };
	}
}

/** What has to stand behind `--syn`. Where a packet's way out is known, its MSS can follow the link's MTU. */
export function tcpmss(from: readonly string[]): {
	readonly match: string;
	readonly target: Uses;
} {
	const knowsTheWay = from.every((chain) =>
		["FORWARD", "OUTPUT", "POSTROUTING"].includes(chain),
	);
	return {
		match: "-m tcp --tcp-flags SYN,RST SYN",
		target: fc.constantFrom(
			"TCPMSS --set-mss 1000",
			"TCPMSS --set-mss 1460",
			...(knowsTheWay ? ["TCPMSS --clamp-mss-to-pmtu"] : []),
		),
	};
}
