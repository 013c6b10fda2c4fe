/** What a Linux does where Linuxes differ: the table of `differences.ts`, read for one of them. */
import { type Difference, NOT_FOLLOWED } from "./difference.ts";
import { DIFFERENCES } from "./differences.ts";
import { DEFAULT_LINUX, type Linux } from "./linux.ts";

type Differences = typeof DIFFERENCES;
/** Name of a thing in which Linuxes differ. */
export type DifferenceName = keyof Differences;

/** The value of each difference. */
export type Behaviour = {
	readonly [Name in DifferenceName]: Differences[Name] extends Difference<
		infer Value
	>
		? Value
		: never;
};

/** Names of all differences, as the table has them. */
export const DIFFERENCE_NAMES = Object.keys(
	DIFFERENCES,
) as readonly DifferenceName[];

const known = new Map<string, Behaviour>();

/** What this Linux does: one object for each, which is asked for with every command. */
export function behaviourOf(linux: Linux): Behaviour {
	const { kernel, iptables, backend } = linux;
	const name = `${kernel} ${iptables} ${backend}`;
	const found = known.get(name) ?? readTable(linux);
	known.set(name, found);
	return found;
}

function readTable(linux: Linux): Behaviour {
	return Object.fromEntries(
		DIFFERENCE_NAMES.map((name) => [name, DIFFERENCES[name].valueOn(linux)]),
	) as Behaviour;
}

/** Why a play that meets this difference is unknown on a Linux where its value is `NOT_FOLLOWED`. */
export function notFollowed(name: DifferenceName): string {
	const { title, says } = DIFFERENCES[name] as Difference<unknown>;
	return `${title}: on this Linux ${says(NOT_FOLLOWED)}, which is not modelled`;
}

/** What Debian 12 with iptables-legacy does. */
export const DEFAULT_BEHAVIOUR: Behaviour = behaviourOf(DEFAULT_LINUX);
