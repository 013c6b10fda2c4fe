import { expect, it } from "vitest";
import {
	collectRunDetails,
	type RunDetails,
} from "../../scenarios/details/run-details.ts";
import { connectionRecord } from "../../scenarios/judge/test-account.ts";
import type { RunResult } from "../../scenarios/result/result.ts";
import { checkScenario } from "../../scenarios/run/run-scenario.ts";
import { loadBuiltInScenarios } from "../../scenarios/suites/index.ts";
import type { Entry, Report } from "../contract/report.ts";
import { reportHtml } from "../formats/html.ts";
import { buildReport, type Played } from "./build.ts";

const all = await loadBuiltInScenarios();

function resultOf(name: string): RunResult {
	const found = all.find(({ scenario }) => scenario.name === name);
	if (found === undefined) throw new Error(`no scenario ${name}`);
	return checkScenario(found.scenario);
}

function played(
	result: RunResult,
	details: RunDetails = collectRunDetails(result, { connections: 5 }),
): Played {
	return { kind: "result", result, details, comparison: null };
}

function reportOf(...them: readonly Played[]): Report {
	return buildReport({
		marktwin: "0",
		command: "marktwin run",
		createdAt: null,
		notPlayed: [],
		tookMs: null,
		seed: null,
		notices: [],
		verdicts: [],
		played: them,
		fuzzed: null,
	});
}

function entryOf(one: Played): Entry {
	return reportOf(one).entries[0] as Entry;
}

it("tells the failover: true health, belief, condition, gap and losses on one axis", () => {
	const { failover } = entryOf(played(resultOf("failover-host-vanishes")));
	const lanes = new Map(
		failover?.lanes.map(({ name, spans }) => [
			name,
			spans.map(({ value, fromMs }) => `${value} ${fromMs}`),
		]),
	);
	expect(lanes.get("b1")).toEqual(["up 0", "vanish 2500"]);
	expect(lanes.get("b2")).toEqual(["up 0"]);
	expect(lanes.get("checker on b1")).toEqual(["alive 0", "dead 4800"]);
	expect(lanes.get("mail1up")).toEqual(["0 0", "1 4800"]);
	expect(failover?.gaps).toEqual([
		{
			backend: 0,
			failedMs: 2500,
			noticedMs: 4800,
			servedMs: 4750,
			recoveredMs: null,
			lost: 23,
			predictedMs: null,
			late: 0,
			longestWaitMs: 0,
		},
	]);
	const { counts, lost } = failover?.stretches ?? { counts: [], lost: [] };
	const sum = (numbers: readonly number[]) =>
		numbers.reduce((total, one) => total + one, 0);
	expect(counts.map(sum)).toEqual([48, 252, 0]);
	expect(lost.map(sum)).toEqual([23, 0, 0]);
	// A bar is as wide as its stretch, so the picture ends where the last one does.
	const { stretches, toMs } = failover ?? { toMs: 0 };
	const many = stretches?.counts[0]?.length ?? 0;
	expect(toMs).toBe(many * (stretches?.stretchMs ?? 0));
});

it("sees a condition that a flush has taken away, though nobody wrote it", () => {
	const { failover } = entryOf(played(resultOf("reload-after-flush")));
	const lane = failover?.lanes.find(({ name }) => name === "mail1up");
	expect(lane?.spans.map(({ value }) => value)).toEqual(["1", "gone", "0"]);
});

it("says nothing of a failover where nothing failed and nothing was switched", () => {
	expect(entryOf(played(resultOf("split-alternates"))).failover).toBeNull();
});

it("shows tables as a packet meets them, each chain before its rules", () => {
	const { entries, rulesets, walks } = reportOf(
		played(resultOf("split-alternates")),
	);
	const { rules } = entries[0] as Entry;
	expect(rules.sampling).toBe(
		"The first 8 packets of 5 of 10 connections, and every one that took a new path",
	);
	const places = rulesets[0]?.map(
		({ table, chain, number }) => `${table}:${chain}:${number}`,
	);
	expect(places?.slice(0, 2)).toEqual([
		"mangle:PREROUTING:0",
		"mangle:PREROUTING:1",
	]);
	const at = (place: string) => places?.indexOf(place) ?? -1;
	expect(at("mangle:MAILMARK:5")).toBe(at("mangle:MAILMARK:0") + 5);
	expect(at("nat:PREROUTING:0")).toBeGreaterThan(at("mangle:MAILMARK:5"));
	expect(rules.snapshots.at(-1)?.packets[at("mangle:MAILMARK:2")]).toBe(5);
	// Packets that took the same path share it.
	expect(walks.length).toBeLessThan(rules.paths.length / 2);
});

it("keeps a ruleset that many scenarios play once", () => {
	const names = ["split-alternates", "failover-host-vanishes"];
	const { entries, rulesets } = reportOf(
		...names.map((name) => played(resultOf(name))),
	);
	expect(rulesets).toHaveLength(1);
	expect(entries.map(({ rules }) => rules.snapshots.at(-1)?.ruleset)).toEqual([
		0, 0,
	]);
});

it("leaves no seam where a value comes back at once", () => {
	const result = resultOf("failover-host-vanishes");
	const details = collectRunDetails(result, { connections: 5 });
	const end = details.snapshots.at(-1);
	if (end === undefined) throw new Error("nobody looked");
	const gone = { ...end, atMs: 9_000, conditions: {} };
	const { failover } = entryOf(
		played(result, { ...details, snapshots: [gone, { ...end, atMs: 9_000 }] }),
	);
	const lane = failover?.lanes.find(({ name }) => name === "mail1up");
	expect(lane?.spans.map(({ value }) => value)).toEqual(["0", "1"]);
});

it("has finer bars for few connections where it matters when they came", () => {
	const { failover } = entryOf(played(resultOf("failover-recovery")));
	expect(failover?.stretches.counts[0]?.length).toBeGreaterThan(20);
});

it("gives every entry an id of its own", () => {
	const result = resultOf("split-alternates");
	const { entries } = reportOf(played(result), played(result));
	expect(entries.map(({ id }) => id)).toEqual([
		"split-alternates",
		"split-alternates-2",
	]);
});

it("splits connections by the source that backends saw", () => {
	const { split } = entryOf(played(resultOf("source-in-turn")));
	expect(split?.sources).toEqual([
		{ name: "192.168.0.252", total: 20 },
		{ name: "192.168.0.253", total: 20 },
		{ name: "192.168.0.254", total: 20 },
	]);
	expect(split?.clients).toBeNull();
	expect(entryOf(played(resultOf("split-alternates"))).split?.sources).toEqual(
		[],
	);
});

it("splits them by client, where an expectation is about each", () => {
	const { split, connections } = entryOf(
		played(resultOf("cluster-ip-affinity-of-names")),
	);
	expect(split?.clients?.of).toBe(" to service names");
	expect(split?.clients?.shown).toHaveLength(20);
	expect(split?.clients?.shown[0]).toEqual({ name: "c0", totals: [0, 5, 0] });
	expect(connections.noun).toBe("flow");
	const networks = entryOf(played(resultOf("sticky-network"))).split?.clients;
	expect(networks?.shown[0]?.name).toBe("10.1.0.0/24");
});

it("tells of flows how many datagrams went, and what came back", () => {
	const { connections, moments } = entryOf(played(resultOf("dns-dead-server")));
	expect(connections.noun).toBe("flow");
	expect(connections.shown[0]).toMatchObject({
		protocol: "udp",
		datagrams: { sent: 2, answers: 0 },
		outcome: "unanswered",
	});
	// Flows have a picture of their own, as connections do.
	expect(moments).toEqual([]);
});

it("says by which link a connection left, and with which source", () => {
	const { connections } = entryOf(
		played(resultOf("routing-uplinks-whole-connections")),
	);
	const of = connections.shown.slice(0, 2);
	expect(of.map(({ link, source }) => `${link} ${source}`)).toEqual([
		"isp2 203.0.113.2",
		"isp1 198.51.100.2",
	]);
});

it("shows what could not be played, and why", () => {
	const { scenario, driver, seed, replay } = resultOf("split-alternates");
	const { entries, drivers } = reportOf({
		kind: "failure",
		scenario,
		driver,
		seed,
		replay,
		message: "the machine died",
	});
	expect(entries[0]).toMatchObject({
		status: "failed",
		failure: "the machine died",
	});
	expect(drivers).toEqual(["model (linux 6.1, iptables-legacy 1.8.9)"]);
});

it("cuts what nobody reads, and says so", () => {
	const result = resultOf("split-alternates");
	const story = "x".repeat(1_000_000);
	const entry = entryOf(
		played({ ...result, scenario: { ...result.scenario, story } }),
	);
	expect(entry.story.length).toBeLessThan(5_000);
	expect(entry.story).toMatch(/x… \(996000 more characters\)$/);
});

it("makes a small page of a million connections, and says how many it shows", () => {
	const result = resultOf("split-alternates");
	const connections = Array.from({ length: 1_000_000 }, (_, id) =>
		connectionRecord(id, {
			backend: id % 2 ? "b2" : "b1",
			...(id % 100_000 === 7
				? { outcome: "reset" as const, accepted: false }
				: {}),
		}),
	);
	const details = collectRunDetails(result, { connections: 5 });
	const large = { ...result, account: { ...result.account, connections } };
	const report = reportOf(played(large, details));
	const html = reportHtml(report, { script: "", style: "" });
	expect(html.length).toBeLessThan(1_000_000);
	const [entry] = report.entries;
	expect(entry?.connections.sampling).toMatch(
		/^Showing (1,000|9\d\d) of 1,000,000/,
	);
	// Lost ones are rare, and all of them are among those that are shown.
	expect(
		entry?.connections.shown.filter(({ serving }) => serving === "lost"),
	).toHaveLength(10);
	expect(entry?.split?.totals).toEqual([500_000, 500_000, 0]);
	expect(entry?.split?.stretches.counts[0]?.length).toBeLessThan(65);
});

it("shows more connections of what does not hold", () => {
	const result = resultOf("split-alternates");
	const connections = Array.from({ length: 2_000 }, (_, id) =>
		connectionRecord(id, { backend: "b1" }),
	);
	const large = { ...result, account: { ...result.account, connections } };
	const details = collectRunDetails(result, { connections: 1 });
	const { entries } = reportOf(
		played({ ...large, outcome: "violated" }, details),
		...Array.from({ length: 99 }, () => played(large, details)),
	);
	const shown = entries.map((one) => one.connections.shown.length);
	expect(shown[0]).toBe(1_000);
	expect(shown[1]).toBe(300);
});

/** Of a scenario, on the average. */
const MOST_OCTETS = 5_000;

it("keeps the page of what comes with marktwin small", () => {
	// Each suite has some in it: an average over a third is one over all.
	const some = all.filter((_, index) => index % 3 === 0);
	const report = reportOf(
		...some.map(({ scenario }) => {
			const result = checkScenario(scenario);
			return played(result, collectRunDetails(result, { connections: 6 }));
		}),
	);
	const html = reportHtml(report, { script: "", style: "" });
	expect(html.length).toBeLessThan(MOST_OCTETS * some.length);
});
