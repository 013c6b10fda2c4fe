/** What the backends have written down: who connected or sent datagrams, and the mail that they keep. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "dockerode";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import { containerLog } from "../engine/container-log.ts";
import { execIn } from "../engine/exec.ts";
import type { Lab } from "../lab.ts";
import { parseSighting, type Sighting } from "../programs/server-plan.ts";
import type { ClientRecord } from "./clients.ts";
import { type AllMeetings, meetingsOf, type Seen } from "./meetings.ts";

/** From accepted to kept it takes a mail server a moment. */
const DELIVERY_MS = 20_000;
const POLL_MS = 100;

export interface ServerRecords extends Pick<Account, "tallies" | "mail"> {
	readonly meetings: AllMeetings;
}

/** Reads them; a server that does not run any more is started again for it, as its owner would. */
export async function readServerRecords(
	{ setup }: Pick<PlayableScenario, "setup">,
	lab: Lab,
	{
		records,
		epochMs,
	}: { readonly records: readonly ClientRecord[]; readonly epochMs: number },
): Promise<ServerRecords> {
	const clients = setup.clients.map(({ address }) => address);
	const ofMail = new Map<string, number>();
	const kept = new Set<string>();
	const seen: Seen[] = [];
	for (const { name } of setup.backends)
		for (const { kind, role } of lab.servicesOn(name)) {
			const service = lab.containers.get(role);
			await bringBack(service);
			if (kind === "mail") {
				ofMail.set(name, await connectionsLogged(service, clients));
				for (const id of await keptBy(service)) kept.add(id);
			} else
				seen.push({ backend: name, sightings: await sightingsOf(service) });
		}
	const meetings = meetingsOf(seen, { setup, epochMs, records });
	const counts = setup.backends.map(({ name }) => [
		name,
		(ofMail.get(name) ?? 0) + (meetings.counts[name] ?? 0),
	]);
	const by = seen.length === 0 ? "mail servers" : "servers";
	const tallies = [{ by, counts: Object.fromEntries(counts) }];
	if (ofMail.size === 0) return { meetings, tallies };
	const accepted = records.flatMap(({ acceptedIds }) => acceptedIds);
	return {
		meetings,
		tallies,
		mail: {
			kept: accepted.filter((id) => kept.has(id)).length,
			missing: accepted.filter((id) => !kept.has(id)),
		},
	};
}

async function bringBack(service: Container): Promise<void> {
	const { State } = await service.inspect();
	if (State.Paused) await service.unpause();
	if (!State.Running) await service.start();
}

/** What a program was about to write when it was killed is no line. */
async function sightingsOf(service: Container): Promise<readonly Sighting[]> {
	return (await containerLog(service))
		.split("\n")
		.filter((line) => line.startsWith("{") && line.endsWith("}"))
		.map(parseSighting);
}

async function connectionsLogged(
	service: Container,
	clients: readonly string[],
): Promise<number> {
	return (await containerLog(service))
		.split("\n")
		.filter((line) =>
			clients.some((address) =>
				line.includes(`: connect from unknown[${address}]`),
			),
		).length;
}

/** Once nothing is on its way any more. */
async function keptBy(service: Container): Promise<readonly string[]> {
	const until = performance.now() + DELIVERY_MS;
	for (;;) {
		const { out } = await execIn(service, ["queued-mail"]);
		if (out.trim() === "0" || performance.now() > until) break;
		await sleep(POLL_MS);
	}
	const { out } = await execIn(service, ["kept-mail"]);
	return out.split("\n").filter((line) => line !== "");
}
