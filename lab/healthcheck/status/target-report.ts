/**
 * What a status file holds. It is read by other programs than its writer, and written by other versions:
 * they may know more of a target than is shown, and what is no status of a checker is not shown as one.
 */
import * as v from "valibot";
import {
	listOf,
	number,
	text,
	yesNo,
} from "../../../scenarios/language/schema/plain.ts";
import { about } from "../../../scenarios/language/schema/schema.ts";
import type { CheckedTarget } from "../config/config.ts";

const finite = v.pipe(number, v.finite());

const lastProbe = v.object({
	ok: about(yesNo, "The backend was well."),
	reason: about(text, "What was seen: 220 mail1 ESMTP, refused, timeout …"),
	at: about(text, "When its result was there, by the wall clock (ISO 8601)."),
	tookMs: about(finite, "Milliseconds from its first packet to its result."),
});

const targetStatus = v.object({
	target: about(
		v.object({ backend: text, address: text, port: finite, condition: text }),
		"As the configuration names it.",
	),
	alive: about(yesNo, "What is believed."),
	since: about(text, "Since when, by the wall clock (ISO 8601)."),
	value: about(
		v.nullable(text),
		"What its condition should hold. null: nothing has been decided yet.",
	),
	isWritten: about(yesNo, "Its condition holds that value."),
	last: about(v.nullable(lastProbe), "Its last probe. null: there was none."),
	notProbed: about(
		v.nullable(text),
		"Why it cannot be probed at present: something of the checker's own is short, or the probe's program does not run. null: it is probed.",
	),
});

export const statusSchema = v.object({
	pid: about(finite, "Process of the checker."),
	config: about(text, "The file that configured it."),
	writtenAt: about(text, "By the wall clock (ISO 8601)."),
	boot: about(
		text,
		"Id of the machine's boot (/proc/sys/kernel/random/boot_id).",
	),
	sinceBootMs: about(finite, "When it was written, by the clock of that boot."),
	staleAfterMs: about(
		finite,
		"A checker that has not written for longer does not run, or hangs.",
	),
	targets: about(listOf(targetStatus), "In the order of the configuration."),
});

export type Status = v.InferOutput<typeof statusSchema>;

/** What is shown of a target. */
export type TargetStatus = v.InferOutput<typeof targetStatus>;

export type LastProbe = v.InferOutput<typeof lastProbe>;

/** What the checker itself knows of a target: all that its configuration says, too. */
export interface TargetReport extends TargetStatus {
	readonly target: CheckedTarget;
}

/** @returns `null` for what no checker of this version has written */
export function parseStatus(text: string): Status | null {
	const read = v.safeParse(statusSchema, parsed(text));
	return read.success ? read.output : null;
}

/** What the status files of all versions have. */
const anyStatus = v.object({
	pid: finite,
	boot: text,
	sinceBootMs: finite,
	targets: v.array(v.unknown()),
});

/** A checker has written it, perhaps one of another version. */
export function isStatus(text: string): boolean {
	return v.is(anyStatus, parsed(text));
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// Files of ours are there whole: this is another program's.
		return null;
	}
}

/** Its condition does not hold what is believed: the router's rules go by something else. */
export function isUnwritten({ value, isWritten }: TargetStatus): boolean {
	return value !== null && !isWritten;
}
