/** Whether an expectation holds by chance alone: the scenario is played again with other draws, and other turns. */
import type { Choice } from "../../sim/chance/choice.ts";
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import { judgeAll } from "../judge/judge.ts";
import type { Expectation, PlayableScenario } from "../language/scenario.ts";
import { type Finding, nounOf, selected } from "../result/finding.ts";
import type { Judgement } from "../result/result.ts";

type Judged = Judgement & Pick<Finding, "all">;

/** An expectation that says where connections, or their packets, never go: that they did not once may be luck. */
type Never = Extract<
	Expectation,
	{ readonly kind: "sticky" | "avoided" | "affinity" | "moved" }
>;

/** Plays the scenario on the model; `null`: the model cannot be set up so. */
type PlayModel = (seed: number, choice: Choice) => Account | null;

/** Of small plays many are made with other draws, of large ones few: these have many draws each. */
const CONNECTIONS_PLAYED = 400;
const FEWEST_PLAYS = 2;
const MOST_PLAYS = 32;
/** Turns fall otherwise more often than draws do: one of these plays shows it. */
const MOST_TURN_PLAYS = 8;
/** Where each was drawn for once, one of more than these would have shown that its packets part. */
const FEW_CONNECTIONS = 100;
/** So many packets of others that counters of all lengths stand anywhere. */
const MOST_BEFORE = 2 ** 31;

/** Does chance have a say in whether the expectation is right of the rules, and not of this play alone? */
export function mayHoldByLuck(
	expectation: Judgement["expectation"],
): expectation is Never {
	switch (expectation.kind) {
		case "sticky":
		case "avoided":
		case "affinity":
			return true;
		case "moved":
			return expectation.atMost === 0;
		default:
			return false;
	}
}

/**
 * What holds, though other draws or other turns would have violated it, is unknown: nothing in the rules makes it so.
 * @param choiceOf the gateway's own draws by seed
 */
export function unlessByLuck(
	judged: readonly Judged[],
	played: Played,
	ports: Ports,
): readonly Judged[] {
	const found = [...judged];
	const open = new Map<number, Open>();
	const countsTurns = mayTakeTurns(played);
	for (const [index, judgement] of judged.entries()) {
		const { expectation, outcome } = judgement;
		if (outcome !== "holds" || !mayHoldByLuck(expectation)) continue;
		const drawn = drawnOf(expectation, played.account);
		const isUnknown = drawn.some(({ chance }) => chance === "unknown");
		if (isUnknown)
			found[index] = unknown(
				judgement,
				`whether a draw decided it is not known: the model does not know how its ${nounOf(drawn)}s went`,
			);
		else if (drawn.length > 0 || countsTurns)
			open.set(index, { judgement, expectation, isDrawn: drawn.length > 0 });
	}
	const byDraws = new Map([...open].filter(([, { isDrawn }]) => isDrawn));
	for (const [plays, asked] of [
		[otherDraws(played, ports), byDraws],
		[countsTurns ? otherTurns(played, ports) : [], open],
	] as const) {
		// What was found to be luck is not asked about once more.
		for (const index of asked.keys())
			if (found[index]?.outcome !== "holds") asked.delete(index);
		for (const [index, why] of tried(plays, asked, played.scenario, ports)) {
			const one = judged[index];
			if (one !== undefined) found[index] = unknown(one, why);
		}
	}
	return found;
}

/** What was played and judged. */
interface Played {
	readonly scenario: PlayableScenario;
	readonly account: Account;
	readonly seed: number;
}

interface Ports {
	readonly choiceOf: (seed: number) => Choice;
	readonly playModel: PlayModel;
}

/** An expectation that holds, and may do so by luck. */
interface Open {
	readonly judgement: Judged;
	readonly expectation: Never;
	readonly isDrawn: boolean;
}

interface OtherPlay {
	readonly seed: number;
	readonly choice: Choice;
	/** Who decided it, and where it is violated: `draws decided it, and no rule: with seed 2`. */
	readonly words: string;
	/** What was not tested where none of these plays came to its end. */
	readonly untested: string;
}

/** Which of them other plays violate, or leave open since none came to its end, and the words for it. */
function tried(
	plays: Iterable<OtherPlay>,
	asked: ReadonlyMap<number, Open>,
	scenario: PlayableScenario,
	{ playModel }: Ports,
): ReadonlyMap<number, string> {
	const found = new Map<number, string>();
	let isTested = false;
	let untested = "";
	for (const play of plays) {
		if (found.size === asked.size) break;
		untested = play.untested;
		const other = playModel(play.seed, play.choice);
		if (other === null || other.unknown !== null) continue;
		isTested = true;
		for (const [index, { expectation }] of asked) {
			if (found.has(index)) continue;
			const [again] = judgeAll({ ...scenario, expect: [expectation] }, other);
			if (again?.outcome === "violated")
				found.set(index, `${play.words} it is violated (${again.seen})`);
		}
	}
	return isTested || untested === ""
		? found
		: new Map([...asked.keys()].map((index) => [index, untested]));
}

function unknown(judged: Judged, why: string): Judged {
	return { ...judged, outcome: "unknown", seen: `${judged.seen}; ${why}` };
}

/** Those that draws may have led where the expectation wants them, or of which that is not known. */
function drawnOf(
	expectation: Never,
	account: Account,
): readonly ConnectionRecord[] {
	const connections = selected(account.connections, expectation.of);
	const known = new Set<string>();
	const isFew = connections.length <= FEW_CONNECTIONS;
	const mayBeLuck = ({
		chance,
		client,
		drawnFor = [],
		redrawn,
	}: ConnectionRecord): boolean => {
		const isDrawn = chance === "drew" || chance === "unknown";
		// What rules keep of a draw leads where that fell.
		const isLed = isDrawn || (chance === "recalled" && drawnFor.length > 0);
		switch (expectation.kind) {
			case "affinity":
			case "moved":
				return redrawn === true || chance === "unknown" || (isFew && isLed);
			case "avoided":
				return isLed;
			case "sticky": {
				// A client's first connection goes anywhere, and one that rules have led back has stayed by them.
				const isFirst = expectation.prefix === 32 && !known.has(client);
				known.add(client);
				return isDrawn && !isFirst;
			}
		}
	};
	return connections.filter(mayBeLuck);
}

/** Of small plays more are made than of large ones. */
function playsOf({ account: { connections } }: Played): number {
	const fitting = Math.floor(CONNECTIONS_PLAYED / connections.length);
	return Math.min(MOST_PLAYS, Math.max(FEWEST_PLAYS, fitting));
}

/** With other seeds, which anybody can play again; then with seldom draws as often as not. */
function* otherDraws(
	played: Played,
	{ choiceOf }: Ports,
): Generator<OtherPlay> {
	const { seed } = played;
	const untested =
		"whether draws decided it was not tested: no play with other draws came to its end";
	const count = playsOf(played);
	for (let other = seed + 1; other <= seed + count; other++)
		yield {
			seed: other,
			choice: choiceOf(other),
			words: `draws decided it, and no rule: with seed ${other}`,
			untested,
		};
	for (let other = seed; other < seed + count; other++)
		yield {
			seed,
			choice: evenly(choiceOf(other)),
			words: "draws decided it, and no rule: where draws fall otherwise,",
			untested,
		};
}

/** Counters stand where they stand by all that came before: any number of connections of others in between. */
function* otherTurns(
	played: Played,
	{ choiceOf }: Ports,
): Generator<OtherPlay> {
	const { seed } = played;
	const count = Math.min(MOST_TURN_PLAYS, playsOf(played));
	for (let other = seed; other < seed + count; other++)
		yield {
			seed,
			choice: amongOthers(choiceOf(seed), choiceOf(-other - 2)),
			words:
				"turns decided it, and no rule: where connections of others come in between,",
			untested:
				"whether turns decided it was not tested: no play with other turns came to its end",
		};
}

/** In rules and commands without it, none takes turns. */
const TURNS = /\bnth\b/;

function mayTakeTurns({ scenario }: Played): boolean {
	const { setup, steps } = scenario;
	return (
		TURNS.test(setup.ruleset.text) ||
		steps.some(
			(step) =>
				step.kind === "operation" && TURNS.test(JSON.stringify(step.operation)),
		)
	);
}

/** Each packet comes to rules that take turns as one of very many. */
function amongOthers(choice: Choice, turns: Choice): Choice {
	return { ...choice, turn: () => turns.pick(MOST_BEFORE, "turn") };
}

/** What a rule draws falls one way as often as the other, however unlikely that is. */
function evenly(choice: Choice): Choice {
	return {
		...choice,
		happens: (numerator, denominator, label) =>
			label.startsWith("statistic random") &&
			numerator > 0 &&
			numerator < denominator
				? choice.happens(1, 2, label)
				: choice.happens(numerator, denominator, label),
	};
}
