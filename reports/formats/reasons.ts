/** What keeps an entry from holding: one account of it, for JUnit, summaries and annotations alike. */
import type {
	DivergenceView,
	Entry,
	ExpectationView,
	Reason,
	RuleAt,
} from "../contract/report.ts";
import { connectionNumbers, whyLines } from "../wording.ts";

/** None when the entry holds, else at least one: whoever shows a failure can rely on it. */
export function reasonsOf(entry: Entry): readonly Reason[] {
	const { status, failure, unknown, comparison } = entry;
	if (status === "holds") return [];
	const found = [
		...(failure === "" ? [] : [ofFailure(failure)]),
		...(unknown === null ? [] : [ofUnknown(unknown)]),
		// Where two drivers are compared, what the scenario expects of either is not the question.
		...(comparison === null
			? entry.expectations.flatMap((one) => ofExpectation(one, entry))
			: []),
		...(comparison?.divergences ?? []).map(ofDivergence),
	];
	if (found.length > 0) return found;
	const isEmpty = status === "unknown" && entry.expectations.length === 0;
	const sentence = isEmpty
		? "nothing was expected: nothing is shown"
		: "no reason is known";
	return [{ ...NOTHING, status, sentence }];
}

const NOTHING = { parts: [], rule: null, lines: [] };

function ofFailure(failure: string): Reason {
	const [sentence = "", ...lines] = linesOf(failure);
	return { ...NOTHING, status: "failed", sentence, lines };
}

function ofUnknown({ reason, rule }: NonNullable<Entry["unknown"]>): Reason {
	return {
		...NOTHING,
		status: "unknown",
		sentence: `unknown: ${reason}`,
		parts: [{ name: "unknown", text: reason }],
		rule,
	};
}

function ofExpectation(
	expectation: ExpectationView,
	{ unknown }: Entry,
): readonly Reason[] {
	const { status, expected, seen, because, rule } = expectation;
	if (status === "holds") return [];
	// Every expectation of a play that ended early is unknown, and for the same reason.
	if (status === "unknown" && unknown !== null) return [];
	const why = whyLines(expectation);
	const parts: Reason["parts"] = [
		{ name: "expected", text: expected },
		{ name: "because", text: because },
		{ name: "seen", text: seen },
		{ name: "why", text: why.join("\n") },
		{ name: "connections", text: connectionNumbers(expectation) },
	];
	return [
		{
			status,
			sentence: `expected ${expected}; seen ${seen}${why.length === 0 ? "" : `; ${why[0]}`}`,
			parts: parts.filter(({ text }) => text !== ""),
			rule,
			lines: [],
		},
	];
}

/** Worded as `marktwin compare` words it. */
function ofDivergence(divergence: DivergenceView): Reason {
	const { kind, atMs, asked, modelRules, kernelRules } = divergence;
	const hasRules = modelRules.length + kernelRules.length > 0;
	return {
		...NOTHING,
		status: "violated",
		sentence: `${kind} differ at ${atMs} ms: ${asked}`,
		lines: [
			...side("model ", divergence.model),
			...side("kernel", divergence.kernel),
			...(hasRules
				? [
						`  rules matched in the model:  ${modelRules.join(" ") || "none"}`,
						`  rules matched in the kernel: ${kernelRules.join(" ") || "none"}`,
					]
				: []),
		],
	};
}

function side(name: string, said: readonly string[]): readonly string[] {
	const lines = said.length === 0 ? ["(nothing)"] : said;
	return lines.map(
		(line, index) => `  ${index === 0 ? name : "      "}  ${line}`,
	);
}

/** `mangle:MAILMARK:rule:2`, `firewall/my.rules:5`, `-A MAILMARK …`: as much of it as is known. */
export function ruleParts({
	place,
	file,
	line,
	text,
}: RuleAt): readonly string[] {
	return [place, file === "" ? "" : `${file}:${line}`, text].filter(
		(part) => part !== "",
	);
}

export function linesOf(text: string): readonly string[] {
	return text.split(/\r\n|\r|\n/);
}
