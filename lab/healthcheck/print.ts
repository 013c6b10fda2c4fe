/** What people read of the checker; the log is for programs. */

import { inLine } from "../../sim/in-line.ts";
import { oneLine } from "./log/one-line.ts";
import type { Probed } from "./once.ts";
import type { FoundStatus } from "./status/status.ts";
import type { Status } from "./status/target-report.ts";
import { isUnwritten, type TargetStatus } from "./status/target-report.ts";

const sign = (ok: boolean | null): string =>
	ok === null ? "?" : ok ? "✓" : "✗";

export function printProbed(probed: readonly Probed[]): string {
	return table(
		probed.map(({ target, ok, reason, tookMs }) => [
			`${sign(ok)} ${target.backend}`,
			`${target.address}:${target.port}`,
			ok === null ? `not probed: ${reason}` : `${reason} (${tookMs} ms)`,
		]),
	);
}

export function printStatus(
	found: Exclude<FoundStatus, { readonly kind: "none" }>,
): string {
	const { status } = found;
	const lines = table([
		["BACKEND", "ADDRESS", "BELIEVED", "SINCE", "CONDITION", "LAST PROBE"],
		...status.targets.map(row),
	]);
	return `${lines}\n${verdict(found, status)}`;
}

function row(report: TargetStatus): readonly string[] {
	const { target, alive, since, value, last, notProbed } = report;
	const doubt = isUnwritten(report) ? " (not written)" : "";
	return [
		target.backend,
		`${target.address}:${target.port}`,
		alive ? "alive" : "dead",
		since,
		value === null ? "not decided" : `${target.condition}=${value}${doubt}`,
		[
			last === null
				? "none yet"
				: `${sign(last.ok)} ${last.reason} (${last.tookMs} ms)`,
			...(notProbed === null ? [] : [`? not probed: ${notProbed}`]),
		].join("  "),
	];
}

function verdict(found: FoundStatus, { targets, pid }: Status): string {
	if (found.kind === "stale")
		return found.ageMs === null
			? "✗ not running: this is from before the machine was booted\n"
			: `✗ not running, or stuck: process ${pid} has said nothing for ${Math.round(found.ageMs / 1000)} s\n`;
	const dead = targets.filter(({ alive }) => !alive).length;
	const unwritten = targets.filter(isUnwritten).length;
	const wrong = [
		...(dead > 0 ? [`${dead} of ${targets.length} dead`] : []),
		...(unwritten > 0
			? [`${unwritten} of ${targets.length} conditions not written`]
			: []),
	];
	if (wrong.length > 0) return `✗ process ${pid}: ${wrong.join(", ")}\n`;
	const unknown = targets.filter(({ notProbed }) => notProbed !== null).length;
	return unknown === 0
		? `✓ process ${pid}: all alive\n`
		: `? process ${pid}: ${unknown} of ${targets.length} cannot be probed\n`;
}

/** Columns two spaces apart; the last one is as wide as it is. Cells may quote anything. */
function table(given: readonly (readonly string[])[]): string {
	const shown = given.map((cells) => cells.map(inLine));
	const rows = shown.map((cells) => cells.map(oneLine));
	const widths = (rows[0] ?? []).map((_, column) =>
		Math.max(...rows.map((cells) => (cells[column] ?? "").length)),
	);
	return rows
		.map((cells) =>
			cells
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join("  ")
				.trimEnd(),
		)
		.map((line) => `${line}\n`)
		.join("");
}
