/** What iptables takes for the name of a chain. */
import { byNft, byProgram, NOT_FOLLOWED } from "./difference.ts";

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
