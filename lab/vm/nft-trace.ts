/**
 * What nf_tables traces of packets, in the spelling of TRACE: messages of nfnetlink as the guest's agent hands
 * them on (`guest/nfnetlink.c`), with those of our module at the beginning and end of each walk
 * (`guest/marktwin.c`). `nft_trace_notify`, net/netfilter/nf_tables_trace.c, 6.1.
 */

const NLMSG_DONE = 3;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_GETRULE = 7;
const NFT_MSG_TRACE = 17;
const WALK_BEGINS = 0xfe;
const WALK_ENDS = 0xff;

const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_HANDLE = 3;
const NFTA_TRACE_TABLE = 1;
const NFTA_TRACE_CHAIN = 2;
const NFTA_TRACE_RULE_HANDLE = 3;
const NFTA_TRACE_TYPE = 4;
const NFT_TRACETYPE_POLICY = 1;

/** `struct nlmsghdr`, and `struct nfgenmsg` behind it. */
const HEADER = 16;
const ABOUT = 4;
const ATTRIBUTE = 4;
const REQUEST_A_DUMP = 0x301;
const INET = 2;

/** Asks for all rules of IPv4, chain by chain and in order. */
export function rulesRequest(): Buffer {
	const message = Buffer.alloc(HEADER + ABOUT);
	message.writeUInt32LE(message.length, 0);
	message.writeUInt16LE(typeOf(NFT_MSG_GETRULE), 4);
	message.writeUInt16LE(REQUEST_A_DUMP, 6);
	message.writeUInt8(INET, HEADER);
	return message;
}

/** Handles of the rules of each chain, in order: by `table:chain`. */
export type RuleHandles = ReadonlyMap<string, readonly bigint[]>;

/** @param dump what was answered to `rulesRequest` */
export function readHandles(dump: Buffer): RuleHandles {
	const handles = new Map<string, bigint[]>();
	for (const { type, attributes } of messagesIn(dump)) {
		if (type !== typeOf(NFT_MSG_NEWRULE)) continue;
		const chain = `${textOf(attributes, NFTA_RULE_TABLE)}:${textOf(attributes, NFTA_RULE_CHAIN)}`;
		const handle = attributes.get(NFTA_RULE_HANDLE)?.readBigUInt64BE() ?? 0n;
		const before = handles.get(chain);
		if (before === undefined) handles.set(chain, [handle]);
		else before.push(handle);
	}
	return handles;
}

/**
 * The rules that packets matched: of a walk through the rules of a hook first all that it matched itself, and
 * then those of packets that it sent meanwhile.
 * @param stream what was traced, in order
 */
export function rulesTraced(
	stream: Buffer,
	handles: RuleHandles,
): readonly string[] {
	const outer: Walk = { steps: [], inner: [] };
	const open = [outer];
	for (const { type, attributes } of messagesIn(stream)) {
		const walk = open.at(-1) ?? outer;
		if (type === typeOf(WALK_BEGINS)) {
			const begun: Walk = { steps: [], inner: [] };
			walk.inner.push(begun);
			open.push(begun);
		} else if (type === typeOf(WALK_ENDS)) open.pop();
		else if (type === typeOf(NFT_MSG_TRACE))
			walk.steps.push(stepOf(attributes));
	}
	return namesOf(outer, handles);
}

/** A packet's way through the rules of one hook. */
interface Walk {
	readonly steps: Step[];
	readonly inner: Walk[];
}

interface Step {
	readonly chain: string;
	readonly isPolicy: boolean;
	/** `null` at the end of a chain. */
	readonly handle: bigint | null;
}

function stepOf(attributes: Attributes): Step {
	return {
		chain: `${textOf(attributes, NFTA_TRACE_TABLE)}:${textOf(attributes, NFTA_TRACE_CHAIN)}`,
		isPolicy:
			attributes.get(NFTA_TRACE_TYPE)?.readUInt32BE() === NFT_TRACETYPE_POLICY,
		handle: attributes.get(NFTA_TRACE_RULE_HANDLE)?.readBigUInt64BE() ?? null,
	};
}

function namesOf(
	{ steps, inner }: Walk,
	handles: RuleHandles,
): readonly string[] {
	const own = steps.flatMap((step, index) => {
		const { chain, isPolicy, handle } = step;
		const rules = handles.get(chain) ?? [];
		if (handle !== null) return [`${chain}:rule:${rules.indexOf(handle) + 1}`];
		// A base chain ends in its policy, which comes next.
		const next = steps[index + 1];
		if (!isPolicy && next?.isPolicy && next.chain === chain) return [];
		return [`${chain}:${isPolicy ? "policy" : "return"}:${rules.length + 1}`];
	});
	return [...own, ...inner.flatMap((walk) => namesOf(walk, handles))];
}

type Attributes = ReadonlyMap<number, Buffer>;

function typeOf(message: number): number {
	return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

function* messagesIn(
	bytes: Buffer,
): Generator<{ readonly type: number; readonly attributes: Attributes }> {
	for (let at = 0; at + HEADER <= bytes.length; ) {
		const length = bytes.readUInt32LE(at);
		const type = bytes.readUInt16LE(at + 4);
		const body = bytes.subarray(at + HEADER + ABOUT, at + length);
		if (type !== NLMSG_DONE) yield { type, attributes: attributesIn(body) };
		at += aligned(length);
	}
}

function attributesIn(bytes: Buffer): Attributes {
	const found = new Map<number, Buffer>();
	for (let at = 0; at + ATTRIBUTE <= bytes.length; ) {
		const length = bytes.readUInt16LE(at);
		// Flags for what is nested, and for whose order of octets it is, stand above the type.
		const type = bytes.readUInt16LE(at + 2) & 0x3fff;
		found.set(type, bytes.subarray(at + ATTRIBUTE, at + length));
		at += aligned(length);
	}
	return found;
}

function textOf(attributes: Attributes, type: number): string {
	const text = attributes.get(type)?.toString("latin1") ?? "";
	return text.replace(/\0$/, "");
}

function aligned(length: number): number {
	return (length + 3) & ~3;
}
