/** All sets of a gateway (`struct ip_set_net`, ip_set_core.c, 6.1): commands change them, rules ask them and add to them. */

import type {
	SetQuestion,
	SetsApi,
	SetUse,
	SkbInfo,
} from "../extension/host.ts";
import { HZ } from "../kernel.ts";
import { type Behaviour, notFollowed } from "../linux/behaviour.ts";
import { NOT_FOLLOWED } from "../linux/difference.ts";
import type { Skb } from "../packet/skb/skb.ts";
import type { Stateful } from "../stateful.ts";
import { HOST_LENGTH, masked, type Parts } from "./element.ts";
import {
	extensionsMatch,
	type Given,
	isExpired,
	JUST_THERE,
} from "./extensions.ts";
import { GREATEST_BUCKET, isSameHeader, storesNull } from "./header.ts";
import { IpSet, type SavedSet } from "./ip-set.ts";
import { kernelRefuses } from "./ipset-error.ts";
import type { Found, Header } from "./members.ts";
import { type Passing, partsOf, withinSet } from "./packet-parts.ts";
import { dimensionOf, isAddress } from "./set-types.ts";
import { UnseenWrites } from "./unseen-writes.ts";

/** What of a gateway its sets need. */
export interface SetsHost extends Passing {
	nowMs(): number;
	/** Whether sets of hashes have a bucketsize, which of them have masks and store null addresses, and what `-exist` forgives. */
	readonly behaviour: Pick<
		Behaviour,
		"setBuckets" | "setMasks" | "nullAddresses" | "destroyedAnyway"
	>;
	/** How many matches and targets of the ruleset name the set. */
	usesInRules(name: string): number;
	/** Something may be assumed of sets that are not known: what rules write to them is kept. */
	readonly isAssuming?: boolean;
	/** Does a rule add to the set, or delete from it? */
	isWrittenByRules(name: string, how: "adds" | "deletes"): boolean;
}

/** By option: types that have it from Linux 6.2 on (`IPSET_ATTR_BITMASK`, net/netfilter/ipset/ip_set_hash_gen.h). */
const LATER_MASKS: Readonly<Record<string, readonly string[]>> = {
	netmask: ["hash:ip,port", "hash:net,net"],
	bitmask: ["hash:ip", "hash:ip,port", "hash:net,net"],
};

interface SavedSets {
	readonly slots: readonly (SavedSet | null)[];
	readonly written: readonly string[];
	readonly unseen: ReturnType<UnseenWrites["save"]>;
}

export class IpSets implements SetsApi, Stateful<SavedSets> {
	private readonly host: SetsHost;
	/** By index: a set that goes leaves its place to the next. */
	private readonly slots: (IpSet | null)[] = [];
	private readonly byName = new Map<string, IpSet>();
	/** Names of sets that packets have changed. */
	private readonly written = new Set<string>();
	private readonly unseen = new UnseenWrites();

	constructor(host: SetsHost) {
		this.host = host;
	}

	/** In jiffies. */
	get now(): number {
		return Math.floor((this.host.nowMs() * HZ) / 1000);
	}

	find(name: string): IpSet | null {
		return this.byName.get(name) ?? null;
	}

	/** @throws IpsetRefusal */
	mustFind(name: string): IpSet {
		return this.find(name) ?? kernelRefuses("no-set");
	}

	all(): readonly IpSet[] {
		return this.slots.filter((set) => set !== null);
	}

	/** @throws IpsetRefusal */
	create(name: string, wanted: Header, exist: boolean): void {
		const header = {
			...this.withBuckets(wanted),
			storesNull: storesNull(wanted, this.host.behaviour),
		};
		const known = this.find(name);
		if (known !== null) {
			if (exist && isSameHeader(known.header, header)) return;
			kernelRefuses("exists");
		}
		const set = new IpSet(name, header);
		const free = this.slots.indexOf(null);
		if (free >= 0) this.slots[free] = set;
		else this.slots.push(set);
		this.byName.set(name, set);
	}

	/** The option is none of those that the type has. */
	mustFollow(type: string, option: string): void {
		const isMask = LATER_MASKS[option]?.includes(type) ?? false;
		if (isMask && this.host.behaviour.setMasks === NOT_FOLLOWED)
			this.host.unknown(notFollowed("setMasks"));
	}

	private withBuckets(header: Header): Header {
		if (this.host.behaviour.setBuckets !== NOT_FOLLOWED) return header;
		if (header.bucketsize !== GREATEST_BUCKET)
			this.host.unknown(notFollowed("setBuckets"));
		return { ...header, bucketsize: null };
	}

	/** @param name `null`: all @throws IpsetRefusal */
	destroy(name: string | null, exist: boolean): void {
		const { destroyedAnyway } = this.host.behaviour;
		const isFine = exist && destroyedAnyway === "nothing is wrong";
		if (isFine && name !== null && this.find(name) === null) return;
		const going = name === null ? this.all() : [this.mustFind(name)];
		if (going.some((set) => this.isUsed(set.name))) kernelRefuses("busy");
		for (const set of going) {
			this.slots[this.slots.indexOf(set)] = null;
			this.byName.delete(set.name);
		}
	}

	/** @throws IpsetRefusal */
	rename(from: string, to: string): void {
		const set = this.mustFind(from);
		if (this.isUsed(from)) kernelRefuses("referenced");
		if (this.find(to) !== null) kernelRefuses("name-taken");
		this.byName.delete(from);
		set.name = to;
		this.byName.set(to, set);
	}

	/** Names and places stay, what they stand for is exchanged. @throws IpsetRefusal */
	swap(from: string, to: string): void {
		const first = this.mustFind(from);
		const second = this.find(to) ?? kernelRefuses("no-second");
		const [a, b] = [first.header, second.header];
		if (a.type.features !== b.type.features || a.family !== b.family)
			kernelRefuses("type-mismatch");
		const [one, other] = [first, second].map((set) => this.slots.indexOf(set));
		this.slots[one as number] = second;
		this.slots[other as number] = first;
		first.name = to;
		second.name = from;
		this.byName.set(to, first);
		this.byName.set(from, second);
	}

	/** Does a rule or a list name it? */
	private isUsed(name: string): boolean {
		return (
			this.host.usesInRules(name) > 0 ||
			this.all().some(({ list }) => list.some((one) => one.name === name))
		);
	}

	/** `ipset save`, but for what is chance in the kernel (`printHeader`); lists come last. */
	print(): string {
		const { now } = this;
		const all = this.all();
		const isList = ({ header }: IpSet) => header.type.storage === "list";
		const lines = [
			...all.filter((set) => !isList(set)),
			...all.filter(isList),
		].flatMap((set) => set.print(now));
		return lines.map((line) => `${line}\n`).join("");
	}

	/** What packets have written so far, as text; "" where they have not. */
	writtenText(): string {
		if (this.written.size === 0) return "";
		const { now } = this;
		return [...this.written]
			.flatMap((name) => this.find(name)?.print(now) ?? [])
			.join("\n");
	}

	save(): SavedSets {
		return {
			slots: this.slots.map((set) => set?.save() ?? null),
			written: [...this.written],
			unseen: this.unseen.save(),
		};
	}

	restore({ slots, written, unseen }: SavedSets): void {
		this.unseen.restore(unseen);
		this.byName.clear();
		this.slots.length = 0;
		for (const saved of slots) {
			saved?.set.restore(saved);
			this.slots.push(saved?.set ?? null);
			if (saved !== null) this.byName.set(saved.name, saved.set);
		}
		this.written.clear();
		for (const name of written) this.written.add(name);
	}

	/** Order counts in lists, and among sets; that of elements of a hash does not. */
	seen(): unknown {
		return this.seenAs((set) => set.seen());
	}

	/** What decides about later packets, where these ask for no counters. */
	seenFlows(): unknown {
		return this.seenAs((set) => set.seen(this.now));
	}

	private seenAs(told: (set: IpSet) => unknown): unknown {
		const sets = this.slots.map((set) => set && told(set));
		return this.unseen.isEmpty ? sets : [sets, this.unseen.save()];
	}

	knows(name: string): boolean {
		const set = this.find(name);
		if (set === null || set.isOpaque) return false;
		return set.list.every((member) => this.knows(member.name));
	}

	staysEmpty(use: SetUse): boolean {
		const set = this.find(use.name);
		if (set === null || set.isOpaque) return false;
		if (!fits(set, use)) return true;
		const { list, header, members, name } = set;
		if (header.type.storage === "list")
			return list.every((member) =>
				this.staysEmpty({ ...use, name: member.name }),
			);
		return members.isEmpty(this.now) && !this.mayBeWritten(name, "adds");
	}

	/** Where rules write to it, one that stands for all clients finds in it what it was given if it is asked for by their address. */
	isToldByHeaders(use: SetUse): boolean {
		const set = this.find(use.name);
		if (set === null || set.isOpaque) return false;
		if (!fits(set, use)) return true;
		const { list, header, name } = set;
		if (header.type.storage === "list")
			return list.every((member) =>
				this.isToldByHeaders({ ...use, name: member.name }),
			);
		return (
			isToldByHeaders(set, use) &&
			(isOfClient(set, use) || !this.isWritten(name))
		);
	}

	isWritten(name: string): boolean {
		const list = this.find(name)?.list ?? [];
		return (
			this.mayBeWritten(name, "adds") ||
			this.mayBeWritten(name, "deletes") ||
			list.some((member) => this.isWritten(member.name))
		);
	}

	/** By a rule that names it, or a list that it is in. */
	private mayBeWritten(name: string, how: "adds" | "deletes"): boolean {
		return (
			this.host.isWrittenByRules(name, how) ||
			this.all().some(
				(set) =>
					set.list.some((member) => member.name === name) &&
					this.host.isWrittenByRules(set.name, how),
			)
		);
	}

	/** `ip_set_test`. */
	test(skb: Skb, use: SetUse, asked: SetQuestion): boolean {
		return this.lookUp(skb, use, asked, () => {});
	}

	/** `-j SET --map-set`: what the element that fits has; `null` where none does. */
	map(skb: Skb, use: SetUse): SkbInfo | null {
		let found: SkbInfo = { mark: 0, markMask: 0, priority: 0, queue: 0 };
		const fits = this.lookUp(skb, use, JUST_THERE, (info) => {
			found = info;
		});
		return fits ? found : null;
	}

	/** `ip_set_add`. @returns was it added? */
	add(skb: Skb, use: SetUse, adding: Parameters<SetsApi["add"]>[2]): boolean {
		const set = this.find(use.name);
		// What is in a set that is not known cannot become less known.
		if (set === null || set.isOpaque) return this.noteUnseen(skb, use, true);
		if (!fits(set, use)) return false;
		const { now } = this;
		if (set.header.type.storage === "list")
			return untilDone(set, now, (name) =>
				this.add(skb, { ...use, name }, adding),
			);
		const parts = this.partsToWrite(skb, set, use);
		if (parts === null) return false;
		this.written.add(set.name);
		const { exist, timeout } = adding;
		const given: Given = {
			packets: 1n,
			bytes: BigInt(skb.length),
			...(timeout !== null && { timeout }),
		};
		const how = { given, exist, nomatch: false, isRule: true, now };
		return set.members.add(parts, how) === null;
	}

	/** `ip_set_del`. @returns was it there? */
	remove(skb: Skb, use: SetUse): boolean {
		const set = this.find(use.name);
		if (set === null || set.isOpaque) return this.noteUnseen(skb, use, false);
		if (!fits(set, use)) return false;
		const { now } = this;
		if (set.header.type.storage === "list")
			return untilDone(set, now, (name) => this.remove(skb, { ...use, name }));
		const parts = this.partsToWrite(skb, set, use);
		if (parts === null) return false;
		this.written.add(set.name);
		return set.members.remove(parts, now) === null;
	}

	private noteUnseen(skb: Skb, use: SetUse, isIn: boolean): false {
		if (this.host.isAssuming) this.unseen.note(skb, use, isIn);
		return false;
	}

	writtenUnseen(skb: Skb, use: SetUse): boolean | null {
		return this.unseen.of(skb, use);
	}

	private lookUp(
		skb: Skb,
		use: SetUse,
		asked: SetQuestion,
		map: (info: SkbInfo) => void,
	): boolean {
		const found = this.kernelTest(skb, use, asked, map);
		// `--return-nomatch` exchanges the two.
		return found === (asked.returnNomatch ? "nomatch" : "yes");
	}

	private kernelTest(
		skb: Skb,
		use: SetUse,
		asked: SetQuestion,
		map: (info: SkbInfo) => void,
	): Found {
		const set = this.named(use);
		if (!fits(set, use)) return "no";
		const { header } = set;
		const { now } = this;
		if (header.type.storage === "list")
			return this.testList(skb, set, { use, asked, map });
		const parts = this.partsIn(skb, set, use);
		if (parts === null) return "no";
		if (header.counters) this.written.add(set.name);
		const lookup = { asked, now, length: skb.length, map };
		const found = set.members.test(parts, lookup);
		const exchanges =
			asked.returnNomatch && !header.type.features.includes("nomatch");
		// A type without `nomatch` does not heed the option: its yes is a yes.
		return exchanges && found === "yes" ? "nomatch" : found;
	}

	/** `list_set_ktest`: counters are compared in the list alone, and members count as the rule says. */
	private testList(
		skb: Skb,
		{ list, header, name }: IpSet,
		looked: {
			readonly use: SetUse;
			readonly asked: SetQuestion;
			readonly map: (info: SkbInfo) => void;
		},
	): Found {
		const { use, asked, map } = looked;
		const ofMembers: SetQuestion = {
			...asked,
			packets: null,
			bytes: null,
			keepCounters: asked.keepCounters || asked.keepSubcounters,
		};
		const { now } = this;
		for (const member of list) {
			const inner = { ...use, name: member.name };
			if (!this.lookUp(skb, inner, ofMembers, map)) continue;
			const { counters } = header;
			if (counters) this.written.add(name);
			const about = { now, length: skb.length, counters };
			if (!extensionsMatch(member, asked, about)) continue;
			if (header.skbinfo) map(member.skbinfo);
			return asked.returnNomatch ? "nomatch" : "yes";
		}
		return "no";
	}

	private named({ name }: SetUse): IpSet {
		return (
			this.find(name) ??
			this.host.unknown(`the members of the set ${name} are not known`)
		);
	}

	/** Of a packet; `null`: it is in no set of this kind. */
	private partsIn(skb: Skb, set: IpSet, { sides }: SetUse): Parts | null {
		const { header } = set;
		if (set.isOpaque)
			return this.host.unknown(
				`sets of type ${header.type.name} are not modelled`,
			);
		const parts = partsOf(skb, header.type, sides, this.host);
		return parts === null ? null : withinSet(parts, header);
	}

	/** What a rule adds or deletes has the longest prefix that there is. */
	private partsToWrite(skb: Skb, set: IpSet, use: SetUse): Parts | null {
		const parts = this.partsIn(skb, set, use);
		if (parts === null) return null;
		const { parts: kinds } = set.header.type;
		const length = kinds.includes("net")
			? set.members.lengthToAdd(0, this.now)
			: HOST_LENGTH;
		const length2 = kinds.includes("net2")
			? set.members.lengthToAdd(1, this.now)
			: HOST_LENGTH;
		const ip = masked(parts.ip, length);
		const ip2 = masked(parts.ip2, length2);
		return { ...parts, ip, length, ip2, length2 };
	}
}

/** A rule with too few directions, and one of another family, is in no set. */
function fits({ header }: IpSet, { sides }: SetUse): boolean {
	return sides.length >= dimensionOf(header.type) && header.family !== "inet6";
}

/**
 * Is each part of its elements another field of a header: of no device or mark, and not the client's port? Of two
 * networks, which exception goes before which element is not told by the one and by the other alone.
 */
function isToldByHeaders(
	{ header: { type }, members }: IpSet,
	{ sides }: SetUse,
): boolean {
	const fields = type.parts.map((kind, index) => {
		const side = sides[index] as "src" | "dst";
		if (kind === "port") return side === "dst" ? "port" : null;
		return isAddress(kind) ? side : null;
	});
	const isPlain =
		!fields.includes(null) && new Set(fields).size === fields.length;
	const networks = type.parts.filter((kind) => kind.startsWith("net"));
	return (
		isPlain &&
		(networks.length < 2 || [...members.all()].every(({ nomatch }) => !nomatch))
	);
}

/** Is an address of who sends the packet a part of each element? */
function isOfClient({ header: { type } }: IpSet, { sides }: SetUse): boolean {
	return type.parts.some(
		(kind, index) => isAddress(kind) && sides[index] === "src",
	);
}

/** `list_set_kadd`, `list_set_kdel`: members in turn, until it is done in one; they return 0 either way. */
function untilDone(
	{ list }: IpSet,
	now: number,
	act: (name: string) => boolean,
): true {
	list.some((member) => !isExpired(member, now) && act(member.name));
	return true;
}
