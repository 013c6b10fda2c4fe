/** Results → lines for a person. */

import { counted, number, whyLines } from "../../reports/wording.ts";
import { failedSteps, whenWords } from "../../scenarios/judge/judge-implied.ts";
import { unmetRules } from "../../scenarios/judge/unmet-rules.ts";
import { assumedWords, restsOn } from "../../scenarios/result/assumed.ts";
import { nounOf } from "../../scenarios/result/finding.ts";
import { commandLine } from "../../scenarios/result/invocation.ts";
import { judgedPlace } from "../../scenarios/result/judged-place.ts";
import {
	type Judgement,
	NOTHING_EXPECTED,
	type Outcome,
	type RunResult,
} from "../../scenarios/result/result.ts";
import { printRulePlace } from "../../scenarios/result/rule-place.ts";
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import { DEFAULT_LINUX, linuxName } from "../../sim/linux/linux.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { answersInWords } from "../../sim/world/account/answer-names.ts";
import { nameText, plainText, screenText } from "../screen/screen-text.ts";
import type { Paint } from "../screen/terminal.ts";
import { wrap } from "../screen/wrap.ts";
import { COLOURS, printOverview, SIGNS, TRAP } from "./overview.ts";
import { pictures, splitPictures } from "./picture.ts";

export interface View {
	readonly paint: Paint;
	readonly columns: number;
	/** `faults`: what holds is not shown. `all`: every expectation is. */
	readonly detail: "faults" | "normal" | "all";
}

const MOST_CONNECTIONS = 5;
/** Behind the sign of what rests on an assumption. */
const ASSUMED = "*";
/** Below the title of a scenario. */
const INDENT = "    ";

export function printHeading(
	suite: string,
	{ paint }: View,
): readonly string[] {
	return ["", paint("bold", nameText(screenText(suite)))];
}

/** One scenario; no lines when the view leaves it out. */
export function printResult(result: RunResult, view: View): readonly string[] {
	const { scenario, outcome } = result;
	const { paint, detail } = view;
	if (outcome === "holds" && detail === "faults") return [];
	const sign = paint(COLOURS[outcome], SIGNS[outcome]);
	const assumed = restsOn(result.assumed);
	const backends = scenario.setup.backends.map(({ name }) => name);
	const room = { paint, columns: view.columns - INDENT.length };
	const shown = [
		...pictures(backends, result.account, room),
		...(detail === "all" ? splitPictures(result, room) : []),
	];
	return [
		`  ${sign}${assumed.length === 0 ? "" : ASSUMED} ${nameText(screenText(scenario.title))} ${paint("dim", scenario.name)}`,
		...printUnmet(result, view),
		...shown.map((line) => `${INDENT}${line}`),
		...printTrap(result, view),
		...(detail === "all" ? printStory(result, view) : []),
		...assumedWords(result.assumed).flatMap((text, index) =>
			field(index === 0 ? "assumed" : "", text, view),
		),
		...printUnknown(result, view),
		...(scenario.expect.length > 0
			? []
			: field("unknown", NOTHING_EXPECTED, view)),
		...result.judgements
			// Where the play ended early all are unknown, which was said above once.
			.filter((one) => one.outcome !== "unknown" || result.unknown === null)
			.filter((one) => detail === "all" || one.outcome !== "holds")
			.flatMap((one) => printJudgement(one, result, view)),
		// On one line, however long: it is there to be copied.
		...(outcome === "holds"
			? []
			: [label("replay", view) + commandLine(result.replay)]),
	];
}

/** Before anything that such a scenario seems to say of the rules. */
function printUnmet(
	result: RunResult,
	{ paint, columns }: View,
): readonly string[] {
	const said = unmetRules(result);
	if (said === null) return [];
	return wrap(screenText(said), columns - 4).map(
		(line) => `${INDENT}${paint("yellow", line)}`,
	);
}

function printTrap(
	{ scenario }: RunResult,
	{ paint, columns }: View,
): readonly string[] {
	if (scenario.trap === null) return [];
	const [first = "", ...more] = wrap(
		`trap: ${screenText(scenario.trap)}`,
		columns - 6,
	);
	return [
		`${INDENT}${paint("yellow", `${TRAP} ${first}`)}`,
		...more.map((line) => `${INDENT}  ${paint("yellow", line)}`),
	];
}

function printStory(
	{ scenario }: RunResult,
	{ paint, columns }: View,
): readonly string[] {
	if (scenario.story === "") return [];
	return wrap(screenText(scenario.story), columns - 4).map(
		(line) => `${INDENT}${paint("dim", line)}`,
	);
}

/** What the model does not know, and where it stands. */
function printUnknown(
	{ unknown, scenario }: RunResult,
	view: View,
): readonly string[] {
	if (!unknown) return [];
	const { rule, text, line, reason } = unknown;
	const place = line > 0 ? `${scenario.setup.ruleset.name}:${line}  ` : "";
	return [
		...field("unknown", reason, view),
		...(rule === "" ? [] : field("rule", `${rule}  ${place}${text}`, view)),
	];
}

function printJudgement(
	judgement: Judgement,
	result: RunResult,
	view: View,
): readonly string[] {
	const { outcome, expected, seen, connections, why } = judgement;
	const { paint } = view;
	const sign = paint(COLOURS[outcome], SIGNS[outcome]);
	const { because } = judgement.expectation;
	if (outcome === "holds")
		return wrap(screenText(`${expected}; ${seen}`), view.columns - 6).map(
			(line, index) =>
				`${INDENT}${index === 0 ? sign : " "} ${paint("dim", line)}`,
		);
	const all = result.account.connections;
	const concerned = connections.slice(0, MOST_CONNECTIONS).flatMap((id) => {
		const index = all.findIndex((one) => one.id === id);
		const connection = all[index];
		return connection ? [describeConnection(connection, index + 1)] : [];
	});
	const more = judgement.concerned - concerned.length;
	if (more > 0 && concerned.length > 0)
		concerned.push(`and ${number(more)} more`);
	const place = judgedPlace(judgement, result);
	return [
		...field("expected", expected, view),
		...(because === "" ? [] : field("because", because, view)),
		...(judgement.expectation.kind === "steps-succeed" && view.detail === "all"
			? stepLines(result, view)
			: field("seen", seen, view)),
		...concerned.flatMap((text, index) =>
			field(index === 0 ? "first" : "", text, view),
		),
		...whyLines({
			why: why.map((one) => ({
				...one,
				connection: one.connection === null ? null : one.connection + 1,
			})),
			concerned: judgement.concerned,
		}).flatMap((text, index) => field(index === 0 ? "why" : "", text, view)),
		...(place === null ? [] : field("rule", printRulePlace(place), view)),
	];
}

/** Each step that failed, with all that was said: lines and carets as they are. */
function stepLines(
	{ scenario, account }: RunResult,
	view: View,
): readonly string[] {
	return failedSteps(scenario, account).flatMap((failed) => [
		...field("failed", `${whenWords(failed)}, ${failed.step}:`, view),
		...plainText(failed.message)
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => `${label("", view)}  ${line}`),
	]);
}

/** `#3 c1:40002 to web at 200 ms → b1, refused after 2 SYNs; the gateway said rst`. */
function describeConnection(
	connection: ConnectionRecord,
	number: number,
): string {
	const { client, sourcePort, startedMs, met, outcome, syns } = connection;
	const { gatewayAnswers, datagrams, service = "", protocol } = connection;
	const which = `${service === "" ? "" : ` to ${service}`}${protocol === undefined ? "" : ` (${protocol})`}`;
	const where = met.length === 0 ? "no backend" : met.join(", then ");
	const sent = datagrams?.sent ?? syns;
	const what = datagrams === undefined ? "SYNs" : "datagrams";
	const tries = sent === 1 ? "" : ` after ${sent} ${what}`;
	const unread =
		outcome === "undelivered" && datagrams !== undefined && datagrams.read > 0
			? `, ${datagrams.requests - datagrams.read} of which no program read`
			: "";
	const said =
		gatewayAnswers.length === 0
			? ""
			: `; the gateway said ${answersInWords(gatewayAnswers)}`;
	return `#${number} ${client}:${sourcePort}${which} at ${startedMs} ms → ${where}, ${outcome}${tries}${unread}${said}`;
}

const LABEL_WIDTH = 10;

function label(name: string, { paint }: View): string {
	return `${INDENT}${paint("dim", name.padEnd(LABEL_WIDTH))}`;
}

/** `expected  text`, wrapped under itself. */
function field(name: string, text: string, view: View): readonly string[] {
	const [first = "", ...more] = wrap(
		screenText(text),
		view.columns - LABEL_WIDTH - 4,
	);
	return [
		`${label(name, view)}${first}`,
		...more.map((line) => `${label("", view)}${line}`),
	];
}

/** The last lines: how many hold, and what it took. */
export function printTotals(
	results: readonly RunResult[],
	{ tookMs, view }: { readonly tookMs: number; readonly view: View },
): readonly string[] {
	const { paint } = view;
	const count = (outcome: Outcome, one: string, several = one) => {
		const many = results.filter((result) => result.outcome === outcome).length;
		const word = many === 1 ? one : several;
		return many === 0
			? []
			: [paint(COLOURS[outcome], `${number(many)} ${word}`)];
	};
	const outcomes = [
		...count("holds", "holds", "hold"),
		...count("violated", "violated"),
		...count("unknown", "unknown"),
	];
	const traps = results.filter(({ scenario }) => scenario.trap !== null).length;
	const assumed = results.filter((one) => restsOn(one.assumed).length > 0);
	const connections = results.flatMap(({ account }) => account.connections);
	const virtualMs = results.reduce(
		(sum, { account }) => sum + account.endedMs,
		0,
	);
	const isLive = results.some(({ driver }) => driver.kind === "docker");
	const scenarios = results.length === 1 ? "scenario" : "scenarios";
	return [
		...(view.detail === "faults" ? [] : printOverview(results, view)),
		"",
		[
			`${number(results.length)} ${scenarios}: ${outcomes.join(", ") || "nothing was played"}`,
			...(traps === 0
				? []
				: [
						`${number(traps)} of them ${traps === 1 ? "shows a trap" : "show traps"} (${TRAP})`,
					]),
			...(assumed.length === 0
				? []
				: [
						`${number(assumed.length)} of them ${assumed.length === 1 ? "rests" : "rest"} on what was assumed (${ASSUMED})`,
					]),
		].join("; "),
		paint(
			"dim",
			`${counted(connections.length, nounOf(connections))}, ${duration(virtualMs)} of ${isLive ? "live" : "virtual"} time, played in ${duration(tookMs)}`,
		),
		...onWhat(results).map((line) => paint("dim", line)),
	];
}

/** The model has been compared with the usual Linux for long. */
const OF_UNUSUAL = "; what it does not follow of it yet: docs/model.md";

function isUnusual({ linux = DEFAULT_LINUX }: Pick<GatewaySetup, "linux">) {
	return linuxName(linux) !== linuxName(DEFAULT_LINUX);
}

/** `on model (linux 6.1, iptables-legacy 1.8.9)`, a line each. */
function onWhat(results: readonly RunResult[]): readonly string[] {
	const all = [
		...new Set(
			results.map(
				({ driver: { kind, name, version }, scenario: { setup } }) =>
					`${name} (${version})${kind === "model" && isUnusual(setup.gateway) ? OF_UNUSUAL : ""}`,
			),
		),
	];
	return all.map((name) => `on ${name}`);
}

/** `1.2 s`, `3 min`, `5 h`, `2 days`. */
function duration(ms: number): string {
	if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
	if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
	const hours = Math.round(ms / 3_600_000);
	return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
