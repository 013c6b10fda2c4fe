/** What runs on the backends of a lab: a mail server, and one process of all other programs, each in a container of its own. */
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { type Listening, listeningOf } from "../../sim/world/setup/services.ts";
import type { Listening as ListeningProgram } from "./programs/server-plan.ts";
import type { ContainerSpec } from "./resources/containers.ts";

/** A container of a backend's. */
export interface BackendService {
	readonly kind: "mail" | "programs";
	readonly role: string;
	/** Ports of TCP on which it listens. */
	readonly ports: readonly number[];
	readonly spec: ContainerSpec;
	/** A line for a shell in the backend's network: it ends when all ports are open. */
	readonly untilReady: string;
}

const PROGRAM = "/opt/marktwin/server.mjs";

export function mailRole(backend: string): string {
	return `${backend}-mail`;
}

function programsRole(backend: string): string {
	return `${backend}-programs`;
}

/** Roles of all containers that a backend may have besides the one that holds its network. */
export function serviceRoles(backend: string): readonly string[] {
	return [mailRole(backend), programsRole(backend)];
}

/** What listens on a backend. A backend that serves nothing has no service. */
export function servicesOn(
	{ setup, steps }: Pick<PlayableScenario, "setup" | "steps">,
	backend: PlayableScenario["setup"]["backends"][number],
): readonly BackendService[] {
	const listening = listeningOf(setup, backend);
	const mail = listening.filter(({ program }) => program.kind === "smtp");
	const { name, behaviour } = backend;
	const isSlow =
		behaviour.kind === "slow" ||
		steps.some(
			(step) =>
				step.kind === "backend" &&
				step.backend === name &&
				step.becomes.kind === "slow",
		);
	const programs = listening.flatMap(programOf);
	return [
		...(mail.length > 0 ? [mailServer(name, mail, isSlow)] : []),
		...(programs.length > 0 ? [programsOf(name, programs)] : []),
	];
}

function programOf({
	protocol,
	port,
	program: { kind },
}: Listening): readonly ListeningProgram[] {
	return kind === "smtp" ? [] : [{ protocol, port, speaks: kind }];
}

/** @param isSlow at any time: mail servers that are never are not to wait for anything */
function mailServer(
	backend: string,
	listening: readonly Listening[],
	isSlow: boolean,
): BackendService {
	const role = mailRole(backend);
	const ports = listening.map(({ port }) => port);
	const greets = (port: number) =>
		`until busybox nc -w 1 127.0.0.1 ${port} </dev/null | grep -q ^220; do sleep 0.05; done`;
	return {
		kind: "mail",
		role,
		ports,
		untilReady: ports.map(greets).join("; "),
		spec: {
			role,
			image: "mail",
			network: { of: backend },
			// As a mail server has them that drops its privileges for each of its parts.
			capabilities: MAIL_CAPABILITIES,
			environment: {
				MAIL_PORTS: ports.join(" "),
				...(isSlow ? { CAN_BE_SLOW: "yes" } : {}),
			},
		},
	};
}

const MAIL_CAPABILITIES = [
	"CHOWN",
	"DAC_OVERRIDE",
	"FOWNER",
	"KILL",
	"SETGID",
	"SETUID",
	"NET_BIND_SERVICE",
	"SYS_CHROOT",
];

function programsOf(
	backend: string,
	listening: readonly ListeningProgram[],
): BackendService {
	const role = programsRole(backend);
	const isOpen = ({ protocol, port }: ListeningProgram) => {
		const which = protocol === "tcp" ? "-ltnH" : "-uanH";
		return `until ss ${which} "sport = :${port}" | grep -q .; do sleep 0.05; done`;
	};
	return {
		kind: "programs",
		role,
		ports: listening.flatMap(({ protocol, port }) =>
			protocol === "tcp" ? [port] : [],
		),
		untilReady: listening.map(isOpen).join("; "),
		spec: {
			role,
			image: "tools",
			command: ["node", PROGRAM, JSON.stringify({ name: backend, listening })],
			network: { of: backend },
			capabilities: ["NET_BIND_SERVICE"],
		},
	};
}
