import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
	INSIDE,
	OUTSIDE,
	RECIPE_GATEWAY,
} from "../../scenarios/language/build/build.ts";
import {
	CONFORMANCE,
	conformancePlay,
} from "../../scenarios/run/conformance.ts";
import { driveAsync } from "../../scenarios/run/driver.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import type { GatewaySetup, Operation } from "../../sim/contract/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import {
	parsePacket,
	printPacket,
} from "../../sim/packet/notation/notation.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";
import { createVmDriver } from "./vm-driver.ts";
import type { VmGateway } from "./vm-gateway.ts";

const RECIPE = readFileSync(
	new URL("../../scenarios/suites/recipe/recipe.rules", import.meta.url),
	"utf8",
);
const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:25 S seq 100";
const driver = vmDriver();

async function withGateway(
	play: (gateway: VmGateway) => Promise<void>,
	setup: GatewaySetup = RECIPE_GATEWAY,
): Promise<void> {
	const gateway = await driver().open(setup);
	try {
		await play(gateway);
	} finally {
		await gateway.close();
	}
}

async function operate(gateway: VmGateway, operation: Operation, atMs = 0) {
	const { outcome } = await gateway.answer({
		kind: "operation",
		atMs,
		operation,
	});
	return outcome;
}

function restore(gateway: VmGateway, text: string) {
	return operate(gateway, {
		kind: "restore",
		text,
		file: "rules",
		noflush: false,
		counters: false,
	});
}

async function enter(gateway: VmGateway, line: string, atMs = 0) {
	const packet = parsePacket(line);
	const name = line.includes(" 192.168.") ? INSIDE : OUTSIDE;
	const { emissions } = await gateway.answer({
		kind: "packet",
		atMs,
		interface: name,
		packet,
	});
	return emissions.map(
		(one) =>
			`${one.interface} ${printPacket(one.packet, { payload: "length" })}`,
	);
}

async function entries(gateway: VmGateway, atMs: number) {
	const { observation } = await gateway.answer({ kind: "observe", atMs });
	return (observation?.conntrack ?? []).map(
		({ state, timeoutS, mark }) => `${state} ${timeoutS} mark ${mark}`,
	);
}

describeOnVm("the kernel conforms: it", () => {
	it.each(CONFORMANCE)("$name", { timeout: 180_000 }, async (given) => {
		await withGateway(async (gateway) => {
			expect(await driveAsync(conformancePlay(given), gateway)).toBe("");
		}, given.gateway);
	});
});

describeOnVm("a gateway in a virtual machine", () => {
	it("shows its rules, connections and conditions as the kernel spells them", async () => {
		await withGateway(async (gateway) => {
			expect(await restore(gateway, RECIPE)).toEqual({ ok: true });
			await operate(gateway, {
				kind: "condition",
				name: "mail2up",
				write: "1",
			});
			await enter(gateway, SYN);
			const { observation } = await gateway.answer({
				kind: "observe",
				atMs: 0,
			});
			expect(observation?.ruleset).toContain(
				'[1:40] -A MAILMARK -m mark --mark 0x0 -m statistic --mode nth --every 2 --packet 0 -m condition ! --condition "mail1up"  -j MARK --set-xmark 0x1/0xffffffff\n',
			);
			expect(observation?.ruleset).not.toContain("#");
			expect(observation?.conditions).toEqual({ mail1up: 0, mail2up: 1 });
			expect(observation?.conntrack[0]?.text).toMatch(
				/^ipv4 {5}2 tcp {6}6 1(19|20) SYN_SENT src=10\.0\.0\.10 dst=10\.0\.0\.1 sport=40000 dport=25 \[UNREPLIED\] src=192\.168\.0\.1 dst=10\.0\.0\.10 sport=25 dport=40000 mark=1 zone=0 use=2$/,
			);
		});
	});

	it("says in iptables' words what it refuses", async () => {
		await withGateway(async (gateway) => {
			expect(
				await restore(gateway, "*filter\n-A NOPE -j ACCEPT\nCOMMIT\n"),
			).toEqual({
				ok: false,
				exitCode: 1,
				message: "iptables-restore: line 2 failed",
			});
			expect(
				await operate(gateway, { kind: "iptables", command: "-A INPUT -j X" }),
			).toEqual({
				ok: false,
				exitCode: 2,
				message: expect.stringContaining("Couldn't load target `X'"),
			});
			expect(
				await operate(gateway, { kind: "sysctl", name: "ipv4.x", value: 1 }),
			).toEqual({
				ok: false,
				message:
					"sysctl: cannot stat /proc/sys/net/ipv4/x: No such file or directory",
			});
		});
	});

	it("lets time-outs pass that nobody waits for", async () => {
		await withGateway(async (gateway) => {
			await restore(gateway, RECIPE);
			await enter(gateway, SYN);
			const began = performance.now();
			expect(await entries(gateway, 100_000)).toEqual([
				expect.stringMatching(/^SYN_SENT (19|20) mark 1$/),
			]);
			expect(await entries(gateway, 121_000)).toEqual([]);
			expect(performance.now() - began).toBeLessThan(20_000);
		});
	});

	it("limits rates by the script's time, as the model does", async () => {
		const rules =
			"*filter\n-A FORWARD -m limit --limit 5/s --limit-burst 3 -j ACCEPT\n-A FORWARD -j DROP\nCOMMIT\n";
		const model = new ModelGateway(RECIPE_GATEWAY, { choice: seededChoice(1) });
		model.operate({
			kind: "restore",
			text: rules,
			file: "rules",
			noflush: false,
			counters: false,
		});
		await withGateway(async (gateway) => {
			await restore(gateway, rules);
			const passed = { model: [] as number[], kernel: [] as number[] };
			for (let atMs = 0; atMs < 2_000; atMs += 37) {
				const packet = parsePacket(
					`tcp 10.0.0.10:40000 > 192.168.0.1:25 A seq ${atMs}`,
				);
				const ask = {
					kind: "packet",
					atMs,
					interface: OUTSIDE,
					packet,
				} as const;
				if (model.answer(ask).emissions.length > 0) passed.model.push(atMs);
				const answer = await gateway.answer(ask);
				if (answer.emissions.length > 0) passed.kernel.push(atMs);
			}
			expect(passed.kernel).toEqual(passed.model);
			expect(passed.kernel.length).toBeGreaterThan(5);
		});
	});

	it("evicts, and tells how many", async () => {
		await withGateway(async (gateway) => {
			await restore(gateway, RECIPE);
			for (const port of [40000, 40001, 40002])
				await enter(gateway, SYN.replace("40000", `${port}`));
			const evict = (mark: number) =>
				operate(gateway, { kind: "evict", filter: { mark } });
			expect(await evict(1)).toEqual({ ok: true, count: 2 });
			expect(await evict(1)).toEqual({
				ok: false,
				message:
					"conntrack v1.4.7 (conntrack-tools): 0 flow entries have been deleted.",
			});
			expect(await entries(gateway, 0)).toHaveLength(1);
		});
	});

	it("is taken over by one with the same rules and conditions, and no connections", async () => {
		await withGateway(async (gateway) => {
			await restore(gateway, RECIPE);
			await operate(gateway, {
				kind: "condition",
				name: "mail1up",
				write: "1",
			});
			await enter(gateway, SYN);
			await operate(gateway, { kind: "take-over" }, 5_000);
			const { observation } = await gateway.answer({
				kind: "observe",
				atMs: 5_000,
			});
			expect(observation?.conntrack).toEqual([]);
			expect(observation?.conditions).toEqual({ mail1up: 1, mail2up: 0 });
			expect(observation?.ruleset).toContain("[0:0] -A MAILMARK");
			expect(await enter(gateway, SYN, 5_001)).toEqual([
				expect.stringContaining("> 192.168.0.2:25 S"),
			]);
		});
	});

	it("tells by which rules a packet goes", async () => {
		await withGateway(async (gateway) => {
			await restore(gateway, RECIPE);
			const { rules } = await gateway.answerTraced({
				kind: "packet",
				atMs: 1,
				interface: "bond0.204",
				packet: parsePacket(SYN),
			});
			expect(rules).toEqual([
				"mangle:PREROUTING:rule:1",
				"mangle:MAILMARK:rule:1",
				"mangle:MAILMARK:rule:2",
				"mangle:MAILMARK:rule:5",
				"mangle:MAILMARK:return:6",
				"mangle:PREROUTING:policy:2",
				"nat:PREROUTING:rule:1",
				"mangle:FORWARD:policy:1",
				"mangle:POSTROUTING:policy:1",
				"nat:POSTROUTING:policy:1",
			]);
			await enter(gateway, SYN.replace("40000", "40001"));
			expect(
				await gateway.answerTraced({ kind: "wait", atMs: 1, toMs: 2_000 }),
			).toMatchObject({ rules: [] });
		});
	});

	it("leaves nothing to the one after it", async () => {
		const setup: GatewaySetup = {
			...RECIPE_GATEWAY,
			sysctls: {
				...RECIPE_GATEWAY.sysctls,
				"netfilter.nf_conntrack_max": 20,
				"netfilter.nf_conntrack_tcp_loose": 0,
			},
		};
		await withGateway(async (gateway) => {
			await restore(gateway, RECIPE);
			await enter(gateway, SYN);
		}, setup);
		await withGateway(async (gateway) => {
			const { observation } = await gateway.answer({
				kind: "observe",
				atMs: 0,
			});
			expect(observation).toEqual({
				ruleset: "",
				conntrack: [],
				conditions: {},
			});
			await restore(gateway, RECIPE);
			const asks = Array.from({ length: 30 }, (_, index) => ({
				kind: "packet" as const,
				atMs: 0,
				interface: OUTSIDE,
				packet: parsePacket(SYN.replace("40000", `${41000 + index}`)),
			}));
			const answers = await gateway.answerAll(asks);
			expect(answers.flatMap(({ emissions }) => emissions)).toHaveLength(30);
			// Picked up mid-stream, as long as nobody forbids it.
			const data = "tcp 10.0.0.10:50000 > 10.0.0.1:25 A seq 5 ack 5";
			expect(await enter(gateway, data)).toEqual([
				expect.stringMatching(/> 192\.168\.0\.[12]:25 A/),
			]);
		});
	});

	it("refuses a route by somebody who is not on the link, and the next one is served", async () => {
		const routes = [
			{ destination: "0.0.0.0/0", via: "172.16.0.1", interface: OUTSIDE },
		];
		await expect(
			withGateway(async () => {}, { ...RECIPE_GATEWAY, routes }),
		).rejects.toMatchObject({ code: "unsupported" });
		await withGateway(async (gateway) => {
			expect(
				await enter(
					gateway,
					"icmp 10.0.0.10 > 10.0.0.1 echo-request id 1 seq 1",
				),
			).toHaveLength(1);
		});
	});
});

describeOnVm("a gateway whose clock is left alone", () => {
	it("takes three seconds to find out that a host is gone", {
		timeout: 180_000,
	}, async () => {
		await driver().close();
		const live = createVmDriver({ time: "live" });
		try {
			const gateway = await live.open(RECIPE_GATEWAY);
			await gateway.answer({
				kind: "neighbour",
				atMs: 0,
				interface: INSIDE,
				address: "192.168.0.1",
				answers: false,
			});
			const began = performance.now();
			await enter(gateway, "tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1");
			const { nowMs, emissions } = await gateway.answer({
				kind: "wait",
				atMs: 0,
				toMs: 20_000,
			});
			const tookMs = performance.now() - began;
			expect(emissions).toHaveLength(1);
			// Three requests, a second apart, as the guest's clock sees them: a loaded host blurs it.
			expect(nowMs).toBeGreaterThan(2_500);
			expect(tookMs).toBeGreaterThan(2_500);
			await gateway.close();
		} finally {
			await live.close();
		}
	});
});
