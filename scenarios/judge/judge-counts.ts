/** Expectations about several counts of the same connections: all have to come to the same numbers. */
import { own } from "../../sim/own.ts";
import type { Account } from "../../sim/world/account/account.ts";
import type { ExpectationKind } from "../language/scenario.ts";
import {
	counted,
	type Finding,
	finding,
	showsNothing,
} from "../result/finding.ts";
import { readSaved } from "../result/saved-ruleset.ts";

type Of<Kind extends ExpectationKind["kind"]> = Extract<
	ExpectationKind,
	{ readonly kind: Kind }
>;

/**
 * Connections by backend: as clients know them, as the rules that translate to the backend's address
 * counted them, and as whoever else counted them. Rules and servers count what came to nothing before
 * its client learnt whom it had met, so they may have counted so many more, and never less.
 */
export function judgeCountsAgree(
	given: Of<"counts-agree">,
	account: Account,
): Finding {
	const names = Object.keys(given.addresses);
	const ofClients = names.map(
		(name) =>
			account.connections.filter(({ backend }) => backend === name).length,
	);
	const unmet = account.connections.filter(
		({ backend }) => backend === null,
	).length;
	const rules = names.map((name) =>
		rulesTo(own(given.addresses, name) ?? "", account),
	);
	const ofRules = rules.map((some) =>
		some.reduce((sum, { packets }) => sum + packets, 0),
	);
	const strangers = names
		.filter((_, index) => rules[index]?.length === 0)
		.map((name) => own(given.addresses, name));
	const tallies = [
		{ by: "clients", counts: ofClients },
		...(account.tallies ?? []).map(({ by, counts }) => ({
			by,
			counts: names.map((name) => own(counts, name) ?? 0),
		})),
		{ by: "rules", counts: ofRules },
	];
	const agree = tallies.every(({ by, counts }) =>
		counts.every((count, index) => {
			const least = ofClients[index] ?? 0;
			return by === "clients" || (count >= least && count <= least + unmet);
		}),
	);
	const isIdle = ofClients.every((count) => count === 0);
	const isKnown = strangers.length === 0 || isIdle;
	const found = finding(isKnown && agree && account.connections.length > 0, {
		expected: `the same number of connections at ${names.join(", ")} in every count`,
		seen: [
			...tallies.map(
				({ by, counts }) =>
					`${by} ${names.map((name, index) => `${name} ${counts[index]}`).join(", ")}`,
			),
			...(unmet > 0 ? [`${unmet} met no backend`] : []),
			...(isKnown ? [] : [`no rule translates to ${strangers.join(", ")}`]),
		].join("; "),
	});
	return found.outcome === "holds" && isIdle
		? showsNothing(found, "no connection reached any backend")
		: found;
}

/** Rules that translate to the address, when the play ended. */
function rulesTo(address: string, { observations }: Account) {
	const end = observations.at(-1)?.observation.ruleset ?? "";
	return readSaved(end).filter(
		({ table, text }) =>
			table === "nat" && `${text} `.includes(` --to-destination ${address} `),
	);
}

/** What a backend has accepted, it keeps. */
export function judgeMailKept(account: Account): Finding {
	const accepted = account.connections.filter((one) => one.accepted).length;
	const expected = "every message that was accepted is kept";
	const { mail } = account;
	if (mail === undefined)
		return showsNothing(
			finding(true, {
				expected,
				seen: `${counted(accepted, "message")} accepted`,
			}),
			"backends lose mail only where they are real (`--on docker`)",
		);
	const { kept, missing } = mail;
	// Connections of other services are accepted as well, and have no mail.
	const messages = kept + missing.length;
	if (messages === 0)
		return showsNothing(
			finding(true, { expected, seen: "no message accepted" }),
			"",
		);
	return finding(missing.length === 0, {
		expected,
		seen: `${counted(messages, "message")} accepted, ${kept} kept${missing.length === 0 ? "" : `; lost: ${missing.slice(0, 3).join(", ")}`}`,
	});
}
