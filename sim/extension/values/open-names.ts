/**
 * Names of users, groups, hosts, services and protocols that are in none of marktwin's tables. iptables
 * asks the machine for them (/etc/passwd, /etc/group, DNS, /etc/services, /etc/protocols), so whether a
 * line is refused depends on it. Such a name is noted as a need of its rule, and a value stands in for
 * it until the line is read; the rule keeps the words in which it was written (`Rule.asWritten`).
 */

import type { Need } from "../../contract/need.ts";
import { servicePort } from "./names.ts";

/** Kinds of names that iptables looks up on the machine. */
export type NameKind = "user" | "group" | "host" | "service" | "protocol";

/** Stands in for the number of a protocol that is not known; no protocol has it. */
export const UNKNOWN_PROTOCOL = -1;

/** Stands in for the address of a host: the kernel refuses 0.0.0.0 in some places. */
export const SOME_HOST = 1;

/** Longest name of a host that iptables looks up, and longer than any other. */
const LONGEST_NAME = 255;

/** What such a name looks like. Numbers that are out of range, lists and ranges are no names. */
const NAMES: Readonly<Record<NameKind, RegExp>> = {
	/** As useradd takes them. */
	user: /^[A-Za-z_][\w.-]*\$?$/,
	group: /^[A-Za-z_][\w.-]*\$?$/,
	/** The last label of a host's name has a letter; `10.0.0.256` is an address with a fault. */
	host: /^(?:[A-Za-z0-9_][\w-]*\.)*(?=[\w-]*[A-Za-z_])[A-Za-z0-9_][\w-]*\.?$/,
	/** RFC 6335, and the `_`, `.` and `+` of older names. */
	service: /^(?=.*[A-Za-z])[A-Za-z0-9](?:[\w.+-]*[A-Za-z0-9])?$/,
	protocol: /^[A-Za-z](?:[\w.+-]*[A-Za-z0-9])?$/,
};

/** Those of the line that is being read. */
const noted: Need[] = [];

/**
 * Notes a name that only the machine knows.
 * @returns `standIn`, or `null` when the text is no name: iptables refuses it on any machine
 */
export function noteName(
	kind: NameKind,
	name: string,
	standIn: number,
): number | null {
	if (!isName(kind, name)) return null;
	noted.push({ kind, name });
	return standIn;
}

/**
 * The same for the service of a protocol: of `smtp`, which TCP has, DCCP's is `smtp/dccp`.
 */
export function noteService(
	text: string,
	protocol: string | null,
	standIn: number,
): number | null {
	if (protocol === null || servicePort(text) === null)
		return noteName("service", text, standIn);
	noted.push({ kind: "service", name: `${text}/${protocol}` });
	return standIn;
}

/** Might a machine know it? */
export function isName(kind: NameKind, text: string): boolean {
	return text.length <= LONGEST_NAME && NAMES[kind].test(text);
}

/** The noted names, each once. */
export function openNames(): readonly Need[] {
	return noted.filter(
		({ kind, name }, index) =>
			noted.findIndex((one) => one.kind === kind && one.name === name) ===
			index,
	);
}

/** Begins another line. */
export function forgetNames(): void {
	if (noted.length > 0) noted.length = 0;
}
