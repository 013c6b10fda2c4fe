/** The health checker of a lab: `marktwin healthcheck`, exactly as a user runs it, on the backends' network. */
import type { PlayableScenario } from "../../../scenarios/language/scenario.ts";
import type { HealthCheckSettings } from "../../../sim/endpoint/health-checker.ts";
import type { WorldEvent } from "../../../sim/world/account/account.ts";
import { LabError } from "../../lab-error.ts";
import { type Ended, type Spawned, spawnIn } from "../engine/exec.ts";
import type { Lab } from "../lab.ts";
import type { RouterReach } from "../router/router-kernel.ts";

export interface Checker {
	/** What it has found out and done, times from the beginning of the play. */
	readonly events: readonly WorldEvent[];
	/** @throws LabError when it had ended by itself: then nobody has looked after the conditions */
	stop(): Promise<void>;
}

const PROGRAM = "/opt/marktwin/healthcheck.mjs";
const CONFIG = "/tmp/healthcheck.json";

/** @returns `null` when the scenario has none */
export async function startChecker(
	{ setup }: Pick<PlayableScenario, "setup">,
	lab: Lab,
	epochMs: number,
): Promise<Checker | null> {
	const { healthCheck } = setup;
	if (healthCheck === null) return null;
	const container = lab.containers.get("checker");
	const events: WorldEvent[] = [];
	// A file and then the program, so that one exec does both.
	const start = `cat > ${CONFIG}; exec node ${PROGRAM} --verbose --config ${CONFIG}`;
	const program: Spawned = await spawnIn(container, ["sh", "-c", start], {
		timeoutMs: null,
		onLine: (line) => {
			const event = eventOf(JSON.parse(line) as CheckerLine, epochMs);
			if (event !== null) events.push(event);
		},
	});
	program.write(configText(healthCheck, lab.reach));
	program.endInput();
	let isTold = false;
	let early: Ended | null = null;
	const onEnd = (ended: Ended) => {
		if (!isTold) early = ended;
	};
	// Why its end cannot be learnt is thrown by whoever awaits it.
	program.ended.then(onEnd, () => {});
	return {
		events,
		async stop() {
			if (early !== null) throw endedEarly(early);
			isTold = true;
			// The container is the checker's alone, so the signal finds nobody else.
			await spawnIn(container, ["pkill", "-TERM", "-f", PROGRAM]);
			await program.ended;
		},
	};
}

function endedEarly({ code, err }: Ended): LabError {
	return new LabError({
		code: "died",
		place: "the health checker",
		message: `it ended with ${code} before the scenario did`,
		remedy: "",
		console: err.trim() === "" ? [] : err.trim().split("\n"),
	});
}

/** What the checker is told: the scenario's settings, and the way to the routers' kernels. */
export function configText(
	settings: HealthCheckSettings,
	reach: RouterReach,
): string {
	const { interface: _, address: __, ...policy } = settings;
	return JSON.stringify({
		...policy,
		write: { command: reach.condition },
		conntrack: reach.conntrack,
	});
}

/** What the lab reads of the checker's log. */
type CheckerLine = { readonly time: string } & (
	| {
			readonly event: "probe";
			readonly backend: string;
			readonly ok: boolean;
			readonly reason: string;
	  }
	| {
			readonly event: "belief";
			readonly backend: string;
			readonly alive: boolean;
	  }
	| {
			readonly event: "condition" | "rewritten";
			readonly name: string;
			readonly value: string;
	  }
	| { readonly event: "other" }
);

function eventOf(line: CheckerLine, epochMs: number): WorldEvent | null {
	const atMs = Date.parse(line.time) - epochMs;
	switch (line.event) {
		case "probe": {
			const { backend, ok, reason } = line;
			return { kind: "probe", atMs, backend, ok, reason };
		}
		case "belief": {
			const { backend, alive } = line;
			return { kind: "belief", atMs, backend, alive };
		}
		case "condition":
		case "rewritten":
			return { kind: "condition", atMs, name: line.name, write: line.value };
		default:
			return null;
	}
}
