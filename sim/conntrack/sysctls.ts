/**
 * Kernel settings by their name below `net.`, with the values that a box has when nobody touched
 * them and the limits that the kernel enforces.
 */
import { invariant } from "../invariant.ts";

interface SysctlDefinition {
	readonly name: string;
	readonly value: number;
	readonly min: number;
	readonly max: number;
	/** Symbol that holds the default (6.1). */
	readonly source: string;
}

const INT_MAX = 0x7fffffff;
/** Kernel ticks per second: CONFIG_HZ of Debian's kernels. */
export const HZ = 250;
/** `proc_dointvec_jiffies` refuses what would overflow as jiffies. */
const MAX_SECONDS = Math.floor(INT_MAX / HZ);

const tcp = "nf_conntrack_proto_tcp.c tcp_timeouts";
const timeout = (name: string, value: number, source: string) => ({
	name: `netfilter.nf_conntrack_${name}`,
	value,
	min: 0,
	max: MAX_SECONDS,
	source,
});
const flag = (name: string, value: number, source: string) => ({
	name,
	value,
	min: 0,
	max: 1,
	source,
});
const number = (
	name: string,
	value: number,
	range: readonly [number, number],
	source: string,
) => ({ name, value, min: range[0], max: range[1], source });

/** Everything that the model heeds. Timeouts in seconds. */
export const SYSCTLS: readonly SysctlDefinition[] = [
	timeout("tcp_timeout_syn_sent", 120, tcp),
	timeout("tcp_timeout_syn_recv", 60, tcp),
	timeout("tcp_timeout_established", 432000, tcp),
	timeout("tcp_timeout_fin_wait", 120, tcp),
	timeout("tcp_timeout_close_wait", 60, tcp),
	timeout("tcp_timeout_last_ack", 30, tcp),
	timeout("tcp_timeout_time_wait", 120, tcp),
	timeout("tcp_timeout_close", 10, tcp),
	timeout("tcp_timeout_max_retrans", 300, tcp),
	timeout("tcp_timeout_unacknowledged", 300, tcp),
	timeout("udp_timeout", 30, "nf_conntrack_proto_udp.c udp_timeouts"),
	timeout("udp_timeout_stream", 120, "nf_conntrack_proto_udp.c udp_timeouts"),
	timeout("icmp_timeout", 30, "nf_conntrack_proto_icmp.c nf_ct_icmp_timeout"),
	timeout("generic_timeout", 600, "nf_conntrack_proto_generic.c"),
	flag(
		"netfilter.nf_conntrack_tcp_loose",
		1,
		"nf_conntrack_tcp_init_net tcp_loose",
	),
	flag(
		"netfilter.nf_conntrack_tcp_be_liberal",
		0,
		"nf_conntrack_tcp_init_net tcp_be_liberal",
	),
	flag(
		"netfilter.nf_conntrack_tcp_ignore_invalid_rst",
		0,
		"nf_conntrack_tcp_init_net tcp_ignore_invalid_rst",
	),
	number(
		"netfilter.nf_conntrack_tcp_max_retrans",
		3,
		[0, 255],
		"nf_conntrack_tcp_init_net tcp_max_retrans",
	),
	flag(
		"netfilter.nf_conntrack_checksum",
		1,
		"nf_conntrack_standalone.c nf_conntrack_pernet_init",
	),
	flag("netfilter.nf_conntrack_acct", 0, "nf_conntrack_acct.c nf_ct_acct"),
	// A box with more than 4 GB of memory (nf_conntrack_init_start).
	number(
		"netfilter.nf_conntrack_max",
		262144,
		[0, INT_MAX],
		"nf_conntrack_init_start nf_conntrack_max",
	),
	number(
		"netfilter.nf_conntrack_buckets",
		262144,
		[1, 1 << 21],
		"nf_conntrack_init_start nf_conntrack_htable_size",
	),
	flag("ipv4.ip_forward", 0, "net/ipv4/devinet.c ipv4_devconf"),
	flag(
		"ipv4.conf.all.send_redirects",
		1,
		"net/ipv4/devinet.c ipv4_devconf (IN_DEV_TX_REDIRECTS)",
	),
	number(
		"ipv4.icmp_ratelimit",
		1000,
		[0, INT_MAX],
		"net/ipv4/icmp.c icmp_sk_init (milliseconds)",
	),
	number(
		"ipv4.icmp_msgs_per_sec",
		1000,
		[0, INT_MAX],
		"net/ipv4/icmp.c icmp_sk_init",
	),
	number(
		"ipv4.icmp_msgs_burst",
		50,
		[0, INT_MAX],
		"net/ipv4/icmp.c icmp_sk_init",
	),
	number(
		"ipv4.ipfrag_time",
		30,
		[0, MAX_SECONDS],
		"net/ipv4/ip_fragment.c ipv4_frags_init_net (IP_FRAG_TIME)",
	),
	number(
		"ipv4.ipfrag_max_dist",
		64,
		[0, INT_MAX],
		"net/ipv4/ip_fragment.c ipv4_frags_init_net",
	),
	number(
		"ipv4.ip_default_ttl",
		64,
		[1, 255],
		"include/net/ip.h IPDEFTTL (inet_init_net)",
	),
];

/** Second names of the same setting. */
const ALIASES: Readonly<Record<string, string>> = {
	nf_conntrack_max: "netfilter.nf_conntrack_max",
	"ipv4.conf.all.forwarding": "ipv4.ip_forward",
};

/** How writing a setting went; `message` is what sysctl(8) would print. */
export type SysctlOutcome =
	| { readonly ok: true }
	| { readonly ok: false; readonly message: string };

/** The settings of one box: everybody holds the same record and sees changes at once. */
export class Sysctls {
	readonly #values = new Map<string, number>(
		SYSCTLS.map(({ name, value }) => [name, value]),
	);
	readonly #watchers: (() => void)[] = [];

	/** The value of a setting that the model knows. */
	get(name: string): number {
		const value = this.#values.get(ALIASES[name] ?? name);
		invariant(value !== undefined, `asked for the unknown setting net.${name}`);
		return value;
	}

	/** Writes a setting, as `sysctl -w net.NAME=VALUE` does. */
	set(name: string, value: number): SysctlOutcome {
		const definition = SYSCTLS.find(
			(known) => known.name === (ALIASES[name] ?? name),
		);
		if (definition === undefined)
			return {
				ok: false,
				message: `sysctl: cannot stat /proc/sys/net/${name.replaceAll(".", "/")}: No such file or directory`,
			};
		if (
			!Number.isInteger(value) ||
			value < definition.min ||
			value > definition.max
		)
			return {
				ok: false,
				message: `sysctl: setting key "net.${name}": Invalid argument`,
			};
		this.#values.set(definition.name, value);
		for (const watcher of this.#watchers) watcher();
		return { ok: true };
	}

	/** Calls back after every change, for those who keep settings in a form of their own. */
	watch(changed: () => void): void {
		this.#watchers.push(changed);
	}
}
