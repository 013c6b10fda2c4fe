/** The worker that plays: does what the page asks, one thing after the other, and shows how far it is. */
import { givenOfScenario } from "../../scenarios/analysis/given/given-of-scenario.ts";
import type { PlayableScenario } from "../../scenarios/language/scenario.ts";
import { DEFAULT_LINUX, linuxName } from "../../sim/linux/linux.ts";
import { restoreForm } from "../../sim/script/check-rules.ts";
import type { Step, StepKind } from "../../sim/world/setup/setup.ts";
import { Exploration, type SeenPacket } from "./exploration.ts";
import type { FromPlay, ToPlay } from "./messages.ts";
import { readScenarioText, scenarioText } from "./scenario-text.ts";
import { begun, firstOfEach, isOpening, type Opening } from "./study.ts";
import { Viewer } from "./view.ts";

export interface WorkerPorts {
	readonly post: (message: FromPlay) => void;
	/** Lets other messages come in. */
	readonly breathe: () => Promise<void>;
	/** Wall-clock time, in ms. */
	readonly nowMs: () => number;
}

/** Between two looks, at least; and looking takes this part of the time at most. */
const LOOK_EVERY_MS = 120;
const LOOK_PART = 0.2;
const BREATHE_EVERY_MS = 30;
/** `ip_local_port_range`, net.ipv4 (6.1): clients take them one after the other, so that nothing is drawn for a step that is added. */
const FIRST_PORT = 32_768;
const PORTS = 28_000;

/** Plays one scenario at a time, as the page asks. */
export class PlayWorker {
	private readonly ports: WorkerPorts;
	private exploration: Exploration | null = null;
	/** How each client begins. */
	private openings: readonly Opening[] = [];
	private viewer = new Viewer();
	private steppedTo: SeenPacket | null = null;
	private isStopped = false;
	private before: Promise<void> = Promise.resolve();
	private labels = 0;
	private sought: ToPlay | null = null;
	private isSeeking = false;

	constructor(ports: WorkerPorts) {
		this.ports = ports;
	}

	/** Takes a message when those before are done with; `stop` at once. */
	take(message: ToPlay): Promise<void> {
		if (message.kind === "stop") {
			this.isStopped = true;
			return this.before;
		}
		if (message.kind === "seek") {
			// The latest moment of a slider that is dragged is the one that is wanted.
			this.sought = message;
			if (this.isSeeking) this.isStopped = true;
		}
		this.before = this.before.then(() => this.answer(message));
		return this.before;
	}

	private async answer(message: ToPlay): Promise<void> {
		if (message.kind === "seek" && message !== this.sought) return;
		this.isStopped = false;
		this.isSeeking = message.kind === "seek";
		await this.orSay(() => this.carryOut(message));
		this.isSeeking = false;
		await this.orSay(() => this.show(false));
	}

	private async orSay(what: () => void | Promise<void>): Promise<void> {
		try {
			await what();
		} catch (error) {
			this.ports.post({ kind: "failed", message: wordsOf(error) });
		}
	}

	private async carryOut(message: ToPlay): Promise<void> {
		if (message.kind === "open") {
			const { text, name } = message;
			return this.open(await readScenarioText(text, name), []);
		}
		if (message.kind === "begin") {
			const { world, rules } = message;
			return this.open(begun(world, rules), world.openings);
		}
		const { exploration } = this;
		if (exploration === null) return;
		if (message.kind !== "save") this.steppedTo = null;
		switch (message.kind) {
			case "connect":
				return this.connect(exploration, message);
			case "act":
				return this.act(exploration, asRestored(message.step, exploration));
			case "run":
				return this.work(exploration.run());
			case "packet":
				this.steppedTo = exploration.nextPacket();
				return;
			case "pass":
				return this.work(exploration.passTo(exploration.nowMs + message.byMs));
			case "seek":
				return this.seek(exploration, message.toMs);
			case "follow": {
				const { scenario, reachedMs } = exploration;
				const followed = new Set([message.connection]);
				await this.again(scenario, followed, reachedMs);
				this.steppedTo =
					this.exploration?.packets.find(
						({ connection }) => connection === message.connection,
					) ?? null;
				return;
			}
			case "remove": {
				const { scenario, reachedMs } = exploration;
				const steps = scenario.steps.toSpliced(message.index, 1);
				return this.again(
					{ ...scenario, steps },
					exploration.following,
					reachedMs,
				);
			}
			case "rules": {
				const { name, text } = message;
				const { scenario, reachedMs } = exploration;
				const { linux } = scenario.setup.gateway;
				const ruleset = { name, text: restoreForm(text, name, linux).text };
				const other = withOtherRules(scenario, ruleset);
				await this.again(other, exploration.following, reachedMs, () =>
					this.say(other),
				);
				return;
			}
			case "save":
				this.ports.post({
					kind: "saved",
					as: message.as,
					...scenarioText(exploration),
				});
		}
	}

	private open(scenario: PlayableScenario, openings: readonly Opening[]): void {
		this.play(new Exploration(scenario));
		this.say(scenario);
		const own = firstOfEach([...scenario.steps.filter(isOpening), ...openings]);
		const others = scenario.setup.clients
			.filter(({ name }) => !own.some(({ client }) => client === name))
			.map(({ name }) => openingOf(name, scenario));
		this.openings = [...own, ...others];
	}

	/** Takes another one from now on. */
	private play(exploration: Exploration): void {
		this.exploration = exploration;
		this.viewer = new Viewer();
	}

	/** Says what is played. */
	private say({ title, setup }: PlayableScenario): void {
		const { linux = DEFAULT_LINUX } = setup.gateway;
		this.ports.post({
			kind: "opened",
			title,
			linux: linuxName(linux),
			rules: { ...setup.ruleset, given: givenOfScenario(setup) },
		});
	}

	private async seek(exploration: Exploration, toMs: number): Promise<void> {
		if (toMs >= exploration.nowMs) return this.work(exploration.passTo(toMs));
		// To the left of everything, nothing has happened.
		const { scenario } = exploration;
		return this.again(
			scenario,
			exploration.following,
			toMs === 0 ? null : toMs,
		);
	}

	/** Plays a scenario from its beginning to a moment. It takes the place of the other one when that has begun well. */
	private async again(
		scenario: PlayableScenario,
		followed: ReadonlySet<number>,
		toMs: number | null,
		begins: () => void = () => {},
	): Promise<void> {
		const exploration = new Exploration(scenario, { followed });
		this.play(exploration);
		begins();
		if (toMs !== null) await this.work(exploration.passTo(toMs));
	}

	private async connect(
		exploration: Exploration,
		{ client, count, everyMs, stands }: ToPlay & { readonly kind: "connect" },
	): Promise<void> {
		const opening = this.openings.find((one) => one.client === client);
		if (opening === undefined) return;
		const { opened } = exploration;
		await this.act(
			exploration,
			{
				...opening,
				count,
				arrivals:
					everyMs === 0 || count === 1
						? { kind: "at-once" }
						: { kind: "every", intervalMs: everyMs },
				ports: { kind: "from", first: FIRST_PORT + (opened % PORTS) },
			},
			stands ? "stand" : "run",
		);
	}

	private async act(
		exploration: Exploration,
		kind: StepKind,
		then: "stand" | "run" | "" = "",
	): Promise<void> {
		const { steps } = exploration.scenario;
		let label = "";
		do label = `${kind.kind}-${++this.labels}`;
		while (steps.some((one) => one.label === label));
		const step: Step = { ...kind, atMs: 0, label };
		if (then === "stand") return exploration.begin(step);
		await this.work(exploration.act(step));
		if (then === "run") await this.work(exploration.run());
	}

	/** Works until it is done or stopped, and lets messages in. */
	private async work(work: Generator<void, void>): Promise<void> {
		const { nowMs, breathe } = this.ports;
		let breathedMs = nowMs();
		let lookMs = breathedMs + LOOK_EVERY_MS;
		while (!work.next().done) {
			const now = nowMs();
			if (now - breathedMs < BREATHE_EVERY_MS) continue;
			if (now >= lookMs) {
				this.show(true);
				const tookMs = nowMs() - now;
				lookMs = now + Math.max(LOOK_EVERY_MS, tookMs / LOOK_PART);
			}
			await breathe();
			breathedMs = nowMs();
			if (this.isStopped) return;
		}
	}

	private show(isWorking: boolean): void {
		const { exploration, steppedTo } = this;
		if (exploration === null) return;
		this.ports.post({
			kind: "view",
			isWorking,
			view: this.viewer.look(exploration, { isPassing: isWorking, steppedTo }),
		});
	}
}

/** The same with other rules, of whose conditions alone values can be written at the beginning. */
function withOtherRules(
	scenario: PlayableScenario,
	ruleset: PlayableScenario["setup"]["ruleset"],
): PlayableScenario {
	const setup = { ...scenario.setup, ruleset, conditions: {} };
	const { gateway } = new Exploration({ ...scenario, setup, steps: [] });
	const conditions = Object.fromEntries(
		Object.entries(scenario.setup.conditions).filter(
			([name]) => name in gateway.conditions,
		),
	);
	return { ...scenario, setup: { ...setup, conditions } };
}

/** A script of iptables commands as the text that iptables-restore takes in its place. */
function asRestored(step: StepKind, { scenario }: Exploration): StepKind {
	if (step.kind !== "operation" || step.operation.kind !== "restore")
		return step;
	const { file, text } = step.operation;
	const restored = restoreForm(text, file, scenario.setup.gateway.linux);
	return { ...step, operation: { ...step.operation, text: restored.text } };
}

/** What a client does that no step of the scenario tells of. */
function openingOf(client: string, { setup }: PlayableScenario): Opening {
	const isUdp =
		setup.service === undefined &&
		setup.services?.every(({ protocol }) => protocol === "udp") === true;
	const common = {
		atMs: 0,
		label: "",
		client,
		count: 1,
		arrivals: { kind: "at-once" },
		ports: { kind: "drawn" },
	} as const;
	return isUdp
		? {
				...common,
				kind: "send",
				sockets: "each",
				octets: 40,
				reply: { timeoutMs: 900, attempts: 1 },
			}
		: { ...common, kind: "connect" };
}

function wordsOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
