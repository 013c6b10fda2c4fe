/** The flat list of what an edit changes: what is counted, and what may be allowed. */
import type {
	Change,
	ClassDiff,
	ConnectionDiff,
	DiffDocument,
	ServiceDiff,
	VectorDiff,
} from "./diff-document.ts";

/** What it all comes to. Rules that no walked packet fits are told where nothing else says that the edit is to be looked at. */
export function concluded({
	changes,
	unknown,
	unmet,
}: Pick<DiffDocument, "changes" | "unknown" | "unmet">): Pick<
	DiffDocument,
	"unknown" | "verdict"
> {
	const isDifferent = changes.some(
		({ allowed, kind }) => allowed === null && kind !== "finding",
	);
	const all = isDifferent ? unknown : [...new Set([...unknown, ...unmet])];
	return { unknown: all, verdict: verdictOf({ changes, unknown: all }) };
}

function verdictOf({
	changes,
	unknown,
}: Pick<DiffDocument, "changes" | "unknown">): DiffDocument["verdict"] {
	if (changes.some(({ allowed }) => allowed === null)) return "different";
	if (unknown.length > 0) return "unknown";
	return changes.length > 0 ? "allowed" : "same";
}

type Parts = Pick<
	DiffDocument,
	"services" | "packets" | "loads" | "findings" | "after"
>;

export function changesIn(parts: Parts): readonly Change[] {
	const { services, packets, loads, findings } = parts;
	const own = ownRestore(loads);
	return [
		...services.flatMap((service) => ofService(service)),
		...packets
			.filter(({ verdict }) => verdict === "changed")
			.map((one) => ofPackets(one)),
		...(own?.connections ?? []).flatMap((one) => ofConnection(one, services)),
		...findings.fresh.map((one) => ofFinding(one, "new")),
		...findings.gone.map((one) => ofFinding(one, "gone")),
	];
}

/** The way to load the edit of which changes are told. */
export function ownRestore(loads: Parts["loads"]) {
	return loads.find(({ isOwn, load }) => isOwn && load === "restore");
}

/** Does nothing but what is not known become of a connection that would not without the edit? */
export function isOpen({ outcomes, without }: ConnectionDiff): boolean {
	const more = outcomes.filter((one) => !without.includes(one));
	return more.length > 0 && more.every((one) => one === "unknown");
}

export function openWords({ of, to }: ConnectionDiff): string {
	return `it is not known what becomes of connections of ${of} that stand and go to ${to}`;
}

function ofService({
	key,
	name,
	classes,
	drives,
}: ServiceDiff): readonly Change[] {
	const names = name === null ? [] : [name];
	const changed = classes.filter(({ verdict }) => verdict === "changed");
	const found = changed.map((one): Change => {
		const isFirst = one.which === "first";
		return {
			kind: isFirst ? "split" : "later",
			of: "service",
			subject: key,
			names,
			becomes: one.becomes,
			text: `${key}, ${one.packets}: ${isFirst ? movedWords(one) : laterWords(one)}`,
			at: null,
			allowed: null,
		};
	});
	const isDriven = drives.before.length + drives.after.length > 0;
	if (!isDriven || found.length > 0) return found;
	return [
		{
			kind: "split",
			of: "service",
			subject: key,
			names,
			becomes: [],
			text: `${key}: the order of packets drives its shares otherwise`,
			at: null,
			allowed: null,
		},
	];
}

/** `1/2 of new connections get something else` */
function movedWords({ vectors, before, after }: ClassDiff): string {
	const vector = vectors.find(movesAny) ?? vectors[0];
	const share = vector?.moved;
	if (share === undefined || before.length * after.length === 1)
		return `${before.join(", ")} → ${after.join(", ")}`;
	const words =
		share.kind === "exact"
			? share.share.fraction
			: share.kind === "interval"
				? `${share.least.fraction} to ${share.greatest.fraction}`
				: "an unknown part";
	const least = vector?.isAtLeast ? "at least " : "";
	const when = vector?.name ? ` (${vector.name})` : "";
	return `${least}${words} of new connections go elsewhere${when}`;
}

function movesAny({ moved }: VectorDiff): boolean {
	if (moved.kind === "exact") return moved.share.decimal > 0;
	return moved.kind === "unknown" || moved.greatest.decimal > 0;
}

const LATER = {
	first: "",
	answer: "the answer",
	next: "the client's next packet",
	again: "the first packet, sent again",
} as const;

function laterWords({ which, before, after }: ClassDiff): string {
	return `${LATER[which]}: ${before.join(", ")} → ${after.join(", ")}`;
}

function ofPackets(one: ClassDiff): Change {
	const { which, packets, before, after } = one;
	const isFirst = which === "first";
	return {
		kind: isFirst ? "packets" : "later",
		of: "packets",
		subject: packets,
		names: [],
		becomes: one.becomes,
		text: isFirst
			? `${packets}: ${before.join(", ")} → ${after.join(", ")}`
			: `${packets}: ${laterWords(one)}`,
		at: null,
		allowed: null,
	};
}

/** Those to which loading the edit does what would not happen without it. */
function ofConnection(
	one: ConnectionDiff,
	services: Parts["services"],
): readonly Change[] {
	const { of, to, outcomes, without } = one;
	if (JSON.stringify(outcomes) === JSON.stringify(without)) return [];
	if (isOpen(one)) return [];
	const service = services.find(({ key }) => key === of);
	return [
		{
			kind: "connections",
			of: service === undefined ? "packets" : "service",
			subject: of,
			names: service?.name ? [service.name] : [],
			becomes: outcomes,
			text: `connections of ${of} that stand and go to ${to}: ${outcomes.join(" or ")}`,
			at: null,
			allowed: null,
		},
	];
}

function ofFinding(
	{ code, name, at, message }: Parts["findings"]["fresh"][number],
	is: "new" | "gone",
): Change {
	return {
		kind: "finding",
		of: "finding",
		subject: code,
		names: [name],
		becomes: [is],
		text: `${code} ${name} is ${is}: ${message}`,
		at: is === "new" ? at : null,
		allowed: null,
	};
}
