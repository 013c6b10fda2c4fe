/** A status file is read by others than its writer: what is no status of ours is not shown as one. */

import type { LastProbe, Status, TargetReport } from "./target-report.ts";

/** What is shown of a target. Others may know more of it, as later versions do. */
type Fields<Of> = { readonly [key in keyof Of]?: unknown };

/** @returns `null` for what no checker of this version has written */
export function parseStatus(text: string): Status | null {
	let given: unknown;
	try {
		given = JSON.parse(text);
	} catch {
		// Files of ours are there whole: this is another program's.
		return null;
	}
	return isStatus(given) ? given : null;
}

function isStatus(given: unknown): given is Status {
	if (!isRecord(given)) return false;
	const status: Fields<Status> = given;
	return (
		[status.config, status.writtenAt, status.boot].every(isText) &&
		[status.pid, status.sinceBootMs, status.staleAfterMs].every(isNumber) &&
		Array.isArray(status.targets) &&
		status.targets.every(isReport)
	);
}

function isReport(given: unknown): given is TargetReport {
	if (!isRecord(given)) return false;
	const report: Fields<TargetReport> = given;
	if (!isRecord(report.target)) return false;
	const target: Fields<TargetReport["target"]> = report.target;
	return (
		[target.backend, target.address, target.condition].every(isText) &&
		isNumber(target.port) &&
		[report.alive, report.isWritten].every(isBoolean) &&
		isText(report.since) &&
		[report.value, report.notProbed].every(
			(one) => one === null || isText(one),
		) &&
		(report.last === null || isLast(report.last))
	);
}

function isLast(given: unknown): given is LastProbe {
	if (!isRecord(given)) return false;
	const { ok, reason, at, tookMs }: Fields<LastProbe> = given;
	return isBoolean(ok) && isText(reason) && isText(at) && isNumber(tookMs);
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
	return typeof given === "object" && given !== null && !Array.isArray(given);
}

const isText = (given: unknown): given is string => typeof given === "string";
const isBoolean = (given: unknown): given is boolean =>
	typeof given === "boolean";
const isNumber = (given: unknown): given is number =>
	typeof given === "number" && Number.isFinite(given);
