/** The router of a lab: a Linux gateway whose packets pass between real hosts. */
import type {
	GatewaySetup,
	Observation,
	Operation,
	OperationOutcome,
} from "../../../sim/contract/gateway.ts";
import { DEFAULT_LINUX } from "../../../sim/linux/linux.ts";
import {
	type LinuxGateway,
	loadConfiguration,
	observeLinux,
	operateLinux,
	type ProgramResult,
	readConfiguration,
} from "../../kernel/linux-gateway.ts";
import { LabError } from "../../lab-error.ts";
import type { RouterBox } from "./router-box.ts";
import { announcements, routerCommands } from "./topology.ts";

export interface LabRouter {
	/** `linux 6.1.192-2 under tcg`. */
	readonly version: string;
	/** What a command refuses is the outcome, not an exception. */
	operate(operation: Operation): Promise<OperationOutcome>;
	observe(): Promise<Observation>;
	/** A line for its shell. */
	shell(line: string): Promise<ProgramResult>;
}

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
		observe: () => observeLinux(current().linux),
		shell: (line) => current().linux.run(["sh", "-c", line]),
		async operate(operation) {
			const box = current();
			if (operation.kind === "ipset") throw noSets("an ipset step");
			if (operation.kind !== "take-over")
				return operateLinux(gatewayOn(box, setup), operation);
			await takeOver(setup, box, boxAt(boxes, serving + 1));
			serving++;
			return { ok: true };
		},
	};
}

function gatewayOn(box: RouterBox, { interfaces }: GatewaySetup): LinuxGateway {
	return {
		linux: box.linux,
		interfaces,
		setSysctl: box.setSysctl,
		async setLink(name, up) {
			await box.linux.must(["ip", "link", "set", name, up ? "up" : "down"]);
		},
		forgetNeighbour: box.forgetNeighbour,
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

/** Routers of containers have no ipset. */
function noSets(place: string): LabError {
	return new LabError({
		code: "unsupported",
		place,
		message: "routers in containers have no sets of ipset",
		remedy: "Play the scenario on the model, or compare it: `--with vm`.",
	});
}

async function configure(box: RouterBox, setup: GatewaySetup): Promise<void> {
	if (setup.sets !== undefined) throw noSets("gateway.sets");
	if (setup.geoip !== undefined)
		throw new LabError({
			code: "unsupported",
			place: "gateway.geoip",
			message: "routers in containers have no addresses of countries",
			remedy: "Play the scenario on the model, or compare it: `--with vm`.",
		});
	for (const words of routerCommands(setup, box.cards))
		await box.linux.must(words);
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
	const { backend } = setup.linux ?? DEFAULT_LINUX;
	const configuration = await readConfiguration(from.linux);
	await loadConfiguration(to.linux, configuration, backend);
	for (const { name } of setup.interfaces)
		await from.linux.must(["ip", "link", "set", name, "down"]);
	await configure(to, setup);
	for (const words of announcements(setup)) await announce(to, words);
}

/** That nobody answers is as it should be, and an exit code of 1. */
async function announce(
	box: RouterBox,
	words: readonly string[],
): Promise<void> {
	const { status, err } = await box.linux.run(words);
	if (status <= 1) return;
	throw new LabError({
		code: "start",
		place: "take-over",
		message: `${words.join(" ")} ended with ${status}: ${err.trim()}`,
		remedy: "",
	});
}
