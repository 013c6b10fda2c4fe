/** The gateway inside the guest: a network namespace that is made, asked, changed and left. */
import type { Ask } from "../../sim/contract/ask.ts";
import type {
	ConntrackLine,
	GatewaySetup,
	Observation,
	Operation,
	OperationOutcome,
} from "../../sim/contract/gateway.ts";
import { invariant } from "../../sim/invariant.ts";
import type { Backend } from "../../sim/linux/linux.ts";
import { formatAddress, parseAddress } from "../../sim/packet/address.ts";
import { encodePacket } from "../../sim/packet/bytes/bytes.ts";
import type { Packet } from "../../sim/packet/packet.ts";
import {
	conntrackOf,
	ipWords,
	type LinuxGateway,
	loadConfiguration,
	observeLinux,
	operateLinux,
	readConfiguration,
	restoreSets,
	setsOf,
	writeCountries,
} from "../kernel/linux-gateway.ts";
import { accountNames } from "../kernel/ruleset-text.ts";
import { LabError } from "../lab-error.ts";
import { createGuest, type Guest } from "./machine/guest.ts";
import type { Machine } from "./machine/machine.ts";
import type { MachineSettings } from "./machine/machine-settings.ts";
import { deleteNeighbour, setLink } from "./netlink.ts";
import { OwnPorts, type Programs } from "./own-ports.ts";
import { createRuleTraces, type RuleTraces } from "./rule-traces.ts";
import type { Trunk } from "./trunk.ts";
import { guestMessage } from "./wire/guest-time.ts";
import {
	vlanMessages,
	type WiredInterface,
	wire,
	wiringMessages,
} from "./wiring.ts";

const BY_PORTS = /\b(ipproto|sport|dport)\b/;
/** `IPTOS_RT_MASK` */
const TOS_BITS = 0x1c;

/** What boxes have in common that stand on a machine one after another. */
export interface Surroundings {
	readonly machine: Machine;
	readonly trunk: Trunk;
	readonly settings: MachineSettings;
	readonly programs: Programs;
	/** Which program `iptables` is in the guest. */
	readonly backend: Backend;
}

export class GuestBox implements LinuxGateway {
	/** Of the box that stands there now. */
	interfaces: readonly WiredInterface[];
	readonly ownPorts: OwnPorts;
	readonly linux: Guest;
	private readonly trunk: Trunk;
	private readonly setup: GatewaySetup;
	private readonly settings: MachineSettings;
	private readonly backend: Backend;
	/** Of the namespace that is there now. */
	private traces: RuleTraces;
	/** An `ip rule` has named a protocol or ports. */
	private routesByPorts = false;
	/** Accounting objects that rules have named. */
	private readonly accounts = new Set<string>();

	/** @throws LabError (`unsupported`) for what cannot be wired */
	constructor(
		{ machine, trunk, settings, programs, backend }: Surroundings,
		setup: GatewaySetup,
	) {
		this.interfaces = wire(setup, () => trunk.freeVlan());
		this.linux = createGuest(machine);
		this.trunk = trunk;
		this.setup = setup;
		this.settings = settings;
		this.backend = backend;
		this.traces = createRuleTraces(this.linux, backend);
		this.ownPorts = new OwnPorts(this.linux, setup.listeners, programs);
	}

	/**
	 * A new network namespace: no rules, no connections, no neighbours, no settings and no open ports but
	 * the setup's.
	 * @param epochMs what the gateway's clock is to say
	 */
	async bringUp(epochMs: number): Promise<void> {
		const { linux, trunk, setup, interfaces } = this;
		this.traces = createRuleTraces(linux, this.backend);
		this.accounts.clear();
		this.routesByPorts = false;
		// The agent takes one after the other: none of them has to wait until the one before is answered.
		const [, ...failures] = await Promise.all([
			linux.newNamespace(),
			linux.netlinkGlobal(vlanMessages(interfaces, trunk.index)),
			linux.netlink(wiringMessages(setup, interfaces)),
			linux.setClock(epochMs),
		]);
		const failed = failures.find((errno) => errno);
		if (failed)
			throw new LabError({
				code: "unsupported",
				place: "the gateway's interfaces and routes",
				message: `the guest's kernel refuses them (errno ${failed})`,
				remedy: "Are all routes' gateways on the link?",
			});
		const outcome = await this.settings.begin(setup.sysctls);
		if (!outcome.ok) {
			const { message } = outcome;
			const place = "gateway.sysctls";
			throw new LabError({ code: "unsupported", place, message, remedy: "" });
		}
		for (const { vlan, addresses } of interfaces)
			if (addresses[0]) await trunk.waitForLink(vlan, addresses[0].address);
		await this.runIp();
		await this.ownPorts.open();
	}

	/** Commands of iproute2 that the setup has, in order. @throws LabError for the first that fails */
	private async runIp(): Promise<void> {
		for (const command of this.setup.ip ?? []) {
			this.routesByPorts ||= BY_PORTS.test(command);
			const { status, out, err } = await this.linux.run(ipWords(command));
			if (status !== 0)
				throw new LabError({
					code: "unsupported",
					place: `gateway.ip: "${command}"`,
					message: `${out}${err}`.trim(),
					remedy: "Does the command work where interfaces and routes stand?",
				});
		}
	}

	/** The setup's sets: timeouts of their elements begin now. @throws LabError where ipset refuses them */
	async restoreSets(): Promise<void> {
		const { sets, geoip } = this.setup;
		if (sets !== undefined) await restoreSets(this.linux, sets);
		if (geoip !== undefined) await writeCountries(this.linux, geoip);
	}

	/**
	 * The box is left to the kernel, which removes it when it finds the time. What it may still have to
	 * say (closing the sockets of its programs resets connections) comes from VLANs to which nobody
	 * listens any more.
	 */
	async takeDown(): Promise<void> {
		this.interfaces = [];
		await this.ownPorts.close();
		await this.linux.leaveNamespace();
	}

	setSysctl(name: string, value: number): Promise<OperationOutcome> {
		return this.settings.set(name, value);
	}

	async setLink(interfaceName: string, up: boolean): Promise<void> {
		const { index } = this.interfaceNamed(interfaceName);
		await this.linux.netlink([setLink(index, up)]);
	}

	async forgetNeighbour(interfaceName: string, text: string): Promise<void> {
		const { index } = this.interfaceNamed(interfaceName);
		const address = parseAddress(text);
		invariant(address !== null, `"${text}" is not an address`);
		await this.linux.netlink([deleteNeighbour(index, address)]);
	}

	/** Carries out what is done to a gateway that stays where it is. */
	async operate(
		operation: Exclude<Operation, { kind: "take-over" }>,
	): Promise<OperationOutcome> {
		if (operation.kind === "restore") await this.makeAccounts(operation.text);
		if (operation.kind === "iptables")
			await this.makeAccounts(operation.command);
		if (operation.kind === "ip")
			this.routesByPorts ||= BY_PORTS.test(operation.command);
		this.traces.rulesChanged();
		return operateLinux(this, operation);
	}

	/** Makes the accounting objects that rules name, as the model takes them to be: without a quota. @throws LabError */
	private async makeAccounts(rules: string): Promise<void> {
		for (const name of accountNames(rules)) {
			if (this.accounts.has(name)) continue;
			this.accounts.add(name);
			await this.linux.must(["nfacct", "add", name]);
		}
	}

	/**
	 * The second box is a namespace of its own: same rules and conditions, no connections.
	 * @param isUp waited for before anything is loaded that grows old
	 */
	async takeOver(
		epochMs: number,
		isUp: () => Promise<unknown>,
	): Promise<OperationOutcome> {
		const configuration = await readConfiguration(this.linux);
		await this.takeDown();
		this.interfaces = wire(this.setup, () => this.trunk.freeVlan());
		await this.bringUp(epochMs);
		await isUp();
		await this.restoreSets();
		await this.makeAccounts(configuration.ruleset);
		await loadConfiguration(this.linux, configuration, this.backend);
		return { ok: true };
	}

	async observe(): Promise<Observation> {
		const { linux } = this;
		const [observation, sets] = await Promise.all([
			observeLinux(linux),
			setsOf(linux),
		]);
		return { ...observation, ...sets };
	}

	conntrack(): Promise<readonly ConntrackLine[]> {
		return conntrackOf(this.linux);
	}

	/**
	 * Sends a packet of its own.
	 * @returns an errno where it could not
	 * @throws LabError (`unsupported`) where the way of a program's packet goes by its ports
	 */
	async send(packet: Packet): Promise<number> {
		const sender = this.ownPorts.senderOf(packet);
		if (sender !== undefined && this.routesByPorts)
			await this.mustNotGoByPorts(packet);
		return this.linux.send(encodePacket(packet), sender);
	}

	/** The route of a raw socket with a header of its own is looked up without ports (`raw_sendmsg`, net/ipv4/raw.c, 6.1). */
	private async mustNotGoByPorts(packet: Packet): Promise<void> {
		if (packet.kind !== "tcp" && packet.kind !== "udp") return;
		const { kind, source, destination, sourcePort, destinationPort } = packet;
		const words = ["ip", "route", "get", formatAddress(destination)];
		// `ip` reads it as hexadecimal.
		const tos = (packet.tos & TOS_BITS).toString(16);
		words.push("from", formatAddress(source), "tos", tos);
		const asRaw = await this.linux.run(words);
		words.push("ipproto", kind, "sport", `${sourcePort}`);
		words.push("dport", `${destinationPort}`);
		const asProgram = await this.linux.run(words);
		const shown = (one: typeof asRaw) => `${one.status} ${one.out}${one.err}`;
		if (shown(asRaw) === shown(asProgram)) return;
		throw new LabError({
			code: "unsupported",
			place: `${kind} ${formatAddress(source)}:${sourcePort} > ${formatAddress(destination)}:${destinationPort}`,
			message:
				"an ip rule with a protocol or ports decides the way of what a program of the gateway sends, and the lab sends by raw sockets, which are looked up without them",
			remedy: "Play it on the model alone, or give the rule an iif.",
		});
	}

	/**
	 * The address from which a socket sends: the one to which it is bound, else the one that the kernel gives it.
	 * @returns `null` when no route leads there
	 */
	async sourceTowards({
		protocol,
		destination,
		port,
		boundTo,
	}: Ask & { readonly kind: "source" }): Promise<string | null> {
		const from = boundTo === undefined ? [] : ["from", boundTo];
		const to = ["ipproto", protocol, "dport", `${port}`];
		const words = ["ip", "route", "get", destination, ...from, ...to];
		const { status, out } = await this.linux.run(words);
		if (status !== 0) return null;
		return boundTo ?? / src (\S+)/.exec(out)?.[1] ?? null;
	}

	/** From now on the kernel tells which rules packets match. */
	async beginTrace(): Promise<void> {
		await this.traces.begin();
		// In one stream with the packets.
		this.trunk.send([guestMessage("trace-on")]);
	}

	/** @returns the rules since then, in order; `null` when the kernel did not keep them all */
	endTrace(): Promise<readonly string[] | null> {
		this.trunk.send([guestMessage("trace-off")]);
		return this.traces.end();
	}

	interfaceNamed(name: string): WiredInterface {
		const found = this.interfaces.find((one) => one.name === name);
		invariant(found !== undefined, `no interface "${name}"`);
		return found;
	}
}
