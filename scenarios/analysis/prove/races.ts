/** Two datagrams of one socket that are in the gateway at once: each is a first packet to its rules. */
import { udp } from "../../../sim/packet/build.ts";
import type { Arrival } from "../walk/walker.ts";
import type { Check } from "./gone.ts";
import { leavesOf } from "./state/leaves.ts";
import {
	after,
	type Moved,
	type Node,
	type PathStep,
	type SearchOptions,
	type Shown,
} from "./state/node.ts";
import { goesTo } from "./words.ts";

/** A copy of a SYN is dropped before it is confirmed: of TCP the second packet never gets elsewhere. */
export function* races(
	node: Node,
	options: SearchOptions,
	check: Check,
): Generator<Moved> {
	const { events, explorer, subject, happens } = options;
	const { first, service } = subject;
	const second = secondOf(first);
	const isOn = events.has("race") && node.phase === "idle" && !node.isFull;
	if (!isOn || second === null || service.balances !== "destination") return;
	const { decision } = explorer.packet(node.situation, first);
	const vectors = node.values === null ? subject.vectors : [node.values];
	for (const values of vectors) {
		const leaves = leavesOf(decision, node.isForgotten ? {} : values);
		const [one, other] = new Map(
			leaves
				.filter(({ end }) => subject.meaning(end).kind === "backend")
				.map((leaf) => [subject.meaning(leaf.end).key, leaf]),
		).values();
		if (one === undefined) continue;
		check("affinity");
		happens("race");
		if (other === undefined) continue;
		for (const leaves of [
			[one, other],
			[other, one],
		] as const) {
			const step: PathStep = {
				kind: "race",
				words: "two datagrams of one socket at once",
				arrivals: [first, second],
				leaves,
				values,
			};
			const [own, elsewhere] = leaves.map(
				({ end }) => subject.meaning(end).key,
			) as [string, string];
			const shown: readonly Shown[] = [
				{
					property: "affinity",
					violated: { kind: "avoid", backends: [elsewhere] },
					why: `the second ${goesTo(elsewhere, subject.service)}, and the first ${goesTo(own, subject.service)}`,
				},
			];
			yield { node: null, shown, last: after(node, step, {}) };
		}
	}
}

/** From the same socket; `null`: it is not of UDP. */
function secondOf({ interface: name, packet }: Arrival): Arrival | null {
	if (packet.kind !== "udp") return null;
	const { source, destination, sourcePort, destinationPort, tos } = packet;
	const payload = "another question";
	const ports = { sourcePort, destinationPort };
	return {
		interface: name,
		packet: udp({ source, destination, ...ports, tos, payload }),
	};
}
