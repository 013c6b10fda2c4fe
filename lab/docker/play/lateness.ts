/** How late a lab does what a scenario says: a machine that is too busy keeps no time, and shows nothing of the rules. */
import type { HealthCheckSettings } from "../../../sim/endpoint/health-checker.ts";
import type {
	Account,
	ConnectionRecord,
	WorldEvent,
} from "../../../sim/world/account/account.ts";
import type { WorldSetup } from "../../../sim/world/setup/setup.ts";

/** Later, and what comparisons leave room for is used up. */
const LATEST_MS = 1_000;
/** As often as a busy machine may spoil a play; the last one is what it is, unknown. */
const MOST_PLAYS = 3;

/**
 * Plays until a play came in time.
 * @param again is told why the play before does not count
 */
export async function untilInTime<
	Played extends { readonly live: { readonly tooLate: string | null } },
>(play: () => Promise<Played>, again: (why: string) => void): Promise<Played> {
	for (let plays = 1; ; plays += 1) {
		const played = await play();
		const { tooLate } = played.live;
		if (tooLate === null || plays === MOST_PLAYS) return played;
		again(tooLate);
	}
}

interface Delay {
	readonly ms: number;
	readonly what: string;
}

interface Arrived {
	readonly connections: readonly Pick<ConnectionRecord, "id" | "startedMs">[];
}

/**
 * @param planned the model's account, whose connections were played
 * @returns words for what came too late; `null` where nothing did
 */
export function whyTooLate(
	{ healthCheck }: Pick<WorldSetup, "healthCheck">,
	planned: Arrived,
	{ connections, events }: Arrived & Pick<Account, "events">,
): string | null {
	const plans = new Map(planned.connections.map((one) => [one.id, one]));
	const delays: readonly Delay[] = [
		...connections.map(({ id, startedMs }) => ({
			ms: startedMs - (plans.get(id)?.startedMs ?? startedMs),
			what: `connection #${id + 1}`,
		})),
		...(healthCheck === null ? [] : writesOf(healthCheck.targets, events)),
	];
	const worst = delays.reduce<Delay | null>(
		(most, one) => (most === null || one.ms > most.ms ? one : most),
		null,
	);
	if (worst === null || worst.ms <= LATEST_MS) return null;
	return `${worst.what} was ${(worst.ms / 1000).toFixed(1)} s late`;
}

/** From what the checker decides to the condition that says so. */
function writesOf(
	targets: HealthCheckSettings["targets"],
	events: readonly WorldEvent[],
): readonly Delay[] {
	const conditions = new Map(
		targets.map(({ backend, condition }) => [backend, condition]),
	);
	return events.flatMap((event, index) => {
		if (event.kind !== "belief") return [];
		const name = conditions.get(event.backend);
		const written = events
			.slice(index)
			.find((later) => later.kind === "condition" && later.name === name);
		// What was never written is what comparisons show.
		if (written === undefined) return [];
		return [{ ms: written.atMs - event.atMs, what: `the write of ${name}` }];
	});
}
