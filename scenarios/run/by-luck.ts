/** Whether an expectation holds by chance alone: the scenario is played again with other draws. */
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
/** Where each was drawn for once, one of more than these would have shown that its packets part. */
const FEW_CONNECTIONS = 100;

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
 * What holds, though other draws would have violated it, is unknown: nothing in the rules makes it so.
 * @param choiceOf the gateway's own draws by seed
 */
export function unlessByLuck(
	judged: readonly Judged[],
	{
		scenario,
		account,
		seed,
	}: {
		readonly scenario: PlayableScenario;
		readonly account: Account;
		readonly seed: number;
	},
	{
		choiceOf,
		playModel,
	}: {
		readonly choiceOf: (seed: number) => Choice;
		readonly playModel: PlayModel;
	},
): readonly Judged[] {
	const found = [...judged];
	const open = new Map<number, Never>();
	for (const [index, one] of judged.entries()) {
		const { expectation, outcome } = one;
		if (outcome !== "holds" || !mayHoldByLuck(expectation)) continue;
		const drawn = drawnOf(expectation, account);
		const isUnknown = drawn.some(({ chance }) => chance === "unknown");
		if (isUnknown)
			found[index] = unknown(
				one,
				`whether a draw decided it is not known: the model does not know how its ${nounOf(drawn)}s went`,
			);
		else if (drawn.length > 0) open.set(index, expectation);
	}
	let plays = 0;
	for (const { play, words } of otherPlays(account, seed, choiceOf)) {
		if (open.size === 0) break;
		const other = playModel(play.seed, play.choice);
		if (other === null || other.unknown !== null) continue;
		plays++;
		for (const [index, expectation] of [...open]) {
			const one = judged[index];
			const [again] = judgeAll({ ...scenario, expect: [expectation] }, other);
			if (one === undefined || again?.outcome !== "violated") continue;
			open.delete(index);
			found[index] = unknown(
				one,
				`draws decided it, and no rule: ${words} it is violated (${again.seen})`,
			);
		}
	}
	for (const index of plays === 0 ? open.keys() : []) {
		const one = judged[index];
		if (one !== undefined)
			found[index] = unknown(
				one,
				"whether draws decided it was not tested: no play with other draws came to its end",
			);
	}
	return found;
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

/** With other seeds, which anybody can play again; then with seldom draws as often as not. */
function* otherPlays(
	{ connections }: Account,
	seed: number,
	choiceOf: (seed: number) => Choice,
) {
	const fitting = Math.floor(CONNECTIONS_PLAYED / connections.length);
	const count = Math.min(MOST_PLAYS, Math.max(FEWEST_PLAYS, fitting));
	for (let other = seed + 1; other <= seed + count; other++)
		yield {
			play: { seed: other, choice: choiceOf(other) },
			words: `with seed ${other}`,
		};
	for (let other = seed; other < seed + count; other++)
		yield {
			play: { seed, choice: evenly(choiceOf(other)) },
			words: "where draws fall otherwise,",
		};
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
