/** What is proved, and what may happen besides quiet operation: each by its name. */

/** What is proved of each service. */
export const PROPERTIES = [
	{
		name: "liveness",
		words:
			"a first packet reaches a backend, as long as one is alive, and in quiet operation the backend's answer comes back to the client",
	},
	{
		name: "no-dead-backend",
		words:
			"no first packet goes to a backend that is marked dead, and no packet of a client that speaks on for longer than the limit",
	},
	{
		name: "affinity",
		words: "all packets of a connection go to the backend of its first",
	},
	{
		name: "balance",
		words:
			"no run of connections is further from its shares than the exact split says",
	},
	{
		name: "proportions",
		words:
			"where a backend dies, the others keep the shares that they have to each other",
	},
	{
		name: "isolation",
		words:
			"no packet of a backend leaves untranslated, and no other traffic moves a counter of the service",
	},
] as const;

/** One of them. */
export type PropertyName = (typeof PROPERTIES)[number]["name"];

/** All names, in their order. */
export const PROPERTY_NAMES: readonly PropertyName[] = PROPERTIES.map(
	({ name }) => name,
);

/** An event, as `--events` takes it. */
export type EventName = (typeof EVENTS)[number]["name"];

interface EventWords {
	readonly name: string;
	/** What happens, as the subject of a sentence. */
	readonly words: string;
}

/** In the order in which they are told. */
export const EVENTS = [
	{
		name: "retransmission",
		words: "a client sends its first packet again",
	},
	{
		name: "conditions",
		words:
			"conditions change while connections stand: a backend dies or comes back",
	},
	{
		name: "unnoticed",
		words: "a backend dies, and no condition says so",
	},
	{
		name: "opposite",
		words: "a health checker writes the opposite of what is so",
	},
	{
		name: "false-alarm",
		words:
			"a health checker takes backends for dead that serve: probes without rise and fall",
	},
	{
		name: "removal",
		words:
			"a backend is removed while connections stand: its rules are deleted (a service scaled to zero)",
	},
	{
		name: "time-out",
		words: "conntrack forgets a connection that was quiet for too long",
	},
	{ name: "reset", words: "a client or a backend resets a connection" },
	{
		name: "same-port",
		words: "a client connects again from the same port",
	},
	{
		name: "race",
		words: "two datagrams of one socket come at once",
	},
	{
		name: "other-clients",
		words:
			"connections of others come between those of one client (balance is that client's)",
	},
	{
		name: "other-traffic",
		words:
			"packets come that belong to no service, to another class, or by a link without clients",
	},
	{
		name: "other-services",
		words: "connections of other services come between",
	},
	{ name: "reload", words: "iptables-restore loads the same rules again" },
	{
		name: "noflush",
		words:
			"iptables-restore --noflush loads the same rules behind those that stand",
	},
	{
		name: "edit",
		words: "an iptables command changes a table: it adds an empty chain",
	},
	{
		name: "flush",
		words: "the rules are flushed, and loaded again a moment later",
	},
	{ name: "evict", words: "conntrack -D deletes the connection" },
	{
		name: "take-over",
		words: "a second gateway takes over, with an empty connection table",
	},
	{
		name: "table-full",
		words: "connections of others fill the connection table",
	},
] as const satisfies readonly EventWords[];

/** All names, in their order. */
export const EVENT_NAMES: readonly EventName[] = EVENTS.map(({ name }) => name);

/**
 * Reads names with commas between them.
 * @returns words that say what is wrong, in place of the names
 */
export function namesIn<Name extends string>(
	text: string,
	known: readonly Name[],
	noun: "event" | "property",
): readonly Name[] | string {
	const found: Name[] = [];
	for (const word of text.split(",").map((one) => one.trim())) {
		const name = known.find((one) => one === word);
		if (name === undefined)
			return `${word === "" ? "nothing" : word} is no ${noun}; there are ${known.join(", ")}`;
		if (found.includes(name)) return `${name} stands in it twice`;
		found.push(name);
	}
	return found;
}

/** What is always assumed to happen. */
export const QUIET =
	"first packets at any state of counters and any values of conditions, which stay as they are; answers, data both ways, an orderly close";

export function eventWords(name: EventName): string {
	return (EVENTS.find((one) => one.name === name) as EventWords).words;
}

/** Packets that a proof walks for each service where nothing is said. */
export const USUAL_BUDGET = 200_000;
/** For how long a client may speak to a dead backend where nothing is said, ms. */
export const USUAL_LIMIT_MS = 60_000;
