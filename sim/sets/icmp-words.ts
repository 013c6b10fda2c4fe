/** Names of ICMP messages, as ipset has them (7.17, lib/icmp.c); the first of several is printed. */
const NAMES: readonly (readonly [name: string, type: number, code: number])[] =
	[
		["echo-reply", 0, 0],
		["pong", 0, 0],
		["network-unreachable", 3, 0],
		["host-unreachable", 3, 1],
		["protocol-unreachable", 3, 2],
		["port-unreachable", 3, 3],
		["fragmentation-needed", 3, 4],
		["source-route-failed", 3, 5],
		["network-unknown", 3, 6],
		["host-unknown", 3, 7],
		["network-prohibited", 3, 9],
		["host-prohibited", 3, 10],
		["TOS-network-unreachable", 3, 11],
		["TOS-host-unreachable", 3, 12],
		["communication-prohibited", 3, 13],
		["host-precedence-violation", 3, 14],
		["precedence-cutoff", 3, 15],
		["source-quench", 4, 0],
		["network-redirect", 5, 0],
		["host-redirect", 5, 1],
		["TOS-network-redirect", 5, 2],
		["TOS-host-redirect", 5, 3],
		["echo-request", 8, 0],
		["ping", 8, 0],
		["router-advertisement", 9, 0],
		["router-solicitation", 10, 0],
		["ttl-zero-during-transit", 11, 0],
		["ttl-zero-during-reassembly", 11, 1],
		["ip-header-bad", 12, 0],
		["required-option-missing", 12, 1],
		["timestamp-request", 13, 0],
		["timestamp-reply", 14, 0],
		["address-mask-request", 17, 0],
		["address-mask-reply", 18, 0],
	];

/** @param typecode type << 8 | code */
export function icmpNameOf(typecode: number): string {
	const [type, code] = [typecode >> 8, typecode & 0xff];
	const known = NAMES.find((one) => one[1] === type && one[2] === code);
	return known?.[0] ?? `${type}/${code}`;
}

/** The first that begins so, in any case (`name_to_icmp`). @returns type << 8 | code, or `null` */
export function icmpNamed(text: string): number | null {
	const wanted = text.toLowerCase();
	const known = NAMES.find(([name]) => name.toLowerCase().startsWith(wanted));
	return known === undefined ? null : (known[1] << 8) | known[2];
}
