import { describe, expect, it } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { Operation } from "../contract/gateway.ts";
import { GatewayError } from "../contract/gateway-error.ts";
import { DEFAULT_LINUX } from "../linux/linux.ts";
import { parsePacket } from "../packet/notation/notation.ts";
import { ModelGateway } from "./model-gateway.ts";
import { createTestGateway, IN, OUT, SETUP } from "./test-gateway.ts";

function gateway(sysctls: Readonly<Record<string, number>> = {}): ModelGateway {
	return new ModelGateway(
		{ ...SETUP, sysctls: { ...SETUP.sysctls, ...sysctls } },
		{ choice: seededChoice(1) },
	);
}

const BOOTP_RELAY = "ipv4.conf.all.bootp_relay";
const operation = (operation: Operation) =>
	({ kind: "operation", atMs: 0, operation }) as const;

describe("what a kernel carries out and the model does not", () => {
	it("is unknown as an operation", () => {
		const answer = gateway().answer(
			operation({ kind: "sysctl", name: BOOTP_RELAY, value: 1 }),
		);
		expect(answer.outcome).toBeNull();
		expect(answer.unknown?.reason).toContain(`net.${BOOTP_RELAY}=1`);
	});

	it("makes all unknown where the gateway is set up with it", () => {
		const model = gateway({ [BOOTP_RELAY]: 1 });
		expect(
			model.answer({ kind: "observe", atMs: 0 }).unknown?.reason,
		).toContain(`net.${BOOTP_RELAY}=1`);
	});

	it("is unknown where marktwin alone refuses a command or a ruleset", () => {
		const text = "*nat\n-V\nCOMMIT\n";
		const restore = { file: "my.rules", noflush: false, counters: false };
		const asked: readonly Operation[] = [
			{ kind: "iptables", command: "-V" },
			{ kind: "restore", text, ...restore },
		];
		for (const one of asked) {
			const { outcome, unknown } = gateway().answer(operation(one));
			expect(outcome).toBeNull();
			expect(unknown?.reason).toMatch(/^(<command>:1|my\.rules:2): -V/);
		}
	});
});

describe("a mistake in a call is the caller's, and changes nothing", () => {
	const packet = parsePacket("tcp 10.0.0.10:1 > 192.168.0.1:80 S");
	const link = { kind: "link", interface: "nope", up: false } as const;
	const forget = { kind: "forget-neighbour", address: "b1" } as const;
	const INTERFACE =
		'interface "nope": the gateway has none of this name; give one of lo, bond0.204, bond0.205';
	const ADDRESS = 'address "b1": not an IPv4 address; write e.g. 192.168.0.1';
	const past = (ms: number) =>
		`time ${ms} ms: the gateway is at 10 ms already; give a time that is not before \`nowMs\``;

	it.each<[string, string, (model: ModelGateway) => unknown]>([
		["receive", INTERFACE, (model) => model.receive("nope", packet)],
		[
			"a packet asked",
			INTERFACE,
			(model) =>
				model.answer({ kind: "packet", atMs: 10, interface: "nope", packet }),
		],
		["a link", INTERFACE, (model) => model.operate(link)],
		[
			"a host that is silent",
			INTERFACE,
			(model) =>
				model.answer({
					kind: "neighbour",
					atMs: 10,
					interface: "nope",
					address: "192.168.0.1",
					answers: false,
				}),
		],
		["a neighbour", ADDRESS, (model) => model.operate(forget)],
		["advanceTo", past(-5), (model) => model.advanceTo(-5)],
		["no time", past(Number.NaN), (model) => model.advanceTo(Number.NaN)],
		[
			"an ask of the past",
			past(9),
			(model) => model.answer({ kind: "observe", atMs: 9 }),
		],
		[
			"a wait that is over",
			past(9),
			(model) => model.answer({ kind: "wait", atMs: 9, toMs: 9 }),
		],
	])("%s", (_, message, call) => {
		const model = gateway();
		model.advanceTo(10);
		const hash = model.hash();
		expect(() => call(model)).toThrow(new GatewayError(message));
		expect(model.hash()).toBe(hash);
	});
});

it("what a kernel refuses is the outcome", () => {
	const sysctl = { kind: "sysctl", name: "ipv4.x", value: 1 } as const;
	expect(gateway().operate(sysctl)).toEqual({
		ok: false,
		message:
			"sysctl: cannot stat /proc/sys/net/ipv4/x: No such file or directory",
	});
});

describe("settings of one interface", () => {
	const SYN = "tcp 10.0.0.10:1 > 192.168.0.1:80 S";

	it("forwarding is off for what comes in by it", () => {
		const gateway = createTestGateway("");
		const name = "ipv4/conf/bond0.204/forwarding";
		gateway.operate({ kind: "sysctl", name, value: 0 });
		expect(gateway.fate(OUT, SYN)).toEqual({
			kind: "dropped",
			by: "forwarding is off",
		});
		const back = "tcp 192.168.0.1:80 > 10.0.0.10:1 S";
		expect(gateway.send(IN, back)).toHaveLength(1);
	});

	it("redirects are off where all and the interface are", () => {
		const gateway = createTestGateway("");
		const around = "tcp 10.0.0.10:1 > 10.0.0.11:80 S";
		const off = (who: string) =>
			gateway.operate({
				kind: "sysctl",
				value: 0,
				name: `ipv4.conf.${who}.send_redirects`,
			});
		off("all");
		off("default");
		const redirect = expect.stringContaining(
			"icmp 10.0.0.1 > 10.0.0.10 host-redirect",
		);
		expect(gateway.send(OUT, around)).toEqual([redirect, expect.anything()]);
		off("bond0/204");
		expect(gateway.send(OUT, around)).toHaveLength(1);
	});
});

describe("a router that takes over under iptables-nft", () => {
	it("has the rules as the first one's were saved", () => {
		const rule = "-A OUTPUT -p tcp -m tcp ! --dport 25:80 -m tcp --dport 70:90";
		const counted = (takesOver: boolean) => {
			const gateway = createTestGateway(`*filter\n${rule}\nCOMMIT\n`, {
				linux: { kernel: "6.1", iptables: "1.8.9", backend: "nft" },
			});
			if (takesOver) gateway.model.operate({ kind: "take-over" });
			gateway.send(OUT, "tcp 10.0.0.10:95 > 10.0.0.1:80 S seq 7");
			const { observation } = gateway.model.answer({
				kind: "observe",
				atMs: 0,
			});
			return /\[(\d+):\d+\] -A OUTPUT/.exec(observation?.ruleset ?? "")?.[1];
		};
		// Both are asked, and what is printed asks for neither port.
		expect(counted(false)).toBe("0");
		expect(counted(true)).toBe("1");
	});

	// The rule that is loaded first gives the quota its octets.
	it.each([
		["legacy", 2],
		["nft", 1],
	] as const)(
		"has its tables loaded as they were saved: %s",
		(backend, packets) => {
			const raw = "-A PREROUTING -p udp -m quota2 --name q --quota 100";
			const mangle = "-A INPUT -m quota2 --name q --no-change --quota 60";
			const gateway = createTestGateway(
				`*raw\n${raw}\nCOMMIT\n*mangle\n${mangle}\nCOMMIT\n`,
				{ linux: { ...DEFAULT_LINUX, backend } },
			);
			gateway.model.operate({ kind: "take-over" });
			for (let sent = 0; sent < 4; sent++)
				gateway.send(OUT, "udp 10.0.0.10:1 > 10.0.0.1:2 len 12");
			const { observation } = gateway.model.answer({
				kind: "observe",
				atMs: 0,
			});
			expect(observation?.ruleset).toContain(`[${packets}:${packets * 40}] -A`);
		},
	);
});
