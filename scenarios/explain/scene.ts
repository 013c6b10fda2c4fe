/** What an explanation has to know of a scenario and of what happened around the gateway. */
import { formatAddress } from "../../sim/packet/address.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import {
	LOOPBACK,
	placeOf,
	servicesOf,
} from "../../sim/world/setup/services.ts";
import type { BackendSetup } from "../../sim/world/setup/setup.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import type { RuleBook } from "../result/rule-place.ts";
import { describeStep } from "./describe-step.ts";
import { time } from "./words.ts";

export interface Scene {
	readonly book: RuleBook;
	/** What a connection has asked for: `10.0.0.1:25`. */
	serviceOf(connection: Pick<ConnectionRecord, "service">): string;
	backend(name: string): BackendSetup | null;
	/** Behind a link: programs of the gateway's own share its addresses. */
	backendAt(address: number): BackendSetup | null;
	clientAddress(name: string): string;
	/** Who has the address behind a link, and behind which; `null`: nobody. */
	hostAt(
		address: number,
	): { readonly name: string; readonly interface: string } | null;
	/** `b1`, and ` (vanished at 2.5 s)` where something was wrong with it then. */
	backendWords(name: string, atMs: number): string;
	/** When the health checker believed that it is dead, and what it switched; "" without a checker. */
	switchWords(backend: string, atMs: number): string;
	/** The last thing that was done to the gateway before, ` (after conntrack -D at 2 s)`; "" for nothing. */
	doneBefore(atMs: number): string;
}

const WRONG: Readonly<Record<string, string>> = {
	refuse: "closed its port",
	vanish: "vanished",
	silent: "fell silent",
	hang: "hung",
	slow: "slowed down",
	lossy: "began to lose packets",
	unavailable: "turned its clients away",
	drain: "began to drain",
};

export function sceneOf(
	{ setup, steps }: PlayableScenario,
	{ events }: Pick<Account, "events">,
	book: RuleBook,
): Scene {
	const { backends, clients, healthCheck } = setup;
	const backend = (name: string) =>
		backends.find((one) => one.name === name) ?? null;
	const behaviour = (name: string, atMs: number) => {
		const change = events.findLast(
			(event) =>
				event.kind === "backend" &&
				event.backend === name &&
				event.atMs <= atMs,
		);
		return change?.kind === "backend"
			? { kind: change.behaviour, sinceMs: change.atMs }
			: { kind: backend(name)?.behaviour.kind ?? "up", sinceMs: 0 };
	};
	return {
		book,
		serviceOf: ({ service = "" }) =>
			servicesOf(setup)
				.filter(({ name }) => name === service)
				.map(placeOf)
				.join(" or "),
		backend,
		backendAt: (address) => backends.find(isBehindLinkAt(address)) ?? null,
		clientAddress: (name) =>
			clients.find((one) => one.name === name)?.address ?? "",
		hostAt: (address) =>
			[...backends, ...clients].find(isBehindLinkAt(address)) ?? null,
		backendWords(name, atMs) {
			const { kind, sinceMs } = behaviour(name, atMs);
			const wrong = WRONG[kind];
			return wrong === undefined
				? name
				: `${name} (${wrong} ${sinceMs === 0 ? "at the start" : `at ${time(sinceMs)}`})`;
		},
		switchWords(name, atMs) {
			if (healthCheck === null) return "";
			const { sinceMs } = behaviour(name, atMs);
			const noticed = events.find(
				(event) =>
					event.kind === "belief" &&
					event.backend === name &&
					!event.alive &&
					event.atMs >= sinceMs,
			);
			if (noticed === undefined)
				return `; the health checker never noticed that ${name} failed`;
			const switched = events.find(
				(event) => event.kind === "condition" && event.atMs >= noticed.atMs,
			);
			const wrote =
				switched?.kind === "condition"
					? ` and wrote ${switched.write} to ${switched.name} at ${time(switched.atMs)}`
					: " and wrote no condition";
			return `; the health checker noticed at ${time(noticed.atMs)}${wrote}`;
		},
		doneBefore(atMs) {
			const done = steps
				.filter((step) => step.kind === "operation" && step.atMs <= atMs)
				.toSorted((one, other) => one.atMs - other.atMs)
				.at(-1);
			return done === undefined
				? ""
				: ` (after ${describeStep(done)} at ${time(done.atMs)})`;
		},
	};
}

function isBehindLinkAt(address: number) {
	const text = formatAddress(address);
	return (one: { readonly interface: string; readonly address: string }) =>
		one.interface !== LOOPBACK && one.address === text;
}
