/** What expectations say of the shares of backends, and what was seen of the connections that they are about. */
import { own } from "../../sim/own.ts";
import type { ConnectionRecord } from "../../sim/world/account/account.ts";
import { drawsOf } from "../judge/draws.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import { filterWords, selected } from "../result/finding.ts";
import type { RunResult } from "../result/result.ts";

/** An expectation of shares. */
export interface ExpectedShares {
	/** Which connections these are: ` of step "load"`, `, one for each draw`; "" when it is all of them. */
	readonly of: string;
	readonly outcome: RunResult["outcome"];
	/** By backend, in the setup's order: 0 to 1. */
	readonly expected: readonly number[];
	readonly seen: readonly number[];
	/** So many connections are meant. */
	readonly total: number;
}

/** What is judged: an expectation, or what is expected without a word. */
type Judged = RunResult["judgements"][number]["expectation"];
type Split = Extract<ExpectationKind, { readonly kind: "split" }>;

/** The connections that are meant; where chance is allowed for, one for each draw, as the judge counts. */
export interface Meant {
	readonly connections: readonly ConnectionRecord[];
	/** Of those, the ones that a draw was made for. */
	readonly drew: ReadonlySet<ConnectionRecord>;
	readonly of: string;
}

/** @param split left out: all connections are meant */
export function meantBy(
	split: Split | undefined,
	account: RunResult["account"],
): Meant {
	const connections = selected(account.connections, split?.of ?? {});
	const of = filterWords(split?.of ?? {});
	if (split?.within.kind !== "confidence") {
		const drew = connections.filter(({ chance }) => chance === "drew");
		return { connections, drew: new Set(drew), of };
	}
	const { within, weights } = split;
	const { judged, drew, followed } = drawsOf(account, connections, {
		...within,
		weights,
	});
	return {
		connections: judged,
		drew: new Set(drew),
		of: followed.length === 0 ? of : `${of}, one for each draw`,
	};
}

/** Those that are expected of all connections that an expectation is about: of splits, and of orders. */
export function expectedShares({
	scenario,
	judgements,
	account,
}: Pick<
	RunResult,
	"scenario" | "judgements" | "account"
>): readonly ExpectedShares[] {
	const backends = scenario.setup.backends.map(({ name }) => name);
	return judgements.flatMap(({ expectation, outcome }) => {
		const weights = weightsOf(expectation, backends);
		const its = meantOf(expectation, account);
		const expected = normalized(weights);
		if (expected.length === 0 || its === null || its.connections.length === 0)
			return [];
		const { connections, of } = its;
		const seen = backends.map(
			(name) =>
				connections.filter(({ backend }) => backend === name).length /
				connections.length,
		);
		// An order may be wrong while the shares are as they should be.
		const isRight =
			expectation.kind === "order" &&
			seen.every((share, index) => share === expected[index]);
		return [
			{
				of,
				outcome: isRight ? "holds" : outcome,
				expected,
				seen,
				total: connections.length,
			},
		];
	});
}

/** By backend, 0 to 1; [] where there are none. */
export function normalized(weights: readonly number[]): readonly number[] {
	const whole = weights.reduce((sum, weight) => sum + weight, 0);
	return whole > 0 ? weights.map((weight) => weight / whole) : [];
}

/** By backend; all 0 where an expectation says nothing of shares, or of those of each client. */
export function weightsOf(
	expectation: Judged | undefined,
	backends: readonly string[],
): readonly number[] {
	if (expectation?.kind === "order")
		return backends.map(
			(name) => expectation.backends.filter((one) => one === name).length,
		);
	if (expectation?.kind === "split" && expectation.per !== "client")
		return backends.map((name) => own(expectation.weights, name) ?? 0);
	return backends.map(() => 0);
}

function meantOf(
	expectation: Judged,
	account: RunResult["account"],
): Pick<Meant, "connections" | "of"> | null {
	if (expectation.kind === "split") return meantBy(expectation, account);
	if (expectation.kind !== "order") return null;
	const { of } = expectation;
	return {
		connections: selected(account.connections, of),
		of: filterWords(of),
	};
}
