/**
 * A kernel does not say for which connections it drew, nor which commands changed nothing. Both follow from the
 * rules, whatever a draw comes to: the model draws for the same connections, and so it is with commands.
 */
import type {
	Account,
	ConnectionRecord,
} from "../../sim/world/account/account.ts";
import type { PlayableScenario } from "../language/scenario.ts";
import { mayHoldByLuck } from "./by-luck.ts";

/** In rules and commands without any of them, nothing is drawn or hashed that decides between backends. */
const DRAWS =
	/\bstatistic\b|--rand|\bHMARK\b|\bcluster\b|--to(-[a-z]+)?[\s=]+["']?[\d.:]+-|\bnexthop\b/;

/**
 * The account with the operations marked that changed nothing.
 * @param account of a gateway that does not tell
 * @param playModel plays the same scenario with the same seed; asked only where it matters
 */
export function withKnownEffects(
	account: Account,
	{ steps }: PlayableScenario,
	playModel: () => Account | null,
): Account {
	if (!steps.some(({ kind }) => kind === "operation")) return account;
	const keyOf = ({ label, atMs, text }: Account["operations"][number]) =>
		JSON.stringify([label, atMs, text]);
	const idle = new Set(
		playModel()
			?.operations.filter(({ isIdle }) => isIdle)
			.map(keyOf),
	);
	if (idle.size === 0) return account;
	return {
		...account,
		operations: account.operations.map((one) =>
			one.outcome.ok && idle.has(keyOf(one)) ? { ...one, isIdle: true } : one,
		),
	};
}

/**
 * The account with the part that chance had in each connection.
 * @param account of a gateway that does not tell
 * @param playModel plays the same scenario with the same seed; asked only where it matters
 */
export function withKnownChance(
	account: Account,
	scenario: PlayableScenario,
	playModel: () => Account | null,
): Account {
	const isAsked = scenario.expect.some(
		(one) =>
			mayHoldByLuck(one) ||
			((one.kind === "split" || one.kind === "split-by-source") &&
				one.within.kind === "confidence"),
	);
	if (!isAsked || !mayDraw(scenario)) return account;
	const model = playModel();
	const known = new Map(model?.connections.map((one) => [one.id, one]));
	const isWhole = model !== null && model.unknown === null;
	return {
		...account,
		connections: account.connections.map((one) =>
			withChance(one, known.get(one.id), isWhole),
		),
	};
}

function withChance(
	connection: ConnectionRecord,
	model: ConnectionRecord | undefined,
	isWhole: boolean,
): ConnectionRecord {
	const isKnown = model !== undefined && isWhole;
	const { source } = connection;
	return {
		...connection,
		...(isKnown ? chanceOf(model) : { chance: "unknown" }),
		...(source === undefined
			? {}
			: {
					source: {
						...source,
						...(isKnown ? chanceOf(model.source ?? {}) : { chance: "unknown" }),
					},
				}),
	};
}

type Chance = Pick<ConnectionRecord, "chance" | "drawnFor" | "redrawn">;

function chanceOf({ chance, drawnFor, redrawn }: Chance): Chance {
	return {
		...(chance === undefined ? {} : { chance }),
		...(drawnFor === undefined ? {} : { drawnFor }),
		...(redrawn === undefined ? {} : { redrawn }),
	};
}

function mayDraw({ setup, steps }: PlayableScenario): boolean {
	const texts = steps.flatMap((step) => {
		if (step.kind !== "operation") return [];
		const { operation } = step;
		if (operation.kind === "restore") return [operation.text];
		return operation.kind === "iptables" || operation.kind === "ip"
			? [operation.command]
			: [];
	});
	const { ip = [] } = setup.gateway;
	return [setup.ruleset.text, ...ip, ...texts].some((text) => DRAWS.test(text));
}
