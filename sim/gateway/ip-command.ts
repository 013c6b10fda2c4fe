/** Commands of iproute2, and what else of the gateway they change. */
import type { OperationOutcome } from "../contract/gateway.ts";
import { SetupError } from "../contract/setup-error.ts";
import { UnknownSignal } from "../contract/unknown-signal.ts";
import { carryOutIp } from "../routing/iproute/carry-out.ts";
import type { IpCommand } from "../routing/iproute/ip-command.ts";
import { parseIpCommand } from "../routing/iproute/parse-command.ts";
import { neighForget, neighForgetAll } from "./ip/neighbour-timer.ts";
import { neighIfdown } from "./ip/neighbours.ts";
import type { GatewayState } from "./state/gateway-state.ts";

const OK: OperationOutcome = { ok: true };

/**
 * `ip …`; what iproute2 or the kernel refuses is the outcome.
 * @throws UnknownSignal for a command that is not understood
 */
export function ipCommand(
	gateway: GatewayState,
	line: string,
): OperationOutcome {
	const parsed = parseIpCommand(line);
	switch (parsed.kind) {
		case "refused":
			return { ok: false, message: parsed.message };
		case "not-understood":
			throw new UnknownSignal(`${line}: ${parsed.message}`);
		case "command":
			return carryOut(gateway, parsed.command);
	}
}

/**
 * Commands that a gateway is set up with.
 * @throws SetupError for the first that fails, or is not understood
 */
export function setUpIp(
	gateway: GatewayState,
	commands: readonly string[],
): void {
	for (const [index, line] of commands.entries()) {
		const parsed = parseIpCommand(line);
		const outcome =
			parsed.kind === "command" ? carryOut(gateway, parsed.command) : parsed;
		if ("message" in outcome)
			throw new SetupError(`${line}: ${outcome.message}`, null, {
				place: `gateway.ip[${index}]`,
				remedy:
					"A router refuses the command in these words. Commands run in their order, once `interfaces` and `routes` stand: mend it, or put what it needs before it.",
			});
	}
}

/** A link that is set up or down, by whichever operation. */
export function setLink(
	gateway: GatewayState,
	interfaceIndex: number,
	up: boolean,
): void {
	gateway.routes.setLink(interfaceIndex, up);
	if (up) return;
	neighIfdown(gateway, interfaceIndex);
	gateway.conntrack.masqueradeDown(interfaceIndex);
}

/**
 * A cable is pulled, or plugged in (`arp_netdev_event`, net/ipv4/arp.c, 6.1). A kernel may notice up to a second
 * later; it notices nothing where it is so already (`netif_carrier_off`).
 */
export function setCarrier(
	gateway: GatewayState,
	interfaceIndex: number,
	isThere: boolean,
): void {
	const { routes, settings } = gateway;
	if (routes.hasCarrier(interfaceIndex) === isThere) return;
	routes.setCarrier(interfaceIndex, isThere);
	const evicts = settings.evictsWithoutCarrier[interfaceIndex] === true;
	if (!isThere && evicts) neighIfdown(gateway, interfaceIndex);
}

function carryOut(gateway: GatewayState, command: IpCommand): OperationOutcome {
	const { routes, settings, conntrack } = gateway;
	const names = routes.interfaces;
	if (command.object === "neighbour") return forget(gateway, command);
	const { promotes } = settings;
	const heedsFewerRules = gateway.behaviour.rulesWithoutAdded === "are asked";
	const context = { names, promotes, heedsFewerRules };
	const outcome = carryOutIp(routes.state, command, context);
	if (outcome.kind === "refused")
		return { ok: false, message: outcome.message };
	if (command.object === "link" && command.up !== null) {
		// What goes with a link that goes down, or comes with it, is found when it does.
		routes.change({ ...routes.state, mtus: outcome.state.mtus });
		setLink(gateway, names.indexOf(command.dev), command.up);
		return OK;
	}
	routes.change(outcome.state);
	if (command.object === "address" && command.action !== "flush")
		settings.sysctls.own(command.address.dev);
	for (const { interfaceIndex, address } of outcome.gone)
		conntrack.masqueradeDown(interfaceIndex, address);
	for (const index of outcome.disabled) neighIfdown(gateway, index);
	return OK;
}

function forget(
	gateway: GatewayState,
	{ action, address, dev }: Extract<IpCommand, { object: "neighbour" }>,
): OperationOutcome {
	const index = dev === "" ? null : gateway.routes.interfaces.indexOf(dev);
	if (index !== null && index <= 0)
		return { ok: false, message: `Cannot find device "${dev}"` };
	if (address === null) {
		neighForgetAll(gateway, index as number);
		return OK;
	}
	const isKnown = neighForget(gateway, address, index);
	return isKnown || action === "flush"
		? OK
		: { ok: false, message: "RTNETLINK answers: No such file or directory" };
}
