/** A set: its header, and what is in it. */

import { printElement } from "./element.ts";
import { type Extensions, isExpired, printExtensions } from "./extensions.ts";
import { printHeader } from "./header.ts";
import { type Header, type Member, Members } from "./members.ts";

/** An element of list:set: another set. */
export interface ListMember extends Extensions {
	readonly name: string;
}

/** What a set holds, to be put back. */
export interface SavedSet {
	readonly set: IpSet;
	readonly name: string;
	readonly members: readonly Member[];
	readonly list: readonly ListMember[];
	readonly lines: readonly string[];
}

/** A class because rules and commands change it where it stands. */
export class IpSet {
	/** Swapping exchanges the names of two sets. */
	name: string;
	readonly header: Header;
	/** Of hash and bitmap types. */
	readonly members: Members;
	/** Of list:set, in order. */
	readonly list: ListMember[] = [];
	/** Of what is not modelled: elements with their options, as they are written. */
	readonly lines = new Map<string, string>();

	constructor(name: string, header: Header) {
		this.name = name;
		this.header = header;
		this.members = new Members(header);
	}

	/** What packets of IPv4 are in it the model does not know. */
	get isOpaque(): boolean {
		return this.header.type.storage === "opaque";
	}

	/** Elements are text: of IPv6, and of what is not modelled. */
	get keepsText(): boolean {
		return this.isOpaque || this.header.family === "inet6";
	}

	clear(): void {
		this.members.clear();
		this.list.length = 0;
		this.lines.clear();
	}

	save(): SavedSet {
		return {
			set: this,
			name: this.name,
			members: [...this.members.all()].map((member) => ({ ...member })),
			list: this.list.map((member) => ({ ...member })),
			lines: [...this.lines].flat(),
		};
	}

	restore({ name, members, list, lines }: SavedSet): void {
		this.name = name;
		this.members.fill(members);
		this.list.splice(
			0,
			this.list.length,
			...list.map((member) => ({ ...member })),
		);
		this.lines.clear();
		for (let at = 0; at < lines.length; at += 2)
			this.lines.set(lines[at] ?? "", lines[at + 1] ?? "");
	}

	/** @param from times that are left from then on, without counters; left out: all as it is */
	seen(from: number | null = null): unknown {
		const told = <Element extends Extensions>(element: Element) =>
			from === null ? [element] : leftOf(element, from);
		const { header, lines, name } = this;
		const { type, ...options } = header;
		const members = new Set([...this.members.all()].flatMap(told));
		const list = this.list.flatMap(told);
		return { name, type: type.name, options, members, list, lines };
	}

	/** Elements whose time is not over, as `ipset save` prints them. */
	print(now: number): readonly string[] {
		const { name, header } = this;
		const { type } = header;
		const lines = [`create ${name} ${type.name}${printHeader(header)}`];
		const add = (element: string, rest: string) =>
			lines.push(`add ${name} ${element}${rest === "" ? "" : ` ${rest}`}`);
		for (const member of sorted(this.members.all(), header)) {
			if (isExpired(member, now)) continue;
			const { parts, nomatch } = member;
			const { wildcard } = parts;
			add(
				printElement(type, parts),
				// Options come behind a blank, and the element has one behind it as well.
				printExtensions(
					type,
					header,
					{ ...member, nomatch, wildcard },
					now,
				).trimStart(),
			);
		}
		for (const member of this.list)
			if (!isExpired(member, now))
				add(
					member.name,
					printExtensions(
						type,
						header,
						{ ...member, nomatch: false, wildcard: false },
						now,
					).trimStart(),
				);
		for (const [element, options] of this.lines) add(element, options);
		return lines;
	}
}

/** A bitmap's have an order. */
function sorted(
	members: Iterable<Member>,
	{ type, first }: Header,
): readonly Member[] {
	const all = [...members];
	if (type.storage !== "bitmap") return all;
	const place = ({ parts }: Member) =>
		type.name === "bitmap:port" ? parts.port : (parts.ip >>> 0) - first;
	return all.sort((a, b) => place(a) - place(b));
}

/** [] when its time is over. */
function leftOf(element: Extensions, now: number): readonly object[] {
	const { packets, bytes, ...rest } = element;
	if (isExpired(element, now)) return [];
	const expires = rest.expires === null ? null : rest.expires - now;
	return [{ ...rest, expires }];
}
