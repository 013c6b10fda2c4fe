import { expect, it } from "vitest";
import type { Answer, Ask } from "../../../sim/contract/ask.ts";
import {
	at,
	backend,
	observe,
	packet,
	recipeSetup,
	scenario,
} from "../../language/build/build.ts";
import type {
	PlayableScenario,
	ScenarioStep,
} from "../../language/scenario.ts";
import { compareScenario } from "./compare-scenario.ts";
import type { TracingDriver, TracingGateway } from "./side-by-side.ts";
import { driverWith } from "./test-driver.ts";

/** Who asked for what, gateway by gateway. */
interface Heard {
	readonly alone: Ask[];
	readonly together: (readonly Ask[])[];
}

/** A model as a kernel, whose answers to many asks are `late`; and what it was asked. */
function listening(
	late: (answers: readonly Answer[]) => readonly Answer[] = (all) => all,
): { readonly driver: TracingDriver; readonly heard: Heard[] } {
	const inner = driverWith((ask) => ask);
	const heard: Heard[] = [];
	const open: TracingDriver["open"] = async (...given) => {
		const gateway = await inner.open(...given);
		const here: Heard = { alone: [], together: [] };
		heard.push(here);
		const asked: TracingGateway = {
			...gateway,
			answer: (ask) => {
				here.alone.push(ask);
				return gateway.answer(ask);
			},
			answerTraced: (ask) => {
				here.alone.push(ask);
				return gateway.answerTraced(ask);
			},
			answerAll: async (asks) => {
				here.together.push(asks);
				return late(await gateway.answerAll(asks));
			},
		};
		return asked;
	};
	return { driver: { ...inner, open }, heard };
}

const PACKETS = 20;

function played(rules = ""): PlayableScenario {
	const ruleset = { name: "some.rules", text: `*nat\n${rules}\nCOMMIT\n` };
	const steps = Array.from({ length: PACKETS }, (_, index) =>
		packet("bond0.204", `udp 10.0.0.10:${40_000 + index} > 192.168.0.77:53`),
	);
	const setup = recipeSetup({ ruleset });
	return scenario({
		name: "datagrams",
		title: "",
		steps,
		setup,
		expect: [],
	}) as PlayableScenario;
}

const packetsIn = (asks: readonly Ask[]) =>
	asks.filter(({ kind }) => kind === "packet").length;

it("gives the kernel many packets at a time, but for the first to each host", async () => {
	const { driver, heard } = listening();
	const { divergences, packets } = await compareScenario(played(), { driver });
	expect(divergences).toEqual([]);
	expect(packets).toBe(PACKETS);
	const [first, ...others] = heard;
	expect(others).toEqual([]);
	expect(packetsIn(first?.alone ?? [])).toBe(1);
	expect(first?.together.map(packetsIn)).toContain(PACKETS - 1);
});

it("asks once more, one after another, where answers have come late", async () => {
	const { driver, heard } = listening((answers) => {
		const emissions = answers.flatMap((answer) => answer.emissions);
		return answers.map((answer, index) => ({
			...answer,
			emissions: index === answers.length - 1 ? emissions : [],
		}));
	});
	const { divergences, packets } = await compareScenario(played(), { driver });
	expect(divergences).toEqual([]);
	expect(packets).toBe(PACKETS);
	expect(heard).toHaveLength(2);
	expect(heard[1]?.together).toEqual([]);
});

it("lets the kernel go first once ports are drawn", async () => {
	const { driver, heard } = listening();
	const { divergences } = await compareScenario(
		played("-A POSTROUTING -p udp --sport 40003 -j MASQUERADE --random"),
		{ driver },
	);
	expect(divergences).toEqual([]);
	expect(heard).toHaveLength(1);
	expect(packetsIn(heard[0]?.alone ?? [])).toBe(PACKETS - 2);
});

/** A model as a kernel whose timers run late, and whose clock does not go back for it. */
function runningLate(lateMs: number): TracingDriver {
	const inner = driverWith((ask) => ask);
	const open: TracingDriver["open"] = async (...given) => {
		const gateway = await inner.open(...given);
		let nowMs = 0;
		let timersMs = 0;
		const answer = async (ask: Ask): Promise<Answer> => {
			const atMs = Math.max(nowMs, ask.atMs);
			if (ask.kind !== "wait") {
				nowMs = timersMs = atMs;
				return { ...(await gateway.answer({ ...ask, atMs })), nowMs };
			}
			const toMs = Math.max(timersMs, ask.toMs - lateMs);
			const inTime = await gateway.answer({ ...ask, atMs: timersMs, toMs });
			timersMs = inTime.nowMs;
			nowMs = Math.max(
				atMs,
				inTime.emissions.length > 0 ? timersMs + lateMs : ask.toMs,
			);
			return { ...inTime, nowMs };
		};
		const answerAll = async (asks: readonly Ask[]) => {
			const answers: Answer[] = [];
			for (const ask of asks) answers.push(await answer(ask));
			return answers;
		};
		const answerTraced = async (ask: Ask) => ({
			answer: await answer(ask),
			rules: null,
			translated: [],
		});
		return { ...gateway, answer, answerTraced, answerAll };
	};
	return { ...inner, open };
}

it("does not let the model's clock run while a late kernel's stands still", async () => {
	const ruleset = {
		name: "limited.rules",
		text: "*filter\n-A FORWARD -m limit --limit 10000/sec --limit-burst 1 -j RETURN\nCOMMIT\n",
	};
	const datagram = packet("bond0.204", "udp 10.0.0.10:40000 > 192.168.0.77:53");
	const { divergences } = await compareScenario(
		scenario({
			name: "late",
			title: "",
			expect: [],
			setup: recipeSetup({ ruleset }),
			steps: [
				at(0, backend("b1", "vanish")),
				at(1, packet("bond0.204", "udp 10.0.0.10:40000 > 192.168.0.1:53")),
				...[3_010, 3_020, 3_030, 3_200].map((ms) => at(ms, datagram)),
				at(3_300, observe("then")),
			],
		}) as PlayableScenario,
		{ driver: runningLate(120) },
	);
	expect(divergences).toEqual([]);
});

const forget: ScenarioStep = {
	kind: "operation",
	atMs: 0,
	label: "",
	operation: { kind: "forget-neighbour", address: "192.168.0.1" },
};

/** A model as a kernel that sends what an operation makes it send in another order. */
function answeringBackwards(): TracingDriver {
	const inner = driverWith((ask) => ask);
	const open: TracingDriver["open"] = async (...given) => {
		const gateway = await inner.open(...given);
		return {
			...gateway,
			answer: async (ask) => {
				const answer = await gateway.answer(ask);
				return ask.kind === "operation"
					? { ...answer, emissions: answer.emissions.toReversed() }
					: answer;
			},
		};
	};
	return { ...inner, open };
}

it.each([
	["two hosts", "10.0.0.11", 0],
	["one host", "10.0.0.10", 1],
])(
	"lets errors of an operation to %s come in the order in which they answer ARP",
	async (_, other, differences) => {
		const setup = recipeSetup({
			ruleset: { name: "none.rules", text: "*nat\nCOMMIT\n" },
			behaviour: { b1: { kind: "vanish" } },
		});
		const steps = [
			packet("bond0.204", "udp 10.0.0.10:1 > 192.168.0.1:53"),
			packet("bond0.204", `udp ${other}:2 > 192.168.0.1:53`),
			at(10, forget),
		];
		const story = { name: "forgotten", title: "", steps, setup, expect: [] };
		const { divergences } = await compareScenario(
			scenario(story) as PlayableScenario,
			{ driver: answeringBackwards() },
		);
		expect(divergences).toHaveLength(differences);
	},
);
