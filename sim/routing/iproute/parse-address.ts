/** `ip addr …`, `ip link set …`, `ip neigh …` (ip/ipaddress.c, ip/iplink.c, ip/ipneigh.c, iproute2 6.1). */
import type { AddressSpec, IpCommand } from "./ip-command.ts";
import { readScope } from "./parse-route.ts";
import { IpRefusal, NotUnderstood, type Words } from "./words.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** @throws IpRefusal, NotUnderstood */
export function parseAddressSpec(words: Words): AddressSpec {
	const spec: Writable<AddressSpec> = {
		dev: "",
		address: 0,
		peer: null,
		length: null,
		broadcast: null,
		scope: null,
		metric: 0,
		hasNoRoute: false,
	};
	let isGiven = false;
	while (!words.isAtEnd) {
		if (words.takes("dev")) spec.dev = words.take();
		else if (words.takes("peer", "remote")) {
			const text = words.next;
			const { address, length } = words.prefix();
			spec.peer = address;
			spec.length = text.includes("/") ? length : 32;
		} else if (words.takes("brd", "broadcast"))
			spec.broadcast = words.takes("+")
				? "+"
				: words.takes("-")
					? "-"
					: words.address();
		else if (words.takes("scope")) spec.scope = readScope(words);
		else if (words.takes("metric", "priority", "preference"))
			spec.metric = words.number('"metric" value is invalid');
		else if (words.takes("noprefixroute")) spec.hasNoRoute = true;
		else if (words.takes("label")) words.take();
		else if (words.takes("valid_lft", "preferred_lft")) readForever(words);
		else {
			words.takes("local");
			if (words.next.includes(":") || words.isAbbreviated(ADDRESS_KEYWORDS))
				throw new NotUnderstood(`ip addr: "${words.next}" is not modelled`);
			if (isGiven) throw garbage("local", words);
			const text = words.next;
			const { address, length } = words.prefix();
			spec.address = address;
			if (text.includes("/")) spec.length ??= length;
			isGiven = true;
		}
	}
	if (spec.dev === "")
		throw new IpRefusal('Not enough information: "dev" argument is required.');
	return spec;
}

function readForever(words: Words): void {
	const text = words.take();
	if (text !== "forever")
		throw new NotUnderstood(
			`ip addr: a lifetime of "${text}" is not modelled; write forever`,
		);
}

/** @throws IpRefusal, NotUnderstood */
export function parseAddressFlush(words: Words): IpCommand {
	let dev = "";
	while (!words.isAtEnd) {
		if (words.takes("dev")) dev = words.take();
		else if (dev === "" && !words.takes("scope", "to", "label"))
			dev = words.take();
		else
			throw new NotUnderstood(
				`ip addr flush: "${words.take()}" is not understood`,
			);
	}
	if (dev === "") throw new IpRefusal("Flush requires arguments.");
	return { object: "address", action: "flush", dev };
}

/** @throws IpRefusal, NotUnderstood */
export function parseLink(words: Words): IpCommand {
	words.takes("dev");
	const dev = words.take();
	let up: boolean | null = null;
	let mtu: number | null = null;
	while (!words.isAtEnd) {
		if (words.takes("up")) up = true;
		else if (words.takes("down")) up = false;
		else if (words.takes("mtu")) mtu = readMtu(words);
		else if (words.isOneOf(LINK_KEYWORDS))
			throw new NotUnderstood(
				`ip link set: "${words.next}" is not modelled (up, down and mtu are)`,
			);
		else throw garbage("dev", words);
	}
	return { object: "link", dev, up, mtu };
}

/** What iproute2 takes besides what is read above (`iplink_parse`, `ipneigh_modify`, `do_show_or_flush`). */
const LINK_KEYWORDS: readonly string[] = [
	"addr addrgenmode address alias allmulticast arp broadcast brd carrier dynamic group",
	"gro_ipv4_max_size gro_max_size gso_ipv4_max_size gso_max_segs gso_max_size index link",
	"link-netns link-netnsid macaddr master multicast name netns nomaster numrxqueues numtxqueues",
	"promisc protodown protodown_reason qlen state switchid trailers txqlen txqueuelen type vf vrf",
	"xdp xdpdrv xdpgeneric xdpoffload",
].flatMap((line) => line.split(" "));
const NEIGHBOUR_KEYWORDS: readonly string[] =
	"extern_learn help lladdr managed master nomaster nud proxy protocol router unused use vrf".split(
		" ",
	);

function garbage(argument: string, words: Words): IpRefusal {
	return new IpRefusal(
		`Error: either "${argument}" is duplicate, or "${words.next}" is a garbage.`,
	);
}

const ADDRESS_KEYWORDS: readonly string[] =
	"anycast autojoin change chg home help mngtmpaddr nodad optimistic proto rt_priority".split(
		" ",
	);

/** Without IPv4, as a link is then, it is none of a gateway's (`inetdev_valid_mtu`). */
const LEAST_MTU = 68;
const MOST_MTU = 65_535;

function readMtu(words: Words): number {
	const text = words.next;
	const mtu = words.number('Invalid "mtu" value');
	if (mtu >= LEAST_MTU && mtu <= MOST_MTU) return mtu;
	throw new NotUnderstood(
		`ip link set: an mtu of ${text} is not modelled; write one from ${LEAST_MTU} to ${MOST_MTU}`,
	);
}

/** @throws IpRefusal, NotUnderstood */
export function parseNeighbour(
	words: Words,
	action: "del" | "flush",
): IpCommand {
	let dev = "";
	let address: number | null = null;
	while (!words.isAtEnd) {
		if (words.takes("dev")) dev = words.take();
		else {
			words.takes("to");
			if (words.isOneOf(NEIGHBOUR_KEYWORDS) && !/^[\d.]+$/.test(words.next))
				throw new NotUnderstood(`ip neigh: "${words.next}" is not modelled`);
			if (address !== null) throw garbage("to", words);
			address = words.address();
		}
	}
	if (action === "del" && (dev === "" || address === null))
		throw new IpRefusal("Device and destination are required arguments.");
	if (dev === "" && address === null)
		throw new IpRefusal("Flush requires arguments.");
	return { object: "neighbour", action, address, dev };
}
