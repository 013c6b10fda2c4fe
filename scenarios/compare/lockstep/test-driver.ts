/** For tests: a kernel that is none. */
import type { Choice } from "../../../sim/chance/choice.ts";
import type { Ask } from "../../../sim/contract/ask.ts";
import { ModelGateway } from "../../../sim/gateway/model-gateway.ts";
import { ICMP, UDP } from "../../../sim/packet/packet.ts";
import { gatewayChoice } from "../../run/set-up.ts";
import { inTime } from "./following-model.ts";
import type { Translated } from "./port-draws.ts";
import type { TracingDriver } from "./side-by-side.ts";

/** Of its draws: not the model's own. */
const OTHER_SEED = 4711;

/**
 * A "kernel" that is a second model, and does what it is asked with a twist.
 * @param chance how it draws where a kernel draws by itself
 * @param port how it draws among the ports of a range, and other things that it picks
 */
export function driverWith(
	twist: (ask: Ask) => Ask,
	chance: Partial<Choice> = {},
	port: Choice["pick"] = gatewayChoice(OTHER_SEED).pick,
): TracingDriver {
	return {
		kind: "other",
		name: "twisted",
		version: "0",
		async open(setup, { choice }) {
			let rules: string[] = [];
			const reached = (rule: string) => void rules.push(rule);
			// Draws of its own, as a kernel has them.
			let translated: Translated[] = [];
			const pick = (count: number, label: string) => {
				const drawn = port(count, label);
				translated.push(...translatedBy(label, drawn));
				return drawn;
			};
			const own = { ...choice, pick, ...chance };
			const gateway = new ModelGateway(setup, { choice: own, reached });
			return {
				aheadMs: 0,
				answer: async (ask) =>
					gateway.answer(inTime(twist(ask), gateway.nowMs)),
				answerAll: async (asks) =>
					asks.map((ask) => gateway.answer(inTime(twist(ask), gateway.nowMs))),
				conntrack: async () => gateway.conntrackLines,
				answerTraced: async (ask) => {
					rules = [];
					translated = [];
					const answer = gateway.answer(inTime(twist(ask), gateway.nowMs));
					return { answer, rules, translated: [translated] };
				},
				close: async () => {},
			};
		},
	};
}

/** What shows that a port was drawn. */
function translatedBy(label: string, drawn: number): readonly Translated[] {
	const [, manip, what, lowest] =
		/^nat (source|destination) (port|identifier) from (\d+)$/.exec(label) ?? [];
	if (manip !== "source" && manip !== "destination") return [];
	const port = Number(lowest) + drawn;
	const ports = { sourcePort: port, destinationPort: port };
	const protocol = what === "identifier" ? ICMP : UDP;
	return [{ manip, protocol, source: 0, destination: 0, ...ports }];
}
