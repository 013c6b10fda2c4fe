/** What the mail servers have written down: who connected, and what they keep. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "dockerode";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import type { Account } from "../../../sim/world/account/account.ts";
import { containerLog } from "../engine/container-log.ts";
import { execIn } from "../engine/exec.ts";
import { backendServiceRole, type Lab } from "../lab.ts";
import type { ClientRecord } from "./clients.ts";

/** From accepted to kept it takes a mail server a moment. */
const DELIVERY_MS = 20_000;
const POLL_MS = 100;

export type ServerRecords = Required<Pick<Account, "tallies" | "mail">>;

/** Reads them; a server that does not run any more is started again for it, as its owner would. */
export async function readServerRecords(
	{ setup }: Pick<PlayableScenario, "setup">,
	lab: Lab,
	records: readonly ClientRecord[],
): Promise<ServerRecords> {
	const clients = setup.clients.map(({ address }) => address);
	const counts: (readonly [string, number])[] = [];
	const kept = new Set<string>();
	for (const { name } of setup.backends) {
		const service = lab.containers.get(backendServiceRole(name));
		await bringBack(service);
		counts.push([name, await connectionsLogged(service, clients)]);
		for (const id of await keptBy(service)) kept.add(id);
	}
	const accepted = records.flatMap(({ acceptedIds }) => acceptedIds);
	return {
		tallies: [{ by: "mail servers", counts: Object.fromEntries(counts) }],
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
