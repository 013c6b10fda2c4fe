/** The router of a lab: told and asked as any Linux is, while its packets go their own way. */
import type {
	GatewaySetup,
	Observation,
	Operation,
	OperationOutcome,
} from "../../../sim/contract/gateway.ts";
import { inLoadOrder } from "../../kernel/ruleset-text.ts";
import { LabError } from "../../lab-error.ts";
import type { GuestFinished } from "../../vm/machine/guest.ts";
import { observeGuest } from "../../vm/observe.ts";
import { carryOut } from "../../vm/operations.ts";
import type { RouterBox } from "./router-box.ts";
import { announcements, routerCommands } from "./topology.ts";

export interface LabRouter {
	/** `linux 6.1.192-2 under tcg`. */
	readonly version: string;
	/** What a command refuses is the outcome, not an exception. */
	operate(operation: Operation): Promise<OperationOutcome>;
	observe(): Promise<Observation>;
	/** A line for its shell. */
	shell(line: string): Promise<GuestFinished>;
}

const OK: OperationOutcome = { ok: true };

/**
 * Gives the first box the router's addresses.
 * @param boxes the one that serves, and those that may take over from it, in this order
 */
export async function createRouter(
	setup: GatewaySetup,
	boxes: readonly RouterBox[],
): Promise<LabRouter> {
	let serving = 0;
	const current = () => boxAt(boxes, serving);
	await configure(current(), setup);
	return {
		version: current().version,
		observe: () => observeGuest(current().guest),
		shell: (line) => current().guest.run(["sh", "-c", line]),
		async operate(operation) {
			const box = current();
			switch (operation.kind) {
				case "sysctl":
					return box.setSysctl(operation.name, operation.value);
				case "link": {
					const { interface: name, up } = operation;
					const state = up ? "up" : "down";
					await box.guest.must(["ip", "link", "set", name, state]);
					return OK;
				}
				case "forget-neighbour":
					for (const { name } of setup.interfaces)
						await box.forgetNeighbour(name, operation.address);
					return OK;
				case "take-over":
					await takeOver(setup, box, boxAt(boxes, serving + 1));
					serving++;
					return OK;
				default:
					return carryOut(box.guest, operation);
			}
		},
	};
}

function boxAt(boxes: readonly RouterBox[], index: number): RouterBox {
	const box = boxes[index];
	if (box !== undefined) return box;
	throw new LabError({
		code: "unsupported",
		place: "take-over",
		message: "there is no other router that could take over",
		remedy:
			"A lab has as many routers as its scenario has take-overs, and one.",
	});
}

async function configure(box: RouterBox, setup: GatewaySetup): Promise<void> {
	for (const words of routerCommands(setup, box.cards))
		await box.guest.must(words);
	for (const [name, value] of Object.entries(setup.sysctls)) {
		const outcome = await box.setSysctl(name, value);
		if (outcome.ok) continue;
		const { message } = outcome;
		const place = "gateway.sysctls";
		throw new LabError({ code: "unsupported", place, message, remedy: "" });
	}
}

/** The old one falls silent, the new one says that the addresses are its own; it has seen no packet. */
async function takeOver(
	setup: GatewaySetup,
	from: RouterBox,
	to: RouterBox,
): Promise<void> {
	const { ruleset, conditions } = await observeGuest(from.guest, {
		counters: false,
	});
	await to.guest.must(["iptables-restore"], inLoadOrder(ruleset));
	for (const [name, value] of Object.entries(conditions))
		await to.guest.write(`/proc/net/nf_condition/${name}`, `${value}`);
	for (const { name } of setup.interfaces)
		await from.guest.must(["ip", "link", "set", name, "down"]);
	await configure(to, setup);
	for (const words of announcements(setup)) await announce(to, words);
}

/** That nobody answers is as it should be, and an exit code of 1. */
async function announce(
	box: RouterBox,
	words: readonly string[],
): Promise<void> {
	const { status, err } = await box.guest.run(words);
	if (status <= 1) return;
	throw new LabError({
		code: "start",
		place: "take-over",
		message: `${words.join(" ")} ended with ${status}: ${err.trim()}`,
		remedy: "",
	});
}
