/** What has to hold, as a file of properties says it: `service tcp 10.0.0.1:25: liveness, affinity under reload`. */
import {
	EVENT_NAMES,
	type EventName,
	namesIn,
	PROPERTY_NAMES,
	type PropertyName,
} from "./state/events.ts";

/** Properties that have to hold, under events. */
export interface Demand {
	/** A part of the key, name or a backend of a service; "": all services. */
	readonly service: string;
	readonly properties: readonly PropertyName[];
	/** [] is quiet operation. */
	readonly events: readonly EventName[];
}

/** How a demand is written. */
export const DEMAND_FORM =
	"service TEXT: PROPERTIES under EVENTS, with commas between several; without `service TEXT:` it is of all services, without `under EVENTS` of quiet operation";

/** @returns words that say what is wrong with it, in place of a demand */
export function readDemand(text: string): Demand | string {
	const [, service = "", said = ""] =
		/^(?:service\s+(\S.*):\s)?\s*(.*)$/.exec(text.trim()) ?? [];
	const [properties = "", events, ...more] = said.split(/\s+under\s+/);
	if (more.length > 0) return "`under` stands in it twice";
	const asked = namesIn(properties, PROPERTY_NAMES, "property");
	if (typeof asked === "string") return asked;
	if (events === undefined) return { service, properties: asked, events: [] };
	const under = namesIn(events, EVENT_NAMES, "event");
	if (typeof under === "string") return under;
	return { service, properties: asked, events: under };
}
