/** What a page shows of an exploration at a moment: small, however much has happened. */

import { describeStep } from "../../scenarios/explain/describe-step.ts";
import {
	readSaved,
	type SavedLine,
} from "../../scenarios/result/saved-ruleset.ts";
import { type Serving, servingOf } from "../../scenarios/result/serving.ts";
import type { StepOperation, Unknown } from "../../sim/contract/gateway.ts";
import type { Ruleset } from "../../sim/contract/ruleset.ts";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import { DEFAULT_LINUX, type Linux } from "../../sim/linux/linux.ts";
import { printRuleset } from "../../sim/ruleset/print.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import type { Exploration, SeenPacket } from "./exploration.ts";
import type { RuleView } from "./rule-key.ts";

export interface BackendView {
	readonly name: string;
	readonly address: string;
	readonly interface: string;
	readonly behaviour: BackendBehaviour["kind"];
	/** Connections that it was given. */
	readonly given: number;
	/** Of them, how many came to what. */
	readonly servings: Readonly<Record<Serving, number>>;
}

interface ConnectionView {
	readonly id: number;
	readonly client: string;
	readonly port: number;
	readonly startedMs: number;
	readonly backend: string | null;
	readonly outcome: ConnectionRecord["outcome"];
	readonly serving: Serving;
	readonly tookMs: number | null;
}

interface StepView {
	readonly atMs: number;
	readonly text: string;
	readonly isDone: boolean;
	/** What the command would have printed, where it failed; "": it did not. */
	readonly failure: string;
}

export interface View {
	readonly nowMs: number;
	readonly isBusy: boolean;
	readonly unknown: Unknown | null;
	/** Has a step changed what surrounds the rules: routes, sets, sysctls, links? */
	readonly isMachineChanged: boolean;
	/** Left out while they are as before. */
	readonly rules?: readonly RuleView[];
	/** Packets by rule, in the order of `rules`. */
	readonly counters: readonly number[];
	readonly conditions: Readonly<Record<string, 0 | 1>>;
	readonly clients: readonly {
		readonly name: string;
		readonly address: string;
		readonly interface: string;
	}[];
	readonly backends: readonly BackendView[];
	/** Connections that met no backend, and wait no longer. */
	readonly nowhere: number;
	readonly servings: Readonly<Record<Serving, number>>;
	readonly total: number;
	/** The latest ones that were lost or late, and then the others; newest first. */
	readonly connections: readonly ConnectionView[];
	/** The first entries; `null`: not listed while much happens. */
	readonly conntrack: {
		readonly count: number;
		readonly lines: readonly string[];
	} | null;
	readonly steps: readonly StepView[];
	readonly packets: readonly SeenPacket[];
	/** The place of the packet that was stepped to; `null`: none was. */
	readonly steppedTo: number | null;
}

/** Chains and rules as they are printed, with their counters. */
export function ruleLines(
	ruleset: Ruleset,
	linux: Linux = DEFAULT_LINUX,
): readonly SavedLine[] {
	return readSaved(printRuleset(ruleset, { counters: true, linux }));
}

const CHANGES_MACHINE: Readonly<Record<StepOperation["kind"], boolean>> = {
	restore: false,
	iptables: false,
	condition: false,
	evict: false,
	"take-over": false,
	"forget-neighbour": false,
	sysctl: true,
	ip: true,
	ipset: true,
	link: true,
};

const MOST_CONNECTIONS = 100;
const MOST_FAILED = 50;
const MOST_ENTRIES = 100;

/** Looks at an exploration again and again, and says of the rules only when they have changed. */
export class Viewer {
	private shownRules = "";

	/** @param isPassing it goes on at once: what takes long to list is left out */
	look(
		exploration: Exploration,
		{
			isPassing = false,
			steppedTo = null,
		}: {
			readonly isPassing?: boolean;
			readonly steppedTo?: SeenPacket | null;
		} = {},
	): View {
		const { gateway, scenario } = exploration;
		const account = exploration.account();
		const saved = ruleLines(gateway.ruleset, scenario.setup.gateway.linux);
		const rules = saved.map(({ table, chain, number, text }) => {
			return { table, chain, number, text };
		});
		const key = rules.map(({ table, text }) => `${table} ${text}`).join("\n");
		const isNew = key !== this.shownRules;
		this.shownRules = key;
		return {
			nowMs: exploration.nowMs,
			isBusy: exploration.isBusy,
			unknown: exploration.unknown,
			isMachineChanged: scenario.steps.some(
				(step) =>
					step.kind === "operation" &&
					CHANGES_MACHINE[step.operation.kind] &&
					exploration.isDone(step),
			),
			...(isNew ? { rules } : {}),
			counters: saved.map(({ packets }) => packets),
			conditions: gateway.conditions,
			clients: scenario.setup.clients.map((client) => {
				return {
					name: client.name,
					address: client.address,
					interface: client.interface,
				};
			}),
			...countsOf(exploration, account),
			connections: listed(account.connections),
			conntrack: isPassing ? null : entriesOf(exploration),
			steps: stepsOf(exploration, account),
			packets: exploration.packets,
			steppedTo: placeOf(exploration, steppedTo),
		};
	}
}

function placeOf(
	{ packets }: Exploration,
	packet: SeenPacket | null,
): number | null {
	const place = packet === null ? -1 : packets.indexOf(packet);
	return place < 0 ? null : place;
}

function noServings(): Record<Serving, number> {
	return { served: 0, late: 0, lost: 0, waiting: 0 };
}

function countsOf(
	{ scenario }: Exploration,
	{ connections, events }: Account,
): Pick<View, "backends" | "nowhere" | "servings" | "total"> {
	const all = noServings();
	const by = new Map<string | null, Record<Serving, number>>();
	for (const one of connections) {
		const serving = servingOf(one);
		all[serving]++;
		const own = by.get(one.backend) ?? noServings();
		own[serving]++;
		by.set(one.backend, own);
	}
	const sum = (counts: Record<Serving, number> | undefined) =>
		Object.values(counts ?? {}).reduce((total, one) => total + one, 0);
	const becomes = new Map(
		events.flatMap((event) =>
			event.kind === "backend"
				? [
						[
							event.backend,
							event.behaviour as BackendBehaviour["kind"],
						] as const,
					]
				: [],
		),
	);
	return {
		backends: scenario.setup.backends.map(
			({ name, address, interface: at, behaviour }) => ({
				name,
				address,
				interface: at,
				behaviour: becomes.get(name) ?? behaviour.kind,
				given: sum(by.get(name)),
				servings: by.get(name) ?? noServings(),
			}),
		),
		nowhere: sum(by.get(null)) - (by.get(null)?.waiting ?? 0),
		servings: all,
		total: connections.length,
	};
}

/** Those that a reader looks for first. */
function listed(
	connections: readonly ConnectionRecord[],
): readonly ConnectionView[] {
	const failed: ConnectionRecord[] = [];
	for (const one of connections.toReversed()) {
		if (failed.length === MOST_FAILED) break;
		if (["lost", "late"].includes(servingOf(one))) failed.push(one);
	}
	const others = connections
		.slice(-MOST_CONNECTIONS)
		.reverse()
		.filter((one) => !failed.includes(one));
	return [...failed, ...others].slice(0, MOST_CONNECTIONS).map(connectionView);
}

function connectionView(record: ConnectionRecord): ConnectionView {
	const { id, client, sourcePort, startedMs, backend, outcome } = record;
	return {
		id,
		client,
		port: sourcePort,
		startedMs,
		backend,
		outcome,
		serving: servingOf(record),
		tookMs: record.endedMs === null ? null : record.endedMs - startedMs,
	};
}

function entriesOf({ gateway }: Exploration): View["conntrack"] {
	const lines = gateway.conntrackLines;
	return {
		count: lines.length,
		lines: lines.slice(0, MOST_ENTRIES).map(({ text }) => text),
	};
}

function stepsOf(
	exploration: Exploration,
	{ operations }: Account,
): readonly StepView[] {
	const failures = new Map(
		operations.flatMap(({ label, outcome }) =>
			outcome.ok || label === "" ? [] : [[label, outcome.message] as const],
		),
	);
	return exploration.scenario.steps.map((step) => ({
		atMs: step.atMs,
		text: describeStep(step),
		isDone: exploration.isDone(step),
		failure: failures.get(step.label) ?? "",
	}));
}
