import { describe, expect, it } from "vitest";
import type { Ask } from "../../sim/contract/ask.ts";
import { parseLinux } from "../../sim/linux/linux.ts";
import { compareScenario } from "../compare/lockstep/compare-scenario.ts";
import type { TracingDriver } from "../compare/lockstep/side-by-side.ts";
import { driverWith } from "../compare/lockstep/test-driver.ts";
import { validateScenarioFile } from "../language/check/validate.ts";
import { toScenario } from "./case-to-scenario.ts";
import { addCoverage, COVERAGE_KINDS, holes, noCoverage } from "./coverage.ts";
import { caseAt, type FuzzOptions, fuzz, nameOf } from "./fuzz.ts";
import { leftOut, NOTHING_LACKING } from "./lacking.ts";
import { totalsOf } from "./totals.ts";
import { OWN_ADDRESSES, PROGRAMS, worldSetup } from "./world/topology.ts";

const SEED = 13;

function fuzzWith(more: Partial<FuzzOptions>) {
	return fuzz({
		seed: SEED,
		runs: 6,
		limitMs: 60_000,
		path: null,
		shard: null,
		linux: null,
		drivers: [honest],
		shrinkMs: 30_000,
		known: [],
		onCase: () => {},
		onFinding: () => {},
		...more,
	});
}

const honest = driverWith((ask) => ask);

class Death extends Error {}

/** Its machine dies of one case. */
function mortal(name: string): TracingDriver {
	return {
		...honest,
		open(setup, ports) {
			const { scenario } = toScenario(caseAt(SEED, "2"), name);
			const isIt =
				JSON.stringify(setup) === JSON.stringify(scenario.setup.gateway);
			if (isIt) throw new Death("it died");
			return honest.open(setup, ports);
		},
	};
}

/** It loses what comes in for the port of the service. */
const deaf = driverWith((ask): Ask => {
	if (ask.kind !== "packet" || ask.packet.kind !== "udp") return ask;
	return { ...ask, packet: { ...ask.packet, ttl: 1 } };
});

describe("what is generated", () => {
	it("is set up without settings that a kernel does not have", () => {
		const name = "netfilter.nf_conntrack_tcp_ignore_invalid_rst";
		const drawn = { ...caseAt(SEED, "3"), sysctls: { [name]: 1 } };
		const sysctlsOn = (linux: string) =>
			toScenario(drawn, "case", parseLinux(linux)).scenario.setup.gateway
				.sysctls;
		expect(sysctlsOn("bookworm")).toHaveProperty([name], 1);
		expect(sysctlsOn("bullseye")).not.toHaveProperty([name]);
	});

	it("is compared as unknown where the model does not follow its rules", async () => {
		const masked =
			"*filter\n-A INPUT -p mptcp -m mark --mark 1 -j DROP\nCOMMIT\n";
		const linux = parseLinux("bullseye/nft");
		const drawn = { ...caseAt(SEED, "3"), ruleset: masked };
		const { scenario, unknown } = toScenario(drawn, "case", linux);
		expect(unknown?.reason).toContain("whose protocol is mptcp");
		const { divergences, unknown: met } = await compareScenario(scenario, {
			driver: honest,
		});
		expect(divergences).toEqual([]);
		expect(met?.reason).toContain("whose protocol is mptcp");
	});

	it("is the same for the same seed, and another for another", () => {
		expect(caseAt(SEED, "3")).toEqual(caseAt(SEED, "3"));
		expect(caseAt(SEED, "3")).not.toEqual(caseAt(SEED, "4"));
		expect(caseAt(SEED, "3")).not.toEqual(caseAt(SEED + 1, "3"));
	});

	it("becomes scenarios that anybody can play", () => {
		const { scenario } = toScenario(caseAt(SEED, "0"), nameOf(SEED, "0"));
		const text = JSON.stringify(scenario);
		expect(validateScenarioFile(JSON.parse(text), "fuzz.json")).toHaveLength(1);
		expect(
			JSON.stringify(toScenario(caseAt(SEED, "0"), `fuzz-${SEED}-0`).scenario),
		).toBe(text);
		expect(scenario.steps.length).toBeGreaterThan(10);
	});

	it("has one service where programs ask for what others serve", () => {
		const { scenario } = toScenario(caseAt(SEED, "0"), "programs");
		const unbound = OWN_ADDRESSES.flatMap((target) =>
			PROGRAMS.map(({ protocol, port }) => ({ protocol, target, port })),
		);
		const { gateway, ruleset, conditions, seed } = scenario.setup;
		const world = worldSetup(PROGRAMS, unbound);
		const setup = { ...world, gateway, ruleset, conditions, seed };
		const text = JSON.stringify({ ...scenario, setup, steps: [], expect: [] });
		expect(validateScenarioFile(JSON.parse(text), "fuzz.json")).toHaveLength(1);
	});

	it("meets every match, target, chain, kind of packet and event that is modelled", () => {
		const all = noCoverage();
		for (let number = 0; number < 300; number++)
			addCoverage(all, toScenario(caseAt(SEED, `${number}`), "").coverage);
		for (const kind of COVERAGE_KINDS)
			if (kind !== "transitions") expect(holes(all, kind), kind).toEqual([]);
		expect(holes(all, "transitions").length).toBeLessThan(20);
	}, 120_000);
});

describe("a fuzz", () => {
	it("finds nothing where nothing differs, and counts what it played", async () => {
		const account = await fuzzWith({});
		expect(account.findings).toEqual([]);
		expect(account.cases).toBe(6);
		expect(account.packets).toBeGreaterThan(100);
	});

	it("finds what differs, and makes it small", async () => {
		const { findings } = await fuzzWith({ drivers: [deaf], runs: 1 });
		expect(findings).toHaveLength(1);
		const { comparison, path } = findings[0] ?? expect.fail();
		const { steps } = comparison.scenario;
		expect(steps.filter(({ kind }) => kind === "packet").length).toBeLessThan(
			4,
		);
		expect(path.startsWith("0:")).toBe(true);
		const again = toScenario(caseAt(SEED, path), comparison.scenario.name);
		expect(again.scenario).toEqual(comparison.scenario);
	});

	it("plays on the Linux that its drivers are, and a finding says which", async () => {
		const linux = parseLinux("trixie/nft");
		const { findings } = await fuzzWith({ drivers: [deaf], runs: 1, linux });
		const { comparison, path } = findings[0] ?? expect.fail();
		expect(comparison.scenario.setup.gateway.linux).toEqual(linux);
		const { name } = comparison.scenario;
		const again = toScenario(caseAt(SEED, path), name, linux);
		expect(again.scenario).toEqual(comparison.scenario);
	});

	it("goes on where a machine dies of a case, which counts as not compared", async () => {
		const lost: string[] = [];
		const account = await fuzzWith({
			drivers: [mortal(nameOf(SEED, "2"))],
			isLoss: (error): error is Death => error instanceof Death,
			onLost: ({ name }) => void lost.push(name),
		});
		expect(account.cases).toBe(5);
		expect(account.findings).toEqual([]);
		expect(account.lost).toMatchObject([
			{ path: "2", name: nameOf(SEED, "2"), error: { message: "it died" } },
		]);
		expect(lost).toEqual([nameOf(SEED, "2")]);
		const totals = totalsOf(account, null, {
			kernel: { kind: "other", name: "", version: "" },
			tookMs: 1,
			leftOut: [],
		});
		expect(totals).toMatchObject({ cases: 5, findings: 0, lost: 1 });
	});

	it("ends where a driver fails in another way", async () => {
		const drivers = [mortal(nameOf(SEED, "2"))];
		await expect(fuzzWith({ drivers })).rejects.toThrow("it died");
	});

	it("leaves out rules that the kernel has no extension for, and counts them as no hole", async () => {
		const lacking = {
			...NOTHING_LACKING,
			matches: ["conntrack"],
			targets: ["MARK", "LED"],
		};
		const account = await fuzzWith({ lacking });
		expect(account.findings).toEqual([]);
		expect([...account.coverage.matches.keys()]).not.toContain("conntrack");
		const { coverage } = totalsOf(account, null, {
			kernel: { kind: "other", name: "", version: "" },
			tookMs: 1,
			leftOut: leftOut(lacking),
		});
		const holes = coverage.flatMap((one) => one.holes);
		expect(holes).not.toContain("LED");
		expect(holes).not.toContain("conntrack");
	});

	it("leaves alone what is known to differ, and counts it", async () => {
		const known = [{ name: "deaf", reason: "it is", is: () => true }];
		const account = await fuzzWith({ drivers: [deaf], runs: 2, known });
		expect(account.findings).toEqual([]);
		expect(account.known.get("deaf")).toBeGreaterThan(0);
	});

	it("shares the numbers among shards, and plays each once", async () => {
		const parts = await Promise.all(
			[1, 2, 3].map((index) =>
				fuzzWith({ shard: { index, total: 3 }, runs: 7 }),
			),
		);
		expect(parts.map(({ cases }) => cases)).toEqual([3, 2, 2]);
		const whole = await fuzzWith({ runs: 7, drivers: [honest, honest] });
		const packets = parts.reduce((sum, part) => sum + part.packets, 0);
		expect(whole.packets).toBe(packets);
	});
});
