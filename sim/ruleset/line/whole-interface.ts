/**
 * What iptables-nft 1.8.7 reads in place of the interface `+`. It loads the interface and compares nothing, so that
 * the comparison behind it, which is of an address or of the fragment offset, passes for that of the name
 * (`nft_parse_cmp`, `parse_ifname`, iptables/nft-shared.c).
 */
import type {
	AddressMask,
	InterfaceMatch,
	RuleHeader,
} from "../../contract/ruleset.ts";
import { prefixLength } from "../../packet/address.ts";

/** @returns `null` where nothing is compared behind it, or the protocol, which is loaded as the interface is */
export function misreadName({
	protocol,
	source,
	destination,
	fragment,
}: RuleHeader): InterfaceMatch | null {
	if (protocol !== 0) return null;
	const network = [source, destination].find(({ mask }) => mask !== 0);
	if (network !== undefined)
		return { name: nameOf(network), inverted: network.inverted };
	// A fragment's offset is not 0.
	return fragment === null ? null : { name: "", inverted: fragment === "only" };
}

/** The octets that are compared, as a name: none of it is 0, and one that does not end with 0 is taken for a prefix. */
function nameOf({ address, mask }: AddressMask): string {
	const length = prefixLength(mask) ?? 32;
	const count = length % 8 === 0 ? length / 8 : 4;
	const compared = octetsOf(address & mask).slice(0, count);
	const octets = compared.filter((octet) => octet !== 0);
	const name = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
		Uint8Array.from(octets),
	);
	return compared.at(-1) === 0 ? name : `${name}+`;
}

function octetsOf(address: number): readonly number[] {
	return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff);
}
