/** What iptables takes for the name of a chain. */
import {
	byBackend,
	byIptables,
	byNft,
	byProgram,
	NOT_FOLLOWED,
} from "./difference.ts";

/** Differences between names of chains. */
export const CHAIN_NAME_DIFFERENCES = {
	chainNames: byNft<"Invalid chain name" | "chain name too long">(
		"Invalid chain name",
		{
			"1.8.7": "Invalid chain name",
			"1.8.9": "chain name too long",
			"1.8.11": "chain name too long",
			"1.8.13": "chain name too long",
		},
		{
			title: "a chain of an odd name that a file declares",
			says: (value) =>
				value === "Invalid chain name"
					? "more than 28 characters: `Invalid chain name (28 chars max)`; one that begins with - or ! is taken"
					: "more than 28 characters: `chain name too long (must be under 29 chars)`; one that begins with - or ! is refused",
			source:
				"`assert_valid_chain_name` (iptables/xshared.c), which iptables-restore of legacy does not ask",
			matters: "Words of a refusal differ.",
			scenario: "long-chain-name-is-invalid",
		},
	),
	usedLongName: byProgram<"too long" | "no chain">(
		{
			legacy: {
				"1.8.7": "no chain",
				"1.8.9": "too long",
				"1.8.11": "too long",
				"1.8.13": "too long",
			},
			nft: {
				"1.8.7": "too long",
				"1.8.9": "too long",
				"1.8.11": "too long",
				"1.8.13": "too long",
			},
		},
		{
			title: "a name of more than 28 characters in a command",
			says: (value) =>
				value === "too long"
					? "it is refused as it is read: `chain name too long (must be under 29 chars)`"
					: "no chain is called so: -A, -D, -F and their like fail without a reason",
			source: "`do_command4` (iptables/iptables.c)",
			matters: "Words and exit code of a refusal differ.",
			scenario: "name-of-29-is-too-long",
		},
	),
	blanksInNames: byProgram<"refused" | "taken">(
		{
			legacy: {
				"1.8.7": "refused",
				"1.8.9": "refused",
				"1.8.11": "refused",
				"1.8.13": "refused",
			},
			nft: {
				"1.8.7": "taken",
				"1.8.9": "refused",
				"1.8.11": "refused",
				"1.8.13": "refused",
			},
		},
		{
			title: "-N of a name that holds a blank",
			says: (value) =>
				value === "refused"
					? "`Invalid chain name`"
					: "the chain is made, and what iptables-save prints of it cannot be restored",
			source: "`do_commandx` (iptables/xtables.c) of 1.8.7",
			matters: "A script that makes such a chain fails where it did not.",
			scenario: "name-with-a-blank-is-refused",
		},
	),
	declaredTarget: byIptables<"chain" | "target">(
		{
			"1.8.7": "target",
			"1.8.9": "chain",
			"1.8.11": "chain",
			"1.8.13": "chain",
		},
		{
			title:
				"a jump to a chain that the same file declares by the name of a target, as MARK",
			says: (value) =>
				value === "chain"
					? "it leads to the chain"
					: "its words are read as those of the target: one without the options that the target asks for is refused",
			source: "`xtables_announce_chain` (libxtables/xtables.c) of 1.8.8",
			matters:
				"With 1.8.7 a file may not load, and with its iptables-nft packets miss the chain.",
			scenario: "chain-has-a-targets-name",
		},
	),
	undeclaredTarget: byBackend<"chain" | "target">(
		{ legacy: "chain", nft: "target" },
		{
			title:
				"the target that a rule names, where the table has a chain of the same name",
			says: (value) =>
				value === "chain"
					? "the rule jumps to the chain, and the target's options are forgotten: `Warning: using chain MARK, not extension`"
					: "the rule has the target; a jump to the chain is one alone where the same file declares it, from 1.8.8 on",
			source:
				"`iptc_is_chain` in `do_command4` (iptables/iptables.c), which `do_commandx` (iptables/xtables.c) lacks",
			matters: "With iptables-nft, packets miss the rules of the chain.",
			scenario: "chain-hides-a-target",
		},
	),
	jumpsLikeTargets: byNft<"as they are" | typeof NOT_FOLLOWED>(
		"as they are",
		{
			"1.8.7": NOT_FOLLOWED,
			"1.8.9": "as they are",
			"1.8.11": "as they are",
			"1.8.13": "as they are",
		},
		{
			title:
				"-g to a chain that has the name of a target, and a chain that is renamed to one",
			says: (value) =>
				value === "as they are"
					? "jumps and gotos to it are saved as such"
					: "they are saved as the target, with options that were not given: `-j LOG --log-level 0`",
			source:
				"`nft_rule_to_iptables_command_state` (iptables/nft-shared.c) of 1.8.7, which looks for a target by the chain's name",
			matters: "What is saved of such rules is restored as others.",
			scenario: "goto-has-a-targets-name",
		},
	),
	declaredVerdict: byNft<"refused" | typeof NOT_FOLLOWED>(
		"refused",
		{
			"1.8.7": NOT_FOLLOWED,
			"1.8.9": "refused",
			"1.8.11": "refused",
			"1.8.13": "refused",
		},
		{
			title: "a line `:CHAIN` with the name of a verdict",
			says: (value) =>
				value === "refused"
					? "a file with `:ACCEPT - [0:0]` is refused"
					: "the chain is made, to which no rule can jump; the model does not follow what else becomes of it",
			source:
				"`xtables_restore_parse_line` (iptables/xtables-restore.c), which asks `assert_valid_chain_name` from 1.8.8 on",
			matters: "A file that declares such a chain is refused.",
			scenario: "verdict-is-not-declared",
		},
	),
	renamedToVerdict: byNft<"refused" | typeof NOT_FOLLOWED>(
		"refused",
		{
			"1.8.7": NOT_FOLLOWED,
			"1.8.9": NOT_FOLLOWED,
			"1.8.11": "refused",
			"1.8.13": "refused",
		},
		{
			title: "-E to the name of a verdict",
			says: (value) =>
				value === "refused"
					? "the command is refused"
					: "the chain is called ACCEPT, which the model does not follow",
			source:
				"`nft_chain_exists` in `nft_chain_user_rename` (iptables/nft.c), `assert_valid_chain_name` (iptables/xshared.c) of 1.8.10",
			matters: "A script that renames so fails where it did not.",
			scenario: "verdict-is-no-name-of-a-chain",
		},
	),
};
