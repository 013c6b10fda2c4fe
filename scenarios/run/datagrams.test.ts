import { describe, expect, it } from "vitest";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import {
	at,
	packet,
	packetsOut,
	recipeSetup,
	scenario,
} from "../language/build/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { checkScenario } from "./run-scenario.ts";

const RULES =
	"*nat\n-A PREROUTING -p udp --dport 25 -j DNAT --to-destination 192.168.0.1\n-A PREROUTING -p udp --dport 53 -j DNAT --to-destination 192.168.0.1\nCOMMIT\n";

function asked(port: number, behaviour: BackendBehaviour, answers: string[]) {
	const line = `udp 10.0.0.10:4000 > 10.0.0.1:${port} len 4`;
	const story = scenario({
		name: "datagram",
		title: "A datagram",
		setup: recipeSetup({
			ruleset: { name: "udp.rules", text: RULES },
			behaviour: { b1: behaviour },
		}),
		steps: [at(10, packet("bond0.204", line))],
		expect: [packetsOut("bond0.204", answers, { exactly: true })],
		endMs: 2_000,
	});
	return checkScenario(story as PlayableScenario);
}

const CLOSED = ["icmp 10.0.0.1 > 10.0.0.10 port-unreachable *"];

describe("a datagram for a backend's port", () => {
	it.each<BackendBehaviour>([
		{ kind: "up" },
		{ kind: "drain" },
		{ kind: "hang", accept: true },
		{ kind: "slow", delayMs: 10 },
		{ kind: "lossy", loss: 0.000001 },
	])("is unknown where there is a process: %j", (behaviour) => {
		const { outcome, unknown } = asked(25, behaviour, CLOSED);
		expect(outcome).toBe("unknown");
		expect(unknown?.reason).toMatch(/^UDP servers are not modelled: what b1 /);
	});

	it("finds it closed where the process is dead", () => {
		expect(asked(25, { kind: "refuse" }, CLOSED).outcome).toBe("holds");
	});

	it("is lost where nothing gets through", () => {
		expect(asked(25, { kind: "silent" }, []).outcome).toBe("holds");
	});
});

it("any other port of a backend is closed", () => {
	expect(asked(53, { kind: "up" }, CLOSED).outcome).toBe("holds");
});
