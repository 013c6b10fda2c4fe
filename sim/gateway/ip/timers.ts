/** Virtual time of a gateway: what is due at which moment, and what it does then. */
import { unreachable } from "../../invariant.ts";
import { ipExpire } from "../fragments/reassembly.ts";
import type { GatewayState } from "../state/gateway-state.ts";
import { sendMade } from "./local-output.ts";
import { neighTimerHandler } from "./neighbour-timer.ts";

/** Moves time on, and does what is due until then, also what becomes due meanwhile. */
export function advanceTo(gateway: GatewayState, toMs: number): void {
	while (fireNext(gateway, toMs));
	gateway.timers.moveTo(toMs);
}

/** Moves time on to the next timer if it is due by `toMs`, and does what that one alone is for. */
export function fireNext(gateway: GatewayState, toMs: number): boolean {
	const task = gateway.timers.takeDue(toMs);
	if (task === null) return false;
	switch (task.kind) {
		case "neighbour":
			neighTimerHandler(gateway, task.interfaceIndex, task.address);
			break;
		case "fragments":
			ipExpire(gateway, task.key);
			break;
		default:
			unreachable(task);
	}
	sendMade(gateway);
	return true;
}
