/** A scenario file for a ruleset: what surrounds it, and stories of each service that scenarios can play. */

import { invariant } from "../../../sim/invariant.ts";
import { linuxName } from "../../../sim/linux/linux.ts";
import { openPoints } from "../../../sim/ruleset/check/open-points.ts";
import type { RulesetSource, Scenario } from "../../language/scenario.ts";
import type { LintFinding } from "../lint/finding.ts";
import type { Analysis } from "../services/analysis.ts";
import { isCalled, type Service } from "../services/service.ts";
import {
	buildersOf,
	call,
	constant,
	type Expression,
	evaluate,
	type Fields,
	print,
} from "./expression.ts";
import { type Hosts, hostsOf, OWN_CLIENT, type Unplayable } from "./hosts.ts";
import { DIALOGUE, storiesOf } from "./stories.ts";

export interface DraftOptions {
	readonly ruleset: RulesetSource;
	/** The first line of the file. */
	readonly origin: string;
	/** Of the linter, about this ruleset. */
	readonly findings?: readonly LintFinding[];
	/** Only services with this text in their key or name. */
	readonly service?: string;
	/** Services whose rules remember clients: each connection has a client of its own. */
	readonly remembering?: ReadonlySet<string>;
}

/** A scenario file before it is written. */
export interface Draft {
	readonly remarks: readonly string[];
	readonly constants: readonly Named[];
	readonly scenarios: readonly Expression[];
	/** By scenario: the service that it is about. */
	readonly services: readonly string[];
	/** By scenario: the constant of its setup. */
	readonly setups: readonly string[];
	/** What has no scenario, and why: a sentence each. */
	readonly leftOut: readonly string[];
}

interface Named {
	readonly name: string;
	readonly remarks: readonly string[];
	readonly value: Expression;
}

const GATEWAY = "gateway";
/** Services of a file; more are named as left out. */
const MOST_SERVICES = 40;
/** Clients of a service whose rules remember them. */
const CLIENTS_EACH = 6;
const CLIENTS_EACH_DRAWN = 16;
/** What a remark advises in its place: a file with so many is long. */
const MANY_CLIENTS = 64;
/** Before a client of Linux repeats its SYN. */
const CONNECT_TIMEOUT_MS = 900;
/** Before what is left out. */
const WITHOUT = "Not tested here:";
/** Lines of a remark; the rest is counted. */
const MOST_LINES = 24;

export function draft(analysis: Analysis, options: DraftOptions): Draft {
	const { world } = analysis;
	const leftOut = [...notAnalysed(analysis)];
	const more: string[] = [];
	const playable: { service: Service; hosts: Hosts }[] = [];
	for (const service of chosen(analysis.services, options)) {
		const hosts = hostsOf(service, world, clientsEach(service, options));
		const same = playable.find((one) => isSame(one.hosts, hosts));
		if ("why" in hosts) leftOut.push(`${service.key}: ${hosts.why}`);
		else if (same !== undefined)
			leftOut.push(
				`${service.key}: its connections are those of ${same.service.key}`,
			);
		else if (playable.length < MOST_SERVICES) playable.push({ service, hosts });
		else more.push(service.key);
	}
	if (more.length > 0)
		leftOut.push(
			`${more[0]}${more.length === 1 ? "" : ` and ${more.length - 1} more services`}: the file has ${MOST_SERVICES} services; \`--service TEXT\` writes those with the text in their address or name`,
		);
	const constants: Named[] = [
		{
			name: GATEWAY,
			remarks: assumptionRemarks(analysis),
			value: {
				interfaces: world.setup.interfaces as unknown as Expression,
				routes: world.setup.routes as unknown as Expression,
				...machineFields(analysis),
			},
		},
		...(playable.some(({ hosts }) => hosts.protocol === "tcp") ||
		playable.length === 0
			? [dialogueConstant()]
			: []),
	];
	const scenarios: Expression[] = [];
	const services: string[] = [];
	const setups: string[] = [];
	const prefixes = prefixesOf(playable.map(({ service }) => service));
	for (const [index, { service, hosts }] of playable.entries()) {
		const setup = playable.length === 1 ? "setup" : `setup${index + 1}`;
		const stories = storiesOf({
			service,
			hosts,
			setup,
			prefix: playable.length === 1 ? "" : (prefixes[index] as string),
			target: targetOf(service, hosts),
			isFaulty: isFaulty(service, options.findings ?? []),
			remembers: options.remembering?.has(service.key) === true,
		});
		constants.push({
			name: setup,
			remarks: serviceRemarks(service, [
				...stories.remarks,
				...fewClientsRemark(service, hosts, options),
			]),
			value: setupOf(service, { hosts, analysis, options }),
		});
		scenarios.push(...stories.scenarios);
		services.push(...stories.scenarios.map(() => service.key));
		setups.push(...stories.scenarios.map(() => setup));
		if (hasMorePorts(service))
			leftOut.push(
				`${service.key}: its ports besides ${hosts.service.port} are not played; change the port of \`service\``,
			);
		leftOut.push(...stories.leftOut.map((one) => `${service.key}: ${one}`));
	}
	return {
		remarks: fileRemarks(options, leftOut),
		constants,
		scenarios,
		services,
		setups,
		leftOut,
	};
}

/** What no service has: packets that were not looked at, and rules that none of them met. */
function notAnalysed({ gaps, unmet }: Analysis): readonly string[] {
	return [
		...gaps,
		...unmet.map(({ rule, line, text }) => {
			const place = line > 0 ? `line ${line}` : rule;
			const hint = OF_ROUTER.test(text) ? `; ${OWN_CLIENT}` : "";
			return `${place}: no packet that was walked matches it (${text})${hint}`;
		}),
	];
}

/** A rule about what programs of the gateway's own send. */
const OF_ROUTER = /^-A OUTPUT | -i lo /;

/** What the machine told besides: its routing rules with their tables, what is in its sets, and where countries are. */
function machineFields({ ruleset, world }: Analysis): Fields {
	const { ip = [], sets, geoip, linux } = world.setup;
	const named = openPoints(ruleset.tables).needs.flatMap(({ kind, name }) =>
		kind === "country" ? [name] : [],
	);
	const countries = named.flatMap((code) => {
		const ranges = geoip?.[code];
		return ranges === undefined ? [] : [[code, ranges] as const];
	});
	return {
		...(linux === undefined ? {} : { linux: call("linux", linuxName(linux)) }),
		...(ip.length > 0 ? { ip } : {}),
		...(sets === undefined ? {} : { sets }),
		...(countries.length === 0 ? {} : { geoip: Object.fromEntries(countries) }),
	};
}

function dialogueConstant(): Named {
	return {
		name: DIALOGUE,
		remarks: [
			"A message by SMTP, in place of what your clients say. A SYN is repeated after a second: a client that has to do so gives up, so that lost packets show.",
		],
		value: call("smtp", { connectTimeoutMs: CONNECT_TIMEOUT_MS }),
	};
}

function chosen(
	services: readonly Service[],
	{ service = "" }: DraftOptions,
): readonly Service[] {
	return services.filter((one) => isCalled(one, service));
}

/** Does a client of both connect to the same address and port? Then its packets belong to the narrower one, which came first. */
function isSame(one: Hosts, other: Hosts | Unplayable): boolean {
	if ("why" in other) return false;
	return (
		one.service.address === other.service.address &&
		one.service.port === other.service.port &&
		one.protocol === other.protocol &&
		one.clients.some(({ address }) =>
			other.clients.some((client) => client.address === address),
		)
	);
}

function clientsEach(
	{ key, classes }: Service,
	{ remembering }: DraftOptions,
): number {
	if (!remembering?.has(key)) return 1;
	const byChance = classes.some(({ vectors }) => vectors[0]?.split.byChance);
	return byChance ? CLIENTS_EACH_DRAWN : CLIENTS_EACH;
}

/** As data. */
export function scenariosOf({
	constants,
	scenarios,
}: Draft): readonly Scenario[] {
	const values = new Map<string, unknown>();
	for (const { name, value } of constants)
		values.set(name, evaluate(value, values));
	return scenarios.map((one) => evaluate(one, values) as Scenario);
}

/**
 * As data with the remarks that JSON has no comments for: each scenario's story has those that it rests on, and
 * what its service lacks; the first one's what belongs to none.
 */
export function withRemarks(draft: Draft): readonly Scenario[] {
	const { leftOut, services } = draft;
	const isAbout = (key: string | undefined) => (one: string) =>
		key !== undefined && one.startsWith(`${key}: `);
	const others = leftOut.filter((one) =>
		services.every((key) => !isAbout(key)(one)),
	);
	const gateway = draft.constants.find(({ name }) => name === GATEWAY);
	return scenariosOf(draft).map((scenario, index) => {
		const setup = draft.setups[index];
		const about = draft.constants.find(({ name }) => name === setup);
		const assumed = (gateway?.remarks ?? []).map((one) => one.trim());
		const lacks = [
			...(index === 0 ? others : []),
			...leftOut
				.filter(isAbout(services[index]))
				.map((one) => one.slice(`${services[index]}: `.length)),
		];
		const remarks = [
			...(about?.remarks ?? []),
			...(lacks.length === 0 ? [] : [`${WITHOUT} ${cut(lacks).join("; ")}.`]),
			...assumed.slice(0, 1),
			assumed.slice(1).join("; "),
		];
		return { ...scenario, story: remarks.join(" ").trim() };
	});
}

/** As a file in TypeScript. */
export function typescriptOf({ remarks, constants, scenarios }: Draft): string {
	const used = new Set(
		[...constants.map(({ value }) => value), ...scenarios].flatMap(buildersOf),
	);
	const names = [...used].sort().map((name) => `\t${name},`);
	return [
		...remarks.map(comment),
		`import {\n${names.join("\n")}\n} from "marktwin";`,
		...constants.map(({ name, remarks: about, value }) =>
			[
				"",
				...about.map(comment),
				`const ${name} = ${print(value, 0, `const ${name} = ;`.length)};`,
			].join("\n"),
		),
		"",
		"export default [",
		...scenarios.map((one) => `\t${print(one, 1, 1)},`),
		"];",
		"",
	].join("\n");
}

/** Columns of a comment. */
const COMMENT_WIDTH = 88;

/** In lines: those behind the first are indented where it is. */
function comment(text: string): string {
	const [, indent = ""] = /^( *)/.exec(text) ?? [];
	const lines: string[] = [];
	let line = "";
	for (const word of text.trim().split(/\s+/)) {
		const longer = line === "" ? `// ${indent}${word}` : `${line} ${word}`;
		if (line !== "" && longer.length > COMMENT_WIDTH) {
			lines.push(line);
			line = `// ${indent}${indent === "" ? "" : "  "}${word}`;
		} else line = longer;
	}
	return [...lines, line].join("\n");
}

function fileRemarks(
	{ origin, findings = [] }: DraftOptions,
	leftOut: readonly string[],
): readonly string[] {
	const faults = findings.filter(({ severity }) => severity !== "note");
	return [
		origin,
		"Expectations say what a balancer should do: each connection is served, live backends get their shares, dead ones get nothing. It is yours from now on.",
		...(faults.length === 0
			? []
			: [
					"The linter finds fault with the rules; what is violated because of it stays so until they are repaired:",
					...cut(
						faults.map(
							({ lint, at, message }) =>
								`  ${lint.code}${at.line === 0 ? "" : ` in line ${at.line}`}: ${message}`,
						),
					),
				]),
		...(leftOut.length === 0
			? []
			: [WITHOUT, ...cut(leftOut.map((one) => `  ${one}`))]),
	];
}

function cut(lines: readonly string[]): readonly string[] {
	if (lines.length <= MOST_LINES) return lines;
	return [
		...lines.slice(0, MOST_LINES),
		`  … and ${lines.length - MOST_LINES} more`,
	];
}

function assumptionRemarks({ world }: Analysis): readonly string[] {
	const { assumptions } = world;
	if (assumptions.length === 0) return [];
	return [
		"Rules do not tell this; it is assumed. Correct what differs from your router:",
		...cut(assumptions.map(({ text, because }) => `  ${text}: ${because}`)),
	];
}

function serviceRemarks(
	{ key, name }: Service,
	shares: readonly string[],
): readonly string[] {
	const called = name === null ? key : `${name}, ${key}`;
	return [`${called}: ${shares.join(" ")}`];
}

/** Draws that are remembered are as many as clients. */
function fewClientsRemark(
	service: Service,
	{ clients }: Hosts,
	options: DraftOptions,
): readonly string[] {
	return clientsEach(service, options) === CLIENTS_EACH_DRAWN
		? [
				`Each client is one draw: ${clients.length} of them show a wrong share only where it is very wrong; write more clients (${MANY_CLIENTS}) for a sharper test.`,
			]
		: [];
}

/** A scenario has one port of the gateway. */
function hasMorePorts({ ports }: Service): boolean {
	return (
		ports === null ||
		ports.length > 1 ||
		ports.some(([least, greatest]) => least < greatest)
	);
}

function setupOf(
	service: Service,
	{
		hosts,
		analysis,
		options,
	}: {
		readonly hosts: Hosts;
		readonly analysis: Analysis;
		readonly options: DraftOptions;
	},
): Expression {
	const { world } = analysis;
	const [alive] = service.classes[0]?.vectors ?? [];
	invariant(alive !== undefined, `${service.key} has no class of clients`);
	const conditions = Object.keys(alive.conditions)
		.sort()
		.map((name) => [name, String(alive.conditions[name])] as const);
	const sysctls = sysctlsOf(world.setup.sysctls, hosts);
	return call("recipeSetup", {
		ruleset: options.ruleset as Fields,
		gateway: constant(GATEWAY),
		...(Object.keys(sysctls).length > 0 ? { sysctls } : {}),
		...serviceFields(hosts),
		clients: hosts.clients.map((one) =>
			call("clientAt", one.name, one.address, {
				interface: one.interface,
				...one.owner,
			}),
		),
		backends: hosts.backends.map((one) =>
			call("backendAt", one.name, one.address, {
				interface: one.interface,
				...(one.port === null ? {} : { port: one.port }),
			}),
		),
		...(hosts.neighbours.length > 0
			? { neighbours: hosts.neighbours as unknown as Expression }
			: {}),
		...(Object.keys(analysis.world.assume).length > 0
			? { assume: analysis.world.assume }
			: {}),
		...(conditions.length > 0
			? { conditions: Object.fromEntries(conditions) }
			: {}),
	});
}

function serviceFields({ protocol, service }: Hosts): Fields {
	return protocol === "tcp"
		? { service }
		: { services: [call("service", "udp", { protocol, ...service })] };
}

/** What differs from `recipeSetup`, which forwards. Redirects are sent where there is a hairpin alone. */
function sysctlsOf(
	given: Readonly<Record<string, number>>,
	{ hasHairpin }: Hosts,
): Fields {
	return Object.fromEntries(
		Object.entries(given).filter(([name, value]) =>
			name === "ipv4.ip_forward"
				? value === 0
				: hasHairpin || !name.endsWith(".send_redirects"),
		),
	);
}

/** Has the linter found that its shares are not those that were meant? */
function isFaulty(
	{ backends }: Service,
	findings: readonly LintFinding[],
): boolean {
	const rules = new Set(
		backends.flatMap((backend) => backend.rules.map(({ rule }) => rule)),
	);
	return findings.some(
		({ lint, at, related }) =>
			lint.category === "balance" &&
			lint.severity !== "note" &&
			[at, ...related.map((one) => one.at)].some(({ rule }) => rules.has(rule)),
	);
}

function targetOf({ name }: Service, { service }: Hosts): string {
	return name ?? `${service.address}:${service.port}`;
}

/** Before the names of scenarios: `default-web-http-`, `203-0-113-1-80-`; each once. */
function prefixesOf(services: readonly Service[]): readonly string[] {
	const taken = new Set<string>();
	return services.map(({ name, key }) => {
		const base = (name ?? key)
			.toLowerCase()
			.replaceAll(/[^a-z0-9]+/g, "-")
			.replaceAll(/^-|-$/g, "");
		let prefix = base;
		for (let count = 2; taken.has(prefix); count++) prefix = `${base}-${count}`;
		taken.add(prefix);
		return `${prefix}-`;
	});
}
