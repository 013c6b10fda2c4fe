/** The words of a command line, and what iproute2 makes of one (lib/utils.c, iproute2 6.1). */
import type { Address } from "../../packet/packet.ts";
import type { Prefix } from "./ip-command.ts";

/** iproute2 refuses the command in these words. */
export class IpRefusal extends Error {}
/** iproute2 may take the command, and marktwin does not understand it. */
export class NotUnderstood extends Error {}

/** What iproute2 expects: IPv4, or whatever family comes first. */
type Family = "inet" | "any valid";

export class Words {
	private readonly words: readonly string[];
	private at = 0;

	constructor(words: readonly string[]) {
		this.words = words;
	}

	get isAtEnd(): boolean {
		return this.at >= this.words.length;
	}

	/** The next one, which stays. */
	get next(): string {
		return this.words[this.at] ?? "";
	}

	/** @throws IpRefusal where the line ends */
	take(): string {
		if (this.isAtEnd)
			throw new IpRefusal('Command line is not complete. Try option "help"');
		return this.words[this.at++] as string;
	}

	/** Takes the next one if it is this. */
	takes(...some: readonly string[]): boolean {
		if (this.isAtEnd || !some.includes(this.next)) return false;
		this.at++;
		return true;
	}

	/** Takes the next one if it abbreviates this (`matches`). */
	abbreviates(...some: readonly string[]): boolean {
		const { next } = this;
		if (next === "" || !some.some((one) => one.startsWith(next))) return false;
		this.at++;
		return true;
	}

	/** Does the next one abbreviate one of these? */
	isAbbreviated(some: readonly string[]): boolean {
		return this.next !== "" && some.some((one) => one.startsWith(this.next));
	}

	/** Is the next one a number, or does it abbreviate one of these? Either may mean something to iproute2. */
	isOneOf(some: readonly string[]): boolean {
		return /^\d/.test(this.next) || this.isAbbreviated(some);
	}

	/** @throws IpRefusal */
	number(what: string, most = 0xffffffff): number {
		const text = this.take();
		const value = parseNumber(text);
		if (value === null || value > most)
			throw new IpRefusal(`Error: argument "${text}" is wrong: ${what}`);
		return value;
	}

	/** @param family as iproute2 calls what it expects @throws IpRefusal */
	address(family: Family = "inet"): Address {
		const text = this.take();
		const address = looseAddress(text);
		if (address === null)
			throw new IpRefusal(
				`Error: ${family} address is expected rather than "${text}".`,
			);
		return address.address;
	}

	/** @param family as iproute2 calls what it expects @throws IpRefusal */
	prefix(family: Family = "inet"): Prefix {
		const text = this.take();
		const prefix = prefixOf(text);
		if (prefix === null)
			throw new IpRefusal(
				`Error: ${family} prefix is expected rather than "${text}".`,
			);
		return prefix;
	}

	/** The number of a routing table. @throws NotUnderstood for a name that not every machine has */
	table(): number {
		const text = this.take();
		const named = TABLES.get(text);
		if (named !== undefined) return named;
		const number = parseNumber(text);
		if (number === null || number === 0 || number > 0xffffffff)
			throw new NotUnderstood(
				`table "${text}": it is none of local, main, default, and names of /etc/iproute2/rt_tables are not known here; write its number`,
			);
		return number;
	}
}

const TABLES: ReadonlyMap<string, number> = new Map([
	["default", 253],
	["main", 254],
	["local", 255],
]);

/** `10.0.0.0/8`, `10.0.0.1`, `default`, `all`, `any`. */
export function prefixOf(text: string): Prefix | null {
	if (text === "default" || text === "all" || text === "any")
		return { address: 0, length: 0 };
	const [dotted = "", length, more] = text.split("/");
	const found = looseAddress(dotted);
	if (found === null || more !== undefined) return null;
	if (length === undefined) return { address: found.address, length: 32 };
	if (!/^\d{1,2}$/.test(length) || Number(length) > 32) return null;
	return { address: found.address, length: Number(length) };
}

/** Octets that are left out at the end are 0 (`get_addr_ipv4`): `10` is 10.0.0.0. */
function looseAddress(text: string): { readonly address: Address } | null {
	if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(text)) return null;
	const octets = text.split(".").map(Number);
	if (octets.some((octet) => octet > 255)) return null;
	while (octets.length < 4) octets.push(0);
	return { address: octets.reduce((sum, octet) => (sum << 8) | octet, 0) };
}

/** As strtoul reads it: decimal, 0x and hexadecimal, 0 and octal. */
export function parseNumber(text: string): number | null {
	if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text, 16);
	if (/^0[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8);
	return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
