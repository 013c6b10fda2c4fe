/** What changed between the packets of a connection that met more than one backend. */
import { hex32 } from "../../sim/packet/numbers.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import type { Happening, Passage } from "./follow.ts";
import { chooser, marker, pathWords } from "./path.ts";
import type { Scene } from "./scene.ts";
import { isClients } from "./stop.ts";
import type { Told } from "./stop-words.ts";
import { foundIn, packetName } from "./words.ts";

/** A packet of the client's, and the backend that it came to. */
interface Visit {
	readonly passage: Passage;
	readonly backend: string;
}

/**
 * @param to the backend that the question is about; left out: whichever it met after the first
 * @returns `null` where no packet is known that met it after another one
 */
export function movedWords(
	log: readonly Happening[],
	connection: ConnectionRecord,
	{ scene, to }: { readonly scene: Scene; readonly to?: string | undefined },
): Told | null {
	const { book } = scene;
	const visits = visitsOf(log, connection, scene);
	const first = visits[0];
	if (first === undefined || first.backend === to) return null;
	const moved = visits.find(({ backend }) =>
		to === undefined ? backend !== first.backend : backend === to,
	);
	if (moved === undefined) return null;
	// The last packet before it that still went where it should.
	const last = visits[visits.indexOf(moved) - 1] ?? first;
	const name = packetName(moved.passage.packet);
	const by = marker(moved.passage);
	return {
		words: `${pathWords(first.passage, book)} → ${first.backend}; ${changeWords(last.passage, moved.passage, scene)}: ${pathWords(moved.passage, book, `the client's ${name}`)} → ${moved.backend}`,
		rule: chooser(moved.passage, book) ?? (by && foundIn(book, by)),
	};
}

/** In the order of time. */
export function visitsOf(
	log: readonly Happening[],
	connection: ConnectionRecord,
	scene: Scene,
): readonly Visit[] {
	const visits: Visit[] = [];
	let passage: Passage | null = null;
	for (const one of log) {
		if (one.kind === "gateway")
			passage = isClients(one, connection, scene) ? one : null;
		else if (passage !== null) {
			const at =
				one.kind === "arrives" ? one.at : one.kind === "lost" ? one.host : "";
			if (scene.backend(at) === null) continue;
			visits.push({ passage, backend: at });
			passage = null;
		}
	}
	return visits;
}

/** Why the later packet was not treated as the earlier one. */
function changeWords(before: Passage, after: Passage, scene: Scene): string {
	const [isNew, wasNew] = [isFirst(after), isFirst(before)];
	const name = packetName(after.packet);
	const [zone, oldZone] = [zoneOf(after), zoneOf(before)];
	if (isNew && zone !== oldZone)
		return `its conntrack entry is of another zone${scene.doneBefore(after.atMs)}: packets had ${oldZone}, and a later one, which begins a new entry, has ${zone}`;
	if (isNew && name !== "SYN")
		return `its conntrack entry is gone${scene.doneBefore(after.atMs)}, and a later packet begins a new one`;
	const saved = before.steps.at(-1)?.connmark ?? 0;
	const [marked, now] = [markOf(before), markOf(after)];
	if (isNew && wasNew && name === "SYN")
		return `its first SYN left no conntrack entry${scene.doneBefore(after.atMs)}, and the next one is balanced anew`;
	if (marked !== now && saved === 0)
		return `mark ${hex32(marked)} was not saved to the connection (connmark 0x0), and a later packet has mark ${hex32(now)}`;
	if (marked !== now)
		return `connmark ${hex32(saved)} was not restored to a later packet, which has mark ${hex32(now)}`;
	return "a later packet goes elsewhere";
}

/** Has it no entry yet? Datagrams are NEW until one comes back, but meet the rules of nat once. */
function isFirst({ steps, packet }: Passage): boolean {
	return steps.some(
		({ ctstate, table }) =>
			ctstate === "NEW" && (packet.kind !== "udp" || table === "nat"),
	);
}

/** Entries of one zone are not those of another: `zone 5`, as the rule says it. */
function zoneOf({ steps }: Passage): string {
	const said = steps.findLast(
		({ table, text }) => table === "raw" && ZONE.test(text),
	);
	return ZONE.exec(said?.text ?? "")?.[1] ?? "no zone";
}

const ZONE = / -j CT .*--(zone\S* \S+)/;

function markOf({ steps }: Passage): number {
	return steps.at(-1)?.markAfter ?? 0;
}
