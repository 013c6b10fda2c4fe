/** The words for what a rule needs besides its ruleset: what the object is, and how it is made. */
import type { NeedKind } from "../../contract/need.ts";
import { groupNames, protocolNames, serviceNames, userNames } from "./names.ts";

export interface NeedWords {
	/** The thing, in front of its name. */
	readonly what: string;
	/** How it comes into being. */
	readonly made: (name: string) => string;
	/** Names that need not be made: one of them may be meant. */
	readonly known?: () => Iterable<string>;
}

/** Every kind, with its words for a reader. */
export const NEEDS = {
	set: {
		what: "the set",
		made: (name) => `ipset create ${name} …`,
	},
	helper: {
		what: "the conntrack helper",
		made: (name) =>
			name.includes("/")
				? "a helper of that name for that protocol (nfct helper add); the kernel's own is for another one"
				: `modprobe nf_conntrack_${name}, or nfct helper add ${name} …`,
	},
	timeout: {
		what: "the timeout policy",
		made: (name) => `nfct timeout add ${name} …`,
	},
	nfacct: {
		what: "the accounting object",
		made: (name) => `nfacct add ${name}`,
	},
	bpf: {
		what: "the pinned BPF program",
		made: (name) => `bpftool prog load … ${name}`,
	},
	cgroup: {
		what: "the control group",
		made: (name) => `mkdir /sys/fs/cgroup/${name.replace(/^\//, "")}`,
	},
	selinux: {
		what: "the SELinux context",
		made: () => "SELinux with a policy that has it",
	},
	cluster: {
		what: "the shared address",
		made: (name) =>
			`a rule with -d ${name} -j CLUSTERIP --new … that is loaded before`,
	},
	interface: {
		what: "the interface",
		made: (name) => `ip link add ${name} …`,
	},
	user: {
		what: "the user",
		made: (name) => `adduser ${name}`,
		known: userNames,
	},
	group: {
		what: "the group",
		made: (name) => `addgroup ${name}`,
		known: groupNames,
	},
	host: {
		what: "the host",
		made: () =>
			"DNS or /etc/hosts has to know it whenever the rule is loaded; an address does without",
		known: () => ["localhost"],
	},
	service: {
		what: "the service",
		made: (name) =>
			`a line for ${name} in /etc/services; a port's number does without`,
		known: serviceNames,
	},
	protocol: {
		what: "the protocol",
		made: (name) =>
			`a line for ${name} in /etc/protocols; a number does without`,
		known: protocolNames,
	},
	realm: {
		what: "the realm",
		made: (name) => `a line for ${name} in /etc/iproute2/rt_realms`,
	},
	devgroup: {
		what: "the interface group",
		made: (name) => `a line for ${name} in /etc/iproute2/group`,
	},
	label: {
		what: "the connection label",
		made: (name) => `a line for ${name} in /etc/xtables/connlabel.conf`,
	},
	country: {
		what: "the addresses of the country",
		made: (name) =>
			`/usr/share/xt_geoip/${name}.iv4, which xt_geoip_build makes`,
	},
	asn: {
		what: "the addresses of the autonomous system",
		made: (name) => `/usr/share/xt_asn/${name}.iv4, which xt_asn_build makes`,
	},
} as const satisfies Readonly<Record<NeedKind, NeedWords>>;
