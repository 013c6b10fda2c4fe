/**
 * Why a judgement is violated: the scenario is played once more on the model, the packets of the
 * connections that show it are followed, and those that failed in the same way make a group.
 */

import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { TraceEvent, TraceSink } from "../../sim/contract/gateway.ts";
import { SetupError } from "../../sim/contract/setup-error.ts";
import type { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import type { LinkWatch } from "../../sim/world/watch.ts";
import type {
	ExpectationKind,
	PlayableScenario,
} from "../language/scenario.ts";
import { ScenarioError } from "../language/scenario-error.ts";
import type { Why } from "../result/result.ts";
import { type RulePlace, ruleBook } from "../result/rule-place.ts";
import { askedBy } from "./blame.ts";
import { type Ended, endedWords } from "./ended.ts";
import { Follower, type Happening, type Passage } from "./follow.ts";
import { movedWords } from "./moved.ts";
import { neverMatched } from "./never-matched.ts";
import { pathWords } from "./path.ts";
import { type Scene, sceneOf } from "./scene.ts";
import { isClients } from "./stop.ts";
import { stopWords, type Told } from "./stop-words.ts";
import { cited, time } from "./words.ts";

/** A violated expectation, and all the connections that show it. */
export interface Question {
	readonly expectation: ExpectationKind;
	readonly concerned: readonly ConnectionRecord[];
}

/** Begins to play the scenario on the model once more. */
export type Begin = (ports: {
	readonly trace: TraceSink;
	readonly watch: LinkWatch;
}) => {
	readonly gateway: ModelGateway;
	readonly play: Generator<Ask, Account, Answer>;
};

const NOT_KNOWN = "the rules that its packets matched are not known";

/** Groups of each judgement. */
const MOST_GROUPS = 3;
/** Connections of each judgement that are looked at. */
const MOST_FOLLOWED = 1_000;

/**
 * @param questions `null` for what holds
 * @returns for each question, the groups in the order of their first connections
 */
export function explain(
	{
		scenario,
		account,
	}: { readonly scenario: PlayableScenario; readonly account: Account },
	questions: readonly (Question | null)[],
	begin: Begin,
): readonly (readonly Why[])[] {
	const followed = questions.flatMap(
		(one) => one?.concerned.slice(0, MOST_FOLLOWED).map(({ id }) => id) ?? [],
	);
	const asksForHand = questions.some(
		(one) => one !== null && isAboutPackets(one.expectation.kind),
	);
	if (followed.length === 0 && !asksForHand) return questions.map(() => []);
	const follower = new Follower(followed);
	const again = playedAgain(follower, begin);
	const scene = sceneOf(scenario, account, ruleBook(scenario.setup));
	return questions.map((question) => {
		if (question === null) return [];
		const { expectation, concerned } = question;
		const { kind } = expectation;
		if (isAboutPackets(kind)) return byHand(follower.byHand, scene);
		const idle = neverMatched(expectation, { scenario, account }, scene.book);
		const told = concerned.slice(0, MOST_FOLLOWED).map((connection) => ({
			connection: connection.id,
			...withIdle(
				explained(expectation, connection, { follower, again, scene }),
				idle,
			),
		}));
		// Where connections went astray because SYNs were lost, those tell why.
		const isFirst = ({ course }: Ended) => asksWhere(kind) && course === "late";
		return grouped([
			...told.filter(isFirst),
			...told.filter((one) => !isFirst(one)),
		]);
	});
}

/** @returns what happened, or why the model cannot play what a kernel has played */
function playedAgain(follower: Follower, begin: Begin): Account | string {
	try {
		return playAgain(follower, begin);
	} catch (error) {
		if (!(error instanceof ScenarioError || error instanceof SetupError))
			throw error;
		return error.message;
	}
}

function playAgain(follower: Follower, begin: Begin): Account {
	const { gateway, play } = begin({
		trace: (event: TraceEvent) => follower.note(event),
		watch: (event) => follower.watch(event),
	});
	let step = play.next();
	while (!step.done) {
		const ask = step.value;
		gateway.isTraced = follower.begin(ask);
		const answer = gateway.answer(ask);
		follower.end(answer, gateway);
		step = play.next(answer);
	}
	return step.value;
}

function asksWhere(kind: ExpectationKind["kind"]): boolean {
	return kind === "order" || kind === "split";
}

/** A connection that got on at a backend, while the rule for another one never matched. */
function withIdle(told: Ended, idle: RulePlace | null): Ended {
	if (idle === null || told.course !== "arrived") return told;
	return {
		...told,
		words: `${told.words}; ${cited(idle)} never matched: ${idle.text}`,
		rule: idle,
	};
}

function explained(
	expectation: ExpectationKind,
	connection: ConnectionRecord,
	{
		follower,
		again,
		scene,
	}: {
		readonly follower: Follower;
		readonly again: Account | string;
		readonly scene: Scene;
	},
): Ended {
	const notKnown = (words: string): Ended => ({
		words,
		rule: null,
		course: "stopped",
	});
	if (typeof again === "string")
		return notKnown(
			`${NOT_KNOWN}: the model cannot play this scenario (${again})`,
		);
	const twin = again.connections[connection.id];
	if (twin === undefined || !isSame(twin, connection))
		return notKnown(partedWords(twin, again));
	const { kind } = expectation;
	const log = follower.log(connection.id);
	const moved =
		kind === "affinity" || kind === "moved"
			? movedWords(log, connection, { scene })
			: kind === "avoided"
				? movedWords(log, connection, { scene, to: expectation.backend })
				: null;
	if (moved !== null) return { ...moved, course: "arrived" };
	const ended = endedWords(log, connection, { asked: askedBy(kind), scene });
	return kind === "abandoned" && isKept(log, connection, scene)
		? {
				...ended,
				words: `${ended.words}; its later packets follow its conntrack entry, whatever the rules say`,
			}
		: ended;
}

/** Was its last packet translated without a rule of nat? */
function isKept(
	log: readonly Happening[],
	connection: ConnectionRecord,
	scene: Scene,
): boolean {
	const last = log.findLast(
		(one): one is Passage =>
			one.kind === "gateway" && isClients(one, connection, scene),
	);
	return last !== undefined && !last.steps.some(({ table }) => table === "nat");
}

/** The same connection on the model: it went the same way as far as anybody sees. */
function isSame(one: ConnectionRecord, other: ConnectionRecord): boolean {
	return (
		one.outcome === other.outcome &&
		one.backend === other.backend &&
		one.met.join() === other.met.join()
	);
}

function partedWords(
	twin: ConnectionRecord | undefined,
	{ unknown }: Account,
): string {
	if (unknown !== null)
		return `${NOT_KNOWN}: the model, which would tell them, does not know (${unknown.reason})`;
	if (twin === undefined) return `${NOT_KNOWN}: the model does not play it`;
	return `${NOT_KNOWN}: on the model it went to ${twin.backend ?? "no backend"} (${twin.outcome})`;
}

function grouped(
	told: readonly (Told & { readonly connection: number | null })[],
): readonly Why[] {
	const groups = new Map<string, Why>();
	for (const { words, rule, connection } of told) {
		const before = groups.get(words);
		groups.set(words, {
			connection: before === undefined ? connection : before.connection,
			count: (before?.count ?? 0) + 1,
			text: words,
			rule: before === undefined ? rule : before.rule,
		});
	}
	return [...groups.values()].slice(0, MOST_GROUPS);
}

/** What became of packets by hand that did not come out. */
function byHand(passages: readonly Passage[], scene: Scene): readonly Why[] {
	const told = passages.flatMap((at) => {
		const { fate } = at;
		if (fate.kind !== "dropped" && fate.kind !== "delivered") return [];
		const end = stopWords({ kind: fate.kind, at }, scene);
		return [
			{
				connection: null,
				words: `${pathWords(at, scene.book, `the packet into ${at.interface} at ${time(at.atMs)}`)} → ${end.words}`,
				rule: end.rule,
			},
		];
	});
	return grouped(told);
}

function isAboutPackets(kind: ExpectationKind["kind"]): boolean {
	return kind === "packets-out" || kind === "packets-counted";
}
