/** Operations that are programs of the gateway's administrator. */
import type {
	Operation,
	OperationOutcome,
} from "../../sim/contract/gateway.ts";
import { noWords, splitWords } from "../../sim/ruleset/base/lexer.ts";
import { evictedCount, evictionCommands } from "../kernel/conntrack-filter.ts";
import { ENOENT } from "../kernel/sysctl.ts";
import { LabError } from "../lab-error.ts";
import type { Guest, GuestFinished } from "./machine/guest.ts";

type Program = Extract<
	Operation,
	{ kind: "restore" | "iptables" | "condition" | "evict" }
>;

const OK: OperationOutcome = { ok: true };

/** What a command refuses is the outcome, not an exception. */
export async function carryOut(
	guest: Pick<Guest, "run" | "write">,
	operation: Program,
): Promise<OperationOutcome> {
	switch (operation.kind) {
		case "restore": {
			const words = restoreWords(operation);
			return outcomeOf(await guest.run(words, operation.text));
		}
		case "iptables":
			return outcomeOf(await guest.run(commandWords(operation.command)));
		case "condition": {
			const { name, write } = operation;
			const path = `/proc/net/nf_condition/${name}`;
			const errno = await guest.write(path, write);
			if (errno === 0) return OK;
			const reason =
				errno === ENOENT ? "No such file or directory" : `errno ${errno}`;
			return { ok: false, message: `${path}: ${reason}` };
		}
		case "evict": {
			let count = 0;
			let refusal = "";
			for (const words of evictionCommands(operation.filter)) {
				const { status, err } = await guest.run(["conntrack", ...words]);
				const evicted = evictedCount(err);
				if (evicted === null)
					throw new LabError({
						code: "unsupported",
						place: `conntrack ${words.join(" ")}`,
						message: err.trim(),
						remedy: "",
					});
				count += evicted;
				if (status !== 0) refusal = err.trim();
			}
			// Of several calls, one that finds something is enough.
			if (count === 0 && refusal !== "" && !operation.orNone)
				return { ok: false, message: refusal };
			return { ok: true, count };
		}
	}
}

export function restoreWords(how: {
	readonly noflush: boolean;
	readonly counters: boolean;
}): readonly string[] {
	return [
		"iptables-restore",
		...(how.noflush ? ["--noflush"] : []),
		...(how.counters ? ["--counters"] : []),
	];
}

/** With or without the program's name in front, quoted as for iptables-restore. */
function commandWords(command: string): readonly string[] {
	const words = noWords();
	splitWords(command, 0, 0, command.length, words);
	const given = words.text.slice(0, words.count);
	return given[0] === "iptables" ? given : ["iptables", ...given];
}

function outcomeOf({ status, out, err }: GuestFinished): OperationOutcome {
	if (status === 0) return OK;
	return { ok: false, message: `${out}${err}`.trim() };
}
