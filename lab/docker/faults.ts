/** A scenario's words for what backends do, done to containers. */
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import { LabError } from "../lab-error.ts";
import { backendServiceRole, type Lab, waitForService } from "./lab.ts";

type Kind = BackendBehaviour["kind"];

/** What there is no fault for: a real mail server cannot be made to do it from outside. */
const IMPOSSIBLE: Readonly<Partial<Record<Kind, string>>> = {
	slow: "a mail server cannot be made slower from outside without netem, which many kernels lack",
	drain: "a mail server that is stopped takes its connections with it",
};

/** Why a behaviour cannot be had in containers; `null` when it can. */
export function whyNotFault({ kind }: BackendBehaviour): string | null {
	return IMPOSSIBLE[kind] ?? null;
}

/**
 * Makes a backend behave so, from whatever it did before.
 * @returns what it does now, to be handed in next time
 */
export async function makeBackend(
	lab: Lab,
	backend: string,
	{ from, to }: { readonly from: Kind; readonly to: BackendBehaviour },
): Promise<Kind> {
	const why = whyNotFault(to);
	if (why !== null)
		throw new LabError({
			...{ code: "unsupported", place: `${backend}: ${to.kind}`, message: why },
			remedy: "Play it on the model, or on a kernel in a virtual machine.",
		});
	if (from === to.kind) return from;
	await undo(lab, backend, from);
	await apply(lab, backend, to.kind);
	return to.kind;
}

async function apply(lab: Lab, backend: string, kind: Kind): Promise<void> {
	const service = lab.containers.get(backendServiceRole(backend));
	switch (kind) {
		case "refuse":
			await service.kill();
			return;
		case "hang":
			// Its kernel goes on taking connections until the backlog is full.
			await service.pause();
			return;
		case "vanish":
			await lab.plug(backend, false);
			return;
		case "silent":
			await lab.wire(await blackholes(lab, backend, "add"));
			return;
		default:
			return;
	}
}

async function undo(lab: Lab, backend: string, kind: Kind): Promise<void> {
	const service = lab.containers.get(backendServiceRole(backend));
	switch (kind) {
		case "refuse":
			await service.start();
			await waitForService(lab.containers.get(backend));
			return;
		case "hang":
			await service.unpause();
			return;
		case "vanish":
			await lab.plug(backend, true);
			return;
		case "silent":
			await lab.wire(await blackholes(lab, backend, "del"));
			return;
		default:
			return;
	}
}

/** It goes on answering ARP, and nobody else gets a word out of it: neither clients nor the checker. */
async function blackholes(
	lab: Lab,
	backend: string,
	verb: "add" | "del",
): Promise<string> {
	const { State } = await lab.containers.get(backend).inspect();
	return lab.seats
		.filter(({ kind }) => kind !== "backend")
		.map(
			({ address }) =>
				`nsenter -t ${State.Pid} -n ip route ${verb} blackhole ${address}/32`,
		)
		.join("\n");
}
