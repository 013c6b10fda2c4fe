/** Commands about chains, on a table that is being changed (libiptc 1.8.9). */

import type { Counters } from "../../contract/ruleset.ts";
import { OTHER_PROBLEM, PARAMETER_PROBLEM } from "../../extension/refusal.ts";
import { octets } from "../../extension/values/octets.ts";
import type { Behaviour } from "../../linux/behaviour.ts";
import { NOT_FOLLOWED } from "../../linux/difference.ts";
import { targets } from "../../targets/index.ts";
import { type Command, NO_COUNTERS } from "../base/command.ts";
import { TABLE_HOOKS, VERDICTS } from "../base/tables.ts";
import {
	type ChainDraft,
	ChainInUse,
	CommandFailure,
	chainOf,
	NO_SUCH_NAME,
	NotFollowed,
	RefusedRename,
	type TableDraft,
} from "./table-draft.ts";

/** A line `:CHAIN POLICY [packets:bytes]`. @throws CommandFailure */
export function declareChain(
	table: TableDraft,
	command: Extract<Command, { kind: "chain" }>,
	noflush: boolean,
): void {
	const { chain: name, policy, counters } = command;
	const chain = table.chains.get(name);
	mustFollowVerdict(table, name, "declaredVerdict");
	if (chain === undefined || (chain.policy === null && !noflush))
		aloud(
			() => createChain(table, name),
			name,
			() => `error creating chain '${name}':File exists`,
			PARAMETER_PROBLEM,
		);
	else if (chain.policy === null) {
		// `nft_chain_restore` flushes what is in the kernel, and not its list of rules.
		if (table.behaviour.commands === "with COMMIT" && chain.length > 0)
			table.emptiedUnseen.add(chain);
		chain.empty();
		table.changed = true;
	}
	if (policy === "-") {
		// iptables-nft makes the chain, and leaves its policy.
		if (chain?.policy && table.behaviour.baseChains !== "all") {
			chain.use();
			chain.count(counters ?? NO_COUNTERS);
		}
		return;
	}
	aloud(
		() => setPolicy(table, name, policy, counters ?? NO_COUNTERS),
		policy,
		(reason) =>
			`Can't set policy \`${policy}' on \`${name}' line ${command.line}: ${reason}`,
		OTHER_PROBLEM,
	);
}

/** Does what iptables-restore tells the failure of, in words of its own. @throws CommandFailure */
function aloud(
	work: () => void,
	about: string,
	words: (reason: string) => string,
	exitCode: number,
): void {
	try {
		work();
	} catch (failure) {
		if (!(failure instanceof CommandFailure) || failure instanceof NotFollowed)
			throw failure;
		throw new CommandFailure(words(failure.message), failure.remedy, about, {
			spoken: true,
			exitCode,
		});
	}
}

/** `-P`. @throws CommandFailure */
export function setPolicy(
	table: TableDraft,
	name: string,
	policy: string,
	counters: Counters | null,
): void {
	const chain = table.chains.get(name);
	if (chain === undefined || chain.policy === null)
		throw new CommandFailure(
			"Bad built-in chain name",
			`Only built-in chains have a policy (in ${table.name}: ${TABLE_HOOKS[table.name].join(", ")}); write \`-\` for a chain of your own.`,
			name,
		);
	if (policy !== "ACCEPT" && policy !== "DROP")
		throw new CommandFailure(
			"Bad policy name",
			"A policy is ACCEPT or DROP.",
			policy,
		);
	chain.policy = policy;
	chain.use();
	chain.count(counters ?? NO_COUNTERS);
	table.changed = true;
}

/** `-N`. @throws CommandFailure */
export function createChain(table: TableDraft, name: string): void {
	if (table.chains.has(name) || VERDICTS.has(name))
		throw new CommandFailure(
			"Chain already exists",
			"Declare a chain once, and not by the name of a verdict.",
			name,
		);
	mustBeNobodysNewName(table, name);
	table.add(name);
	table.exists = true;
	table.changed = true;
}

/** The kernel takes a chain by the name that another one gets with the same COMMIT: there are two of it then. */
function mustBeNobodysNewName({ renames }: TableDraft, name: string): void {
	for (const taken of renames.values())
		if (taken === name)
			throw new NotFollowed(
				`a second chain of the name ${name}`,
				"Choose a name that no other chain is renamed to.",
				name,
			);
}

/** `-X`. @throws CommandFailure */
export function deleteChain(table: TableDraft, name: string | null): void {
	for (const chain of name === null
		? table.chains.values()
		: [chainOf(table, name)]) {
		if (chain.policy !== null) {
			deleteBaseChain(table, chain, name);
			continue;
		}
		const used = chain.references > 0;
		if (used || !chain.isEmpty)
			throw new ChainInUse(
				used ? "Too many links" : "Directory not empty",
				used
					? `Delete the rules that jump to ${chain.name} first.`
					: `Flush it first: \`-F ${chain.name}\`.`,
				chain.name,
			);
		table.chains.delete(chain.name);
		table.changed = true;
	}
}

/** What iptables says of a built-in chain that is to be deleted. */
const REFUSED = {
	kept: "Invalid argument",
	"built-in": "Can't delete built-in chain",
	"in use": "Invalid argument",
} as const satisfies Record<Behaviour["usedBaseChain"], string>;

/** iptables-nft takes a built-in chain out of the kernel that nothing is in. @throws CommandFailure */
function deleteBaseChain(
	table: TableDraft,
	chain: ChainDraft,
	asked: string | null,
): void {
	const isEmpty = chain.isEmpty && chain.policy === "ACCEPT";
	const isThere = chain.lacks !== "chain";
	const { usedBaseChain } = table.behaviour;
	const isNft = usedBaseChain === "in use";
	if (isNft && isThere && isEmpty) {
		chain.disuse();
		table.changed = true;
	} else if (asked === null) return;
	else if (isNft && isThere && chain.policy !== "ACCEPT")
		throw new CommandFailure(
			"Directory not empty",
			`Set its policy first: \`-P ${chain.name} ACCEPT\`.`,
			chain.name,
		);
	else if (isNft && isThere)
		throw new ChainInUse(
			"Directory not empty",
			`Flush it first: \`-F ${chain.name}\`.`,
			chain.name,
		);
	else
		throw new CommandFailure(
			isThere ? REFUSED[usedBaseChain] : NO_SUCH_NAME,
			isThere
				? "A built-in chain cannot be deleted: flush it (`-F`)."
				: `iptables-nft makes ${asked} of ${table.name} with the first rule that is put into it.`,
			asked,
		);
}

/** `IPT_CHAINLABEL`, less the closing NUL; only `-E` gives names of more than 28 (`assert_valid_chain_name`). */
const LONGEST_LABEL = 31;

/** What the kernel gives back of a label (`XT_FUNCTION_MAXNAMELEN`, less the closing NUL). */
const LONGEST_SHOWN = 29;

/** @throws CommandFailure */
function mustFitLabel(name: string): void {
	const length = octets(name);
	if (length > LONGEST_LABEL)
		throw new CommandFailure(
			"Invalid argument",
			`Choose a name of at most ${LONGEST_SHOWN} octets; rules can jump to names of at most 28.`,
			name,
		);
	if (length > LONGEST_SHOWN)
		throw new NotFollowed(
			`a chain that is renamed to ${length} octets, of which the kernel keeps ${LONGEST_SHOWN}`,
			"Choose a shorter name.",
			name,
		);
}

/** What becomes of a chain that is called like a verdict. @throws NotFollowed where it is not refused */
function mustFollowVerdict(
	{ behaviour }: TableDraft,
	name: string,
	row: "declaredVerdict" | "renamedToVerdict",
): void {
	if (VERDICTS.has(name) && behaviour[row] === NOT_FOLLOWED)
		throw new NotFollowed(
			`a chain that is called ${name}`,
			"Choose a name that is none of a verdict.",
			name,
		);
}

/** Where iptables-save prints a target in place of jumps to a chain that is called like it. @throws NotFollowed */
function mustNotHide({ behaviour }: TableDraft, name: string): void {
	if (behaviour.jumpsLikeTargets === NOT_FOLLOWED && targets.has(name))
		throw new NotFollowed(
			`a chain that is renamed to the target ${name}`,
			"Choose a name that is none of a target.",
			name,
		);
}

/** `NFT_CHAIN_MAXNAMELEN`, less the closing NUL. */
const LONGEST_NAME_OF_NFT = 255;

/**
 * `-E` (`TC_RENAME_CHAIN`). iptables-nft has the kernel rename built-in chains as well, and no longer shows what is in them.
 * @throws CommandFailure
 */
export function renameChain(table: TableDraft, from: string, to: string): void {
	mustFollowVerdict(table, to, "renamedToVerdict");
	mustNotHide(table, to);
	if (table.chains.has(to) || VERDICTS.has(to))
		throw new CommandFailure("File exists", "Choose another name.", to);
	const chain = table.chains.get(from);
	const isOfNft = table.behaviour.commands === "with COMMIT";
	if (chain && chain.policy !== null && isOfNft)
		throw new NotFollowed(
			"a built-in chain that is renamed",
			"A built-in chain keeps its name: make a chain of your own, and jump to it.",
			from,
		);
	if (chain === undefined || chain.policy !== null)
		throw new CommandFailure(
			NO_SUCH_NAME,
			chain
				? "A built-in chain keeps its name."
				: `There is no chain ${from} in ${table.name}.`,
			from,
		);
	table.changed = true;
	if (isOfNft) renameWithCommit(table, chain, to);
	else {
		mustFitLabel(to);
		table.rename(chain, to);
	}
}

/** What the kernel says of it is known with COMMIT as well (`nf_tables_updchain`, net/netfilter/nf_tables_api.c). */
function renameWithCommit(
	table: TableDraft,
	chain: ChainDraft,
	to: string,
): void {
	if (octets(to) > LONGEST_NAME_OF_NFT)
		throw new RefusedRename(
			"Numerical result out of range",
			"Choose a shorter name.",
			to,
		);
	if (!chain.isLoaded)
		throw new RefusedRename(
			"No such file or directory",
			"Declare the chain under its new name.",
			to,
		);
	for (const other of table.renames.values())
		if (other === to)
			throw new RefusedRename("File exists", "Choose another name.", to);
	table.renames.set(chain, to);
}
