/** Uses of targets that translate or refuse. */
import fc from "fast-check";
import { NAT_PORTS, NAT_RANGE } from "../values/packet-values.ts";
import type { RuleProtocol } from "../values/rule-values.ts";
import { each } from "../values/values.ts";
import type { TargetUse } from "./use.ts";

const PORTS = ["-p tcp", "-p udp", "-p 6", "-p sctp"];

const portSuffix = (protocol: RuleProtocol, list: readonly string[]) =>
	protocol === "tcp" || protocol === "udp" || protocol === "sctp"
		? fc.oneof(
				{ weight: 2, arbitrary: fc.constant("") },
				{ weight: 3, arbitrary: fc.constantFrom(...list) },
			)
		: fc.constant("");

const flags = (words: readonly string[]) =>
	fc
		.subarray([...words])
		.map((some) => some.map((word) => ` --${word}`).join(""));

const DNAT: TargetUse = {
	packets: (protocol) =>
		fc
			.tuple(
				fc.constantFrom(
					"192.168.0.1",
					"192.168.0.2",
					"192.168.0.1-192.168.0.2",
					"10.0.0.11",
					"203.0.113.7",
					"192.168.0.254",
					"192.168.0.9",
					"10.0.0.1",
				),
				portSuffix(protocol, [":25", ":80", ":2525", ":5000-5003"]),
				fc.constantFrom("", "", " --persistent"),
			)
			.map(
				([address, port, more]) =>
					`DNAT --to-destination ${address}${port}${more}`,
			),
	values: { "to-destination": NAT_RANGE },
	place: { header: [...PORTS, "-p icmp"] },
};

const REDIRECT: TargetUse = {
	packets: (protocol) =>
		portSuffix(protocol, [
			" --to-ports 25",
			" --to-ports 587",
			" --to-ports 8000-8003",
		]).map((port) => `REDIRECT${port}`),
	values: { "to-ports": NAT_PORTS },
	place: { header: PORTS },
};

const SNAT: TargetUse = {
	packets: (protocol) =>
		fc
			.tuple(
				fc.constantFrom(
					"192.168.0.254",
					"10.0.0.1",
					"10.0.0.2",
					"10.0.0.1-10.0.0.2",
					"172.16.0.1",
					"192.168.0.77",
					"10.0.0.10",
				),
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
	values: { "to-source": NAT_RANGE },
	place: { header: [...PORTS, "-p dccp"] },
};

const MASQUERADE: TargetUse = {
	packets: (protocol) =>
		fc
			.tuple(
				portSuffix(protocol, [
					" --to-ports 40000-40001",
					" --to-ports 2000-2999",
				]),
				fc.constantFrom("", "", " --random"),
			)
			.map(([port, more]) => `MASQUERADE${port}${more}`),
	values: { "to-ports": NAT_PORTS },
	place: { header: [...PORTS, "-p dccp"] },
};

const REJECT: TargetUse = {
	packets: (protocol) =>
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
			.map((answer) => `REJECT --reject-with ${answer}`),
	values: {
		"reject-with": {
			sound:
				each(`icmp-net-unreachable icmp-host-unreachable net-unreach icmp-port icmp-proto-unreachable
icmp-port-unreachable host-unreach icmp-net-prohibited icmp-host-prohibited
icmp-admin-prohibited admin-prohib tcp-reset tcp-rst`),
			odd: each(`∅ i ICMP-NET-UNREACHABLE echo-reply tcp rst x host`),
		},
	},
	place: { header: ["-p tcp", ""] },
};

/** In the order in which generated rules draw them. */
export const NAT_TARGETS: Readonly<Record<string, TargetUse>> = {
	DNAT,
	REDIRECT,
	SNAT,
	MASQUERADE,
	NETMAP: {
		packets: fc.constantFrom(
			"NETMAP --to 192.168.0.0/24",
			"NETMAP --to 10.0.0.0/28",
			"NETMAP --to 192.168.0.2",
		),
		hooks: ["PREROUTING", "OUTPUT", "POSTROUTING"],
	},
	REJECT,
};
