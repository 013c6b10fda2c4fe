/** Unpacks what stands in the page. Here, once and for all, whatever is shown goes through `visible`. */
import type { Entry } from "../../contract/report.ts";
import type { EntryRow, Pack, PageHead } from "../../contract/report-page.ts";
import { visible } from "../../wording.ts";

/** A scenario whole, with the rulesets and walks that it names by number. */
export interface Whole extends Pick<Pack, "rulesets" | "walks"> {
	readonly entry: Entry;
}

export function loadHead(): Promise<PageHead> {
	return unpack("report");
}

const packs = new Map<number, Promise<Pack>>();

export async function loadEntry({ id, pack }: EntryRow): Promise<Whole> {
	const known = packs.get(pack) ?? unpack<Pack>(`pack-${pack}`);
	packs.set(pack, known);
	const { entries, rulesets, walks } = await known;
	const entry = entries.find((one) => one.id === id);
	if (entry === undefined) throw new Error(`The page has no scenario ${id}.`);
	return { entry, rulesets, walks };
}

async function unpack<Thing>(id: string): Promise<Thing> {
	const data = atob(document.getElementById(id)?.textContent ?? "");
	const octets = new Uint8Array(data.length);
	for (let at = 0; at < data.length; at++) octets[at] = data.charCodeAt(at);
	const stream = new Blob([octets])
		.stream()
		.pipeThrough(new DecompressionStream("gzip"));
	return shown(JSON.parse(await new Response(stream).text())) as Thing;
}

/** Why the page, or a part of it, is not shown. */
export function unpackFault(error: unknown): string {
	return typeof DecompressionStream === "undefined"
		? "This browser cannot unpack the report: open it in one of 2023 or later."
		: `The report cannot be unpacked (${String(error)}): is the file whole?`;
}

/** The same, with every text as it may be shown. It is changed in place: it is large, and nothing else refers to it yet. */
function shown(value: unknown): unknown {
	if (typeof value === "string") return visible(value);
	if (typeof value !== "object" || value === null) return value;
	const parts = value as Record<string, unknown>;
	for (const key of Object.keys(parts)) parts[key] = shown(parts[key]);
	return value;
}
