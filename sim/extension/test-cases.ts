/**
 * Tables of cases, one per extension, beside its file (`matches/mark.cases`), in the manner of the
 * `extensions/*.t` of iptables: what is written, what iptables-save prints of it, what becomes of it.
 *
 * ```
 * # A comment. The next two lines say where the cases below them stand.
 * *mangle
 * :PREROUTING,FORWARD
 * -m mark --mark 1 ; -m mark --mark 0x1 ; OK
 * -m mark --mark 0x1/0xff ; = ; OK
 * -m mark ; ; refused: mark: option "--mark" must be specified
 * -j SNAT --to-source 10.0.0.1 ; ; kernel: only valid in nat table, not mangle
 * ```
 *
 * Three fields with ` ; ` between them: a rule without its `-A CHAIN`, its printed form (`=`: the
 * same; empty when there is none), and the outcome: `OK`, `OK: once` where what is printed loads as another rule
 * or not at all, `refused:` with all the words of
 * iptables-restore, `kernel:` with some of the words that dmesg has at COMMIT, or `needs:` with what
 * has to be there besides the rule, each as `--given` takes it. Every case is
 * tried in each of the chains; a chain that the table lacks is declared as one of the user's own.
 * `*filter` and `:INPUT` hold until a file says otherwise. `%RULE`: a rule of mangle PREROUTING that is loaded before
 * all cases below it.
 */
export interface RuleCase {
	/** Line of the table of cases, from 1. */
	readonly line: number;
	readonly table: string;
	readonly chain: string;
	/** Rules of mangle PREROUTING that are loaded before. */
	readonly before: readonly string[];
	readonly input: string;
	/** Of the rule without its `-A CHAIN `. */
	readonly printed: string;
	readonly outcome:
		| { readonly kind: "OK"; readonly once: boolean }
		| { readonly kind: "needs"; readonly words: string }
		| { readonly kind: "refused"; readonly words: string }
		| { readonly kind: "kernel"; readonly words: string };
}

/** A line that is no case. */
class CasesError extends Error {
	override readonly name = "CasesError";
}

/**
 * Reads a table of cases.
 * @param file its name, for errors
 * @throws CasesError
 */
export function parseCases(text: string, file: string): readonly RuleCase[] {
	const cases: RuleCase[] = [];
	let table = "filter";
	let chains = ["INPUT"];
	let before: readonly string[] = [];
	text.split("\n").forEach((line, index) => {
		if (line === "" || line.startsWith("#")) return;
		if (line.startsWith("*")) table = line.slice(1).trim();
		else if (line.startsWith(":")) chains = line.slice(1).trim().split(",");
		else if (line.startsWith("%")) before = [...before, line.slice(1)];
		else
			for (const chain of chains)
				cases.push({
					line: index + 1,
					table,
					chain,
					before,
					...readCase(line, `${file}:${index + 1}`),
				});
	});
	return cases;
}

function readCase(
	line: string,
	place: string,
): Pick<RuleCase, "input" | "printed" | "outcome"> {
	const [input, printed, outcome, ...more] = line
		.split(/ ;(?= |$)/)
		.map((field, index) => (index === 0 ? field : field.slice(1)));
	if (input === undefined || printed === undefined || !outcome || more.length)
		throw new CasesError(`${place}: not \`input ; printed ; outcome\``);
	const form = printed.trim() === "=" ? input : printed;
	const [kind = "", words = ""] = outcome.split(/: (.*)/);
	if (kind === "OK" && (words === "" || words === "once"))
		return { input, printed: form, outcome: { kind, once: words !== "" } };
	if (kind === "needs" && words !== "")
		return { input, printed: form, outcome: { kind, words } };
	if ((kind === "refused" || kind === "kernel") && words !== "")
		return { input, printed: "", outcome: { kind, words } };
	throw new CasesError(
		`${place}: the outcome is OK, \`needs: KIND:NAME\`, \`refused: words\` or \`kernel: words\``,
	);
}

/** The ruleset of a case, for iptables-restore or for the model. */
export function rulesetOfCase(one: RuleCase, rule = one.input): string {
	const declared = /^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(
		one.chain,
	)
		? ""
		: `:${one.chain} - [0:0]\n`;
	const made = one.before.map((text) => `-A PREROUTING ${text}\n`).join("");
	const before = made === "" ? "" : `*mangle\n${made}COMMIT\n`;
	return `${before}*${one.table}\n${declared}-A ${one.chain} ${rule}\nCOMMIT\n`;
}
