/** What an administrator does meanwhile. */
import fc from "fast-check";
import type {
	ConntrackFilter,
	Operation,
} from "../../../sim/contract/gateway.ts";
import { rulesets, singleRules } from "../rules/ruleset.ts";
import { setCommands, setRestores } from "../world/sets.ts";
import {
	HOSTS,
	INTERFACES,
	MOVING_ADDRESS,
	SERVICE_PORTS,
} from "../world/topology.ts";
import type { StepPlanKind } from "./plan.ts";
import { ipCommands } from "./routing.ts";

const operation = (of: fc.Arbitrary<Operation>): fc.Arbitrary<StepPlanKind> =>
	of.map((operation) => ({ kind: "operation", operation }));

const command = (text: string): Operation => ({
	kind: "iptables",
	command: text,
});

const TABLES = ["raw", "mangle", "nat", "filter"] as const;
const table = fc.constantFrom(...TABLES);

const conditions = fc.record({
	kind: fc.constant<"condition">("condition"),
	name: fc.constantFrom("up1", "up2"),
	write: fc.constantFrom("0", "1", "1", "0", "junk"),
});

/** Commands on whole tables, on chains, and on rules by their numbers. */
const commands = fc.oneof(
	table.map((name) => command(`-t ${name} -F`)),
	table.map((name) => command(`-t ${name} -Z`)),
	fc
		.tuple(
			fc.constantFrom(
				"-F PREROUTING",
				"-Z OUTPUT",
				"-D PREROUTING 1",
				"-D OUTPUT 2",
				"-N NEW",
				"-X NEW",
			),
			table,
		)
		.map(([words, name]) => command(`-t ${name} ${words}`)),
	fc
		.tuple(
			fc.constantFrom("raw", "mangle", "filter"),
			fc.constantFrom("OUTPUT"),
			fc.constantFrom("ACCEPT", "DROP"),
		)
		.map(([name, chain, policy]) =>
			command(`-t ${name} -P ${chain} ${policy}`),
		),
	fc
		.tuple(fc.constantFrom("-A", "-I"), singleRules)
		.map(([verb, { table: name, rule }]) =>
			command(`-t ${name} ${rule.replace(/^-A/, verb)}`),
		),
	singleRules.map(({ table: name, rule }) =>
		command(`-t ${name} ${rule.replace(/^-A (\S+)/, "-R $1 1")}`),
	),
	singleRules.map(({ table: name, rule }) =>
		command(`-t ${name} ${rule.replace(/^-A/, "-D")}`),
	),
);

const filters: fc.Arbitrary<ConntrackFilter> = fc.oneof(
	fc.constantFrom<ConntrackFilter>(
		{},
		{ protocol: "tcp" },
		{ protocol: "udp" },
	),
	fc.integer({ min: 0, max: 3 }).map((mark) => ({ mark })),
	fc.constantFrom(...HOSTS).map(({ address }) => ({ originalSource: address })),
	fc
		.constantFrom("192.168.0.1", "192.168.0.2")
		.map((address) => ({ replySource: address })),
	fc.constantFrom<number>(...SERVICE_PORTS).map((port) => ({
		protocol: "tcp" as const,
		originalDestinationPort: port,
	})),
	fc
		.constantFrom("ESTABLISHED", "SYN_SENT", "TIME_WAIT")
		.map((state) => ({ protocol: "tcp" as const, state })),
);

/** Each with what it may be set to while packets go through. */
const SYSCTLS: readonly (readonly [name: string, values: readonly number[]])[] =
	[
		["netfilter.nf_conntrack_tcp_loose", [0, 1]],
		["netfilter.nf_conntrack_tcp_be_liberal", [0, 1]],
		["netfilter.nf_conntrack_tcp_ignore_invalid_rst", [0, 1]],
		["netfilter.nf_conntrack_tcp_max_retrans", [1, 3]],
		["netfilter.nf_conntrack_checksum", [0, 1]],
		["netfilter.nf_conntrack_tcp_timeout_established", [60, 432_000]],
		["netfilter.nf_conntrack_tcp_timeout_close", [1, 10]],
		["netfilter.nf_conntrack_udp_timeout", [5, 30]],
		["netfilter.nf_conntrack_udp_timeout_stream", [20, 120]],
		["netfilter.nf_conntrack_icmp_timeout", [2, 30]],
		["netfilter.nf_conntrack_generic_timeout", [10, 600]],
		["ipv4.ip_forward", [0, 1, 1, 1]],
		["ipv4.ip_default_ttl", [64, 32]],
		["ipv4.conf.all.rp_filter", [0, 1, 2]],
		["ipv4.conf.eth2.rp_filter", [0, 1, 2]],
		["ipv4/conf/bond0.204/rp_filter", [0, 1, 2]],
		["ipv4.conf.all.src_valid_mark", [0, 1]],
		["ipv4.conf.all.accept_local", [0, 1]],
		["ipv4.conf.eth2.accept_local", [0, 1]],
		["ipv4.conf.all.send_redirects", [0, 1]],
		["ipv4.conf.eth2.send_redirects", [0, 1]],
		["ipv4.conf.all.shared_media", [0, 1]],
		["ipv4.conf.all.route_localnet", [0, 1]],
		["ipv4.fib_multipath_hash_policy", [0, 1]],
		["ipv4.fwmark_reflect", [0, 1]],
		["ipv4.conf.all.ignore_routes_with_linkdown", [0, 1, 1]],
		["ipv4.conf.eth2.ignore_routes_with_linkdown", [0, 1]],
	];

export const sysctls = fc
	.constantFrom(...SYSCTLS)
	.chain(([name, values]) =>
		fc.constantFrom(...values).map((value) => ({ name, value })),
	);

/** Lines that iptables-restore, libiptc or the kernel refuse, wherever they stand. */
const faults = fc.record({
	line: fc.constantFrom(
		"-A OUTPUT --nosuch",
		"-A NOWHERE -j ACCEPT",
		"-D OUTPUT 1000",
		"-A OUTPUT -m time --monthdays 32",
		"-A OUTPUT -m condition --condition a/b",
	),
	part: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Operations, by how often they are wanted. */
export const operationSteps: fc.Arbitrary<StepPlanKind> = fc.oneof(
	{ weight: 6, arbitrary: operation(conditions) },
	{ weight: 6, arbitrary: operation(commands) },
	{
		weight: 4,
		arbitrary: fc.record({
			kind: fc.constant<"reload">("reload"),
			ruleset: fc.oneof(
				{ weight: 3, arbitrary: fc.constant(null) },
				{ weight: 1, arbitrary: rulesets },
			),
			noflush: fc.boolean(),
			counters: fc.boolean(),
			fault: fc.oneof(
				{ weight: 4, arbitrary: fc.constant(null) },
				{ weight: 1, arbitrary: faults },
			),
		}),
	},
	{
		weight: 3,
		arbitrary: operation(filters.map((filter) => ({ kind: "evict", filter }))),
	},
	{
		weight: 2,
		arbitrary: operation(
			sysctls.map((setting) => ({ kind: "sysctl", ...setting })),
		),
	},
	{
		weight: 1,
		arbitrary: operation(
			fc.record({
				kind: fc.constant<"link">("link"),
				interface: fc.constantFrom(...INTERFACES),
				up: fc.boolean(),
			}),
		),
	},
	{
		weight: 1,
		arbitrary: operation(
			fc
				.constantFrom(...HOSTS)
				.map(({ address }) => ({ kind: "forget-neighbour", address })),
		),
	},
	{
		weight: 3,
		arbitrary: operation(
			ipCommands.map((command) => ({ kind: "ip", command })),
		),
	},
	{ weight: 1, arbitrary: operation(fc.constant({ kind: "take-over" })) },
	{
		weight: 4,
		arbitrary: operation(
			setCommands.map((text) => ({ kind: "ipset", command: text })),
		),
	},
	{
		weight: 1,
		arbitrary: operation(
			setRestores.map((given) => ({ kind: "ipset", ...given })),
		),
	},
	{ weight: 2, arbitrary: fc.constant({ kind: "observe" }) },
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant<"neighbour">("neighbour"),
			becomes: fc.constantFrom("vanish", "vanish", "silent", "up"),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			kind: fc.constant<"announce">("announce"),
			address: fc.constant(MOVING_ADDRESS),
			by: fc.constantFrom("other", "gateway"),
		}),
	},
	{
		weight: 8,
		arbitrary: fc.record({
			kind: fc.constant<"program">("program"),
			place: fc.nat(5),
			becomes: fc.constantFrom("refuse" as const, "up" as const),
		}),
	},
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant<"carrier">("carrier"),
			interface: fc.constantFrom(...INTERFACES),
			becomes: fc.constantFrom(
				"lost" as const,
				"back" as const,
				"back" as const,
			),
		}),
	},
);
