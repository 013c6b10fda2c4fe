/** Ports of the gateway's own in a guest: deaf ones, for which a play speaks, and real programs. */
import { expect, it } from "vitest";
import {
	OUTSIDE,
	RECIPE_GATEWAY,
} from "../../scenarios/language/build/build.ts";
import { checkScenarioAsync } from "../../scenarios/run/run-scenario.ts";
import { loadBuiltInScenarios } from "../../scenarios/suites/index.ts";
import type { Ask, PortState } from "../../sim/contract/ask.ts";
import type { GatewaySetup } from "../../sim/contract/gateway.ts";
import { invariant } from "../../sim/invariant.ts";
import {
	parsePacket,
	printPacket,
} from "../../sim/packet/notation/notation.ts";
import { describeOnVm, vmDriver } from "./test-machine.ts";
import type { VmDriver } from "./vm-driver.ts";
import type { VmGateway } from "./vm-gateway.ts";

const TRACKING = "*filter\n-A INPUT -m conntrack --ctstate INVALID\nCOMMIT\n";
const OWN_PORTS: GatewaySetup = {
	...RECIPE_GATEWAY,
	listeners: [
		{ protocol: "tcp", port: 22 },
		{ protocol: "udp", port: 53 },
	],
};
const SYN = "tcp 10.0.0.10:40000 > 10.0.0.1:22 S seq 100";

async function withGateway(
	driver: VmDriver,
	play: (gateway: VmGateway) => Promise<void>,
	setup: GatewaySetup = OWN_PORTS,
): Promise<void> {
	const gateway = await driver.open(setup);
	try {
		await play(gateway);
	} finally {
		await gateway.close();
	}
}

async function out(gateway: VmGateway, ask: Ask): Promise<readonly string[]> {
	const { emissions } = await gateway.answer(ask);
	return emissions.map(
		(one) =>
			`${one.interface} ${printPacket(one.packet, { payload: "length" })}`,
	);
}

function enter(
	gateway: VmGateway,
	line: string,
	{ atMs = 0, by = OUTSIDE } = {},
) {
	const packet = parsePacket(line);
	return out(gateway, { kind: "packet", atMs, interface: by, packet });
}

function setPort(
	gateway: VmGateway,
	address: string,
	port: number,
	becomes: PortState,
) {
	const protocol = "tcp";
	return out(gateway, {
		kind: "port",
		atMs: 0,
		protocol,
		address,
		port,
		becomes,
	});
}

async function states(gateway: VmGateway, atMs: number) {
	const { observation } = await gateway.answer({ kind: "observe", atMs });
	return (observation?.conntrack ?? []).map(
		({ state, timeoutS }) => `${state} ${timeoutS}`,
	);
}

async function track(gateway: VmGateway): Promise<void> {
	const { outcome } = await gateway.answer({
		kind: "operation",
		atMs: 0,
		operation: {
			kind: "restore",
			text: TRACKING,
			file: "rules",
			noflush: false,
			counters: false,
		},
	});
	expect(outcome).toEqual({ ok: true });
}

describeOnVm("ports of the gateway's own for which a play speaks", () => {
	const driver = vmDriver();

	it("take datagrams and segments as they come, and none for others", async () => {
		await withGateway(driver(), async (gateway) => {
			const line = "udp 10.0.0.10:40000 > 10.0.0.1:53 ttl 9 tos 0x10 DF len 12";
			expect(await enter(gateway, line)).toEqual([`lo ${line}`]);
			expect(await enter(gateway, line.replace(":53", ":54"))).toEqual([
				expect.stringContaining("port-unreachable"),
			]);
			expect(await enter(gateway, line)).toEqual([`lo ${line}`]);
			for (const segment of [SYN, SYN.replace(" S ", " A ")])
				expect(await enter(gateway, segment)).toEqual([`lo ${segment}`]);
			const error = `icmp 10.0.0.10 > 10.0.0.1 host-unreachable (${SYN.replace("10.0.0.10:40000 > 10.0.0.1:22", "10.0.0.1:22 > 10.0.0.10:40000")})`;
			expect(await enter(gateway, error)).toEqual([
				expect.stringMatching(/^lo icmp .* host-unreachable/),
			]);
			expect(await enter(gateway, error.replace(":22", ":23"))).toEqual([]);
		});
	});

	it("are opened at an address or at all, refused, and closed", async () => {
		await withGateway(
			driver(),
			async (gateway) => {
				const reset = [expect.stringMatching(/:40000 RA ack 101 /)];
				expect(await enter(gateway, SYN)).toEqual(reset);
				await setPort(gateway, "127.0.0.1", 22, "open");
				expect(await enter(gateway, SYN)).toEqual(reset);
				await setPort(gateway, "0.0.0.0", 22, "open");
				await setPort(gateway, "10.0.0.1", 22, "open");
				expect(await enter(gateway, SYN)).toEqual([`lo ${SYN}`]);
				await setPort(gateway, "10.0.0.1", 22, "refused");
				expect(await enter(gateway, SYN)).toEqual([`lo ${SYN}`]);
				await setPort(gateway, "0.0.0.0", 22, "closed");
				expect(await enter(gateway, SYN)).toEqual([`lo ${SYN}`, ...reset]);
				await setPort(gateway, "10.0.0.1", 22, "closed");
				expect(await enter(gateway, SYN)).toEqual(reset);
			},
			RECIPE_GATEWAY,
		);
	});

	it("send to each other, and by the route of the address to which they are bound", async () => {
		await withGateway(
			driver(),
			async (gateway) => {
				const own = { by: "lo" };
				await setPort(gateway, "10.0.0.1", 40000, "open");
				await setPort(gateway, "127.0.0.1", 22, "open");
				const inside = "tcp 10.0.0.1:40000 > 127.0.0.1:22 S seq 100 DF";
				expect(await enter(gateway, inside, own)).toEqual([`lo ${inside}`]);
				const answer = "tcp 127.0.0.1:22 > 10.0.0.1:40000 SA seq 9 ack 101 DF";
				expect(await enter(gateway, answer, own)).toEqual([`lo ${answer}`]);
				const lost = "tcp 127.0.0.1:22 > 10.0.0.10:40000 S seq 100";
				expect(await enter(gateway, lost, own)).toEqual([]);
				const sent = "tcp 10.0.0.1:40000 > 10.0.0.10:22 S seq 100 DF";
				expect(await enter(gateway, sent, own)).toEqual([`${OUTSIDE} ${sent}`]);
			},
			RECIPE_GATEWAY,
		);
	});

	it("send where an ip rule with ports does not decide the way, and are refused where it does", async () => {
		await withGateway(
			driver(),
			async (gateway) => {
				await setPort(gateway, "10.0.0.1", 40000, "open");
				const other = "tcp 10.0.0.1:40000 > 10.0.0.10:22 S seq 100 DF";
				expect(await enter(gateway, other, { by: "lo" })).toEqual([
					`${OUTSIDE} ${other}`,
				]);
				await expect(
					enter(gateway, "tcp 10.0.0.1:40000 > 10.0.0.10:23 S", { by: "lo" }),
				).rejects.toMatchObject({ name: "LabError", code: "unsupported" });
			},
			{
				...RECIPE_GATEWAY,
				ip: [
					"ip route add blackhole default table 7",
					"ip rule add ipproto tcp dport 23 lookup 7",
				],
			},
		);
	});

	it("are refused where they are more than a guest has", async () => {
		const listeners = Array.from({ length: 5_000 }, (_, index) => ({
			protocol: "udp",
			port: 1000 + index,
		})) as GatewaySetup["listeners"];
		await expect(
			withGateway(driver(), async () => {}, { ...OWN_PORTS, listeners }),
		).rejects.toMatchObject({ name: "LabError", code: "unsupported" });
		await withGateway(
			driver(),
			async (gateway) => {
				expect(
					await enter(gateway, "udp 10.0.0.10:1 > 10.0.0.1:1000"),
				).toHaveLength(1);
			},
			RECIPE_GATEWAY,
		);
	});
});

describeOnVm("real programs of the gateway's own", () => {
	const driver = vmDriver({ programs: "real" });

	it("take connections and close them with their clients, and are on the box that takes over as well", async () => {
		await withGateway(driver(), async (gateway) => {
			await track(gateway);
			const [answer = "", ...others] = await enter(gateway, SYN);
			expect(others).toEqual([]);
			expect(answer).toMatch(/^bond0\.204 tcp .* SA seq \d+ ack 101 /);
			const next = (Number(/seq (\d+)/.exec(answer)?.[1]) + 1) >>> 0;
			const ack = SYN.replace("S seq 100", `PA seq 101 ack ${next} len 6`);
			expect(await enter(gateway, ack, { atMs: 1 })).toEqual([
				expect.stringMatching(/:40000 A seq \d+ ack 107 /),
			]);
			expect(await states(gateway, 1)).toEqual(["ESTABLISHED 432000"]);
			expect(
				await enter(gateway, SYN.replace(":22", ":23"), { atMs: 1 }),
			).toEqual([expect.stringMatching(/:40000 RA ack 101 /)]);
			// The first one says no good-bye, and the second one knows of nothing.
			expect(
				await out(gateway, {
					kind: "operation",
					atMs: 1_000,
					operation: { kind: "take-over" },
				}),
			).toEqual([]);
			expect(await enter(gateway, ack, { atMs: 1_000 })).toEqual([
				expect.stringMatching(/:40000 R seq \d+ /),
			]);
			expect(await enter(gateway, SYN, { atMs: 1_000 })).toHaveLength(1);
		});
	});

	it("say again what a client does not answer, a second later", async () => {
		await withGateway(driver(), async (gateway) => {
			const answer = await enter(gateway, SYN);
			const { nowMs, emissions } = await gateway.answer({
				kind: "wait",
				atMs: 0,
				toMs: 60_000,
			});
			expect(nowMs).toBeGreaterThanOrEqual(1_000);
			expect(nowMs).toBeLessThan(2_000);
			expect(
				emissions.map((one) => `bond0.204 ${printPacket(one.packet)}`),
			).toEqual(answer);
		});
	});

	it("serve in turn as the programs of a play do", async () => {
		const all = await loadBuiltInScenarios();
		const found = all.find(
			({ scenario }) => scenario.name === "local-workers-in-turn",
		);
		invariant(found !== undefined, "there is such a scenario");
		const { account } = await checkScenarioAsync(found.scenario, {
			driver: driver(),
		});
		expect(account.unknown).toBeNull();
		expect(account.connections.map(({ outcome }) => outcome)).toEqual(
			Array(24).fill("completed"),
		);
		const served = account.observations
			.at(-1)
			?.observation.conntrack.map(({ reply }) => reply.sourcePort);
		expect(served?.toSorted()).toEqual([
			...Array(8).fill(7701),
			...Array(8).fill(7702),
			...Array(8).fill(7703),
		]);
	});
});
