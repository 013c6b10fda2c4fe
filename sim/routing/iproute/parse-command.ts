/** A command line of iproute2, with or without `ip` in front (ip/ip.c, iproute2 6.1). */
import type { InsertMode } from "../fib/fib.ts";
import type { IpCommand, ParsedIpCommand } from "./ip-command.ts";
import {
	parseAddressFlush,
	parseAddressSpec,
	parseLink,
	parseNeighbour,
} from "./parse-address.ts";
import { parseFlush, parseRoute } from "./parse-route.ts";
import { parseRule } from "./parse-rule.ts";
import { IpRefusal, NotUnderstood, Words } from "./words.ts";

const WHAT_IS_UNDERSTOOD =
	"rule, route, addr, link set and neigh with add, del, replace, change, append, prepend and flush are";

export function parseIpCommand(text: string): ParsedIpCommand {
	try {
		return { kind: "command", command: parse(ipWords(text)) };
	} catch (error) {
		if (error instanceof IpRefusal)
			return { kind: "refused", message: error.message };
		if (error instanceof NotUnderstood)
			return { kind: "not-understood", message: error.message };
		throw error;
	}
}

/** The words of a command, without `ip` and `-4` in front. */
function ipWords(text: string): Words {
	const words = text
		.trim()
		.split(/\s+/)
		.filter((word) => word !== "");
	if (words[0] === "ip" || words[0]?.endsWith("/ip")) words.shift();
	if (words[0] === "-4") words.shift();
	return new Words(words);
}

function parse(words: Words): IpCommand {
	if (words.abbreviates("address")) return parseAddress(words);
	if (words.abbreviates("route")) return parseRouteCommand(words);
	if (words.abbreviates("rule")) return parseRuleCommand(words);
	if (words.abbreviates("neighbour", "neighbor")) {
		if (words.abbreviates("delete")) return parseNeighbour(words, "del");
		if (words.abbreviates("flush")) return parseNeighbour(words, "flush");
		throw notUnderstood(words, "neigh");
	}
	if (words.abbreviates("link")) {
		if (words.abbreviates("set")) return parseLink(words);
		throw notUnderstood(words, "link");
	}
	throw notUnderstood(words);
}

function parseAddress(words: Words): IpCommand {
	const object = "address";
	if (words.abbreviates("add"))
		return { object, action: "add", address: parseAddressSpec(words) };
	if (words.abbreviates("change", "chg", "replace"))
		return { object, action: "replace", address: parseAddressSpec(words) };
	if (words.abbreviates("delete"))
		return { object, action: "del", address: parseAddressSpec(words) };
	if (words.abbreviates("flush")) return parseAddressFlush(words);
	throw notUnderstood(words, "address");
}

function parseRouteCommand(words: Words): IpCommand {
	const object = "route";
	if (words.abbreviates("delete"))
		return { object, action: "del", route: parseRoute(words) };
	if (words.abbreviates("flush")) {
		const what = parseFlush(words);
		return what === null
			? { object, action: "flush-cache" }
			: { object, action: "flush", what };
	}
	const actions: readonly InsertMode[] = [
		"add",
		"change",
		"replace",
		"prepend",
		"append",
	];
	for (const action of actions)
		if (words.abbreviates(action))
			return { object, action, route: parseRoute(words) };
	throw notUnderstood(words, "route");
}

function parseRuleCommand(words: Words): IpCommand {
	const object = "rule";
	if (words.abbreviates("add"))
		return { object, action: "add", rule: parseRule(words, "add") };
	if (words.abbreviates("delete"))
		return { object, action: "del", rule: parseRule(words, "del") };
	if (words.abbreviates("flush") && words.isAtEnd)
		return { object, action: "flush" };
	throw notUnderstood(words, "rule");
}

/**
 * iproute2 says what it does not know: an object (`do_cmd`, ip/ip.c), or a command of one (`do_iproute`,
 * `do_multirule`, `do_ipaddr`, `do_iplink`, `do_ipneigh`). What it knows may be more than marktwin does.
 */
function notUnderstood(words: Words, object = ""): IpRefusal | NotUnderstood {
	const { next } = words;
	const known = COMMANDS.get(object) ?? OBJECTS;
	if (next !== "" && !known.some((one) => one.startsWith(next)) && isWord(next))
		return new IpRefusal(
			object === ""
				? `Object "${next}" is unknown, try "ip help".`
				: `Command "${next}" is unknown, try "ip ${object} help".`,
		);
	return new NotUnderstood(
		`"${next}" is not understood; ${WHAT_IS_UNDERSTOOD}`,
	);
}

/** Options of `ip` itself begin with a dash. */
function isWord(text: string): boolean {
	return !text.startsWith("-");
}

/** Of iproute2 6.1 (`cmds`, ip/ip.c). */
const OBJECTS: readonly string[] = [
	"address addrlabel maddress route rule neighbor neighbour ntable ntbl link l2tp fou ila macsec",
	"tunnel tunl tuntap tap token tcpmetrics tcp_metrics monitor xfrm mroute mrule netns netconf vrf",
	"sr nexthop mptcp ioam help stats",
].flatMap((line) => line.split(" "));

const COMMANDS: ReadonlyMap<string, readonly string[]> = new Map(
	Object.entries({
		address:
			"add change chg replace delete show lst list flush save restore showdump help",
		route:
			"list show lst get add change chg replace prepend append test delete flush save restore showdump help",
		rule: "list lst show save add delete flush restore help",
		neigh: "add replace change chg delete get show lst list flush help",
		link: "add set change replace delete show lst list xstats afstats property help",
	}).map(([object, commands]) => [object, commands.split(" ")]),
);
