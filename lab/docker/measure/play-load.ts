/** Has a lab's first client open connections. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import { invariant } from "../../../sim/invariant.ts";
import { servicesOf } from "../../../sim/world/setup/services.ts";
import { LabError } from "../../lab-error.ts";
import { spawnIn } from "../engine/exec.ts";
import type { Lab } from "../lab.ts";
import type { LoadOrder, LoadRecord } from "../programs/load.ts";

export type Load = Pick<LoadOrder, "how" | "durationMs">;

const BANNER_MS = 10_000;
const POLL_MS = 100;
/** Enough for a first connection to be begun. */
const ONCE_MS = 20;

/** So many at a time, each followed by the next. */
export function closed(atOnce: number, durationMs: number): Load {
	return { how: { kind: "closed", atOnce }, durationMs };
}

/** @throws LabError when the client's program fails */
export async function playLoad(
	lab: Lab,
	{ setup }: Pick<PlayableScenario, "setup">,
	what: Load,
): Promise<readonly LoadRecord[]> {
	const [service] = servicesOf(setup);
	invariant(service !== undefined, "a scenario without a service");
	const { address, ports } = service;
	const order: LoadOrder = { address, port: ports[0] as number, ...what };
	const client = lab.containers.get(setup.clients[0]?.name ?? "");
	const program = await spawnIn(
		client,
		["node", "/opt/marktwin/load.mjs", JSON.stringify(order)],
		{ timeoutMs: null },
	);
	program.endInput();
	const { code, out, err } = await program.ended;
	if (code !== 0)
		throw new LabError({
			code: "died",
			place: "the client's program",
			message: err.trim() || `it ended with ${code}`,
			remedy: "",
		});
	return out
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as LoadRecord);
}

/** Until whatever balances answers with a backend's banner. @throws LabError when nobody does */
export async function untilServed(
	lab: Lab,
	scenario: Pick<PlayableScenario, "setup">,
): Promise<void> {
	const until = performance.now() + BANNER_MS;
	for (;;) {
		const records = await playLoad(lab, scenario, closed(1, ONCE_MS));
		if (records.some(({ bannerMs }) => bannerMs !== null)) return;
		if (performance.now() > until) {
			const message = `no banner within ${BANNER_MS / 1_000} s: ${records[0]?.error ?? ""}`;
			const place = "the router's place";
			throw new LabError({ code: "start", place, message, remedy: "" });
		}
		await sleep(POLL_MS);
	}
}
