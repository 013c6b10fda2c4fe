/** The names that the parts of a scenario know each other by. */
import { servicesOf } from "../../../sim/world/setup/services.ts";
import type { Scenario } from "../scenario.ts";
import type { ScenarioFault } from "../scenario-error.ts";

/** What can be referred to, by what it is called in messages. */
export type Names = Readonly<
	Record<
		| "client"
		| "backend"
		| "service"
		| "interface"
		| "neighbour"
		| "connect step"
		| "observe step"
		| "operation step",
		readonly string[]
	>
>;

/** Faults as they are found, and the names that may be referred to. */
export class Report {
	readonly faults: ScenarioFault[] = [];
	private readonly names: Names;

	constructor(names: Names) {
		this.names = names;
	}

	add(path: string, message: string, remedy: string): void {
		this.faults.push({ path, message, remedy });
	}

	/** The name has to be one of those that there are. */
	known(kind: keyof Names, name: string, path: string): void {
		const names = this.names[kind];
		if (names.includes(name)) return;
		const others =
			names.length === 0
				? "there are none"
				: `${kind}s are: ${names.join(", ")}`;
		this.add(
			path,
			`no ${kind} "${name}"; ${others}`,
			names.length === 0
				? `Add ${article(kind)} ${kind} of that name, or leave the reference out.`
				: `Write the name of one that is there, or add ${article(kind)} ${kind} of that name.`,
		);
	}
}

/** Steps that may fail, or change nothing, and of which an expectation may say so. */
const DONE = [
	"operation",
	"speak",
	"close",
	"backend",
	"neighbour",
	"announce",
	"carrier",
];

/** The names of a scenario. */
export function namesOf({ setup, steps }: Scenario): Names {
	const labels = (...kinds: readonly string[]) =>
		steps
			.filter((step) => kinds.includes(step.kind) && step.label !== "")
			.map((step) => step.label);
	return {
		client: setup.clients.map(({ name }) => name),
		backend: setup.backends.map(({ name }) => name),
		service: servicesOf(setup).map(({ name }) => name),
		interface: setup.gateway.interfaces.map(({ name }) => name),
		neighbour: (setup.neighbours ?? []).map(({ address }) => address),
		"connect step": labels("connect", "send"),
		"observe step": labels("observe"),
		"operation step": labels(...DONE),
	};
}

/** `an interface`, `a client`. */
function article(noun: string): string {
	return /^[aeiou]/.test(noun) ? "an" : "a";
}
