/** Names of protocols that every /etc/protocols has. */
import { parseNumber } from "./words.ts";

const NAMES: ReadonlyMap<string, number> = new Map([
	["icmp", 1],
	["igmp", 2],
	["tcp", 6],
	["udp", 17],
	["dccp", 33],
	["gre", 47],
	["esp", 50],
	["ah", 51],
	["sctp", 132],
	["udplite", 136],
]);
const MOST = 255;

/** `null`: it is none. */
export function protocolNumber(text: string): number | null {
	const named = NAMES.get(text.toLowerCase());
	if (named !== undefined) return named;
	const number = parseNumber(text);
	return number === null || number > MOST ? null : number;
}
