/**
 * ICMP types and codes by the names that `iptables -p icmp --icmp-type` knows them by (RFC 792,
 * RFC 1812; extensions/libxt_icmp.h, 1.8.9). Where iptables has several names, the first is printed.
 */
export interface IcmpName {
	readonly type: number;
	readonly code: number;
	readonly name: string;
}

/** All that have a name. */
export const ICMP_NAMES: readonly IcmpName[] = [
	{ type: 0, code: 0, name: "echo-reply" },
	{ type: 3, code: 0, name: "network-unreachable" },
	{ type: 3, code: 1, name: "host-unreachable" },
	{ type: 3, code: 2, name: "protocol-unreachable" },
	{ type: 3, code: 3, name: "port-unreachable" },
	{ type: 3, code: 4, name: "fragmentation-needed" },
	{ type: 3, code: 5, name: "source-route-failed" },
	{ type: 3, code: 6, name: "network-unknown" },
	{ type: 3, code: 7, name: "host-unknown" },
	{ type: 3, code: 9, name: "network-prohibited" },
	{ type: 3, code: 10, name: "host-prohibited" },
	{ type: 3, code: 11, name: "TOS-network-unreachable" },
	{ type: 3, code: 12, name: "TOS-host-unreachable" },
	{ type: 3, code: 13, name: "communication-prohibited" },
	{ type: 3, code: 14, name: "host-precedence-violation" },
	{ type: 3, code: 15, name: "precedence-cutoff" },
	{ type: 4, code: 0, name: "source-quench" },
	{ type: 5, code: 0, name: "network-redirect" },
	{ type: 5, code: 1, name: "host-redirect" },
	{ type: 5, code: 2, name: "TOS-network-redirect" },
	{ type: 5, code: 3, name: "TOS-host-redirect" },
	{ type: 8, code: 0, name: "echo-request" },
	{ type: 9, code: 0, name: "router-advertisement" },
	{ type: 10, code: 0, name: "router-solicitation" },
	{ type: 11, code: 0, name: "ttl-zero-during-transit" },
	{ type: 11, code: 1, name: "ttl-zero-during-reassembly" },
	{ type: 12, code: 0, name: "ip-header-bad" },
	{ type: 12, code: 1, name: "required-option-missing" },
	{ type: 13, code: 0, name: "timestamp-request" },
	{ type: 14, code: 0, name: "timestamp-reply" },
	{ type: 17, code: 0, name: "address-mask-request" },
	{ type: 18, code: 0, name: "address-mask-reply" },
];

const byName = new Map(ICMP_NAMES.map((entry) => [entry.name, entry]));
const byNumbers = new Map(
	ICMP_NAMES.map((entry) => [entry.type * 256 + entry.code, entry.name]),
);

/** Type and code of a name, or `undefined`. */
export function icmpByName(name: string): IcmpName | undefined {
	return byName.get(name);
}

/** The name of a type and code, or `undefined`. */
export function icmpName(type: number, code: number): string | undefined {
	return byNumbers.get(type * 256 + code);
}

/** Messages that carry an identifier and a sequence number (RFC 792). */
export function isIcmpQuery(type: number): boolean {
	return (
		type === 0 ||
		type === 8 ||
		(type >= 13 && type <= 18 && type !== 15 && type !== 16)
	);
}

/** Messages that quote the packet they are about (`icmp_is_err`, include/linux/icmp.h, 6.1). */
export function isIcmpError(type: number): boolean {
	return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}
