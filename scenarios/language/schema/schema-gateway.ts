/** The parts of the schema that say what the gateway is, and what can be done to it. */
import * as v from "valibot";
import {
	type Countries,
	faultOfCountries,
} from "../../../sim/contract/countries.ts";
import { SCTP_STATE_NAMES } from "../../../sim/contract/sctp-state-name.ts";
import { TCP_STATE_NAMES } from "../../../sim/contract/tcp-state-name.ts";
import {
	BACKENDS,
	IPTABLES_VERSIONS,
	KERNELS,
} from "../../../sim/linux/linux.ts";
import {
	about,
	address,
	byKind,
	finite,
	inRange,
	list,
	network,
	object,
	oneLine,
	oneOf,
	port,
	record,
	text,
	whole,
	yesNo,
} from "./schema.ts";
import { when } from "./schema-steps.ts";

/** A text, or a file beside the scenario. */
const setsSource = v.union(
	[text, object({ file: text })],
	'is neither a text nor a file\nWrite what `ipset save` prints, or `{ file: "my.sets" }`.',
);

const countries = about(
	v.pipe(
		record(list(text)),
		v.check(
			(given) => faultOfCountries(given) === null,
			({ input }) => {
				const fault = faultOfCountries(input as Countries);
				return `${fault?.path}: ${fault?.message}`;
			},
		),
	),
	"Addresses of countries for -m geoip, by code: ranges that ascend, 192.0.2.0/24 or 192.0.2.1-192.0.2.9. What meets a rule with another country is unknown.",
);

const linux = about(
	object(
		{
			kernel: about(oneOf(KERNELS), "The kernel by the numbers of its series."),
			iptables: about(
				oneOf(IPTABLES_VERSIONS),
				"The version of iptables, as iptables --version prints it.",
			),
			backend: about(
				oneOf(BACKENDS),
				"Which of the two programs iptables is, as iptables --version prints it in brackets.",
			),
		},
		'In TypeScript linux("trixie/nft") makes one of a text. ',
	),
	"Which Linux the gateway has. Left out: Debian 12 with iptables-legacy (6.1, 1.8.9, legacy).",
);

function gatewayWith<const Sets extends v.GenericSchema>(sets: Sets) {
	return about(
		object({
			interfaces: about(
				list(
					object({
						name: text,
						addresses: about(
							list(network),
							"With their prefix lengths (10.0.0.1/8), the primary one first.",
						),
						mtu: v.optional(
							about(whole(68, 65_535), "Longest packet, in octets."),
							1500,
						),
					}),
				),
				"The gateway's interfaces.",
			),
			routes: v.optional(
				about(
					list(
						object({
							destination: network,
							via: about(
								v.nullable(address),
								"The next router. null: the destination is on the link.",
							),
							interface: text,
						}),
					),
					"Routes besides those to the interfaces' own networks.",
				),
				[],
			),
			ip: v.exactOptional(
				about(
					list(oneLine),
					"Commands of iproute2, in this order: ip rule add fwmark 11 table 111.",
				),
			),
			sets: v.exactOptional(
				about(
					sets,
					"Sets as `ipset save` prints them, or a file of them: restored before the rules, which may name these alone. Left out: what is in sets is not known.",
				),
			),
			geoip: v.exactOptional(countries),
			linux: v.exactOptional(linux),
			sysctls: v.optional(
				about(
					record(finite),
					"By their names without net.: netfilter.nf_conntrack_tcp_loose, ipv4.ip_forward.",
				),
				{},
			),
			listeners: v.optional(
				about(
					list(object({ protocol: oneOf(["tcp", "udp"]), port })),
					"Ports on which the gateway itself listens; all others answer RST or port-unreachable.",
				),
				[],
			),
			// A kernel keeps its seconds in 64 bits, and the rules that look at the time in 32.
			epochMs: v.optional(
				about(
					inRange(0, 0xffff_ffff * 1_000),
					"Wall-clock time at the beginning of the play, in milliseconds since 1970 (UTC).",
				),
				Date.UTC(2026, 0, 1),
			),
		}),
		"The gateway under test.",
	);
}

export const gatewaySource = gatewayWith(setsSource);

/** Of a scenario whose files have been read. */
export const gatewaySetup = gatewayWith(text);

/** Of the protocols whose entries have any. */
const STATES: Readonly<Record<string, readonly string[]>> = {
	tcp: TCP_STATE_NAMES,
	sctp: SCTP_STATE_NAMES,
};

export const conntrackFilter = v.pipe(
	object({
		protocol: v.exactOptional(oneOf(["tcp", "udp", "icmp", "sctp"])),
		originalSource: v.exactOptional(address),
		originalDestination: v.exactOptional(address),
		replySource: v.exactOptional(address),
		replyDestination: v.exactOptional(address),
		originalSourcePort: v.exactOptional(whole(0, 65_535)),
		originalDestinationPort: v.exactOptional(whole(0, 65_535)),
		mark: v.exactOptional(whole(0, 0xffff_ffff)),
		state: v.exactOptional(
			oneOf([...new Set([...TCP_STATE_NAMES, ...SCTP_STATE_NAMES])]),
		),
	}),
	v.check(
		({ protocol, state }) =>
			state === undefined ||
			protocol === undefined ||
			(STATES[protocol] ?? []).includes(state),
		({ input }) =>
			`no entry of ${input.protocol} has ${(input.protocol ?? "") in STATES ? "this" : "a"} state\nLeave \`state\` or \`protocol\` out: TCP and SCTP have states, each its own.`,
	),
);

/** @param rules where the file has been read, they stand in it */
function restore<const Rules extends v.GenericSchema>(rules: Rules) {
	return about(
		object({
			kind: v.literal("restore"),
			file: about(text, "A file of rules beside the scenario."),
			text: rules,
			noflush: v.optional(about(yesNo, "--noflush"), false),
			counters: v.optional(about(yesNo, "--counters"), false),
		}),
		"iptables-restore of a file.",
	);
}

/** @param input where the file has been read, its text stands there */
function ipset<const Input extends v.GenericSchema>(input: Input) {
	return about(
		object({
			kind: v.literal("ipset"),
			command: oneLine,
			input: v.exactOptional(
				about(input, "What `restore` reads: a text, or a file of it."),
			),
		}),
		"One command of ipset: add blocked 10.0.0.1 timeout 60.",
	);
}

const otherOperations = [
	about(
		object({ kind: v.literal("iptables"), command: text }),
		"One command: iptables -t mangle -A PREROUTING …",
	),
	about(
		object({ kind: v.literal("condition"), name: text, write: text }),
		"Writes a text into /proc/net/nf_condition/NAME.",
	),
	about(
		object({ kind: v.literal("evict"), filter: conntrackFilter }),
		"conntrack -D with a filter, which fails where no entry fits.",
	),
	about(
		object({ kind: v.literal("sysctl"), name: text, value: finite }),
		"Sets a sysctl, by its name without net.",
	),
	about(
		object({ kind: v.literal("ip"), command: oneLine }),
		"One command of iproute2: ip route replace default via 203.0.113.1.",
	),
	about(
		object({ kind: v.literal("link"), interface: text, up: yesNo }),
		"Takes an interface down, or up again.",
	),
	about(
		object({ kind: v.literal("forget-neighbour"), address }),
		"Forgets the address of a neighbour (ip neigh flush to ADDRESS).",
	),
	about(
		object({ kind: v.literal("take-over") }),
		"A second gateway with the same rules and conditions and an empty conntrack table takes the addresses over.",
	),
] as const;

const OPERATION = "What an administrator does to the gateway.";

export const operationStep = about(
	object({
		...when,
		kind: v.literal("operation"),
		operation: byKind([
			restore(v.exactOptional(text)),
			ipset(setsSource),
			...otherOperations,
		]),
	}),
	OPERATION,
);

/** Of a scenario whose files have been read. */
export const playableOperationStep = about(
	object({
		...when,
		kind: v.literal("operation"),
		operation: byKind([restore(text), ipset(text), ...otherOperations]),
	}),
	OPERATION,
);
