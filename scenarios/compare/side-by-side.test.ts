import { expect, it } from "vitest";
import type { Answer, Ask } from "../../sim/world/ask.ts";
import { packet, recipeSetup, scenario } from "../language/build.ts";
import type { PlayableScenario } from "../language/scenario.ts";
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
		...{ name: "datagrams", title: "", steps, setup, expect: [] },
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
