/** Steps in words, as a person would type or say them. */
import { match } from "ts-pattern";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { Dialogue } from "../../sim/endpoint/dialogue.ts";
import { describeOperation } from "../../sim/world/account/describe-operation.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import { counted } from "../result/finding.ts";

/** `b1 vanishes`, `mail1up ← 1`, `iptables-restore < recipe.rules`. */
export function describeStep(step: Step): string {
	return match(step)
		.with({ kind: "operation" }, ({ operation }) =>
			describeOperation(operation),
		)
		.with(
			{ kind: "backend" },
			({ backend, becomes }) =>
				`${backend}: ${becomes.kind}${figureOf(becomes)}`,
		)
		.with(
			{ kind: "neighbour" },
			({ address, becomes }) => `${address}: ${becomes.kind}`,
		)
		.with(
			{ kind: "announce" },
			({ address, by }) =>
				`${by === "gateway" ? "the gateway" : "another router"} announces ${address}`,
		)
		.with(
			{ kind: "carrier" },
			({ interface: name, becomes }) =>
				`${name}: ${becomes === "lost" ? "the link loses its carrier" : "the link has a carrier again"}`,
		)
		.with({ kind: "connect" }, ({ client, service, count, dialogue }) => {
			const where = service === undefined ? "" : ` to ${service}`;
			const often = count === 1 ? "" : ` ${count} times`;
			return `${client} connects${where}${often}${wordsOf(dialogue)}`;
		})
		.with({ kind: "send" }, ({ client, service, count }) => {
			const where = service === undefined ? "" : ` to ${service}`;
			return count === 1
				? `${client} sends a datagram${where}`
				: `${client} sends ${count} datagrams${where}`;
		})
		.with(
			{ kind: "speak" },
			({ who, connections }) => `${who}s speak${of(connections)}`,
		)
		.with(
			{ kind: "close" },
			({ who, connections }) => `${who}s close${of(connections)}`,
		)
		.with(
			{ kind: "packet" },
			({ interface: into, packet }) => `${into} ← ${packet}`,
		)
		.with(
			{ kind: "race" },
			({ packets }) =>
				`at once: ${packets.map(({ interface: into, packet }) => `${into} ← ${packet}`).join("; ")}`,
		)
		.with({ kind: "observe" }, ({ label }) => label || "observed")
		.exhaustive();
}

/** What is said, where it is not one message by SMTP. */
function wordsOf(dialogue: Dialogue | undefined): string {
	switch (dialogue?.kind) {
		case "http":
			return `: ${counted(dialogue.requests, "request")} each`;
		case "echo":
			return `: ${counted(dialogue.messages, "message")} each, echoed`;
		case "silent":
			return ": without a word";
		default:
			return "";
	}
}

function figureOf(behaviour: BackendBehaviour): string {
	if (behaviour.kind === "slow") return ` by ${behaviour.delayMs} ms`;
	if (behaviour.kind === "lossy")
		return `, ${Number((behaviour.loss * 100).toFixed(4))} %`;
	return "";
}

function of(connections: string): string {
	return connections === "" ? "" : ` (${connections})`;
}
