/** A comparison as a document, and the flat list of what it changes. */
import { DEFAULT_LINUX, linuxName } from "../../../sim/linux/linux.ts";
import { printPacket } from "../../../sim/packet/notation/notation.ts";
import {
	compareRationals,
	printPercent,
	printRational,
	ZERO,
} from "../../../sim/rational.ts";
import {
	type DriveDocument,
	driveDocument,
	optionsThatTell,
	type ShareDocument,
	shareDocument,
} from "../document/split-document.ts";
import type { LintFinding } from "../lint/finding.ts";
import type { Service } from "../services/service.ts";
import { isFromGateway, type Space } from "../spaces/space.ts";
import type { Share, Split } from "../split/split.ts";
import { others } from "../upgrade/upgrade.ts";
import {
	changesIn,
	concluded,
	isOpen,
	openWords,
	ownRestore,
} from "./changes.ts";
import type { PacketClass } from "./classes.ts";
import { type Compared, placeWords } from "./compare.ts";
import type { Diff, DiffInput } from "./diff.ts";
import type {
	ClassDiff,
	DiffDocument,
	DiffSide,
	LoadDiff,
	ServiceDiff,
	VectorDiff,
} from "./diff-document.ts";
import { LOAD_WORDS } from "./edits.ts";
import { type Effect, effectKey, effectWords } from "./effect.ts";
import { nameOf, type Placed } from "./kinds/align.ts";
import { measureOf } from "./kinds/measure.ts";
import {
	clientWords,
	spaceOfService,
	spaceWords,
} from "./kinds/service-space.ts";
import { joinedSpaces, populations } from "./kinds/touched.ts";
import type { Loaded } from "./standing.ts";

export function diffDocument(
	diff: Diff,
	{ before, after }: { readonly before: DiffInput; readonly after: DiffInput },
): DiffDocument {
	const { sides, classes, findings } = diff;
	const { alignment, world } = sides;
	const wordsOfClass = clientsInWords(classes, sides.links);
	const fates = (one: PacketClass) => classDiff(one, wordsOfClass(one), diff);
	const services = servicesOf(diff, fates);
	const packets = mostFirst(
		classes.filter(
			({ service, comparison }) =>
				service === null && comparison.verdict !== "same",
		),
		diff,
	).map(fates);
	const own = (world.setup.linux ?? DEFAULT_LINUX).backend;
	const part = {
		linux: linuxName(world.setup.linux ?? DEFAULT_LINUX),
		before: sideOf(
			before.name,
			alignment.chains.flatMap(({ removed }) => removed),
		),
		after: sideOf(
			after.name,
			alignment.chains.flatMap(({ added }) => added),
		),
		services,
		packets,
		population:
			"first packets of hosts to one host, each source, destination, protocol, port and interface as often as any other; of a service's clients, packets to the service",
		loads: diff.loaded.map((one) => loadDiff(one, own, diff)),
		counters: diff.counters,
		findings: {
			gone: besides(findings.before, findings.after),
			fresh: besides(findings.after, findings.before),
		},
		assumptions: world.assumptions.map(({ text }) => text),
		toldBy: optionsThatTell(world.assumptions),
		walked: diff.walked,
	};
	const changes = changesIn(part);
	const known = {
		changes,
		unmet: [...diff.unmet, ...openIn(diff, fates)],
		unknown: unknownIn(diff, part),
	};
	return { ...part, idle: [], ...known, ...concluded(known) };
}

/** The same said of a rule that has other words now is not another finding. */
function besides(
	some: readonly LintFinding[],
	known: readonly LintFinding[],
): DiffDocument["findings"]["gone"] {
	const said = new Set(
		others(known, some).map(({ code, message }) => `${code} ${message}`),
	);
	return others(some, known).filter(
		({ code, message }) => !said.has(`${code} ${message}`),
	);
}

function unknownIn(
	{ gaps }: Diff,
	{
		services,
		packets,
		loads,
	}: Omit<Parameters<typeof changesIn>[0], "findings">,
): readonly string[] {
	const found = [
		...services.flatMap(({ key, classes }) =>
			classes.map((one) => ({ subject: key, one })),
		),
		...packets.map((one) => ({ subject: one.packets, one })),
	].flatMap(({ subject, one }) => one.why.map((why) => `${subject}: ${why}`));
	const standing = ownRestore(loads)?.connections ?? [];
	const lost = standing.filter(isOpen).map(openWords);
	return [...new Set([...found, ...lost, ...gaps])];
}

function openIn(
	{ open }: Diff,
	fates: (one: PacketClass) => ClassDiff,
): readonly string[] {
	return open.flatMap((one) => {
		const { packets, why } = fates(one);
		return why.map((on) => `${one.service?.key ?? packets}: ${on}`);
	});
}

function sideOf(file: string, rules: readonly Placed[]): DiffSide {
	return {
		file,
		rules: rules.map((one) => {
			return { rule: nameOf(one), text: one.text, line: one.rule.line };
		}),
	};
}

function servicesOf(
	diff: Diff,
	fates: (one: PacketClass) => ClassDiff,
): readonly ServiceDiff[] {
	const { sides, classes, isCut } = diff;
	const olds = sides.before.analysis.services;
	const news = sides.after.analysis.services;
	const oldKeys = new Set(olds.map(({ key }) => key));
	const newKeys = new Set(news.map(({ key }) => key));
	const drives = [olds, news].map(
		(services) =>
			new Map(services.map((one) => [one.key, drivesOf(one)] as const)),
	);
	const all = [...news, ...olds.filter(({ key }) => !newKeys.has(key))];
	return all.map((service): ServiceDiff => {
		const { key } = service;
		const own = mostFirst(
			classes.filter((one) => one.service?.key === key),
			diff,
		).map(fates);
		const [before = [], after = []] = drives.map((one) => one.get(key));
		const isDriven = JSON.stringify(before) !== JSON.stringify(after);
		const verdicts = own.map(({ verdict }) => verdict);
		const isChanged =
			verdicts.includes("changed") ||
			(isDriven && oldKeys.has(key) && newKeys.has(key));
		// What was not looked at may be of any service.
		const isUnknown =
			verdicts.includes("unknown") || (isCut && own.length === 0);
		return {
			key,
			name: service.name,
			in: oldKeys.has(key) ? (newKeys.has(key) ? "both" : "old") : "new",
			verdict: isChanged ? "changed" : isUnknown ? "unknown" : "same",
			classes: own,
			drives: isDriven ? { before, after } : { before: [], after: [] },
		};
	});
}

function drivesOf({ key, drives }: Service): readonly string[] {
	return drives.map((drive) => driveText(driveDocument(drive, key)));
}

function driveText(drive: DriveDocument): string {
	if (drive.kind === "unknown")
		return `of ${drive.client} it is unknown: ${drive.why}`;
	const { client, key, least, greatest } = drive;
	return `of ${client}, ${key} gets from ${least.fraction} to ${greatest.fraction}`;
}

/** What classes are called: those of one service by their clients, and by their packets where that tells no two apart. */
function clientsInWords(
	classes: readonly PacketClass[],
	links: Diff["sides"]["links"],
): (one: PacketClass) => readonly string[] {
	const keyOf = ({ which, service }: PacketClass, words: string) =>
		`${which} ${service?.key} ${words}`;
	const short = (one: PacketClass) => [
		...new Set(one.spaces.map((space) => clientWords(space, links))),
	];
	const counts = new Map<string, number>();
	for (const one of classes)
		for (const words of one.service === null ? [] : short(one)) {
			const key = keyOf(one, words);
			counts.set(key, (counts.get(key) ?? 0) + 1);
		}
	return (one) => {
		const { service, spaces } = one;
		if (service === null)
			return spaces.map((space) => spaceWords(space, links));
		const words = short(one);
		return words.every((some) => (counts.get(keyOf(one, some)) ?? 0) < 2)
			? words
			: spaces.map((space) => clientWords(space, links, service));
	};
}

function classDiff(
	one: PacketClass,
	words: readonly string[],
	{ sides: { links } }: Diff,
): ClassDiff {
	const { which, spaces, arrival, service, comparison } = one;
	const { verdict, why, before, after, vectors } = comparison;
	const nameOfKey = wordsOf([...before, ...after]);
	const measure = measureOf(spaces, wholeOf(one, links, service));
	const shown = vectors.map((vector) =>
		vectorDiff(vector, nameOfKey, backendsIn([...before, ...after])),
	);
	return {
		which,
		packets: listed([...new Set(words)]),
		example: printPacket(arrival.packet),
		interface: arrival.interface,
		measure:
			measure === null || measure === ZERO
				? null
				: { fraction: printRational(measure), percent: printPercent(measure) },
		verdict,
		why,
		...toldApart(
			before.map((effect) => fateWords(effect, nameOfKey)),
			after.map((effect) => fateWords(effect, nameOfKey)),
			verdict === "changed" ? (shown.find(isDifferent) ?? null) : null,
		),
		becomes: [
			...new Set(
				after.map(({ fate, to, from }) =>
					to === null && from === null ? fate : "translated",
				),
			),
		],
		vectors: shown,
	};
}

/** The most packets come first: one to a broadcast address is no example of the others. */
function mostFirst(
	classes: readonly PacketClass[],
	{ sides: { links } }: Diff,
): readonly PacketClass[] {
	return classes
		.map((one) => {
			const whole = wholeOf(one, links, one.service);
			return { one, measure: measureOf(one.spaces, whole) ?? ZERO };
		})
		.sort((a, b) => compareRationals(b.measure, a.measure))
		.map(({ one }) => one);
}

/**
 * What becomes of packets on each side. Where both read alike, their shares stand beside, and where these are the same
 * as well, that they are those of other connections.
 * @param vector values under which both differ; `null`: they do not
 */
function toldApart(
	before: readonly string[],
	after: readonly string[],
	vector: VectorDiff | null,
): Pick<ClassDiff, "before" | "after"> {
	const isAlike =
		[...before].sort().join("\n") === [...after].sort().join("\n");
	if (vector === null || !isAlike) return { before, after };
	const sharesOf = (side: "before" | "after") =>
		vector.parts.map((part) => `${part.key} (${textOfShare(part[side])})`);
	const [old, young] = [sharesOf("before"), sharesOf("after")];
	return old.join() === young.join()
		? { before: old, after: young.map((text) => `${text} of others`) }
		: { before: old, after: young };
}

function isDifferent({ moved, parts }: VectorDiff): boolean {
	return (
		getsAny(moved) ||
		parts.some(
			({ before, after }) => textOfShare(before) !== textOfShare(after),
		)
	);
}

function textOfShare(share: ShareDocument): string {
	if (share.kind === "unknown") return "unknown";
	return share.kind === "exact"
		? share.share.percent
		: `${share.least.percent} to ${share.greatest.percent}`;
}

const MOST_LISTED = 3;

function listed(words: readonly string[]): string {
	const left = words.length - MOST_LISTED;
	const shown = words.slice(0, MOST_LISTED).join("; ");
	return left > 0 ? `${shown}; and ${left} more` : shown;
}

function wholeOf(
	{ spaces: [space] }: PacketClass,
	links: Diff["sides"]["links"],
	service: Service | null,
): Space {
	const isOwn = space !== undefined && isFromGateway(space);
	const all = populations(links).find((one) => isFromGateway(one) === isOwn);
	const whole = all ?? (space as Space);
	if (service === null) return whole;
	const of = spaceOfService(service, links);
	const { destination, destinationPort, protocol } = of;
	return { ...whole, destination, destinationPort, protocol };
}

/** By its key, what an effect is called: with its interface where that tells two apart. */
function wordsOf(effects: readonly Effect[]): (key: string) => string {
	const byWords = new Map<string, Set<string>>();
	for (const effect of effects) {
		const words = effectWords(effect);
		const keys = byWords.get(words) ?? new Set();
		keys.add(effectKey(effect));
		byWords.set(words, keys);
	}
	const names = new Map<string, string>();
	for (const effect of effects) {
		const words = effectWords(effect);
		const key = effectKey(effect);
		const keys = [...(byWords.get(words) ?? [])];
		const place = keys.length > 1 ? ` (${restWords(effect)})` : "";
		names.set(key, `${words}${place}`);
	}
	return (key) => names.get(key) ?? key;
}

function restWords({ fate, interface: name, mark, rest }: Effect): string {
	// Words of all else tell the mark.
	const marked = fate === "unknown" ? `mark 0x${mark.toString(16)}` : "";
	return [...(name === null ? [] : [`by ${name}`]), marked, rest]
		.filter((part) => part !== "")
		.join(", as ");
}

function fateWords(effect: Effect, nameOfKey: (key: string) => string): string {
	return `${nameOfKey(effectKey(effect))}${placeWords(effect.by)}`;
}

/** Keys of what is sent on to an address of its own. */
function backendsIn(effects: readonly Effect[]): ReadonlySet<string> {
	return new Set(effects.filter(({ to }) => to !== null).map(effectKey));
}

function vectorDiff(
	{ vector, before, after, moved }: Compared,
	nameOfKey: (key: string) => string,
	backends: ReadonlySet<string>,
): VectorDiff {
	const keys = new Set([...before.parts, ...after.parts].map(({ key }) => key));
	return {
		name: vector.name,
		parts: [...keys]
			.map((key) => ({
				key: nameOfKey(key),
				isBackend: backends.has(key),
				before: shareDocument(shareIn(before, key)),
				after: shareDocument(shareIn(after, key)),
			}))
			.filter((one) => getsAny(one.before) || getsAny(one.after)),
		moved: shareDocument(moved.share),
		isAtLeast: moved.isAtLeast,
	};
}

function getsAny(share: ShareDocument): boolean {
	return share.kind !== "exact" || share.share.decimal > 0;
}

function shareIn({ parts }: Split, wanted: string): Share {
	const part = parts.find(({ key }) => key === wanted);
	return part?.share ?? { kind: "exact", value: ZERO };
}

function loadDiff(
	{ backend, load, refused, standing, ...rest }: Loaded,
	own: string,
	{ sides: { links } }: Diff,
): LoadDiff {
	return {
		backend,
		load,
		words: LOAD_WORDS[load],
		isOwn: backend === own,
		refused,
		leftOver: rest.leftOver,
		missing: rest.missing,
		policies: rest.policies,
		connections: connectionsOf(standing, links),
	};
}

/** Connections of one service, or of none, that go to one place and of which the same becomes. */
function connectionsOf(
	standing: Loaded["standing"],
	links: Diff["sides"]["links"],
): LoadDiff["connections"] {
	const groups = new Map<string, (typeof standing)[number][]>();
	for (const one of standing) {
		const { connection, outcomes, without } = one;
		const { service } = connection.of;
		const of = service?.key ?? "";
		const key = [of, connection.to, outcomes, without].join("\n");
		const group = groups.get(key);
		if (group === undefined) groups.set(key, [one]);
		else group.push(one);
	}
	return [...groups.values()].flatMap((group) => {
		const [first] = group;
		if (first === undefined) return [];
		const { connection, outcomes, without } = first;
		const spaces = group.flatMap((one) => one.connection.of.spaces);
		const words = joinedSpaces(spaces).map((one) => spaceWords(one, links));
		const of = connection.of.service?.key ?? listed([...new Set(words)]);
		return [{ of, to: connection.to, outcomes, without }];
	});
}
