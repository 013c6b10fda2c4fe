/** Which services a setup has, who serves them where, and what is spoken there. */
import type { GatewaySetup } from "../../contract/gateway.ts";
import type { Dialogue } from "../../endpoint/dialogue.ts";
import type { Program } from "../../endpoint/program.ts";
import type { BackendSetup, ServiceSetup, WorldSetup } from "./setup.ts";

/** The interface of programs of the gateway's own. */
export const LOOPBACK = "lo";
/** The address of a program of the gateway's own that is bound to none. */
export const ANY_ADDRESS = "0.0.0.0";

/** A port on which a backend's program listens, and what the program speaks. */
export interface Listening {
	readonly protocol: ServiceSetup["protocol"];
	readonly port: number;
	readonly program: Program;
}

/** All services, the one without a name first. */
export function servicesOf({
	service,
	services = [],
}: Pick<WorldSetup, "service" | "services">): readonly ServiceSetup[] {
	if (service === undefined) return services;
	const { address, port } = service;
	return [{ name: "", protocol: "tcp", address, ports: [port] }, ...services];
}

/** `10.0.0.1:25`: what its clients ask for. */
export function placeOf({ address, ports }: ServiceSetup): string {
	return `${address}:${ports.join(",")}`;
}

/** The service that a step is about; `undefined`: the setup has none of this name, or none of this protocol. */
export function serviceOf(
	setup: Pick<WorldSetup, "service" | "services">,
	step: { readonly kind: "connect" | "send"; readonly service?: string },
): ServiceSetup | undefined {
	const protocol = step.kind === "connect" ? "tcp" : "udp";
	const { service: name } = step;
	return servicesOf(setup).find((one) =>
		name === undefined ? one.protocol === protocol : one.name === name,
	);
}

/** What the programs of a service speak. */
export function programOf({ protocol, speaks }: ServiceSetup): Program {
	return speaks ?? { kind: protocol === "tcp" ? "smtp" : "echo" };
}

/** Where a backend listens for a service; none: it does not serve it. */
export function portsAt(
	service: ServiceSetup,
	backend: Pick<BackendSetup, "name" | "port">,
): readonly number[] {
	const { backends, ports } = service;
	const serving = backends?.find((one) => one.backend === backend.name);
	if (backends !== undefined && serving === undefined) return [];
	const port = serving?.port ?? backend.port;
	return port === undefined ? ports : [port];
}

/** All ports on which a backend listens, each once: the first service that has it there says what is spoken. */
export function listeningOf(
	setup: Pick<WorldSetup, "service" | "services">,
	backend: Pick<BackendSetup, "name" | "port">,
): readonly Listening[] {
	const listening = servedBy(setup, backend);
	if (!isOfListener(backend)) return listening;
	const overTcp = listening.filter(({ protocol }) => protocol === "tcp");
	if (overTcp.length > 0) return overTcp;
	// It serves no service by name, and rules may still send connections there.
	const any = servicesOf(setup).find(({ protocol }) => protocol === "tcp");
	const program: Program = any ? programOf(any) : { kind: "silent" };
	return [{ protocol: "tcp", port: backend.port, program }];
}

/** Stands for a listening port of the gateway's for which no backend was given. */
type ListenerBackend = Pick<BackendSetup, "name"> & { readonly port: number };

function isOfListener(
	backend: Pick<BackendSetup, "name" | "port">,
): backend is ListenerBackend {
	return (
		backend.port !== undefined && backend.name === nameOfListener(backend.port)
	);
}

function nameOfListener(port: number): string {
	return `gateway:${port}`;
}

/**
 * The setup with a backend for each port of TCP on which the gateway listens and that no backend on `lo` has:
 * `gateway:PORT`, a program at all addresses.
 */
export function withListenerBackends<
	Setup extends WorldSetup & {
		readonly gateway: Pick<GatewaySetup, "listeners">;
	},
>(setup: Setup): Setup {
	const taken = new Set(
		setup.backends
			.filter((one) => one.interface === LOOPBACK)
			.flatMap((one) => listeningOf(setup, one))
			.filter(({ protocol }) => protocol === "tcp")
			.map(({ port }) => port),
	);
	const ports = new Set(
		setup.gateway.listeners
			.filter(({ protocol, port }) => protocol === "tcp" && !taken.has(port))
			.map(({ port }) => port),
	);
	if (ports.size === 0) return setup;
	const added = [...ports].map((port): BackendSetup => {
		return {
			name: nameOfListener(port),
			address: ANY_ADDRESS,
			interface: LOOPBACK,
			latencyMs: 0,
			behaviour: { kind: "up" },
			port,
		};
	});
	return { ...setup, backends: [...setup.backends, ...added] };
}

function servedBy(
	setup: Pick<WorldSetup, "service" | "services">,
	backend: Pick<BackendSetup, "name" | "port">,
): readonly Listening[] {
	const listening = new Map<string, Listening>();
	for (const service of servicesOf(setup)) {
		const { protocol } = service;
		const program = programOf(service);
		for (const port of portsAt(service, backend)) {
			const key = `${protocol} ${port}`;
			if (!listening.has(key)) listening.set(key, { protocol, port, program });
		}
	}
	return [...listening.values()];
}

/** Patience of a client where nothing is said: half a minute, as mail programs have it and more. */
export const PATIENCE_MS = 30_000;

/** What a client says on a connection to a service, where its step does not say. */
function usualDialogue(program: Program): Dialogue {
	const patience = {
		connectTimeoutMs: PATIENCE_MS,
		readTimeoutMs: PATIENCE_MS,
	};
	switch (program.kind) {
		case "smtp":
			return { kind: "smtp", messages: 1, ...patience };
		case "http":
			return { kind: "http", requests: 1, keepAlive: false, ...patience };
		case "echo":
			return { kind: "echo", messages: 1, ...patience };
		case "silent":
			return { kind: "connect-only", connectTimeoutMs: PATIENCE_MS };
	}
}

/** What a client says on the connections of a step. */
export function dialogueOf(
	setup: Pick<WorldSetup, "service" | "services">,
	step: {
		readonly kind: "connect";
		readonly service?: string;
		readonly dialogue?: Dialogue;
	},
): Dialogue {
	if (step.dialogue !== undefined) return step.dialogue;
	const service = serviceOf(setup, step);
	return usualDialogue(
		service === undefined ? { kind: "smtp" } : programOf(service),
	);
}
