/** For tests: a kernel that is none. */
import type { TraceEvent } from "../../sim/gateway/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import type { Ask } from "../../sim/world/ask.ts";
import { inTime } from "./in-time.ts";
import type { TracingDriver } from "./side-by-side.ts";

/** A "kernel" that is a second model, and does what it is asked with a twist. */
export function driverWith(twist: (ask: Ask) => Ask): TracingDriver {
	return {
		name: "twisted",
		version: "0",
		async open(setup, { choice }) {
			let lines: string[] = [];
			const trace = ({ table, chain, kind, number }: TraceEvent) =>
				void lines.push(`TRACE: ${table}:${chain}:${kind}:${number} IN=`);
			// Draws of its own, as a kernel has them.
			const own = { ...choice, pick: (count: number) => count >> 1 };
			const gateway = new ModelGateway(setup, { choice: own, trace });
			return {
				aheadMs: 0,
				answer: async (ask) =>
					gateway.answer(inTime(twist(ask), gateway.nowMs)),
				answerAll: async (asks) =>
					asks.map((ask) => gateway.answer(inTime(twist(ask), gateway.nowMs))),
				conntrack: async () => gateway.conntrackLines,
				setTrace: async () => {
					lines = [];
				},
				takeTrace: async () => lines.splice(0),
				close: async () => {},
			};
		},
	};
}
